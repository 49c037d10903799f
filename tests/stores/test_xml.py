"""The store of task files: what each kind of file in a Tasks folder becomes."""

from __future__ import annotations

from dataclasses import replace

from tests.formats.test_task_xml import real_files, task
from tests.material import bad_input, bad_inputs
from tests.stores.memory_source import MemorySource
from triptych.evidence.layouts import Found, Item
from triptych.limits import DEFAULT, Limits
from triptych.model.case import Balance, Problem, Weight
from triptych.model.evidence import EvidenceFile, ReadState
from triptych.model.task import Presence, Store, TaskRecord, Trace, TraceKind
from triptych.stores.job import Answer
from triptych.stores.xml import XML

TASKS = "Windows/System32/Tasks/"


def answers(files: dict[str, bytes | None], role: str = "task-file", limits: Limits = DEFAULT) -> list[Answer]:
    source = MemorySource({TASKS + name: data for name, data in files.items()})
    items = tuple(source.item(role, TASKS + name, "\\" + name.replace("/", "\\")) for name in files)
    return [answer for job in XML.jobs(Found((), items)) for answer in XML.read(job, source, limits)]


def of(found: list[Answer], kind: type) -> list[Answer]:
    return [answer for answer in found if type(answer) is kind]


def test_a_task_is_a_record_with_its_file_behind_it() -> None:
    found = answers({"A/B": task("")})
    record, ledger, balance = found
    assert isinstance(record, TaskRecord)
    assert (record.store, record.path, record.view) == (Store.XML, "\\A\\B", "")
    assert record.presence.value is Presence.PRESENT
    assert record.presence.refs[0].spans[0].file == TASKS + "A/B"
    assert record.keeping.file_written.value is not None
    assert record.keeping.encoding.value == "UTF-8"
    assert len(record.keeping.hash_found.value or "") == 64
    assert isinstance(ledger, EvidenceFile)
    assert (ledger.path, ledger.kind, ledger.read) == (TASKS + "A/B", "task file", ReadState.WHOLE)
    assert balance == Balance("task files 1 to 1", "files", 1, 1)


def test_all_real_files_become_tasks_and_the_balance_closes() -> None:
    files = {f"{number}": path.read_bytes() for number, path in enumerate(real_files())}
    found = answers(dict(files))
    records = of(found, TaskRecord)
    assert len(records) == len(files)
    assert all(isinstance(record, TaskRecord) and record.presence.value is Presence.PRESENT for record in records)
    assert [answer.path for answer in found if isinstance(answer, EvidenceFile)] == [TASKS + name for name in files]
    (balance,) = of(found, Balance)
    assert isinstance(balance, Balance)
    assert balance.closes
    assert (balance.promised, balance.listed) == (len(files), len(files))


def test_jobs_hold_five_hundred_files_each() -> None:
    items = tuple(Item("task-file", f"T/{number}", "", f"T/{number}", f"\\{number}", size=10) for number in range(1_201))
    jobs = XML.jobs(Found((), items))
    assert [len(job.items) for job in jobs] == [500, 500, 201]
    assert [job.size for job in jobs] == [5_000, 5_000, 2_010]
    assert len({job.label for job in jobs}) == 3
    assert Item.from_row(jobs[1].items[0]) == items[500]


def test_other_views_keep_their_name() -> None:
    source = MemorySource({"Windows.old/T": task("")})
    item = replace(source.item("task-file", "Windows.old/T", "\\T"), view="Windows.old")
    (job,) = XML.jobs(Found((), (item,)))
    record, ledger, _ = XML.read(job, source, DEFAULT)
    assert isinstance(record, TaskRecord)
    assert isinstance(ledger, EvidenceFile)
    assert (record.view, ledger.view) == ("Windows.old", "Windows.old")


def test_what_windows_keeps_beside_tasks_is_a_note_and_no_task() -> None:
    found = answers({"desktop.ini": b"\xff\xfe[\0.\0", "SA.DAT": b"\x06\0\0\0\0\0"})
    assert not of(found, TaskRecord)
    problems = [answer for answer in found if isinstance(answer, Problem)]
    assert [(problem.severity, problem.code) for problem in problems] == [(Weight.NOTE, "xml.foreign-file")] * 2
    assert "ff fe 5b 00" in problems[0].found
    assert of(found, Balance) == [Balance("task files 1 to 2", "files", 2, 2)]


def test_a_task_that_bears_the_name_of_such_a_file_is_a_task() -> None:
    (record, *_) = answers({"desktop.ini": task("")})
    assert isinstance(record, TaskRecord)
    assert record.presence.value is Presence.PRESENT


def test_a_program_or_script_among_tasks_is_told_and_stays_in_the_list() -> None:
    found = answers({"evil": b"MZ\x90\0", "a.ps1": b"iex (...)", "b.txt": b"hello", "c": bytes(range(1, 200))})
    records = [answer for answer in found if isinstance(answer, TaskRecord)]
    assert [record.path for record in records] == ["\\evil", "\\a.ps1", "\\b.txt", "\\c"]
    assert all(record.presence.value is Presence.UNREADABLE and not record.complete for record in records)
    problems = [answer for answer in found if isinstance(answer, Problem)]
    assert [problem.code for problem in problems[:2]] == ["xml.foreign-file"] * 2
    assert "a Windows program (PE); it begins with 4d 5a 90 00" in problems[0].found
    assert "xml.not-xml" in [problem.code for problem in problems[2:]]
    (balance,) = of(found, Balance)
    assert isinstance(balance, Balance)
    assert (balance.lost, balance.closes) == (4, True)


def test_a_file_that_cannot_be_read_stays_in_the_list() -> None:
    record, problem, ledger, balance = answers({"Gone": None})
    assert isinstance(record, TaskRecord)
    assert record.presence.value is Presence.UNREADABLE
    assert record.presence.refs
    assert isinstance(problem, Problem)
    assert problem.code == "evidence.gone"
    assert isinstance(ledger, EvidenceFile)
    assert (ledger.read, ledger.id) == (ReadState.FAILED, "")
    assert balance == Balance("task files 1 to 1", "files", 1, 0, 0, 1)


def test_a_file_beyond_the_limit_is_read_to_the_limit() -> None:
    data = task("<RegistrationInfo><Author>x</Author></RegistrationInfo>") + b" " * 400
    found = answers({"Long": data}, limits=Limits(xml=len(data) - 420))
    record = found[0]
    assert isinstance(record, TaskRecord)
    assert record.registration.author.value == "x"
    assert not record.complete
    ledger = next(answer for answer in found if isinstance(answer, EvidenceFile))
    assert (ledger.read, ledger.id, ledger.size) == (ReadState.PART, "", len(data))
    assert "file.too-large" in [answer.code for answer in found if isinstance(answer, Problem)]
    assert of(found, Balance) == [Balance("task files 1 to 1", "files", 1, 0, 1)]


def test_every_crafted_file_leaves_its_path_in_the_list() -> None:
    names = bad_inputs("xml")
    found = answers({name: bad_input(name).read_bytes() for name in names})
    records = [answer for answer in found if isinstance(answer, TaskRecord)]
    assert len(records) == len(names)
    unreadable = {record.path.rpartition("\\")[2] for record in records if record.presence.value is Presence.UNREADABLE}
    assert {"empty.xml", "blank.xml", "billion_laughs.xml"} <= unreadable
    assert len(unreadable) == 8
    (balance,) = of(found, Balance)
    assert isinstance(balance, Balance)
    assert balance.closes
    assert balance.repaired == 2


def test_tasks_of_syswow64_are_traces() -> None:
    found = answers({"W": task(""), "X": b"MZ"}, role="wow-task-file")
    first, second = (answer for answer in found if isinstance(answer, Trace))
    assert (first.kind, first.path, first.get("kind"), first.get("command")) == (TraceKind.WOW_FILE, "\\W", "a task", "a.exe")
    assert second.get("kind") == "a Windows program (PE)"
    assert first.refs
    assert first.written is not None
