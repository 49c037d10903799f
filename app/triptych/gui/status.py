"""The last line: how reading goes, and what was read."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QStatusBar

from triptych.gui import words
from triptych.gui.display import plain_label, set_text
from triptych.gui.pieces import link
from triptych.gui.session import Run, Session
from triptych.model.case import Case


class Status(QStatusBar):
    """Progress a person can read, with a Cancel beside it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedSize(140, 10)
        self.progress.setAccessibleName("How far reading is")
        self.told, self.ledger = plain_label(), plain_label()
        self.cancel = link("Cancel")
        self.cancel.clicked.connect(session.cancel)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(10, 0, 10, 0)
        for widget in (self.progress, self.told, self.cancel):
            self.addWidget(widget)
        self.addPermanentWidget(self.ledger)
        session.run_changed.connect(self.show_run)
        self.show_run(session.run)

    def show_run(self, run: Run) -> None:
        reading, case = run.state == "reading", self._session.case
        self.cancel.setVisible(reading)
        self.progress.setVisible(reading)
        set_text(self.told, run_words(run, case))
        done, total = run.progress.done, run.progress.total
        self.progress.setRange(0, 1000 if total else 0)
        self.progress.setValue(min(done * 1000 // total, 1000) if total else 0)
        set_text(self.ledger, f"{words.plural(len(case.files), 'file')} read and hashed, read only" if case.files else "")


def run_words(run: Run, case: Case) -> str:
    """How reading goes, in a sentence."""
    tasks = words.plural(len(case.tasks), "task")
    match run.state:
        case "reading":
            progress = run.progress
            return progress.text + (f": {progress.done:,} of {progress.total:,}" if progress.total else "")
        case "done":
            return f"Read {tasks}, {words.plural(len(case.findings), 'finding')}, in {run.seconds:.1f} s"
        case "cancelled":
            return f"Cancelled after {run.seconds:.1f} s: {tasks} so far, not judged to the end"
        case "failed":
            return "Reading ended early"
    return "Open evidence, or drop it here"
