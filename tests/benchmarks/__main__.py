"""`python -m tests.benchmarks`: every figure as a table, with its ratio or bound; `--quick` for a small scale.

Seconds of a machine say little, ratios of two programs on one machine say more: run this where nothing else runs.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import evidence
from tests.benchmarks.figure import Figure, at_most, seconds
from tests.benchmarks.lesson import TASKS, WEEKS
from tests.benchmarks.lessons import lesson_figures
from tests.benchmarks.logs import LogScale, log_figures
from tests.benchmarks.measure import MIB, Cost, best, run

_PEER, _FIRST = "tests.benchmarks.peer", "tests.benchmarks.first_rows"
BYTES_BESIDE_THE_HIVE = 500 * MIB


@dataclass(frozen=True, slots=True)
class Scale:
    """What is measured. The growth is that of a machine of `many` tasks over one of `few`."""

    hive: str = evidence.WHOLE_HIVE
    files: int = 250
    few: int = 1_000
    many: int = 10_000
    runs: int = 3
    logs: LogScale = field(default_factory=LogScale)
    lesson: tuple[int, int] = (TASKS, WEEKS)


QUICK = Scale(evidence.SMALL_HIVE, files=20, few=20, many=60, runs=1, logs=LogScale(log=2, small=1, runs=1), lesson=(60, 0))


def figures(scale: Scale, folder: Path) -> Iterator[Figure]:
    """All figures, each as soon as it is known."""
    given = evidence.whole_hive(folder, scale.files, scale.hive)
    hive = evidence.hive_of(given).stat().st_size
    yield Figure("SOFTWARE hive", f"{hive / MIB:.1f} MiB", f"{scale.files} task files beside it")
    yield from _judging(scale, given, folder / "out.json", hive)
    yield from _growth(scale, folder)
    yield from _first_rows(given)
    yield from log_figures(scale.logs, folder)
    yield from lesson_figures(scale.runs, *scale.lesson)


def _judging(scale: Scale, given: Path, out: Path, hive: int) -> Iterator[Figure]:
    peer, loaded, judged, scan = best(
        scale.runs,
        ("-m", _PEER, str(evidence.hive_of(given))),
        ("-c", "import triptych.cli"),
        ("-m", "triptych", "scan", "--quiet", str(given)),
        _scan(given, out),
    )
    share = " of python-registry"
    yield Figure("python-registry: load, each cell once, TaskCache", seconds(peer), f"{peer.output.strip()} cells, keys, values")
    yield Figure("triptych: the program loaded", seconds(loaded))
    yield Figure("triptych scan, hive and task files", seconds(judged), *at_most(judged.cpu / peer.cpu, 1.0, share))
    yield Figure("triptych scan --json, hive and task files", seconds(scan), *at_most(scan.cpu / peer.cpu, 1.0, share))
    yield from _memory("hive and task files", scan, hive)


def _growth(scale: Scale, folder: Path) -> Iterator[Figure]:
    costs: dict[int, Cost] = {}
    for tasks in (scale.few, scale.many):
        given = evidence.machine(folder, tasks)
        costs[tasks] = cost = run(*_scan(given, folder / "out.json"))
        yield Figure(f"triptych scan --json, {tasks:,} tasks", seconds(cost), f"{1000 * cost.cpu / tasks:.1f} ms a task")
        yield from _memory(f"{tasks:,} tasks", cost, evidence.hive_of(given).stat().st_size)
    ratio = costs[scale.many].cpu / costs[scale.few].cpu
    yield Figure(
        f"growth from {scale.few:,} to {scale.many:,} tasks", f"x {ratio:.1f}", *at_most(ratio, 1.2 * scale.many / scale.few)
    )


def _first_rows(given: Path) -> Iterator[Figure]:
    for what, words in (
        ("scan", "first case with tasks, readers started"),
        ("window", "first rows in the window, evidence of the command line"),
        ("open", "first rows in a window that was there, chosen in it"),
    ):
        cost = run("-m", _FIRST, what, str(given))
        told = json.loads(cost.output)
        yield Figure(words, f"{told['first']:.2f} s", *at_most(told["first"], 1.0, " s"))
        yield Figure(f"  and the whole of it ({what})", f"{told['all']:.2f} s")


def _memory(what: str, cost: Cost, hive: int) -> Iterator[Figure]:
    readers = ", ".join(f"{peak / MIB:.0f}" for peak in cost.readers)
    yield Figure(f"  peak memory, {what}", f"{cost.main / MIB:.0f} MiB", f"readers {readers} MiB")
    bound = (BYTES_BESIDE_THE_HIVE + hive) / MIB
    yield Figure(
        "  the most that all held, shared pages once",
        f"{cost.peak / MIB:.0f} MiB",
        *at_most(cost.peak / MIB, bound, " MiB"),
    )


def _scan(given: Path, out: Path) -> tuple[str, ...]:
    return ("-m", "triptych", "scan", "--quiet", "--force", "--json", str(out), str(given))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small scale: whether it runs, not how long it takes")
    parser.add_argument("--runs", type=int, default=Scale().runs, help="runs of which the best counts")
    parser.add_argument("--folder", help="where evidence is made and kept for the next time")
    parser.add_argument("--large", action="store_true", help="event logs of 1 GiB too (takes that much room twice)")
    alone = parser.add_mutually_exclusive_group()
    alone.add_argument("--logs", action="store_true", help="the event logs alone")
    alone.add_argument("--lessons", action="store_true", help="the lessons alone")
    options = parser.parse_args(arguments)
    logs = LogScale(large=1024 if options.large else 0, runs=options.runs)
    scale = QUICK if options.quick else Scale(runs=options.runs, logs=logs)
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(options.folder or passing)
        chosen = log_figures(scale.logs, folder) if options.logs else None
        chosen = lesson_figures(scale.runs) if options.lessons else chosen
        for figure in chosen or figures(scale, folder):
            print(f"{figure.what:<58}{figure.figure:>24}   {figure.against:<42}{figure.holds}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
