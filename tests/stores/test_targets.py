"""The programs that tasks start: looked at on a volume; in a collection, those that it holds."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.formats.test_task_xml import task
from tests.programs import program
from triptych.evidence.layouts import find
from triptych.evidence.source import EvidenceSource, open_source
from triptych.limits import DEFAULT
from triptych.model.case import Problem
from triptych.model.evidence import EvidenceFile, State
from triptych.model.task import Trace, TraceKind
from triptych.stores.job import Answer
from triptych.stores.targets import TARGETS, jobs_of

CMD = program({"CompanyName": "Microsoft Corporation", "OriginalFilename": "Cmd.Exe"}, signed=True)


def put(root: Path, path: str, data: bytes = b"MZ") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(data)


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    root = tmp_path / "volume"
    put(root, "Windows/System32/Tasks/T", task(""))
    put(root, "Windows/System32/config/SOFTWARE", b"regf")
    put(root, "Windows/System32/winevt/Logs/Security.evtx", b"ElfFile\0")
    put(root, "Windows/System32/cmd.exe", CMD)
    put(root, "Windows/System32/drivers/x.sys")
    put(root, "Windows/regedit.exe", CMD)
    put(root, "Program Files/Tool/Tool.exe", CMD)
    put(root, "Users/Public/svc.exe", b"not a program")
    for number in range(60):
        put(root, f"Windows/System32/lib{number}.dll")
    return root


def run(source: EvidenceSource, *commands: str) -> tuple[dict[str, Trace], list[Answer]]:
    jobs = jobs_of(find(source), commands, source)
    answers = [answer for job in jobs for answer in TARGETS.read(job, source, DEFAULT)]
    return {answer.get("command"): answer for answer in answers if isinstance(answer, Trace)}, answers


def test_a_program_with_its_version_its_hash_and_its_bytes(volume: Path) -> None:
    traces, answers = run(open_source(str(volume)), r"C:\WINDOWS\system32\CMD.exe")
    trace = traces[r"C:\WINDOWS\system32\CMD.exe"]
    assert trace.kind is TraceKind.TARGET
    named = {name: trace.get(name) for name in ("exists", "company", "original_name", "has_signature", "size", "sha256", "kind")}
    assert named == {
        "exists": "yes",
        "company": "Microsoft Corporation",
        "original_name": "Cmd.Exe",
        "has_signature": "yes",
        "size": str(len(CMD)),
        "sha256": hashlib.sha256(CMD).hexdigest(),
        "kind": "program",
    }
    assert trace.written is not None
    assert trace.get("modified") == trace.written.iso
    assert all(ref.spans[0].file == "Windows/System32/cmd.exe" for _, reading in trace.readings for ref in reading.refs)
    (ledger,) = (answer for answer in answers if isinstance(answer, EvidenceFile))
    assert (ledger.path, ledger.kind) == ("Windows/System32/cmd.exe", "program")


def test_bare_names_are_looked_for_where_windows_looks(volume: Path) -> None:
    traces, _ = run(open_source(str(volume)), "cmd", "regedit.exe", r"C:\Program Files\Tool\tool", r"\Windows\System32\cmd.exe")
    assert {command: trace.get("exists") for command, trace in traces.items()} == dict.fromkeys(traces, "yes")
    assert traces["regedit.exe"].get("file") == "Windows/regedit.exe"
    assert traces[r"C:\Program Files\Tool\tool"].get("file") == "Program Files/Tool/Tool.exe"
    assert len(traces) == 4


def test_what_is_gone_and_what_this_volume_cannot_hold(volume: Path) -> None:
    traces, answers = run(
        open_source(str(volume)), r"C:\Users\Public\gone.exe", r"D:\x.exe", r"\\srv\share\x.exe", r"%LocalAppData%\x.exe"
    )
    assert {command: trace.get("exists") for command, trace in traces.items()} == {
        r"C:\Users\Public\gone.exe": "no",
        r"D:\x.exe": "not-collected",
        r"\\srv\share\x.exe": "not-collected",
        r"%LocalAppData%\x.exe": "not-collected",
    }
    assert all(trace.refs for trace in traces.values())
    assert not [answer for answer in answers if isinstance(answer, Problem)]


def test_a_file_that_is_no_program(volume: Path) -> None:
    traces, _ = run(open_source(str(volume)), r"C:\Users\Public\svc.exe")
    trace = traces[r"C:\Users\Public\svc.exe"]
    assert (trace.get("exists"), trace.get("kind")) == ("yes", "no program (PE)")
    assert trace.reading("company").state is State.NOT_KEPT


def test_of_a_collection_nothing_is_said(volume: Path) -> None:
    for path in (volume / "Windows/System32").glob("*.*"):
        path.unlink()
    assert run(open_source(str(volume)), r"C:\Windows\System32\cmd.exe")[0] == {}
    assert run(open_source(str(volume / "Windows/System32/Tasks")), "cmd.exe")[0] == {}


def test_of_a_collection_the_programs_that_it_holds_are_told(volume: Path) -> None:
    for path in (volume / "Windows/System32").glob("*.*"):
        path.unlink()
    put(volume, "Windows/Tools/updater.exe", CMD)
    traces, _ = run(open_source(str(volume)), r"C:\Windows\Tools\updater.exe", r"C:\Windows\Tools\gone.exe")
    assert [(command, trace.get("original_name")) for command, trace in traces.items()] == [
        (r"C:\Windows\Tools\updater.exe", "Cmd.Exe")
    ]


def test_few_programs_prove_no_absence(volume: Path) -> None:
    for path in (volume / "Windows/System32").glob("lib*.dll"):
        path.unlink()
    traces, _ = run(open_source(str(volume)), r"C:\Windows\System32\cmd.exe", r"C:\Windows\System32\gone.exe")
    assert [trace.get("exists") for trace in traces.values()] == ["yes", "not-collected"]


def test_a_volume_beside_other_evidence_and_below_a_folder(volume: Path, tmp_path: Path) -> None:
    put(tmp_path, "other/notes.txt", b"x")
    traces, _ = run(open_source(str(volume), str(tmp_path / "other")), "cmd.exe")
    assert traces["cmd.exe"].get("exists") == "yes"
    traces, _ = run(open_source(str(tmp_path)), "cmd.exe")
    assert traces["cmd.exe"].get("exists") == "yes"


def test_a_program_that_goes_away_is_a_problem(volume: Path) -> None:
    source = open_source(str(volume))
    (job,) = jobs_of(find(source), ["cmd.exe"], source)
    (volume / "Windows/System32/cmd.exe").unlink()
    trace, problem, ledger = TARGETS.read(job, source, DEFAULT)
    assert isinstance(trace, Trace)
    assert trace.reading("kind").state is State.UNREADABLE
    assert isinstance(problem, Problem)
    assert isinstance(ledger, EvidenceFile)
    assert ledger.id == ""
