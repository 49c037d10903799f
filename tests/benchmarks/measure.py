"""A program run to its end, and what it took: processor time of all its processes, and the most memory each of them held."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
_LOOK = 0.01


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor time (user and system, children included) and of the clock; peaks of resident memory in bytes.

    `readers` are the peaks of the child processes, which share pages with `main` where they are forks of it: their sum is more
    than what the system really gave away.
    """

    cpu: float
    wall: float
    main: int
    readers: tuple[int, ...]
    output: str

    @property
    def peak(self) -> int:
        return self.main + sum(self.readers)


def run(*arguments: str, environment: dict[str, str] | None = None) -> Cost:
    """Run Python with these arguments; raises CalledProcessError where it does not end with 0."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([sys.executable, *arguments], stdout=out, env={**os.environ, **(environment or {})})
        peaks: dict[int, int] = {}
        while True:
            _look(process.pid, peaks)
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(_LOOK)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        output = out.read().decode("utf-8", "replace")
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments, output)
    main = peaks.pop(process.pid, 0)
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - began, main, tuple(sorted(peaks.values())), output)


def best(times: int, *arguments: str) -> Cost:
    """The run that took the least processor time: what another program did to the machine meanwhile is no cost of this one."""
    return min((run(*arguments) for _ in range(times)), key=lambda cost: cost.cpu)


def _look(pid: int, peaks: dict[int, int]) -> None:
    """Note the peaks of a process and of its children, as the system keeps them."""
    for one in (pid, *_children(pid)):
        peak = _peak(one)
        if peak:
            peaks[one] = max(peaks.get(one, 0), peak)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    except OSError:
        return []


def _peak(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)
