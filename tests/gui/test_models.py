"""Qt's own model tester over every table of the window (it ends the process where a model lies, so it stands alone)."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from triptych.gui.rooms.bytes import BytesRoom
from triptych.gui.rooms.compare import CompareRoom
from triptych.gui.rooms.findings import FindingsRoom
from triptych.gui.rooms.problems import ProblemsRoom
from triptych.gui.rooms.sources import SourcesRoom
from triptych.gui.tables import Table
from triptych.gui.window import Window

pytestmark = pytest.mark.window


def tables(window: Window) -> list[Table]:  # type: ignore[type-arg]  # tables of any rows
    found: list[Table] = [window.tasks.table]  # type: ignore[type-arg]  # as above
    for room in window.rooms.values():
        match room:
            case CompareRoom() | BytesRoom() | FindingsRoom():
                found.append(room.table)
            case ProblemsRoom():
                found += [room.problems, room.balances]
            case SourcesRoom():
                found += [room.reports, room.files]
    return found


def test_every_table_keeps_qts_rules_while_it_is_sorted_filtered_and_filled(qtbot: QtBot, fresh: Window) -> None:
    reporting = QAbstractItemModelTester.FailureReportingMode.Fatal
    testers = [QAbstractItemModelTester(table, reporting, fresh) for table in tables(fresh)]
    fresh.open(("/cases/ws-fin-07",))
    qtbot.waitUntil(lambda: fresh.session.run.state == "done", timeout=5000)
    for table in tables(fresh):
        for column in range(table.columnCount()):
            table.sort(column, Qt.SortOrder.DescendingOrder)
        table.sort(-1)
    fresh.search.setText("win")
    fresh.search.setText("")
    fresh.session.step_finding(1)
    fresh.session.step_finding(1)
    finding = fresh.session.finding(fresh.session.selection.finding)
    assert finding is not None
    fresh.session.show_proof(finding.summary, finding.refs)
    assert len(testers) == 8
    assert all(table.rowCount() for table in tables(fresh))
