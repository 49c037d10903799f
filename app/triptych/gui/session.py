"""The one session: the newest case and what is selected. Rooms call it; it emits; every room redraws from the digest."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, Signal

from triptych.gui.clock import NAMES, Clock, machine_offset
from triptych.gui.digest import Compare, Digest, Digester, Line, TaskKey
from triptych.gui.events_columns import EntryKey
from triptych.gui.jobs import Bytes, Ended, Fetch, Jobs, Scan
from triptych.gui.memory import give_back
from triptych.gui.timeline_lens import ALL, Lens
from triptych.model.case import Case, Progress
from triptych.model.evidence import EvidenceRef
from triptych.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Work:
    """Opened evidence: how to scan it, how to get its bytes, how to compare a task of it."""

    arguments: tuple[str, ...]
    listings: tuple[str, ...]
    kind: str
    scan: Scan
    fetch: Fetch
    rows: Compare  # every field of a task
    differences: Compare  # those in which its stores contradict each other
    event: Fetch | None = None  # one event as lines, see `logs.one_event`


Open = Callable[[tuple[str, ...], tuple[str, ...]], Work]


@dataclass(frozen=True, slots=True)
class Proof:
    """Bytes to be shown: what they prove, in words, and where they are."""

    title: str
    refs: tuple[EvidenceRef, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """What the person looks at."""

    task: TaskKey | None = None
    finding: str | None = None  # its key
    proof: Proof | None = None
    entry: EntryKey | None = None  # of all that happened


@dataclass(frozen=True, slots=True)
class Run:
    """How reading goes. `state` is idle, reading, done, cancelled or failed; `seconds` since it began."""

    state: str = "idle"
    progress: Progress = field(default_factory=lambda: Progress(""))
    error: str = ""
    seconds: float = 0.0


class Session(QObject):
    """State and its changes; no widget, no parsing."""

    case_changed = Signal(object)  # Digest
    selection_changed = Signal(object)  # Selection
    proof_wanted = Signal(object)  # Proof
    run_changed = Signal(object)  # Run
    opened = Signal(object)  # Work
    bytes_came = Signal(object)  # Bytes
    event_came = Signal(object)  # Bytes
    marks_changed = Signal()
    clock_changed = Signal(object)  # Clock

    def __init__(self, opening: Open, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open = opening
        self.digest = Digest()
        self.selection = Selection()
        self.run = Run()
        self.work: Work | None = None
        self.marked: set[TaskKey] = set()  # while the window is open
        self._clock = "utc"
        self._began = 0.0
        self._chosen: TaskKey | None = None  # what the person chose, not what came first by itself
        self.lens = Lens(self)
        self.jobs = Jobs(self)
        self.jobs.digested.connect(self._digested)
        self.jobs.progressed.connect(self._progressed)
        self.jobs.ended.connect(self._ended)
        self.jobs.fetched.connect(self._fetched)

    @property
    def case(self) -> Case:
        return self.digest.case

    @property
    def clock(self) -> Clock:
        """In which zone times are told."""
        return Clock(self._clock, machine_offset(self.case.host))

    def choose_clock(self, name: str) -> None:
        """Tell times in UTC (`utc`), in this computer's zone (`here`), or in the evidence machine's (`machine`)."""
        self._clock = name if name in NAMES else "utc"
        self.clock_changed.emit(self.clock)

    @property
    def line(self) -> Line | None:
        """The selected task."""
        return self.digest.line(self.selection.task)

    def open(self, arguments: tuple[str, ...], listings: tuple[str, ...] = ()) -> None:
        """Open evidence and begin to read it. What cannot be opened is told by how the run ends."""
        work = self._open(arguments, listings)
        self.digest, self.selection, self._chosen = Digest(), Selection(), None
        self.marked.clear()
        self.work = work
        self.lens.clear()
        self.opened.emit(work)
        self.case_changed.emit(self.digest)
        self.selection_changed.emit(self.selection)
        self._start(work)

    def rescan(self) -> None:
        """Read the same evidence again; what is selected stays selected."""
        if self.work is not None:
            self._start(self._open(self.work.arguments, self.work.listings))

    def add_listing(self, path: str) -> None:
        """Take a listing of the scheduler into the case and read again."""
        if self.work is not None:
            self._start(self._open(self.work.arguments, (*self.work.listings, path)))

    def cancel(self) -> None:
        if self.run.state == "reading":
            self.jobs.cancel()
            self._set_run(replace(self.run, state="cancelled", seconds=time.monotonic() - self._began))

    def close(self) -> None:
        self.jobs.close()

    def select_task(self, key: TaskKey | None) -> None:
        """Choose a task; it stays chosen while more arrives and when the evidence is read again."""
        self._chosen = key
        if key != self.selection.task:
            self._select(replace(self.selection, task=key, finding=None, entry=None))

    def select_finding(self, finding: Finding) -> None:
        """Choose a finding, and the task it is about."""
        line = self.digest.line_of(finding)
        self._chosen = line.key if line else self._chosen
        rows = self.digest.happened.resting.get(finding.key, ())
        entry = self.lens.entries.key(rows[0]) if rows else None
        self._select(replace(self.selection, task=line.key if line else self.selection.task, finding=finding.key, entry=entry))

    def select_entry(self, row: int) -> None:
        """Choose something that happened; where all tasks are looked at, or another one, the task it tells of as well."""
        if not 0 <= row < len(self.lens.entries):
            return
        elsewhere = self.lens.mode == ALL or not self.lens.scope.holds(row)
        line = self.digest.line_at(self.lens.entries.text("task", row)) if elsewhere else None
        self._chosen = line.key if line else self._chosen
        task = line.key if line else self.selection.task
        finding = self.selection.finding if task == self.selection.task else None
        self._select(replace(self.selection, task=task, finding=finding, entry=self.lens.entries.key(row)))

    def mark(self, key: TaskKey | None) -> None:
        """Mark a task to come back to it, or take the mark away."""
        if key is not None:
            self.marked ^= {key}
            self.marks_changed.emit()

    def step_finding(self, step: int) -> None:
        """The next or previous finding of the case, worst first; stays at either end."""
        ordered = self.findings()
        if not ordered:
            return
        keys = [finding.key for finding in ordered]
        if self.selection.finding in keys:
            at = keys.index(self.selection.finding) + step
        else:
            at = self._nearest(ordered, step)
        self.select_finding(ordered[min(max(at, 0), len(ordered) - 1)])

    def findings(self) -> tuple[Finding, ...]:
        """Every finding in the order a person goes through them: task by task as listed, the host's own last."""
        of_tasks = [finding for line in self.digest.lines for finding in line.findings]
        seen = {finding.key for finding in of_tasks}
        return (*of_tasks, *(finding for finding in self.case.findings if finding.key not in seen))

    def finding(self, key: str | None) -> Finding | None:
        return next((finding for finding in self.case.findings if finding.key == key), None)

    def show_proof(self, title: str, refs: tuple[EvidenceRef, ...]) -> None:
        """Ask for the room that shows bytes; where there is nothing to cite, nothing happens."""
        if refs:
            proof = Proof(title, refs)
            self._select(replace(self.selection, proof=proof))
            self.proof_wanted.emit(proof)

    def fetch(self, file: str, offset: int, length: int) -> None:
        if self.work is not None:
            self.jobs.fetch(self.work.fetch, file, offset, length)

    def fetch_event(self, file: str, offset: int, length: int) -> None:
        """Ask for an event as lines; `event_came` brings it."""
        if self.work is not None and self.work.event is not None:
            self.jobs.fetch(self.work.event, file, offset, length, "event")

    def _nearest(self, ordered: tuple[Finding, ...], step: int) -> int:
        line = self.line
        own = [number for number, finding in enumerate(ordered) if line is not None and finding in line.findings]
        if own:
            return own[0] if step > 0 else own[-1]
        return 0 if step > 0 else len(ordered) - 1

    @property
    def _path(self) -> str | None:
        line = self.line
        return line.task.path if line else None

    def _start(self, work: Work) -> None:
        self.work = work
        self._began = time.monotonic()
        self._set_run(Run("reading", Progress("Opening the evidence")))
        self.jobs.start(work.scan, Digester(work.differences))

    def _select(self, selection: Selection) -> None:
        if selection != self.selection:
            self.selection = selection
            self.lens.show_task(self._path)
            self.lens.choose(self.lens.entries.find(selection.entry))
            self.selection_changed.emit(selection)

    def _digested(self, digest: Digest) -> None:
        self.digest = digest
        known = {digest.known_as(key) or key for key in self.marked}
        self.marked.clear()
        self.marked |= known
        if self._chosen is not None:
            self._chosen = digest.known_as(self._chosen) or self._chosen
        wanted = self._chosen
        if wanted is None or (digest.case.complete and digest.line(wanted) is None):
            wanted = digest.lines[0].key if digest.lines else None
        if wanted != self.selection.task:
            self.selection = replace(self.selection, task=wanted, finding=None, entry=None)
        self.lens.show(digest.happened, self._path, digest.happened.entries.find(self.selection.entry))
        self.case_changed.emit(digest)
        self.selection_changed.emit(self.selection)
        if self.run.state == "reading" and digest.lines:
            self._progressed(Progress(f"Reading: {len(digest.lines):,} tasks so far"))

    def _progressed(self, progress: Progress) -> None:
        self._set_run(replace(self.run, progress=progress, seconds=time.monotonic() - self._began))

    def _ended(self, ended: Ended) -> None:
        state = "failed" if ended.error else "done"
        self._set_run(replace(self.run, state=state, error=ended.error, seconds=time.monotonic() - self._began))
        give_back()  # the digests before the last are gone now

    def _fetched(self, answer: Bytes) -> None:
        (self.event_came if answer.of == "event" else self.bytes_came).emit(answer)

    def _set_run(self, run: Run) -> None:
        self.run = run
        self.run_changed.emit(run)
