"""The events that a scan keeps of every real log, against libevtx, which other people wrote: what is missing is explained."""

from __future__ import annotations

import html
import re
from collections import Counter

import pyevtx

from tests.formats.test_evtx import real_logs
from tests.stores.memory_source import MemorySource
from triptych.analysis.event_table import EventTable
from triptych.limits import DEFAULT
from triptych.logs.event_kinds import EventKind, kind_of
from triptych.logs.jobs import LOGS, jobs_of
from triptych.model.case import Balance
from triptych.model.event import EventBlock

_CHANNEL = re.compile(r"<Channel>([^<]*)</Channel>")


def concerns_us(kind: EventKind, xml: str) -> bool:
    """Whether the record as XML holds what its kind must hold to be kept, by plain search."""
    for name, words in kind.keep:
        values = re.findall(rf'<Data Name="{name}">(.*?)</Data>' if name else r"(.*)", xml, re.DOTALL)
        if any(word in html.unescape(value).casefold() for value in values for word in words):
            return True
    return not kind.keep


def test_every_record_of_a_wanted_kind_is_kept_or_does_not_concern_us() -> None:
    kept_in_all, left_in_all = Counter[int](), Counter[int]()
    for path in real_logs():
        source = MemorySource({path.name: path.read_bytes()})
        (job,) = jobs_of(source.item("event-log", path.name), 1 << 40)
        got = list(LOGS.read(job, source, DEFAULT))  # type: ignore[arg-type]
        table = EventTable(answer for answer in got if isinstance(answer, EventBlock))
        ours = {(event.record_id, event.event_id) for event in table}
        theirs, left = set(), set()
        log = pyevtx.open(str(path))
        for record in log.records:
            xml = record.get_xml_string()
            channel = _CHANNEL.search(xml)
            kind = kind_of(html.unescape(channel[1]) if channel else "", record.event_identifier & 0xFFFF)
            if kind is not None:
                number = re.search(r"<EventRecordID>(\d+)</EventRecordID>", xml)
                assert number
                (theirs if concerns_us(kind, xml) else left).add((int(number[1]), record.event_identifier & 0xFFFF))
        log.close()
        assert ours == theirs, path.name
        assert len(ours) == len(table), path.name
        assert not ours & left
        kept_in_all.update(number for _, number in theirs)
        left_in_all.update(number for _, number in left)
        (balance,) = [answer for answer in got if isinstance(answer, Balance)]
        assert balance.closes
    assert {4624, 4672, 4688, 4698, 4699, 106, 140, 200, 201, 1102} <= kept_in_all.keys()
    assert left_in_all[4625] > 3_000  # logons that failed and were none of a batch job
    assert left_in_all[5145] > 300  # shares that lead to no task
