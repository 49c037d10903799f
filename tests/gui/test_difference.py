"""Marked characters: what differs, without confetti; eliding that keeps the difference in view."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.gui.difference import against_all, marks
from triptych.gui.painting import fitted


def marked(text: str, other: str) -> list[str]:
    return [text[start:end] for start, end in marks(text, other)]


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [
        ("C:\\Windows\\System32\\cmd.exe", "C:\\Windows\\Sysem32\\cmd.exe", ["System32"]),
        ("/c C:\\x\\u.bat", "/c C:\\x\\v.bat", ["u.bat"]),
        ("PT15M", "PT5M", ["PT15M"]),
        ("cmd.exe", "CMD.EXE", []),
        ("cmd.exe", "updater.bin /quiet", ["cmd.exe"]),
        ("", "x", []),
        ("x", "", ["x"]),
    ],
)
def test_the_marked_stretch_is_what_a_person_would_point_at(text: str, other: str, expected: list[str]) -> None:
    assert marked(text, other) == expected


@given(st.text(max_size=60), st.text(max_size=60))
def test_marks_lie_in_the_text_and_exist_exactly_where_texts_differ(text: str, other: str) -> None:
    found = marks(text, other)
    assert all(0 <= start < end <= len(text) for start, end in found)
    if text.casefold() == other.casefold():
        assert found == ()


def test_marks_against_two_tellings_are_joined() -> None:
    assert against_all("a b c d e f", ["a x c d e f", "a b y d e f"]) == ((2, 3), (4, 5))


@given(st.text(alphabet="abc\\.", max_size=80), st.integers(4, 40), st.integers(0, 70), st.integers(1, 8))
def test_elided_text_fits_and_shows_the_first_difference(text: str, width: int, start: int, length: int) -> None:
    stretch = ((start, start + length),) if start + length <= len(text) else ()
    shown, kept = fitted(text, stretch, width, len)
    assert len(shown) <= max(width, 1)
    assert all(0 <= a < b <= len(shown) for a, b in kept)
    if stretch and width >= 12:
        assert kept
        first = shown[kept[0][0] : kept[0][1]]
        assert text[start : start + length].startswith(first)
