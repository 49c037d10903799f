"""Small widgets that several rooms are made of: chips, section heads, empty rooms, a layout that wraps."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QLayoutItem, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from triptych.gui.display import Prose, mnemonic_free, plain_label, set_button, set_tip, visible
from triptych.gui.theme import BODY, TITLE, face


class Flow(QLayout):
    """Lays widgets out in lines, like words; for chips in a narrow window."""

    def __init__(self, parent: QWidget | None = None, gap: int = 6) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), place=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, place=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _arrange(self, outer: QRect, *, place: bool) -> int:
        margins = self.contentsMargins()
        rect = outer.adjusted(margins.left(), margins.top(), -margins.right(), -margins.bottom())
        x, y, high = rect.x(), rect.y(), 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            size = item.sizeHint()
            if x > rect.x() and x + size.width() > rect.right() + 1:
                x, y, high = rect.x(), y + high + self._gap, 0
            if place:
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + self._gap
            high = max(high, size.height())
        return y + high - outer.y() + margins.bottom()


class Chip(QPushButton):
    """A round button with words and a count; with a dot in a store's colour where it stands for a store."""

    def __init__(self, text: str, *, checkable: bool = False) -> None:
        super().__init__()
        self.setObjectName("chip")
        self.setCheckable(checkable)
        self.setAutoDefault(False)
        self.say(text)

    def say(self, text: str, said: str = "") -> None:
        set_button(self, text)
        self.setAccessibleName(visible(said or text))

    def dot(self, colour: QColor, *, square: bool = False) -> None:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(10 * ratio), round(10 * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        if square:
            painter.drawRect(1, 1, 8, 8)
        else:
            painter.drawEllipse(1, 1, 8, 8)
        painter.end()
        self.setIcon(QIcon(picture))
        self.setIconSize(QSize(10, 10))


def link(text: str) -> QPushButton:
    """A button that looks like a link."""
    button = QPushButton()
    button.setObjectName("link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setAutoDefault(False)
    set_button(button, text)
    return button


class PlaceLink(QPushButton):
    """A link to bytes that gives way where there is little room: what it leads to is elided, the offset behind it stays."""

    def __init__(self, text: str, offset: str, tip: str) -> None:
        super().__init__()
        self._whole, self._offset = visible(text), offset
        self.setObjectName("link")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"Show bytes: {self._whole}, {offset}")
        set_tip(self, tip)
        self.setText(mnemonic_free(f"{self._whole} · {offset}"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        metrics, tail = self.fontMetrics(), f" · {self._offset}"
        room = max(self.width() - metrics.horizontalAdvance(tail) - 8, 40)
        self.setText(mnemonic_free(metrics.elidedText(self._whole, Qt.TextElideMode.ElideMiddle, room) + tail))


def section_head(text: str) -> QLabel:
    """A head over a part of a room."""
    return plain_label(text, "head", face(12, bold=True))


class Empty(QWidget):
    """A room without content: what would fill it, and how."""

    def __init__(self, title: str = "", text: str = "") -> None:
        super().__init__()
        self._title = plain_label(title, font=face(TITLE, bold=True))
        self._text = Prose(text, face(BODY))
        self._text.setObjectName("dim")
        inner = QVBoxLayout()
        inner.addStretch(2)
        inner.addWidget(self._title)
        inner.addSpacing(6)
        inner.addWidget(self._text)
        inner.addStretch(3)
        outer = QHBoxLayout(self)
        outer.addStretch(1)
        outer.addLayout(inner, 4)
        outer.addStretch(1)

    def say(self, title: str, text: str) -> None:
        self._title.setText(title)
        self._text.set_text(text)


def column(parent: QWidget, *, margins: int = 0, gap: int = 0) -> QVBoxLayout:
    """A vertical layout without the borders that Qt gives."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(margins, margins, margins, margins)
    layout.setSpacing(gap)
    return layout
