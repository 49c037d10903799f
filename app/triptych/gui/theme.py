"""Colours and fonts: the tokens of resources/tokens.json as a palette, a style sheet and two type faces."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from triptych import resources
from triptych.gui.style import sheet

THEMES = ("dark", "light")
CHOICES = ("system", *THEMES)
BODY, SMALL, TITLE, LARGE = 13, 12, 17, 26  # pixels
ROW = 28  # height of a table row, pixels
_FONTS = ("Inter-Regular", "Inter-SemiBold", "JetBrainsMono-Regular", "JetBrainsMono-Bold")
_FAMILY, _MONO = "Inter", "JetBrains Mono"


def tokens(theme: str) -> dict[str, str]:
    """Token to colour (`#rrggbb`) of the theme `dark` or `light`."""
    found: dict[str, str] = resources.table("tokens.json")[theme]
    return found


@cache
def load_fonts() -> bool:
    """Make the shipped fonts known to Qt; False where one of them could not be taken (Qt then picks another face)."""
    numbers = [QFontDatabase.addApplicationFontFromData(resources.data(f"fonts/{name}.ttf")) for name in _FONTS]
    return all(number >= 0 for number in numbers)


def face(pixels: int = BODY, *, bold: bool = False, mono: bool = False) -> QFont:
    """A font of the house. Without contextual alternates, which would draw 0x18 as 0×18.

    Columns of figures stand in the fixed face; Inter's tabular figures would widen every hyphen as well.
    """
    return QFont(_face(pixels, bold, mono))


@cache
def _face(pixels: int, bold: bool, mono: bool) -> QFont:
    font = QFont(_MONO if mono else _FAMILY)
    font.setPixelSize(pixels)
    font.setWeight((QFont.Weight.Bold if mono else QFont.Weight.DemiBold) if bold else QFont.Weight.Normal)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    for feature, value in (("calt", 0), ("liga", 0 if mono else 1)):
        tag = QFont.Tag.fromString(feature)
        if tag is not None:
            font.setFeature(tag, value)
    return font


class Theme(QObject):
    """The colours in force. `choice` is what the person wants: system, dark or light."""

    changed = Signal()

    def __init__(self, choice: str = "system") -> None:
        super().__init__()
        self.choice = choice if choice in CHOICES else "system"
        self.name = self._wanted()
        self._colours = {token: QColor(value) for token, value in tokens(self.name).items()}
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed)

    def colour(self, token: str) -> QColor:
        return self._colours[token]

    def choose(self, choice: str) -> None:
        """Take another theme and repaint everything."""
        self.choice = choice
        self.name = self._wanted()
        self._colours = {token: QColor(value) for token, value in tokens(self.name).items()}
        self.apply()
        self.changed.emit()

    def apply(self) -> None:
        """Give the whole application fonts, palette and style sheet."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            load_fonts()
            app.setStyle("Fusion")
            app.setFont(face())
            app.setPalette(self._palette())
            app.setStyleSheet(sheet(tokens(self.name)))

    def _wanted(self) -> str:
        if self.choice in THEMES:
            return self.choice
        light = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Light
        return "light" if light else "dark"

    def _system_changed(self) -> None:
        if self.choice == "system" and self._wanted() != self.name:
            self.choose("system")

    def _palette(self) -> QPalette:
        role = QPalette.ColorRole
        wanted = {
            role.Window: "background",
            role.WindowText: "text",
            role.Base: "background",
            role.AlternateBase: "panel",
            role.ToolTipBase: "raised",
            role.ToolTipText: "text",
            role.PlaceholderText: "dim",
            role.Text: "text",
            role.Button: "panel",
            role.ButtonText: "text",
            role.BrightText: "text",
            role.Highlight: "selection",
            role.HighlightedText: "text",
            role.Link: "accent",
            role.LinkVisited: "accent",
            role.Light: "raised",
            role.Midlight: "raised",
            role.Mid: "line",
            role.Dark: "line",
            role.Shadow: "background",
        }
        palette = QPalette()
        for kind, token in wanted.items():
            palette.setColor(kind, self.colour(token))
        for kind in (role.Text, role.WindowText, role.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, kind, self.colour("dim"))
        return palette
