"""The parent's side: hands out jobs, takes answers, replaces readers that die, hang or send what nobody can read."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from multiprocessing.connection import wait
from multiprocessing.context import ForkContext, SpawnContext
from pathlib import Path

from triptych.evidence.source import EvidenceSource
from triptych.limits import DEFAULT, Limits
from triptych.logs.joining import Joining
from triptych.model import codec
from triptych.model.case import Progress
from triptych.readers.blame import counted, fault_of, given_up, in_this_process, size_of
from triptych.readers.serving import DONE, FAULT, THROUGH, Serve, begin, serve
from triptych.readers.watch import Watch
from triptych.stores.job import Answer, Job

_TICK = 0.25


class Readers:
    """Runs jobs over one source. `workers` 0 reads in this process, for tests and debugging; use as a context manager.

    `serving` is what a reader process runs, replaced in tests that need a reader which misbehaves.
    """

    def __init__(self, source: EvidenceSource, workers: int = 2, limits: Limits = DEFAULT, serving: Serve = serve) -> None:
        self._source, self._limits, self._serving = source, limits, serving
        self._wanted = workers
        self._pool: list[Watch] = []
        self._texts: dict[str, str] = {}  # names that many answers share, held once

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        """The process ids of the readers that are alive."""
        return [watch.process.pid for watch in self._pool if watch.process.pid is not None]

    def warm(self) -> None:
        """Start the processes before there is work, so that their start-up overlaps with looking for evidence."""
        while len(self._pool) < self._wanted:
            self._pool.append(self._start())

    def read(self, jobs: Iterable[Job]) -> Iterator[Answer]:
        """The answers of all jobs, in the order in which they arrive. Stop pulling (or close) to cancel.

        What several jobs tell of one log comes when the last of them has.
        """
        joining = Joining()
        with closing(self._answers(jobs)) as answers:
            for answer in answers:
                yield from joining.take(answer)
        yield from joining.rest()

    def _answers(self, jobs: Iterable[Job]) -> Generator[Answer, None, None]:
        if self._wanted < 1:
            for job in jobs:
                yield from in_this_process(job, self._source, self._limits)
            return
        todo = deque(sorted(jobs, key=lambda job: -job.size))
        looked = time.monotonic()  # at those who are silent
        try:
            while todo or any(watch.job for watch in self._pool):
                self._hand_out(todo)
                busy = [watch for watch in self._pool if watch.job]
                ready = wait([watch.pipe for watch in busy], timeout=_TICK)
                if not ready:  # lets whoever pulls stop pulling, and says what takes so long
                    yield Progress(f"Reading {' and '.join(sorted(watch.job.label for watch in busy if watch.job))}")
                look = time.monotonic() - looked >= _TICK
                looked = time.monotonic() if look else looked
                for watch in busy:
                    if watch.pipe in ready:
                        yield from self._receive(watch, todo)
                    elif look and (reason := watch.overdue(self._limits)):
                        yield from self._lose(watch, todo, *reason)
        except GeneratorExit:
            self.close()
            raise

    def close(self) -> None:
        """End the processes; they hold nothing that could be lost."""
        for watch in self._pool:
            watch.kill()
        for watch in self._pool:
            watch.bury()
        self._pool.clear()

    def _start(self) -> Watch:
        os.environ["PYTHONSAFEPATH"] = "1"  # a child looks for modules where the parent does, never in the current folder
        context = _context()
        ours, theirs = context.Pipe()
        given = (theirs, self._serving, json.dumps(self._source.arguments), json.dumps(asdict(self._limits)))
        process = context.Process(target=begin, args=given, daemon=True)
        process.start()
        theirs.close()
        return Watch(process, ours)

    def _hand_out(self, todo: deque[Job]) -> None:
        idle = [watch for watch in self._pool if not watch.job]
        while todo and (idle or len(self._pool) < self._wanted):
            if not idle:
                self._pool.append(self._start())
                idle.append(self._pool[-1])
            job = todo.popleft()
            watch = idle.pop(next((at for at, known in enumerate(idle) if known.knows(job)), -1))
            watch.begin(job)
            try:
                watch.pipe.send_bytes(job.as_row())
            except OSError:  # it died between two jobs: the loop will see the closed pipe
                continue

    def _receive(self, watch: Watch, todo: deque[Job]) -> Iterator[Answer]:
        try:
            frame = watch.pipe.recv_bytes(2 * self._limits.hive)
        except (EOFError, OSError):
            yield from self._lose(watch, todo, "reader.died", watch.last_words())
            return
        watch.heard()
        if frame == DONE:
            yield from watch.done()
            return
        if frame.startswith(THROUGH):
            watch.came_through(frame[len(THROUGH) :].decode("utf-8", "surrogatepass"))
            return
        if frame.startswith(FAULT):
            yield from self._lose(watch, todo, "reader.fault", frame[len(FAULT) :].decode("utf-8", "replace"))
            return
        try:
            answers = codec.decode(frame, self._texts)
        except codec.CodecError as error:
            yield from self._lose(watch, todo, "reader.garbled", str(error)[:300])
            return
        for answer in answers:
            if not isinstance(answer, Answer):
                yield from self._lose(watch, todo, "reader.garbled", f"a {type(answer).__name__}, which is no answer")
                return
            yield from watch.take(answer)

    def _lose(self, watch: Watch, todo: deque[Job], code: str, found: str) -> Iterator[Answer]:
        """Replace a reader: what it sent is kept, the file it was at is named, the other files without an answer go on.

        A reader that died may have been ended by the system or by a person: the file is tried once more, alone.
        """
        job, waiting, guilty = watch.job, watch.waiting, watch.guilty()
        watch.kill()
        watch.bury()
        self._pool.remove(watch)
        if job is None:
            return
        if not waiting:
            yield from watch.held
            return
        if len(job.items) == 1 and not watch.silent:  # to read it again would tell its first answers twice
            guilty = waiting[0]
        rest = tuple(item for item in waiting if item is not guilty)
        if rest:
            todo.appendleft(replace(job, items=rest))
        if guilty is None:
            yield from counted(job, watch.answered)
        elif code == "reader.died" and not job.again and (watch.silent or len(job.items) > 1):
            yield from counted(job, watch.answered)
            todo.appendleft(replace(job, items=(guilty,), size=size_of(job, guilty), again=True))
        else:
            yield from watch.held
            yield from given_up(job, guilty, fault_of(job, guilty, code, found))
            yield from counted(job, watch.answered, lost=1)


def _context() -> ForkContext | SpawnContext:
    """How readers start: while this process is a single thread of Linux as a fork of it, which need not load the program
    again; otherwise anew, since a fork of a process with threads may hang.
    """
    if sys.platform == "linux" and len(list(Path("/proc/self/task").iterdir())) == 1:
        return multiprocessing.get_context("fork")
    return multiprocessing.get_context("spawn")
