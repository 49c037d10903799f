"""What runs in a reader process: jobs in, frames out, until the pipe closes or the parent is gone."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import platform
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path

from triptych.evidence.source import EvidenceSource, open_source
from triptych.formats.faults import Faults
from triptych.limits import Limits
from triptych.model import codec
from triptych.model.case import Problem, Weight
from triptych.model.evidence import EvidenceFile, ReadState
from triptych.readers.known import READERS
from triptych.stores.job import Answer, Job

DONE = b""
FAULT = b"!"  # and why; no frame of the codec begins so
THROUGH = b"+"  # and the file that the reader has come through, ahead of the frame with its answers
Serve = Callable[[Connection, tuple[str, ...], Limits], None]


def begin(pipe: Connection, serving: Serve, arguments: str, limits_text: str) -> None:
    """The first thing in a reader process."""
    _settle()
    with suppress(BrokenPipeError, ConnectionError, EOFError):
        serving(pipe, tuple(json.loads(arguments)), Limits(**json.loads(limits_text)))


def serve(pipe: Connection, arguments: tuple[str, ...], limits: Limits) -> None:
    """Read jobs and answer them. Ends with EOFError or BrokenPipeError when the parent closes the pipe."""
    while True:
        job = Job.from_row(pipe.recv_bytes())
        _bound_memory(limits.reader_memory + 4 * job.size)
        faults = Faults(job.label)
        frames = _Frames(pipe, limits)
        with faults.guard("reader.fault", job.label, tried="read the job", lost="the rest of it"):
            for answer in _answers(job, arguments, limits):
                frames.add(answer)
        with faults.guard("reader.fault", job.label, tried="send the last frame", lost="what is in it"):
            frames.send()  # after a fault too: what was read before it is kept
        if faults.problems:
            pipe.send_bytes(FAULT + faults.problems[0].found.encode("utf-8", "replace"))
            return
        pipe.send_bytes(DONE)


_sources: dict[tuple[str, ...], EvidenceSource] = {}


def _answers(job: Job, arguments: tuple[str, ...], limits: Limits) -> Iterator[Answer]:
    try:
        source = _sources.get(arguments) or _sources.setdefault(arguments, open_source(*arguments))
    except OSError as error:
        yield from _gone(job, error)
        return
    yield from READERS[job.reader].read(job, source, limits)


def _gone(job: Job, error: OSError) -> Iterator[Answer]:
    """Nothing of the evidence is there any more: each file of the job is told as lost."""
    for item in job.items:
        yield Problem(
            Weight.LOST,
            "evidence.gone",
            item[1],
            "the whole file",
            tried=f"open the evidence again to read {job.label}",
            found=error.strerror or str(error),
            lost="what it says",
            advice="check that the evidence is still mounted, then scan again",
        )
        yield EvidenceFile(item[1], job.reader, 0, None, "", ReadState.FAILED, note="the evidence was gone")


class _Frames:
    """Answers put together until a frame is worth its way; the name of each file that is done goes at once."""

    def __init__(self, pipe: Connection, limits: Limits) -> None:
        self._pipe, self._limits = pipe, limits
        self._batch: list[Answer] = []
        self._since = time.monotonic()

    def add(self, answer: Answer) -> None:
        self._batch.append(answer)
        if isinstance(answer, EvidenceFile):
            self._put(THROUGH + answer.path.encode("utf-8", "surrogatepass"))
        if len(self._batch) >= self._limits.frame_rows or time.monotonic() - self._since >= self._limits.frame_seconds:
            self.send()

    def send(self) -> None:
        batch, self._batch = self._batch, []
        if batch:
            self._put(codec.encode(batch))
        self._since = time.monotonic()

    def _put(self, frame: bytes) -> None:
        try:
            self._pipe.send_bytes(frame)
        except OSError as error:  # the parent has closed: nobody is left to be told
            raise SystemExit(0) from error


def _settle() -> None:
    """Be a good neighbour: low priority, no word on the person's terminal, nothing imported from where the person stands."""
    sys.path[:] = [path for path in sys.path if path not in ("", ".")]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is asked as well, and ends this process
    if hasattr(os, "nice"):
        os.nice(10)
    gc.freeze()  # what is loaded stays: it need not be looked through again and again
    gc.set_threshold(200_000)  # what is read holds no circles but those of one hive
    with suppress(OSError):
        nowhere = Path(os.devnull).open("w", encoding="utf-8", errors="replace")  # noqa: SIM115 - open to the end of the process
        sys.stdout = sys.stderr = nowhere
        for stream in (1, 2):
            os.dup2(nowhere.fileno(), stream)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    """A parent that is killed cannot say so, and a reader that spins would not notice."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def _bound_memory(size: int) -> None:
    """Let the process grow by so many bytes beyond what it had when it began: a fork begins with what its parent had."""
    if platform.system() == "Linux":
        import resource  # only there

        size += _mapped_at_start()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (size if hard < 0 else min(size, hard), hard))


@cache
def _mapped_at_start() -> int:
    """Bytes of address space that the process had when it was first asked."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
