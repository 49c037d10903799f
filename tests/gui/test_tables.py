"""The one table model: order, filter, lasting selection, text for a report; only the cells that are seen are made."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPersistentModelIndex, Qt
from pytestqt.qtbot import QtBot

from tests.gui import made
from triptych.analysis import comparison
from triptych.gui.clock import UTC
from triptych.gui.digest import Digester
from triptych.gui.rooms.tasks import columns
from triptych.gui.tables import PROOF_ROLE, Cell, Column, Table
from triptych.gui.theme import Theme
from triptych.gui.views import TableView

WORDS: tuple[Column[str], ...] = (
    Column("Word", lambda word: Cell(word), lambda word: word),
    Column("Length", lambda word: Cell(str(len(word))), lambda word: len(word)),
)


def table(rows: list[str]) -> Table[str]:
    made_table: Table[str] = Table(WORDS, lambda word: word)
    made_table.set_rows(rows)
    return made_table


@given(st.lists(st.text(max_size=8), max_size=40), st.booleans())
def test_sorting_keeps_every_row_and_orders_them(rows: list[str], descending: bool) -> None:
    words = table(rows)
    words.sort(1, Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder)
    lengths = [len(word) for word in words.rows()]
    assert sorted(words.rows()) == sorted(rows)
    assert lengths == sorted(lengths, reverse=descending)
    words.sort(-1)
    assert words.rows() == rows


def test_what_a_view_holds_on_to_moves_with_its_row(qtbot: QtBot) -> None:
    words = table(["ccc", "a", "bb"])
    held = QPersistentModelIndex(words.index(0, 0))
    words.sort(0)
    assert words.row(held.row()) == "ccc"


def test_filter_and_find(qtbot: QtBot) -> None:
    words = table(["ccc", "a", "bb"])
    words.set_filter(lambda word: len(word) > 1)
    assert words.rows() == ["ccc", "bb"]
    assert words.find("bb") == 1
    assert words.find("a") == -1


def test_text_for_a_report_is_whole_and_headed(qtbot: QtBot) -> None:
    words = table(["x" * 5000, "b\0"])
    assert words.text_of([(0, 0, 0, 0)]) == "x" * 5000
    assert words.text_of([(0, 0, 1, 1)]).split("\n") == ["Word\tLength", f"{'x' * 5000}\t5000", "b⟨U+0000⟩\t2"]


def test_large_numbers_reach_qt_as_text(qtbot: QtBot) -> None:
    big: Table[int] = Table((Column("Number", lambda number: Cell(str(number))),), lambda number: number)
    big.set_rows([0x8000_0000_0000_0000])
    assert big.index(0, 0).data() == "9223372036854775808"


def test_ten_thousand_tasks_make_only_the_cells_in_sight(qtbot: QtBot) -> None:
    files = made.Files()
    case = made.case(files, many=300)
    digest = Digester(comparison.differences)(case)
    lines = digest.lines * 33
    tasks: Table[object] = Table(columns(UTC, ()), lambda line: id(line))  # type: ignore[arg-type]  # columns of lines, a view of any
    view = TableView(tasks, Theme("dark"), "Tasks")
    qtbot.addWidget(view)
    view.resize(600, 700)
    view.show()
    tasks.set_rows(lines)
    assert tasks.rowCount() > 10_000
    view.grab()
    view.scrollToBottom()
    view.grab()
    assert 0 < len(tasks._cells) < 600
    assert view.rowHeight(0) == view.rowHeight(9_999)


def test_an_index_outside_has_no_data(qtbot: QtBot) -> None:
    words = table(["a"])
    stale = words.index(0, 0)
    words.set_rows([])
    assert words.data(stale) is None
    assert words.data(stale, PROOF_ROLE) is None
    assert words.headerData(7, Qt.Orientation.Horizontal) is None
