"""A program run to its end, and what it took: processor time of all its processes, and the most memory each of them held."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.material import PROJECT

MIB = 1 << 20
_LOOK = 0.05


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor time (user and system, children included) and of the clock; peaks of resident memory in bytes.

    `main` and `readers` are the peaks of each process, pages that forks share counted for each. `peak` is the most that all of
    them held at one time, a shared page counted once (PSS of /proc/PID/smaps_rollup; resident memory where that cannot be read).
    """

    cpu: float
    wall: float
    main: int
    readers: tuple[int, ...]
    peak: int
    output: str


def run(*arguments: str) -> Cost:
    """Run Python with these arguments; raises CalledProcessError where it does not end with 0."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([sys.executable, *arguments], stdout=out, env={**os.environ, "PYTHONPATH": str(PROJECT)})
        peaks: dict[int, int] = {}
        peak = 0
        while True:
            peak = max(peak, _look(process.pid, peaks))
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
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - began, main, tuple(sorted(peaks.values())), peak, output)


def best(times: int, *programs: tuple[str, ...]) -> list[Cost]:
    """Of each program the run that took the least processor time: what others did to the machine meanwhile is no cost of it.

    They run in turns, so that what slows the machine slows all of them.
    """
    rounds = [[run(*arguments) for arguments in programs] for _ in range(times)]
    return [min(costs, key=lambda cost: cost.cpu) for costs in zip(*rounds, strict=True)]


def _look(pid: int, peaks: dict[int, int]) -> int:
    """Note the peaks of a process and of its children, as the system keeps them; gives what they hold now."""
    now = 0
    for one in (pid, *_children(pid)):
        held, peak = _memory(one)
        now += held
        if peak:
            peaks[one] = max(peaks.get(one, 0), peak)
    return now


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    except OSError:
        return []


def _memory(pid: int) -> tuple[int, int]:
    """Its share of memory now, and its resident memory at the peak; zeros of a process that has ended."""
    status = _lines(pid, "status")
    return _lines(pid, "smaps_rollup").get("Pss", 0) or status.get("VmRSS", 0), status.get("VmHWM", 0)


def _lines(pid: int, name: str) -> dict[str, int]:
    """Bytes by name, of a file of /proc that gives them in kB."""
    try:
        lines = Path(f"/proc/{pid}/{name}").read_text("ascii", "replace").splitlines()
    except OSError:
        return {}
    return {line.partition(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith(" kB")}
