"""The case in one line: host, Windows, kind of evidence, a chip a store, warnings."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from triptych.exports.json_case import windows_name
from triptych.gui import words
from triptych.gui.clock import Clock, offset_words
from triptych.gui.digest import Digest
from triptych.gui.display import plain_label, set_button, set_text, set_tip
from triptych.gui.pieces import Chip, Flow, link
from triptych.gui.session import Session, Work
from triptych.gui.theme import BODY, Theme, face
from triptych.model.case import Case, Host, StoreReport, Weight
from triptych.model.event import LogReport
from triptych.model.task import Store

_LOGS_TOLD = 12  # in a tool tip
_STATES = {"partly": "partly read", "failed": "failed", "absent": "not in the evidence"}


def host_words(host: Host) -> str:
    """The machine's name, as the evidence states it."""
    return host.get("name").value or "Name of the host not known"


def windows_words(host: Host) -> str:
    """`Windows 10 Pro 22H2, build 19045`, as far as the evidence tells."""
    text = windows_name(host) or ""
    build = f"build {host.build}" if host.build is not None else ""
    return ", ".join(part for part in (text, build) if part)


def store_words(case: Case, store: Store) -> tuple[str, str]:
    """A chip's text, and the same in full for tool tip and screen reader."""
    name, report = words.STORE_NAMES[store], case.report(store)
    if store is Store.LOG:
        return log_words(case, report)
    if report is None or (report.state == "absent" and not case.complete):
        return f"{name} –", f"{name}: not read yet"
    state = _STATES.get(report.state, "")
    count = f" {report.tasks:,}" if report.state != "absent" else ""
    detail = " · ".join(part for part in (report.basis, state) if part)
    text = f"{name}{count}" + (f" · {detail}" if detail else "")
    full = f"{name}: {words.plural(report.tasks, 'task')}, {report.state}"
    return text, "\n".join(part for part in (full, report.basis, ", ".join(report.sources[:6]), report.note) if part)


def log_words(case: Case, report: StoreReport | None) -> tuple[str, str]:
    """The same of the event logs: how many events of theirs are kept, and for each log how far it reaches and what it lacks."""
    if report is None or (report.state == "absent" and not case.complete):
        return "Events –", "Event logs: not read yet"
    if report.state == "absent":
        return "Events · not in the evidence", "Event logs: not in the evidence"
    events = sum(block.rows for block in case.events)
    state = _STATES.get(report.state, "")
    text = f"Events {events:,}" + (f" · {state}" if state else "")
    about = [reach_words(log) for log in case.logs[:_LOGS_TOLD]]
    more = f"and {len(case.logs) - _LOGS_TOLD:,} more" if len(case.logs) > _LOGS_TOLD else ""
    full = f"Event logs: {words.plural(events, 'event')} kept, {report.state}"
    return text, "\n".join(part for part in (full, *about, more, report.note) if part)


def reach_words(log: LogReport) -> str:
    """`Security: 2026-03-01 08:00Z to 2026-03-14 10:00Z, 1,204 records, 2 gaps`."""
    reach = f"{words.moment(log.first)} to {words.moment(log.last)}" if log.first and log.last else "no records"
    lacks = (
        words.plural(log.records, "record") if log.records else "",
        words.plural(len(log.gaps), "gap") if log.gaps else "",
        f"{log.lost:,} lost" if log.lost else "",
    )
    return ", ".join((f"{log.channel}: {reach}", *(part for part in lacks if part)))


class CaseStrip(QWidget):
    """A click on a chip asks for the room that explains it."""

    store_clicked = Signal(object)  # Store
    warnings_clicked = Signal()

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.setObjectName("strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.host = plain_label(font=face(BODY, bold=True))
        self.about = plain_label("", "dim")
        self.chips = {store: Chip("") for store in words.TELLERS}
        self.warnings = Chip("")
        self.clock = link("UTC")
        set_tip(self.clock, "In which zone times are told")
        holder = QWidget()
        flow = Flow(holder)
        for store, chip in self.chips.items():
            chip.clicked.connect(lambda _=False, at=store: self.store_clicked.emit(at))
            flow.addWidget(chip)
        self.warnings.clicked.connect(self.warnings_clicked)
        flow.addWidget(self.warnings)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 12, 5)
        row.setSpacing(10)
        row.addWidget(self.host)
        row.addWidget(self.about)
        row.addWidget(holder, 1)
        row.addWidget(self.clock)
        session.opened.connect(self._opened)
        session.case_changed.connect(self.show_digest)
        session.clock_changed.connect(self._show_clock)
        session.run_changed.connect(lambda run: self.show_digest(session.digest) if run.state != "reading" else None)
        theme.changed.connect(self._dots)
        self._dots()
        self.show_digest(session.digest)

    def show_digest(self, digest: Digest) -> None:
        case, work = digest.case, self._session.work
        over = self._session.run.state not in ("reading", "idle")
        set_text(self.host, host_words(case.host) if case.host.facts or over else "Reading the host")
        parts = (windows_words(case.host), work.kind if work else "", "read only")
        set_text(self.about, " · ".join(part for part in parts if part))
        for store, chip in self.chips.items():
            text, full = store_words(case, store)
            chip.say(text, full)
            set_tip(chip, full)
        self._warn(case)
        self._show_clock(self._session.clock)

    def _show_clock(self, clock: Clock) -> None:
        known = clock.name != "machine" or clock.offset is not None
        zone = self._session.case.host.get("time-zone").value or ""
        told = f"times: {clock.title}" if known else "times: UTC, the machine's zone is not known"
        set_button(self.clock, f"{told} ▾")
        self.clock.setAccessibleName(told)
        about = f"The evidence machine was set to UTC{offset_words(clock.offset)} ({zone})" if clock.offset is not None else ""
        set_tip(self.clock, "\n".join(part for part in ("In which zone times are told", about) if part))

    def _opened(self, work: Work) -> None:
        set_tip(self.about, "\n".join((*work.arguments, *work.listings)))
        self.show_digest(self._session.digest)

    def _warn(self, case: Case) -> None:
        number = sum(problem.count for problem in case.problems if problem.severity is not Weight.NOTE)
        number += sum(1 for balance in case.balances if not balance.closes)
        self.warnings.setVisible(number > 0)
        self.warnings.say(words.plural(number, "warning"))
        set_tip(self.warnings, "What could not be read, what is lost, what to do")

    def _dots(self) -> None:
        for store, chip in self.chips.items():
            chip.dot(self._theme.colour(words.store_token(store)))
        self.warnings.dot(self._theme.colour("medium"), square=True)
