"""The store of old jobs, the old log and policy files: one trace each, none for what is none, every file accounted for."""

from __future__ import annotations

from tests.formats.test_policy_xml import PATH, POLICY
from tests.material import bad_input, bad_inputs, shared
from tests.stores.memory_source import MemorySource
from triptych.evidence.layouts import Found
from triptych.limits import DEFAULT
from triptych.model.case import Balance, Problem
from triptych.model.evidence import EvidenceFile, ReadState
from triptych.model.task import Trace, TraceKind
from triptych.stores.job import Answer
from triptych.stores.legacy import LEGACY

JOB = "data/jobs/log2timeline__plaso/wintask.job"
LOG = "data/listings/fox-it__dissect.target/schedlgu.txt"


def answers(*files: tuple[str, str, bytes | None]) -> list[Answer]:
    source = MemorySource({path: data for _, path, data in files})
    items = tuple(source.item(role, path) for role, path, _ in files)
    return [answer for job in LEGACY.jobs(Found((), items)) for answer in LEGACY.read(job, source, DEFAULT)]


def traces(found: list[Answer]) -> list[Trace]:
    return [answer for answer in found if isinstance(answer, Trace)]


def test_a_job_a_log_and_a_policy() -> None:
    found = answers(
        ("job", "Windows/Tasks/GoogleUpdate.job", shared(JOB).read_bytes()),
        ("job-log", "Windows/Tasks/SCHEDLGU.TXT", shared(LOG).read_bytes()),
        ("policy-file", PATH, POLICY.encode()),
    )
    job, *rest = traces(found)
    assert (job.kind, job.path, job.get("name")) == (TraceKind.JOB, "Windows/Tasks/GoogleUpdate.job", "GoogleUpdate.job")
    assert job.get("command").endswith("GoogleUpdate.exe")
    assert job.get("last_run") == "2013-08-24T12:42:00.112"
    assert (job.get("hidden"), job.written is not None) == ("false", True)
    assert all(ref.spans[0].file == job.path for _, reading in job.readings for ref in reading.refs)
    logs = [trace for trace in rest if trace.kind is TraceKind.JOB_LOG]
    assert len(logs) == 77
    assert [trace.get("order") for trace in logs[:2]] == ["1", "2"]
    assert logs[0].get("started") == "2006-11-02T07:35:17"
    assert logs[0].reading("started").raw == "11/2/2006 7:35:17 AM"
    policies = [trace for trace in rest if trace.kind is TraceKind.POLICY_TASK]
    assert [trace.path for trace in policies] == ["\\Old", "\\Now", "\\New", "\\Evil", "\\S"]
    assert policies[0].get("cpassword") == "j1Uyj3Vx8TY9"
    files = [answer for answer in found if isinstance(answer, EvidenceFile)]
    assert [(file.kind, file.read) for file in files] == [
        ("job file", ReadState.WHOLE), ("scheduler log", ReadState.WHOLE), ("policy file", ReadState.WHOLE),
    ]  # fmt: skip
    assert found[-1] == Balance("job and policy files 1 to 3", "files", 3, 3)


def test_every_crafted_job_is_accounted_for() -> None:
    names = bad_inputs("job")
    found = answers(*(("job", name, bad_input(name).read_bytes()) for name in names))
    states = {answer.path: answer.read for answer in found if isinstance(answer, EvidenceFile)}
    assert len(states) == len(names)
    assert {name for name, state in states.items() if state is ReadState.FAILED} == {"job/empty.job", "job/not_job.job"}
    assert len(traces(found)) == len(names) - 2
    balance = found[-1]
    assert isinstance(balance, Balance)
    assert balance.closes
    assert balance.lost == 2


def test_a_policy_that_is_no_policy_and_a_file_that_is_gone() -> None:
    found = answers(("policy-file", "p.xml", b"<!DOCTYPE a><ScheduledTasks/>"), ("job", "gone.job", None))
    assert not traces(found)
    codes = [answer.code for answer in found if isinstance(answer, Problem)]
    assert codes == ["xml.dtd", "evidence.gone"]
    balance = found[-1]
    assert isinstance(balance, Balance)
    assert (balance.lost, balance.closes) == (2, True)
