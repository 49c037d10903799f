"""Ctrl+E: leaving the window with what it shows, in every format that `scan` writes. Written in the jobs' thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow

from triptych.exports.formats import EXPORTERS, Exporter
from triptych.exports.json_case import Run as RunOfScan
from triptych.exports.writing import Data, OutputError, check, check_folder, write, write_folder
from triptych.gui.asking import target_asked
from triptych.gui.display import agreed, say_shortly
from triptych.gui.jobs import Written
from triptych.gui.palette import Palette
from triptych.gui.session import Run, Session
from triptych.gui.settings import Settings
from triptych.model.case import Case


class Exporting(QObject):
    """`ask` gives the path for an export, "" for none; `agree` asks whether to replace what is there.

    What went well is told in the status bar for some seconds, what did not by `trouble`, until a person dismisses it.
    """

    def __init__(self, parent: QMainWindow, session: Session, settings: Settings, trouble: Callable[[str], None]) -> None:
        super().__init__(parent)
        self._parent, self._session, self._trouble = parent, session, trouble
        self.ask: Callable[[Exporter], str] = lambda exporter: target_asked(
            parent, settings, exporter.says, self.file_name(exporter)
        )
        self.agree: Callable[[str], bool] = lambda text: agreed(parent, "Replace files", text, "Replace")
        self._times = ("", "")
        session.run_changed.connect(self._run_changed)
        session.jobs.written.connect(self._written)

    def choose(self) -> None:
        """Show the formats; the one chosen is exported."""
        actions = [self._action(exporter) for exporter in EXPORTERS]
        palette = Palette(actions, self._parent)
        palette.setWindowTitle("Export")
        palette.line.setPlaceholderText("Export as")
        palette.exec()
        palette.deleteLater()
        for action in actions:
            action.deleteLater()

    def export(self, exporter: Exporter) -> None:
        """Ask where to and write there, or say why not."""
        refusal = self._refusal()
        if refusal:
            self._trouble(refusal)
            return
        target = self.ask(exporter)
        if not target:
            return
        inside = self._evidence_at(target)
        if inside:
            self._trouble(f"{target} lies in the evidence ({inside}), which Triptych never changes. Choose another place.")
            return
        try:
            force = self._may_write(exporter, target)
        except OutputError as error:
            self._trouble(str(error))
            return
        if force is None:
            return
        case, run = self._session.case, RunOfScan(*self._times, self._command())
        self._say(f"Writing {target}")
        self._session.jobs.write(target, lambda leave_off: written(exporter, case, run, target, force, leave_off))

    def file_name(self, exporter: Exporter) -> str:
        """The name that a dialog suggests, "" where a folder is to be chosen."""
        if not exporter.suffix:
            return ""
        name = self._session.case.host.get("name").value or "triptych"
        safe = "".join(character if character.isalnum() or character in "-_" else "_" for character in name[:60])
        extra = "-iris" if exporter.option == "iris" else ""
        return f"{safe}{extra}{exporter.suffix}"

    def _action(self, exporter: Exporter) -> QAction:
        action = QAction(f"{exporter.option}: {exporter.says}", self)
        action.triggered.connect(lambda _=False: self.export(exporter))
        return action

    def _refusal(self) -> str:
        if self._session.run.state == "reading":
            return "The evidence is still being read. Wait until it has been judged, or cancel reading and export what is there."
        return "Another export is still being written." if self._session.jobs.writing else ""

    def _may_write(self, exporter: Exporter, target: str) -> bool | None:
        """Whether to replace what is there; None where a person would not. Raises OutputError."""
        names = tuple(exporter.render(Case(), RunOfScan("", "", ())))
        there = [path for path in _paths(target, names) if path.is_symlink() or path.exists()]
        if not there:
            _check(target, names)
            return False
        shown = "\n".join(str(path) for path in there)
        return True if self.agree(f"These are there already and would be replaced:\n{shown}") else None

    def _evidence_at(self, target: str) -> str:
        """The piece of evidence that a target is or lies in, "" for none."""
        work = self._session.work
        place = Path(target).resolve()
        for given in (*work.arguments, *work.listings) if work else ():
            evidence = Path(given).resolve()
            if place == evidence or evidence in place.parents:
                return given
        return ""

    def _command(self) -> tuple[str, ...]:
        work = self._session.work
        return ("open", *(work.arguments if work else ()), *(f"--listing={path}" for path in (work.listings if work else ())))

    def _run_changed(self, run: Run) -> None:
        started, finished = self._times
        if run.state == "reading":
            self._times = (started if started and not finished else _now(), "")
        elif started and not finished:
            self._times = (started, _now())

    def _say(self, text: str) -> None:
        say_shortly(self._parent, text)

    def _written(self, done: Written) -> None:
        if done.error:
            self._trouble(f"The export was not written: {done.error}")
        else:
            self._say(f"Written: {done.name}")


def written(exporter: Exporter, case: Case, run: RunOfScan, target: str, force: bool, leave_off: threading.Event) -> None:
    """Render and write; stops with OutputError, and without a part of a file, where `leave_off` is set."""
    files = {name: _pieces(data, leave_off) for name, data in exporter.render(case, run).items()}
    if tuple(files) == ("",):
        write(target, files[""], force)
    else:
        write_folder(target, files, force)


def _pieces(data: Data, leave_off: threading.Event) -> Iterator[bytes]:
    for piece in (data,) if isinstance(data, bytes) else data:
        if leave_off.is_set():
            raise OutputError("The window was closed.")
        yield piece


def _paths(target: str, names: Iterable[str]) -> list[Path]:
    return [Path(target) / name if name else Path(target) for name in names]


def _check(target: str, names: tuple[str, ...]) -> None:
    if names == ("",):
        check(target, force=False)
    else:
        check_folder(target, names, force=False)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
