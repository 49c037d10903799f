"""A log read in stretches, in any order, tells what one reading of it tells; the short way tells what the full parse tells."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.formats import evtx_made as made
from tests.formats.test_evtx import real_logs
from tests.material import bad_input, bad_inputs, shared
from tests.stores.memory_source import MemorySource
from triptych.analysis.event_table import EventTable
from triptych.evidence.layouts import Found, Item
from triptych.evidence.source import open_source
from triptych.formats.evtx_event import fields_of
from triptych.formats.evtx_layout import Slot
from triptych.limits import DEFAULT, MIB
from triptych.logs import shapes
from triptych.logs.event_kinds import TASKS
from triptych.logs.jobs import LOGS, jobs_of
from triptych.logs.joining import Joining
from triptych.model.case import Balance, LogPart, Problem, Progress
from triptych.model.event import Event, EventBlock, LogReport
from triptych.model.evidence import EvidenceFile, ReadState
from triptych.readers import Readers
from triptych.stores.gathering import Gathering
from triptych.stores.job import Answer, Job

CHUNK = 65_536
Told = tuple[list[Event], list[str]]


def told(answers: Iterator[Answer]) -> Told:
    """Events in the order of time, and every other answer as text."""
    blocks, others = [], []
    joining = Joining()
    for answer in answers:
        for whole in joining.take(answer):
            assert not isinstance(whole, LogPart)
            if isinstance(whole, Progress):
                continue
            if isinstance(whole, EventBlock):
                blocks.append(whole)
            else:
                others.append(repr(whole))
    others += map(repr, joining.rest())
    return list(EventTable(blocks)), sorted(others)


def read(jobs: list[Job], source: MemorySource) -> Iterator[Answer]:
    return (answer for job in jobs for answer in LOGS.read(job, source, DEFAULT))  # type: ignore[arg-type]


def whole_and_parts(name: str, data: bytes, stretch: int) -> tuple[Told, Told]:
    source = MemorySource({name: data})
    item = source.item("event-log", name, view="VSS1")
    parts = jobs_of(item, stretch)
    random.Random(len(data)).shuffle(parts)
    return told(read(jobs_of(item, 1 << 40), source)), told(read(parts, source))


def test_stretches_of_every_real_log_tell_what_one_reading_tells() -> None:
    count = 0
    for path in real_logs():
        whole, parts = whole_and_parts(path.name, path.read_bytes(), 3 * CHUNK)
        assert whole == parts, path.name
        count += len(whole[0])
    assert count > 1_500


def test_stretches_of_every_bad_log_tell_what_one_reading_tells() -> None:
    for name in bad_inputs("evtx"):
        data = bad_input(name).read_bytes()
        whole, parts = whole_and_parts(name, data, CHUNK)
        assert whole == parts, name


_LOGON_LOG = made.log(*(made.chunk([*made.task_events(3), made.Made(4624, (("TargetUserName", "eve"),))], at) for at in (1, 5, 9)))


def _odd_logs() -> Iterator[tuple[str, bytes]]:
    first, second, third = (made.chunk(made.task_events(3), number) for number in (1, 4, 7))
    yield "ring", made.log(third, first, second)
    yield "copies", made.log(first, second, first, second, third, first)
    yield "gap", made.log(first, third, made.chunk(made.task_events(2), 30))
    yield "hole", made.log(first, bytes(CHUNK), third)
    yield "foreign", made.log(first, b"?!" * (CHUNK // 2), third)
    yield "put in", made.log(first) + b"junk" * 100 + second + third
    yield "taken out", made.log(first)[:-500] + second + third
    yield "carved", first + second + third
    yield "cut", made.log(first, second, third)[:-300]
    yield "back", made.log(second, first, third, counted=2)
    yield (
        "shuffled",
        made.log(*(made.chunk([made.Made(4698, number=number) for number in order], 1) for order in ((5, 2, 9), (3, 4)))),
    )
    kinds = ((4698, "Security"), (104, "System"), (106, TASKS))
    channels = [made.Made(kinds[at % 3][0], channel=kinds[at % 3][1], ticks=made.START - at) for at in range(9)]
    yield "channels", made.log(made.chunk(channels[:4], 1), made.chunk(channels[4:], 5))
    hidden = bytearray(first)  # a copy whose header says that it is empty must not take the records of the next with it
    hidden[48:52] = (0x200).to_bytes(4, "little")
    hidden[16:24] = hidden[32:40] = bytes(8)
    yield "bait", made.log(made.sealed(bytes(hidden)), first)


@pytest.mark.parametrize(("name", "data"), list(_odd_logs()), ids=lambda value: value if isinstance(value, str) else "")
def test_stretches_of_odd_logs_tell_what_one_reading_tells(name: str, data: bytes) -> None:
    whole, parts = whole_and_parts(name, data, CHUNK)
    assert whole == parts
    assert whole[0]
    assert not any("Balance" in text and "closes=False" in text for text in whole[1])


@example([(0, b"ElfChnk")], 0)  # the file's header passes for a chunk's, whose record numbers begin with 0
@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=9)), min_size=1, max_size=6), st.integers(0, 1))
def test_stretches_of_damaged_logs_tell_what_one_reading_tells(damage: list[tuple[int, bytes]], moved: int) -> None:
    data = bytearray(_LOGON_LOG)
    for at, new in damage:
        place = at % (len(data) - 10)
        data[place : place + (0 if moved else len(new))] = new
    whole, parts = whole_and_parts("damaged", bytes(data), CHUNK)
    assert whole == parts


@pytest.mark.parametrize("seed", range(12))
def test_stretches_of_a_damaged_real_log_tell_what_one_reading_tells(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(shared("data/evtx/JPCERTCC/Security.evtx").read_bytes()[: 0x1000 + 3 * CHUNK])
    for _ in range(30):
        place = 0x1000 + chance.randrange(3) * CHUNK + chance.randrange(0x1800)  # tables, templates and the first records
        data[place] = chance.randrange(256)
        place, source = chance.randrange(len(data) - 3000), chance.randrange(len(data) - 3000)
        if seed % 3 == 0 and chance.random() < 0.1:
            data[place : place + 2000] = data[source : source + 2000]
    whole, parts = whole_and_parts("damaged", bytes(data), CHUNK)
    assert whole == parts


def test_a_copy_is_listed_once_and_a_bait_costs_nothing() -> None:
    logs = dict(_odd_logs())
    for name, count in (("copies", 9), ("bait", 3)):
        source = MemorySource({name: logs[name]})
        got = list(read(jobs_of(source.item("event-log", name), CHUNK), source))
        joining = Joining()
        joined = [whole for answer in got for whole in joining.take(answer)]
        (balance,) = [answer for answer in joined if isinstance(answer, Balance)]
        assert (balance.promised, balance.listed, balance.closes) == (count, count, True), name


def test_more_than_a_hundred_problems_of_a_kind_are_counted_alike() -> None:
    chunks = []
    for number in range(120):
        one = bytearray(made.chunk(made.task_events(2), 1 + 2 * number))
        one[52:56] = b"\0\0\0\0"
        chunks.append(bytes(one))
    whole, parts = whole_and_parts("many", made.log(*chunks), 50 * CHUNK)
    assert whole == parts
    assert any("more of this kind" in text for text in whole[1])


def test_the_short_way_tells_what_the_full_parse_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_AFTER", 1)
    take = shapes.Way.take
    taken = 0

    def counted(way: shapes.Way, slot: Slot, text: str, offset: int) -> bool:
        nonlocal taken
        found = take(way, slot, text, offset)
        taken += found
        return found

    for path in real_logs():
        source = MemorySource({path.name: path.read_bytes()})
        jobs = jobs_of(source.item("event-log", path.name), 1 << 40)
        monkeypatch.setattr(shapes.Way, "take", counted)
        short = told(read(jobs, source))
        monkeypatch.setattr(shapes.Way, "take", lambda *_: False)
        assert short == told(read(jobs, source)), path.name
    assert taken > 4_000  # rows of 4624, 4634, 4648, 4672, 4688, and 4625, 5145 that do not concern us


HOSTILE = ['x","TargetUserName":"y', "\\", '\\"', "a\\\\", '"}}}', "\u202e\x1b", "é\U0001f600", "", "-", "\0", 'q\\",\\"']


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_breaks_out_of_the_short_way(value: str) -> None:
    usual, odd = _logon_text("eve"), _logon_text(value)
    plan = shapes.plan_of(usual, fields_of(usual), shapes.kinds()["security", 4624])
    assert plan is not None
    match, group = shapes._compiled(plan.pattern), plan.roles["account"][1]
    assert match(usual, len(plan.prefix))
    found = match(odd, len(plan.prefix))
    assert (found is None) == ('"' in value)  # such a text takes the full way
    assert found is None or shapes.unescaped(found.groups("")[group]) == dict(fields_of(odd).data)["TargetUserName"] == value


def _logon_text(name: str) -> str:
    data = {
        "TargetUserSid": "S-1-5-18",
        "TargetUserName": name,
        "TargetDomainName": "LAB",
        "TargetLogonId": "0x3e7",
        "LogonType": 3,
    }
    return (
        '{"Event":{"#attributes":{"xmlns":"x"},"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":4624,"Version":2,'
        '"Level":0,"Task":12544,"Opcode":0,"Keywords":"0x8020000000000000",'
        '"TimeCreated":{"#attributes":{"SystemTime":"2021-06-03T19:18:03.888973Z"}},"EventRecordID":17,"Correlation":null,'
        '"Execution":{"#attributes":{"ProcessID":4,"ThreadID":4748}},"Channel":"Security","Computer":"A","Security":null},'
        f'"EventData":{json.dumps(data, ensure_ascii=False, separators=(",", ":"))}}}}}'
    )


@pytest.mark.parametrize("workers", [0, 2])
def test_readers_share_a_large_log(workers: int, tmp_path: Path) -> None:
    data = made.log(*(made.chunk(made.task_events(4), 1 + 4 * number) for number in range(300)))
    (tmp_path / "big.evtx").write_bytes(data)
    source = open_source(str(tmp_path))
    item = Item("event-log", "big.evtx", "", "big.evtx", size=len(data))
    with Readers(source, workers=workers) as readers:
        split = told(readers.read(jobs_of(item, 2 * MIB)))
        whole = told(readers.read(jobs_of(item, 1 << 40)))
    assert split == whole
    assert len(whole[0]) == 1200


def test_a_log_that_is_cut_while_it_is_read_is_told_and_the_rest_read(tmp_path: Path) -> None:
    data = made.log(*(made.chunk(made.task_events(4), 1 + 4 * number) for number in range(40)))
    path = tmp_path / "a.evtx"
    path.write_bytes(data)
    source = open_source(str(tmp_path))
    item = Item("event-log", "a.evtx", "", "a.evtx", size=len(data))
    got: list[Answer] = []
    for number, job in enumerate(jobs_of(item, 10 * CHUNK)):
        if number == 3:
            path.write_bytes(data[: 0x1000 + 25 * CHUNK])
        got += LOGS.read(job, source, DEFAULT)
    joining = Joining()
    joined = [whole for answer in got for whole in joining.take(answer)]
    assert {"evidence.cut", "evidence.changed"} <= {answer.code for answer in joined if isinstance(answer, Problem)}
    assert sum(answer.rows for answer in joined if isinstance(answer, EventBlock)) == 100
    (ledger,) = [answer for answer in joined if isinstance(answer, EvidenceFile)]
    assert ledger.read is ReadState.PART
    (balance,) = [answer for answer in joined if isinstance(answer, Balance)]
    assert balance.closes


def test_a_part_that_never_came_leaves_the_others(tmp_path: Path) -> None:
    data = made.log(*(made.chunk(made.task_events(4), 1 + 4 * number) for number in range(40)))
    source = MemorySource({"a.evtx": data})
    jobs = jobs_of(source.item("event-log", "a.evtx"), 10 * CHUNK)
    joining = Joining()
    joined = [whole for answer in read(jobs[1:3], source) for whole in joining.take(answer)] + list(joining.rest())
    assert [answer.records for answer in joined if isinstance(answer, LogReport)] == [80]
    (ledger,) = [answer for answer in joined if isinstance(answer, EvidenceFile)]
    assert (ledger.read, ledger.id) == (ReadState.PART, "")


def test_logs_in_archives_give_the_same(tmp_path: Path) -> None:
    data = made.log(*(made.chunk(made.task_events(4), 1 + 4 * number) for number in range(10)))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.evtx").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "folder" / "a.evtx", "a.evtx")
    cases = []
    for path, name in ((tmp_path / "folder", "a.evtx"), (tmp_path / "a.zip", "a.zip!/a.evtx")):
        source = open_source(str(path))
        gathering = Gathering(Found((), ()))
        gathering.extend(LOGS.read(LOGS.jobs(Found((), (Item("event-log", name, "", "", size=len(data)),)))[0], source, DEFAULT))
        cases.append(gathering.case())
        source.close()
    assert cases[0].files[0].id == cases[1].files[0].id
    assert cases[0].logs[0].records == cases[1].logs[0].records == 40
    assert len(EventTable(cases[0].events)) == len(EventTable(cases[1].events)) == 40
