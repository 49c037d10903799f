"""The reader processes: warm, supervised, replaceable. Neither the window nor the command line parses evidence itself.

A reader gets jobs as JSON and answers in frames of the one codec; it writes nothing and never gets a pickle to load from
evidence's hands. The parent watches the processor time a reader takes and the clock where it takes none, kills what
hangs, keeps what arrived, names what is lost and goes on with the rest.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from triptych.evidence.source import EvidenceSource, open_source
from triptych.limits import DEFAULT, MIB, Limits
from triptych.model import codec
from triptych.model.case import Problem, Progress, Weight
from triptych.model.evidence import EvidenceFile, ReadState
from triptych.stores import READERS
from triptych.stores.job import Answer, Job

_DONE = b""
_TICK = 0.25
_SYSTEM = platform.system()


@dataclass(slots=True)
class _Watch:
    """One reader process and the job it is at."""

    process: BaseProcess
    pipe: Connection
    job: Job | None = None
    waiting: deque[tuple[str, ...]] = field(default_factory=deque)  # items not yet acknowledged
    cpu_at_start: float = 0.0
    cpu_at_frame: float = 0.0
    clock_at_frame: float = 0.0


class Readers:
    """Runs jobs over one source. `workers` 0 reads in this process, for tests and debugging; use as a context manager."""

    def __init__(self, source: EvidenceSource, workers: int = 2, limits: Limits = DEFAULT) -> None:
        self._source, self._limits = source, limits
        self._wanted = workers
        self._pool: list[_Watch] = []

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def warm(self) -> None:
        """Start the processes before there is work, so that their start-up overlaps with looking for evidence."""
        while len(self._pool) < self._wanted:
            self._pool.append(self._start())

    def read(self, jobs: Iterable[Job]) -> Iterator[Answer]:
        """The answers of all jobs, in the order in which they arrive. Stop pulling (or close) to cancel."""
        if self._wanted < 1:
            for job in jobs:
                yield from READERS[job.reader].read(job, self._source, self._limits)
            return
        todo = deque(sorted(jobs, key=lambda job: -job.size))
        try:
            while todo or any(watch.job for watch in self._pool):
                self._hand_out(todo)
                busy = [watch for watch in self._pool if watch.job]
                ready = wait([watch.pipe for watch in busy], timeout=_TICK)
                if not ready:  # lets whoever pulls stop pulling, and says what takes so long
                    yield Progress(f"Reading {' and '.join(watch.job.label for watch in busy if watch.job)}")
                for watch in busy:
                    if watch.pipe in ready:
                        yield from self._receive(watch, todo)
                    elif reason := self._overdue(watch):
                        yield from self._lose(watch, todo, *reason)
        except GeneratorExit:
            self.close()
            raise

    def close(self) -> None:
        """End the processes; they hold nothing that could be lost."""
        for watch in self._pool:
            _end(watch)
        self._pool.clear()

    def _start(self) -> _Watch:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve, args=(theirs, json.dumps(self._source.arguments), json.dumps(asdict(self._limits))), daemon=True
        )
        process.start()
        theirs.close()
        return _Watch(process, ours)

    def _hand_out(self, todo: deque[Job]) -> None:
        idle = [watch for watch in self._pool if not watch.job]
        while todo and (idle or len(self._pool) < self._wanted):
            if not idle:
                self._pool.append(self._start())
                idle.append(self._pool[-1])
            watch, job = idle.pop(), todo.popleft()
            watch.job, watch.waiting = job, deque(job.items)
            watch.cpu_at_start = watch.cpu_at_frame = _cpu(watch.process)
            watch.clock_at_frame = time.monotonic()
            try:
                watch.pipe.send_bytes(json.dumps(asdict(job)).encode("ascii"))
            except OSError:  # it died between two jobs: the loop will see the closed pipe
                continue

    def _receive(self, watch: _Watch, todo: deque[Job]) -> Iterator[Answer]:
        try:
            frame = watch.pipe.recv_bytes()
        except (EOFError, OSError):
            yield from self._lose(watch, todo, "reader.died", f"it ended by itself ({watch.process.exitcode})")
            return
        watch.cpu_at_frame, watch.clock_at_frame = _cpu(watch.process), time.monotonic()
        if frame == _DONE:
            watch.job = None
            return
        try:
            answers = codec.decode(frame)
        except codec.CodecError as error:
            yield from self._lose(watch, todo, "reader.garbled", str(error))
            return
        for answer in answers:
            if isinstance(answer, EvidenceFile) and watch.waiting and answer.path == watch.waiting[0][1]:
                watch.waiting.popleft()
            yield answer

    def _overdue(self, watch: _Watch) -> tuple[str, str] | None:
        if watch.job is None:
            return None
        cpu, limits = _cpu(watch.process), self._limits
        allowed = limits.total_base + limits.total_per_mib * watch.job.size / MIB
        if cpu - watch.cpu_at_start > allowed:
            return "reader.slow", f"more than {allowed:.0f} s of processor time"
        quiet = cpu - watch.cpu_at_frame
        if quiet > limits.silence + limits.total_per_mib * watch.job.size / MIB:
            return "reader.silent", f"{quiet:.0f} s of processor time without an answer"
        if quiet < 0.1 and time.monotonic() - watch.clock_at_frame > 2 * limits.silence:
            return "reader.stuck", f"no answer and no work for {2 * limits.silence:.0f} s"
        return None

    def _lose(self, watch: _Watch, todo: deque[Job], code: str, found: str) -> Iterator[Answer]:
        """Replace a reader: what it sent is kept, the file it was at is named, the files behind that go on."""
        job, waiting = watch.job, watch.waiting
        _end(watch)
        self._pool.remove(watch)
        if job is None or not waiting:
            return
        guilty = waiting.popleft()
        yield EvidenceFile(guilty[1], job.reader, 0, None, "", ReadState.PART, note="its reader was stopped")
        yield Problem(
            Weight.LOST,
            code,
            guilty[1],
            "the whole file",
            tried=f"read it as {job.label}",
            found=found,
            lost="everything behind what is listed from it",
            advice="open it in another tool, or scan it alone; the limits are in `triptych formats`",
        )
        if waiting:
            todo.appendleft(Job(job.reader, job.label, tuple(waiting), job.size))


def _end(watch: _Watch) -> None:
    watch.process.kill()
    watch.process.join(1.0)
    watch.pipe.close()


def _cpu(process: BaseProcess) -> float:
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


def _serve(pipe: Connection, arguments: str, limits_text: str) -> None:
    """The reader process: jobs in, frames out, until the pipe closes."""
    _settle()
    given = json.loads(arguments)
    limits = Limits(**json.loads(limits_text))
    source = open_source(*given)
    while True:
        try:
            row = json.loads(pipe.recv_bytes())
        except (EOFError, OSError):
            return
        job = Job(row["reader"], row["label"], tuple(tuple(item) for item in row["items"]), row["size"])
        _bound_memory(limits.reader_memory + 4 * job.size)
        try:
            for frame in _frames(READERS[job.reader].read(job, source, limits), limits):
                pipe.send_bytes(frame)
            pipe.send_bytes(_DONE)
        except (BrokenPipeError, ConnectionError):
            return


def _frames(answers: Iterator[Answer], limits: Limits) -> Iterator[bytes]:
    batch: list[Answer] = []
    since = time.monotonic()
    for answer in answers:
        batch.append(answer)
        if len(batch) >= limits.frame_rows or time.monotonic() - since >= limits.frame_seconds:
            yield codec.encode(batch)
            batch, since = [], time.monotonic()
    if batch:
        yield codec.encode(batch)


def _settle() -> None:
    """Be a good neighbour: low priority, a folder of our own, nothing imported from where the person stands."""
    sys.path[:] = [path for path in sys.path if path not in ("", ".")]
    if hasattr(os, "nice"):
        os.nice(10)


def _bound_memory(size: int) -> None:
    if _SYSTEM == "Linux":
        import resource  # only there

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (size if hard < 0 else min(size, hard), hard))
