"""One reader process as its parent sees it: the job it is at, what it has answered, how long it has been silent."""

from __future__ import annotations

import os
import platform
import signal
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from triptych.limits import MIB, Limits
from triptych.model.case import Progress
from triptych.model.evidence import EvidenceFile, ReadState
from triptych.readers.blame import Item, answers_for, size_of
from triptych.stores.job import Answer, Job

_SYSTEM = platform.system()
_WORKING = 0.1  # seconds of processor time that count as a sign of life
_AT_ONCE = 0.02  # seconds


@dataclass(slots=True)
class Watch:
    """A process, its pipe and its clocks."""

    process: BaseProcess
    pipe: Connection
    job: Job | None = None
    waiting: deque[Item] = field(default_factory=deque)  # not yet answered by name
    held: list[Answer] = field(default_factory=list)  # answers of a file whose last one has not come yet
    through: set[str] = field(default_factory=set)  # files that the reader has come through, answered or not
    answered: list[ReadState] = field(default_factory=list)
    silent: bool = True  # nothing of this job has gone on yet
    files: set[str] = field(default_factory=set)  # that it read one by one, and may still have at hand
    cpu_at_item: float = 0.0
    cpu_at_frame: float = 0.0
    cpu_seen: float = 0.0
    clock_seen: float = 0.0

    def begin(self, job: Job) -> None:
        self.job, self.waiting, self.held, self.answered, self.through = job, deque(job.items), [], [], set()
        self.silent = True
        if len(job.items) == 1:
            self.files.add(job.items[0][1])
        self.clock_seen = 0.0
        self.heard()
        self.cpu_at_item = self.cpu_at_frame

    def knows(self, job: Job) -> bool:
        """Whether it has read the file of this job before."""
        return len(job.items) == 1 and job.items[0][1] in self.files

    def came_through(self, path: str) -> None:
        self.through.add(path)
        self.cpu_at_item = self.cpu_at_frame

    def guilty(self) -> Item | None:
        """The file that the reader is at, or was at when it ended; None where it has come through all of them."""
        return next((item for item in self.waiting if item[1] not in self.through), None)

    def heard(self) -> None:
        """A sign of life has come: the clocks start anew. Of many at once the first is enough."""
        now = time.monotonic()
        if now - self.clock_seen >= _AT_ONCE:
            self.cpu_at_frame = self.cpu_seen = cpu_of(self.process)
            self.clock_seen = now

    def take(self, answer: Answer) -> Iterator[Answer]:
        """The answers that may go on: of a job of several files none before its file is answered whole, so that files which
        are read again are not told twice; of a lone file each as it comes.
        """
        if self.job is None or len(self.job.items) < 2 or isinstance(answer, Progress):
            if isinstance(answer, EvidenceFile):
                answers_for(self.waiting, answer)
            self.silent = False
            yield answer
            return
        self.held.append(answer)
        if not self.waiting or (isinstance(answer, EvidenceFile) and answers_for(self.waiting, answer)):
            if isinstance(answer, EvidenceFile):
                self.answered.append(answer.read)
            yield from self.held
            self.held = []

    def done(self) -> Iterator[Answer]:
        yield from self.held
        self.job, self.held = None, []

    def overdue(self, limits: Limits) -> tuple[str, str] | None:
        """The code and the words where the file at hand takes too long, else None."""
        if self.job is None:
            return None
        item = self.guilty()
        mib = (size_of(self.job, item) if item else self.job.size) / MIB
        allowed = limits.total_base + limits.total_per_mib * mib
        cpu = cpu_of(self.process)
        if cpu - self.cpu_at_item > allowed:
            return "reader.slow", f"more than {allowed:.0f} s of processor time"
        quiet = cpu - self.cpu_at_frame
        if quiet > limits.silence + limits.total_per_mib * mib:
            return "reader.silent", f"{quiet:.0f} s of processor time without an answer"
        return self._stuck(limits)

    def _stuck(self, limits: Limits) -> tuple[str, str] | None:
        cpu, now = cpu_of(self.process), time.monotonic()
        if cpu - self.cpu_seen >= _WORKING:
            self.cpu_seen, self.clock_seen = cpu, now
        if now - self.clock_seen > 2 * limits.silence:
            return "reader.stuck", f"no answer and no work for {2 * limits.silence:.0f} s"
        return None

    def last_words(self) -> str:
        """How the process ended, after its pipe closed."""
        self.process.join(0.5)
        code = self.process.exitcode
        if code is None:
            return "it closed its pipe and went on"
        if code >= 0:
            return f"its reader ended by itself with code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = "unknown"
        return f"its reader was ended by signal {-code} ({name})"

    def kill(self) -> None:
        self.process.kill()

    def bury(self) -> None:
        self.process.join(1.0)
        self.pipe.close()


def cpu_of(process: BaseProcess) -> float:
    """Seconds of processor time a process took; the clock where the system does not tell."""
    if _SYSTEM == "Linux":
        try:
            stat = Path(f"/proc/{process.pid}/stat").read_text("ascii", "replace")
        except OSError:
            return 0.0
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    if _SYSTEM == "Windows":
        return _cpu_windows(process.sentinel)
    return time.monotonic()


def _cpu_windows(handle: int) -> float:
    import ctypes  # only there

    times = (ctypes.c_uint64 * 4)()
    pointers = [ctypes.byref(times, 8 * number) for number in range(4)]
    if not getattr(ctypes, "windll").kernel32.GetProcessTimes(ctypes.c_void_p(handle), *pointers):  # noqa: B009 - absent elsewhere
        return 0.0
    return (times[2] + times[3]) / 10_000_000
