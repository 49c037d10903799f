"""Tokens: which text may stand on which ground, computed; fonts and style sheet come from the resources."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFont, QFontInfo
from pytestqt.qtbot import QtBot

from triptych import resources
from triptych.gui.style import sheet
from triptych.gui.theme import THEMES, Theme, face, load_fonts, tokens

LEAST = 4.5
WORDS = ("text", "dim", "xml", "registry", "scheduler", "critical", "high", "medium", "low", "good", "accent")
GROUNDS = ("background", "panel", "raised", "selection")
SPECIAL = (
    ("text", ("difference", "mark", "absent", "hatch")),
    ("absent_text", ("absent", "hatch")),
    ("text", ("bytes_number", "bytes_length", "bytes_text", "bytes_type", "bytes_flags", "bytes_offset")),
    ("badge_text", ("badge",)),
    ("main_button_text", ("main_button",)),
    ("on_store", ("xml", "registry", "scheduler")),
)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_every_colour_of_words_can_be_read_on_every_surface(theme: str, ground: str) -> None:
    table = tokens(theme)
    assert {word: contrast(table[word], table[ground]) for word in WORDS if contrast(table[word], table[ground]) < LEAST} == {}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "grounds"), SPECIAL)
def test_special_grounds_can_be_read_with_the_text_they_allow(theme: str, text: str, grounds: tuple[str, ...]) -> None:
    table = tokens(theme)
    assert all(contrast(table[text], table[ground]) >= LEAST for ground in grounds)


def test_both_themes_have_the_same_tokens() -> None:
    assert set(tokens("dark")) == set(tokens("light"))


def test_the_style_sheet_knows_only_tokens() -> None:
    for theme in THEMES:
        assert "@" not in sheet(tokens(theme))
    with pytest.raises(KeyError):
        sheet({})


def test_shipped_fonts_are_taken_with_their_licences(qtbot: QtBot) -> None:
    assert load_fonts()
    assert QFontInfo(face()).family() == "Inter"
    assert QFontInfo(face(mono=True)).family() == "JetBrains Mono"
    assert face(bold=True).weight() is QFont.Weight.DemiBold
    for name in ("Inter-OFL.txt", "JetBrainsMono-OFL.txt"):
        assert "SIL OPEN FONT LICENSE" in resources.text(f"fonts/{name}").upper()
    assert "ISC License" in resources.text("icons/LICENSE-lucide.txt")


def test_contextual_alternates_are_off(qtbot: QtBot) -> None:
    tag = QFont.Tag.fromString("calt")
    assert tag is not None
    for font in (face(), face(mono=True)):
        assert font.featureValue(tag) == 0


def test_a_choice_of_theme_that_nobody_knows_is_the_systems(qtbot: QtBot) -> None:
    theme = Theme("purple")
    assert theme.choice == "system"
    assert theme.name in THEMES
