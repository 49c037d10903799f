"""What event logs cost, each figure a ratio of two programs in one run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figure import Figure, at_most, seconds
from tests.benchmarks.grown_log import MIB, grown
from tests.benchmarks.measure import Cost, best

_PROGRAM = "tests.benchmarks.log_reader"
_LOADED = ("-c", "import triptych.logs.reading, triptych.evidence.source")
READER_MEMORY = 150 * MIB


@dataclass(frozen=True, slots=True)
class LogScale:
    """Sizes in MiB: of the log, of the one that it is compared with for growth (0: none), of the one for python-evtx."""

    log: int = 64
    large: int = 0
    small: int = 2
    runs: int = 3


def log_figures(scale: LogScale, folder: Path) -> Iterator[Figure]:
    """All figures, each as soon as it is known."""
    log = grown(folder, scale.log)
    yield from _against_evtx(scale, log)
    yield from _against_python_evtx(scale, log, grown(folder, scale.small))
    yield from _two_readers(scale, log)
    yield from _table(log)
    if scale.large:
        large = grown(folder, scale.large)
        yield from _against_evtx(scale, large)
        yield from _growth(scale, log, large)
        yield from _two_readers(scale, large)


def _against_evtx(scale: LogScale, log: Path) -> Iterator[Figure]:
    start, library, bare, narrow, wide = best(
        scale.runs, _LOADED, ("-c", "import evtx"), _run("iterate", log), _run("narrow", log), _run("wide", log)
    )
    size = f"{log.stat().st_size / MIB:.0f} MiB Security log"
    records = _told(bare)["records"]
    yield Figure(f"evtx: {size}, every record, nothing done", seconds(bare), f"{records:,.0f} records")
    yield Figure("  the programs loaded, which the ratios leave out", f"{library.cpu:.2f} and {start.cpu:.2f} s CPU")
    share = " of evtx"
    for words, cost, bound in (("12 rare kinds", narrow, 2.0), ("all kinds", wide, 3.0)):
        kept = _told(cost)["kept"] / records
        what = f"triptych: SHA-256, balance, blocks; {words}, {kept:.1%} kept"
        yield Figure(what, seconds(cost), *at_most((cost.cpu - start.cpu) / (bare.cpu - library.cpu), bound, share))
    yield Figure(
        "  peak memory of the reader", f"{wide.main / MIB:.0f} MiB", *at_most(wide.main / MIB, READER_MEMORY / MIB, " MiB")
    )


def _against_python_evtx(scale: LogScale, log: Path, small: Path) -> Iterator[Figure]:
    (theirs,) = best(1, _run("python-evtx", small))
    start, ours = best(scale.runs, _LOADED, _run("wide", log))
    rate = _told(theirs)["records"] / theirs.cpu
    ratio = _told(ours)["records"] / (ours.cpu - start.cpu) / rate
    yield Figure(
        "python-evtx: the wanted records as XML", f"{rate:,.0f} records a s CPU", f"triptych {ratio:,.0f} times that, at least 400",
        "holds" if ratio >= 400 else "MISSED",
    )  # fmt: skip


def _two_readers(scale: LogScale, log: Path) -> Iterator[Figure]:
    one, two = best(scale.runs, _run("one", log), _run("two", log))
    first, second = _told(one), _told(two)
    size = f"{log.stat().st_size / MIB:.0f} MiB"
    ratio = first["wall"] / second["wall"]
    yield Figure(
        f"{size} by one reader and by two, on the clock", f"{first['wall']:.2f} s, {second['wall']:.2f} s",
        f"{ratio:.2f} times as fast, at least 1.70", "holds" if ratio >= 1.7 else "MISSED",
    )  # fmt: skip
    yield Figure("  first event of the log", f"{second['first']:.2f} s", *at_most(second["first"], 1.0, " s"))
    peaks = ", ".join(f"{peak / MIB:.0f}" for peak in two.readers)
    most = max(two.readers, default=0) / MIB
    yield Figure("  peak memory of the readers", f"{peaks} MiB", *at_most(most, READER_MEMORY / MIB, " MiB"))


def _table(log: Path) -> Iterator[Figure]:
    (cost,) = best(1, _run("table", log))
    told = _told(cost)
    rows = told["rows"]
    yield Figure(
        "a table of events, one block more", f"{told['step']:.2f} s CPU", f"{rows:,.0f} rows; made anew {told['new']:.2f} s"
    )
    yield Figure("  bytes a row of the table", f"{told['row']:.0f}", f"and {told['block']:.0f} of its block, strings apart")
    yield Figure("  the process that holds them", f"{cost.main / MIB:.0f} MiB", *at_most(cost.main / MIB, 500, " MiB"))


def _growth(scale: LogScale, log: Path, large: Path) -> Iterator[Figure]:
    start, small, great = best(scale.runs, _LOADED, _run("wide", log), _run("wide", large))
    ratio = (great.cpu - start.cpu) / (small.cpu - start.cpu)
    linear = large.stat().st_size / log.stat().st_size
    yield Figure(f"growth from {scale.log} to {scale.large} MiB", f"x {ratio:.1f}", *at_most(ratio, 1.15 * linear))


def _run(how: str, log: Path) -> tuple[str, ...]:
    return ("-m", _PROGRAM, how, str(log))


def _told(cost: Cost) -> dict[str, float]:
    found: dict[str, float] = json.loads(cost.output)
    return found
