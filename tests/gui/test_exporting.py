"""Export…: every format from the window, off its thread, never over what is there unasked, never into the evidence."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from tests.gui import made
from triptych.exports.formats import EXPORTERS, Exporter
from triptych.exports.json_case import Run
from triptych.exports.writing import Data, OutputError
from triptych.gui.asking import target_asked
from triptych.gui.display import agreed
from triptych.gui.jobs import Jobs, Written
from triptych.gui.main import build
from triptych.gui.palette import Palette
from triptych.gui.settings import Settings
from triptych.gui.window import Window
from triptych.model.case import Case, Progress

pytestmark = pytest.mark.window
BY_OPTION = {exporter.option: exporter for exporter in EXPORTERS}


def leave(qtbot: QtBot, window: Window, option: str, target: Path) -> Written:
    """Export to a path and wait until it is written."""
    window.exporting.ask = lambda _: str(target)
    with qtbot.waitSignal(window.session.jobs.written, timeout=5000) as ended:
        window.exporting.export(BY_OPTION[option])
    done = ended.args[0]
    assert isinstance(done, Written)
    return done


def refuse(window: Window, option: str, target: Path) -> str:
    """Export to a path that must be refused: what the window says."""
    window.exporting.ask = lambda _: str(target)
    window.exporting.export(BY_OPTION[option])
    assert not window.session.jobs.writing
    return window.trouble.label.text() if window.trouble.isVisible() else ""


@pytest.mark.parametrize("option", list(BY_OPTION))
def test_every_format_is_written_as_scan_writes_it(qtbot: QtBot, window: Window, tmp_path: Path, option: str) -> None:
    target = tmp_path / "out"
    assert leave(qtbot, window, option, target) == Written(str(target))
    for name, data in BY_OPTION[option].render(window.session.case, Run("", "", ())).items():
        wanted = data if isinstance(data, bytes) else b"".join(data)
        found = (target / name if name else target).read_bytes()
        assert found if option in ("json", "html") else found == wanted  # these two name the times of the run
    assert window.statusBar().currentMessage() == f"Written: {target}"
    assert not list(tmp_path.glob("**/.*"))


def test_the_run_is_told_in_what_leaves(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    leave(qtbot, window, "json", tmp_path / "a.json")
    run = json.loads((tmp_path / "a.json").read_text("utf-8"))["run"]
    assert run["command"] == ["open", "/cases/ws-fin-07"]
    assert run["started"] <= run["finished"]
    assert len(run["started"]) == len(run["finished"]) == len("2026-01-02T03:04:05Z")


def test_ctrl_e_lists_the_formats_and_enter_takes_one(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    window.exporting.ask = lambda exporter: str(tmp_path / f"out{exporter.suffix}")
    seen: list[str] = []

    def choose() -> None:
        palette = QApplication.activeModalWidget()
        assert isinstance(palette, Palette)
        seen.extend(palette.list.model().index(row, 0).data() for row in range(palette.list.model().rowCount()))
        QTest.keyClicks(palette.line, "tln")
        QTest.keyClick(palette.line, Qt.Key.Key_Return)

    QTimer.singleShot(100, choose)
    with qtbot.waitSignal(window.session.jobs.written, timeout=5000):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert [text.partition(":")[0] for text in seen] == list(BY_OPTION)
    assert (tmp_path / "out.tln").exists()


def test_what_is_there_is_replaced_only_where_a_person_agrees(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    asked: list[str] = []
    path = tmp_path / "a.tln"
    path.write_text("old")
    window.exporting.agree = lambda text: bool(asked.append(text))
    assert refuse(window, "tln", path) == ""
    assert path.read_text() == "old"
    assert str(path) in asked[0]
    window.exporting.agree = lambda text: True
    leave(qtbot, window, "tln", path)
    assert path.read_text() != "old"
    assert not path.with_suffix(".part").exists()


def test_files_in_a_folder_are_asked_about_too(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    asked: list[str] = []
    (tmp_path / "findings.csv").write_text("old")
    (tmp_path / "other.txt").write_text("mine")
    window.exporting.agree = lambda text: bool(asked.append(text))
    refuse(window, "csv", tmp_path)
    assert "findings.csv" in asked[0]
    assert "other.txt" not in asked[0]
    assert (tmp_path / "findings.csv").read_text() == "old"
    assert not (tmp_path / "tasks.csv").exists()
    window.exporting.agree = lambda text: True
    leave(qtbot, window, "csv", tmp_path)
    assert (tmp_path / "findings.csv").read_text("utf-8-sig") != "old"
    assert (tmp_path / "other.txt").read_text() == "mine"


def test_no_dialog_ends_it_quietly(window: Window) -> None:
    window.exporting.ask = lambda _: ""
    window.exporting.export(BY_OPTION["json"])
    assert not window.session.jobs.writing
    assert not window.trouble.isVisible()


def test_an_error_is_told_and_the_window_goes_on(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    done = leave(qtbot, window, "json", tmp_path / "no" / "a.json")
    assert "could not be written (No such file or directory)" in done.error
    assert "could not be written (No such file or directory)" in window.trouble.label.text()
    assert window.trouble.isVisible()
    assert leave(qtbot, window, "json", tmp_path / "a.json").error == ""


def test_an_error_of_our_own_is_told_too(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    def broken(case: Case, _: Run) -> dict[str, Data]:
        return {"": b"" if not case.tasks else bytes(case.tasks)}  # type: ignore[arg-type]  # on purpose

    window.exporting.ask = lambda _: str(tmp_path / "a")
    with qtbot.waitSignal(window.session.jobs.written, timeout=5000) as ended:
        window.exporting.export(Exporter("x", "FILE", "broken", broken, ".x"))
    assert "TypeError" in ended.args[0].error
    assert "The export was not written: TypeError" in window.trouble.label.text()
    assert not (tmp_path / "a").exists()


@pytest.fixture
def opened(qtbot: QtBot, files: made.Files, case: Case, settings: Settings, tmp_path: Path) -> Iterator[Window]:
    """A window over a folder and a file that really exist."""
    (tmp_path / "evidence").mkdir()
    (tmp_path / "a.evtx").write_bytes(b"ElfFile")
    window = build(lambda arguments, listings: made.work(case, files, arguments), settings, "/example.zip")
    qtbot.addWidget(window)
    window.show()
    window.open((str(tmp_path / "evidence"), str(tmp_path / "a.evtx")))
    qtbot.waitUntil(lambda: window.session.run.state == "done", timeout=5000)
    yield window
    window.close()


@pytest.mark.parametrize("place", ["evidence/out.json", "evidence", "evidence/deep/out.json", "a.evtx", "link/out.json"])
def test_nothing_is_written_into_the_evidence(opened: Window, tmp_path: Path, place: str) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "evidence")
    opened.exporting.agree = lambda text: True
    assert "lies in the evidence" in refuse(opened, "json", tmp_path / place)
    assert list((tmp_path / "evidence").iterdir()) == []
    assert (tmp_path / "a.evtx").read_bytes() == b"ElfFile"


def test_beside_the_evidence_is_a_good_place(qtbot: QtBot, opened: Window, tmp_path: Path) -> None:
    assert leave(qtbot, opened, "json", tmp_path / "evidence.json").error == ""


def test_not_while_the_evidence_is_read(qtbot: QtBot, files: made.Files, case: Case, settings: Settings, tmp_path: Path) -> None:
    go_on = threading.Event()

    def scan() -> Iterator[Progress | Case]:
        yield case
        go_on.wait(10)
        yield case

    work = made.work(case, files, ("/x",))
    slow = type(work)(work.arguments, work.listings, work.kind, scan, work.fetch, work.rows, work.differences)
    window = build(lambda *_: slow, settings, "")
    qtbot.addWidget(window)
    window.show()
    window.open(("/x",))
    qtbot.waitUntil(lambda: bool(window.session.digest.lines), timeout=5000)
    assert "still being read" in refuse(window, "json", tmp_path / "a.json")
    window.session.cancel()
    go_on.set()
    assert leave(qtbot, window, "json", tmp_path / "a.json").error == ""
    window.close()


def test_it_is_written_elsewhere_one_at_a_time_and_closing_leaves_no_part(
    qtbot: QtBot, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, threads = threading.Event(), []

    def endless(case: Case, _: Run) -> dict[str, Data]:
        def pieces() -> Iterator[bytes]:
            threads.append(threading.get_ident())
            while True:
                began.set()
                yield b"x"

        return {"": pieces()}

    window.exporting.ask = lambda _: str(tmp_path / "a.json")
    window.exporting.export(Exporter("endless", "FILE", "endless", endless, ".json"))
    assert began.wait(5)
    assert threads[0] != threading.get_ident()
    window.exporting.ask = lambda _: str(tmp_path / "b.json")
    window.exporting.export(BY_OPTION["json"])
    assert "Another export is still being written" in window.trouble.label.text()
    window.close()
    assert not window.session.jobs.writing
    assert list(tmp_path.glob("*.json")) == []
    assert list(tmp_path.glob(".*.part")) == []


def test_jobs_tell_how_a_writing_ended(qtbot: QtBot) -> None:
    jobs = Jobs()

    def fail(_: threading.Event) -> None:
        raise OutputError("No room.")

    with qtbot.waitSignal(jobs.written, timeout=3000) as ended:
        jobs.write("a", fail)
    assert ended.args == [Written("a", "No room.")]
    qtbot.waitUntil(lambda: not jobs.writing, timeout=3000)
    jobs.cancel()  # a new generation: what was written is told all the same
    with qtbot.waitSignal(jobs.written, timeout=3000) as ended:
        jobs.write("b", lambda _: jobs.cancel())
    assert ended.args == [Written("b")]
    jobs.close()


def test_a_name_is_suggested_that_any_system_takes(window: Window) -> None:
    names = [window.exporting.file_name(exporter) for exporter in EXPORTERS]
    assert names == [
        "WS-FIN-07.json", "", "WS-FIN-07.html", "WS-FIN-07.jsonl", "WS-FIN-07.csv", "WS-FIN-07.body", "WS-FIN-07.tln", "WS-FIN-07-iris.csv",
    ]  # fmt: skip


def test_the_dialogs(window: Window, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, object]] = []

    def save(_: object, title: str, path: str, **named: object) -> tuple[str, str]:
        seen.append((path, named["options"]))
        return "/out/a.json", ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", save)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda _, title, path: seen.append((path, title)) or "/tables")
    assert target_asked(window, settings, "words", "a.json") == "/out/a.json"
    assert target_asked(window, settings, "words", "b.json") == "/out/a.json"
    assert [path for path, _ in seen] == ["a.json", "/out/b.json"], "it begins where the last one ended"
    assert seen[0][1] == QFileDialog.Option.DontConfirmOverwrite
    assert target_asked(window, settings, "words", "") == "/tables"
    assert target_asked(window, settings, "words", "") == "/tables"
    assert seen[-1][0] == "/tables"


@pytest.mark.parametrize(("pressed", "answer"), [("Replace", True), ("Cancel", False), ("Esc", False), ("Enter", False)])
def test_asking_to_replace(window: Window, pressed: str, answer: bool) -> None:
    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        if pressed in ("Esc", "Enter"):
            QTest.keyClick(box, Qt.Key.Key_Escape if pressed == "Esc" else Qt.Key.Key_Return)
            return
        (button,) = [button for button in box.findChildren(QPushButton) if button.text().replace("&", "") == pressed]
        button.click()

    QTimer.singleShot(100, press)
    assert agreed(window, "Replace files", "<b>a</b>", "Replace") is answer
