"""Bytes: the cited stretch is here, what is asked for is what is seen, copies are dumps."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from triptych.gui.hexview import PAGE, HexView
from triptych.gui.rooms.bytes import reads_as
from triptych.gui.theme import Theme
from triptych.model.evidence import Span


def test_only_pages_in_sight_are_asked_for_wherever_in_the_file(qtbot: QtBot) -> None:
    view = HexView(Theme("dark"))
    qtbot.addWidget(view)
    view.resize(900, 400)
    view.show()
    asked: list[int] = []
    view.wanted.connect(lambda offset, length: asked.append(offset))
    span = Span("big", 5 * (1 << 30) + 17, 40)
    view.show_span(span, (span,), 6 * (1 << 30))
    view.grab()
    assert asked
    assert all(abs(offset - span.offset) < 3 * PAGE for offset in asked)
    assert len(asked) == len(set(asked)) <= 3


def test_cited_bytes_and_their_dump(qtbot: QtBot) -> None:
    view = HexView(Theme("light"))
    qtbot.addWidget(view)
    data = bytes(range(256)) * 16
    view.show_span(Span("f", 0x41, 20), (), len(data))
    view.put(0, data)
    assert view.cited() == data[0x41 : 0x41 + 20]
    assert view.byte(len(data)) is None
    view.copy()
    first = QApplication.clipboard().text().split("\n")[0]
    assert first == "0x00000041  41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP"


def test_a_file_shorter_than_the_ledger_says_ends_where_it_ends(qtbot: QtBot) -> None:
    view = HexView(Theme("light"))
    qtbot.addWidget(view)
    view.show_span(Span("f", 0, 4), (), 1 << 20)
    view.put(0, b"abcdef")
    assert view.verticalScrollBar().maximum() == 0


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("cmd.exe\0".encode("utf-16-le"), ("UTF-16", "cmd.exe")),
        (b"<Command>", ("UTF-8", "<Command>")),
        (b"\x03\x00\x00\x00", ("u32", "3 (0x00000003)")),
        (b"\xff\xfe\xfd", ("hex", "ff fe fd")),
    ],
)
def test_what_bytes_read_as(data: bytes, expected: tuple[str, str]) -> None:
    assert expected in reads_as(data)
