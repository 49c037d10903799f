"""One reading of a log by one program, to be measured from outside: `python -m tests.benchmarks.log_reader HOW FILE`.

`iterate`: the `evtx` library gives every record as JSON and nothing is done with it. `wide`, `narrow`: the whole of what a
reader process does, with SHA-256, balance and blocks, for all kinds that Triptych knows or for twelve rare ones.
`python-evtx`: the wanted records as XML. `one`, `two`: through so many reader processes. `table`: a table of a million events.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

NARROW = frozenset((1100, 1102, 4608, 4616, 4657, 4697, 4698, 4699, 4700, 4701, 4702, 4719))
_MILLION = 1_000_000


def iterate(path: str) -> dict[str, float]:
    import evtx

    count = 0
    for _ in evtx.PyEvtxParser(path, number_of_threads=1).records_json():
        count += 1
    return {"records": count}


def read(path: str, narrow: bool) -> dict[str, float]:
    """As a reader process does it: its settings for garbage are the same too."""
    from triptych.evidence.layouts import Item
    from triptych.evidence.source import open_source
    from triptych.formats.faults import Faults
    from triptych.logs import reading
    from triptych.logs.parts import joined
    from triptych.model.case import Balance, LogPart
    from triptych.model.event import EventBlock

    gc.freeze()
    gc.set_threshold(200_000)
    name, size = Path(path).name, Path(path).stat().st_size
    item = Item("event-log", name, "", name, size=size)
    faults = Faults(name)
    file = open_source(path).open(name, 1 << 40)
    steady = reading.Steady(file, size, faults)
    ledger = reading.hashed(item, steady, file)
    kept, parts = 0, []
    for answer in reading.read_stretch(steady, item, faults, ledger=ledger, ids={"security": NARROW} if narrow else None):
        if isinstance(answer, EventBlock):
            kept += answer.rows
        elif isinstance(answer, LogPart):
            parts.append(answer)
    (balance,) = [answer for answer in joined(parts) if isinstance(answer, Balance)]
    if not balance.closes:
        raise ValueError(f"the balance does not close: {balance}")
    return {"records": balance.promised, "kept": kept}


def by_python_evtx(path: str) -> dict[str, float]:
    """Every record is rendered, since its EventID stands in the XML; the fields of the wanted ones are read from it."""
    from Evtx.Evtx import Evtx
    from lxml import etree

    from triptych.logs.event_kinds import wanted

    ids = wanted()["security"]
    count = kept = 0
    with Evtx(path) as log:
        for record in log.records():
            count += 1
            tree = etree.fromstring(record.xml().encode())
            if int(tree.findtext("{*}System/{*}EventID") or 0) in ids:
                kept += bool({node.get("Name"): node.text for node in tree.iterfind("{*}EventData/{*}Data")})
    return {"records": count, "kept": kept}


def through(path: str, workers: int) -> dict[str, float]:
    """The clock of a scan's reading, readers warm."""
    from triptych.evidence.layouts import find
    from triptych.evidence.source import open_source
    from triptych.logs.jobs import LOGS
    from triptych.model.event import EventBlock
    from triptych.readers import Readers

    source = open_source(path)
    jobs = LOGS.jobs(find(source))
    with Readers(source, workers=workers) as readers:
        readers.warm()
        time.sleep(0.5)
        began, first, kept = time.monotonic(), 0.0, 0
        for answer in readers.read(jobs):
            if isinstance(answer, EventBlock) and answer.rows:
                first = first or time.monotonic() - began
                kept += answer.rows
        return {"wall": time.monotonic() - began, "first": first, "kept": kept}


def table(path: str) -> dict[str, float]:
    """The blocks of the log, again and again with later times until they hold a million events, as a table that grows."""
    import resource

    import numpy as np

    from triptych.analysis.event_table import EventTable
    from triptych.evidence.layouts import find
    from triptych.evidence.source import open_source
    from triptych.logs.jobs import LOGS
    from triptych.model.event import EventBlock
    from triptych.readers import Readers

    source = open_source(path)
    with Readers(source, workers=1) as readers:
        blocks = [answer for answer in readers.read(LOGS.jobs(find(source))) if isinstance(answer, EventBlock) and answer.rows]
    many = [blocks[number % len(blocks)] for number in range(len(blocks) * -(-_MILLION // sum(block.rows for block in blocks)))]
    day = 864_000_000_000
    later = [
        replace(
            block, ticks=(np.frombuffer(block.ticks, "<i8") + number * day).tobytes(), strings=tuple(map(_fresh, block.strings))
        )
        for number, block in enumerate(many)
    ]
    rows = sum(block.rows for block in later)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = EventTable(later[: len(later) // 2])
    began = time.process_time()
    grown = EventTable(later[:-1], grown)
    half = time.process_time() - began
    began = time.process_time()
    grown = EventTable(later, grown)
    step = time.process_time() - began
    began = time.process_time()
    EventTable(
        [replace(block) for block in later]
    )  # not the very blocks: a table of those would share the columns of the one before
    new = time.process_time() - began
    held = sum(column.nbytes for column in grown.columns.values())
    blocks_held = sum(sum(map(len, block.texts)) + 45 * block.rows for block in later)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return {
        "rows": rows, "half": half, "step": step, "new": new, "row": held / len(grown), "block": blocks_held / rows, "peak": peak,
        "main": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, "kept": len(grown),
    }  # fmt: skip


def _fresh(text: str) -> str:
    """An equal string that is another object, as a frame brings it."""
    return text[:1] + text[1:]


if __name__ == "__main__":
    how, log = sys.argv[1:]
    if how in ("wide", "narrow"):
        told = read(log, how == "narrow")
    elif how in ("one", "two"):
        told = through(log, 1 if how == "one" else 2)
    else:
        told = {"iterate": iterate, "python-evtx": by_python_evtx, "table": table}[how](log)
    print(json.dumps(told))
