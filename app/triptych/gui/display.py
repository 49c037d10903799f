"""The one door for text on its way to eyes: nothing of the evidence is ever taken for markup, a link or a mnemonic.

QLabel, tool tips and message boxes guess rich text, and an image in it would be fetched. So only this module makes
labels, sets tool tips and opens message boxes; a test refuses them elsewhere.
"""

from __future__ import annotations

import html

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMainWindow, QMessageBox, QSizePolicy, QWidget

from triptych.gui.theme import BODY, face
from triptych.model import display

LIMIT = 2000  # characters of one value on screen; copies are whole
SHORTLY_MS = 10_000


def visible(text: str, limit: int = LIMIT) -> str:
    """Text for eyes: acting characters as marks, very long text cut with the number of characters left out."""
    return display.show(text, limit)


def copied(text: str) -> str:
    """Text for a report: whole, with the characters that a clipboard would lose or a reader not see as marks."""
    return display.show(text)


def escaped_tip(text: str) -> str:
    """Markup that shows exactly the text, for the one place where Qt always guesses."""
    shown = html.escape(display.show_lines(text, LIMIT)).replace("\n", "<br>")
    return f"<qt>{shown}</qt>" if text else ""


def set_tip(widget: QWidget, text: str) -> None:
    """A tool tip with the text as it is."""
    widget.setToolTip(escaped_tip(text))


def plain_label(text: str = "", name: str = "", font: QFont | None = None, *, wrap: bool = False) -> QLabel:
    """A label that shows its text as it is. `name` picks the look from the style sheet."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(visible(text))
    label.setObjectName(name)
    label.setWordWrap(wrap)
    if font is not None:
        label.setFont(font)
    return label


def picture_label() -> QLabel:
    """A label for a picture, never for text."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def set_text(label: QLabel, text: str) -> None:
    """Another text for a label made here."""
    label.setText(visible(text))


def set_button(button: QAbstractButton, text: str) -> None:
    """A button's text; an ampersand of it is no mnemonic."""
    button.setText(mnemonic_free(visible(text, 200)))


def mnemonic_free(text: str) -> str:
    return text.replace("&", "&&")


def tell(parent: QWidget, title: str, text: str) -> None:
    """A message box with plain text."""
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(title)
    box.setText(display.show_lines(text, LIMIT))
    box.exec()


def agreed(parent: QWidget, title: str, text: str, yes: str) -> bool:
    """Ask a question with plain text: the button `yes`, or Cancel, which Enter and Esc press."""
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(title)
    box.setText(display.show_lines(text, LIMIT))
    wanted = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    return box.clickedButton() is wanted


def say_shortly(window: QMainWindow, text: str) -> None:
    """A sentence in the status bar, for some seconds."""
    window.statusBar().showMessage(visible(text), SHORTLY_MS)


def to_clipboard(text: str) -> None:
    """Put text on the clipboard; characters that a clipboard cannot carry must be marks already (`copied`)."""
    QApplication.clipboard().setText(text)


class OneLine(QLabel):
    """A label that never asks for more room than there is: its end gives way to an ellipsis, its tip says the whole.

    With `whole` it shows the whole or, where that does not fit, nothing: for a hint.
    """

    def __init__(self, font: QFont, *, whole: bool = False) -> None:
        super().__init__()
        self._whole, self._gives_way = "", whole
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(font)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def say(self, text: str) -> None:
        self._whole = visible(text)
        self.setAccessibleName(self._whole)
        set_tip(self, text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        if self._gives_way:
            fits = self.fontMetrics().horizontalAdvance(self._whole) <= self.width()
            self.setText(self._whole if fits else "")
            return
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, max(self.width(), 120)))


class Prose(QWidget):
    """A few sentences, wrapped anywhere where a path has no blanks; plain text by construction."""

    def __init__(self, text: str = "", font: QFont | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._font = font or face(BODY)
        self._text = ""
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.set_text(text)

    @property
    def text(self) -> str:
        return self._text

    def set_text(self, text: str) -> None:
        self._text = visible(text)
        self.setAccessibleName(self._text)
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._laid(width)[1]

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(max(self.width(), 120)))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, QFontMetrics(self._font).height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        layout, _ = self._laid(self.width())
        layout.draw(painter, QPointF(0.0, 0.0))
        painter.end()

    def _laid(self, width: int) -> tuple[QTextLayout, int]:
        layout = QTextLayout(self._text, self._font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        leading = 3
        height = 0.0
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(width, 40))
            line.setPosition(QPointF(0.0, height))
            height += line.height() + leading
        layout.endLayout()
        return layout, max(int(height) - leading, 0)
