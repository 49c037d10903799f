"""Weak rights, the old scheduler, Group Policy, and what shadows or redirects the stores."""

from __future__ import annotations

import pytest

from tests.rules.made import SDDL, STOCK, Machine, findings, folder, one, stated, tree_ref
from tests.rules.planted import PATH, REF, USER, as_user, change, planted
from triptych.model.evidence import EvidenceRef, JobPlace, Span
from triptych.model.finding import Severity
from triptych.model.task import Trace, TraceKind

OTHER_USER = "S-1-5-21-1-2-3-1002"


def trace(kind: TraceKind, path: str, **said: str) -> Trace:
    ref = EvidenceRef(JobPlace("x"), (Span(path.strip("\\") or "x", 0, 68),))
    return Trace(kind, path, tuple((name, stated(text, ref)) for name, text in said.items()), (ref,))


def beside(*traces: Trace, build: int | None = 19045) -> Machine:
    machine = planted(build=build)
    machine.traces += traces
    return machine


def with_sd(more: str, path: str = PATH, *, owner: str = "O:BAG:SYD:AI") -> Machine:
    sddl = f"{owner}(A;;FA;;;BA)(A;;FA;;;SY){more}"
    return (planted() if path == PATH else Machine()).change(path, "keeping", access=stated(sddl, tree_ref(path, "SD")))


@pytest.mark.parametrize(
    ("entry", "who"),
    [
        ("(A;;FA;;;WD)", "Everyone"),
        ("(A;;GA;;;AU)", "Authenticated Users"),
        ("(A;;FW;;;BU)", "Users"),
        ("(A;;WD;;;IU)", "Interactive"),
        ("(A;;WO;;;WD)", "Everyone"),
        (f"(A;;0x2;;;{USER})", USER),
    ],
)
def test_somebody_else_who_may_change_a_task_of_system(entry: str, who: str) -> None:
    finding = one(with_sd(entry), "sd-weak")
    assert finding.severity is Severity.MEDIUM
    assert who.casefold() in finding.summary.casefold()
    assert entry in finding.why
    assert tree_ref(PATH, "SD") in finding.refs


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "(A;;FRFX;;;AU)",
        "(A;;FR;;;WD)",
        "(A;IO;FA;;;WD)",
        "(D;;FA;;;WD)",
        "(A;;FA;;;CO)",
        "(A;;FA;;;S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464)",
        "(A;;FA;;;S-1-5-87-3268885158-4201891912-3600797358-3694114287-2291825546)",
        "(A;;FA;;;LS)",
    ],
)
def test_readers_services_and_administrators_are_no_weakness(entry: str) -> None:
    assert findings(with_sd(entry), "sd-weak") == []


def test_an_owner_may_always_rewrite() -> None:
    assert "owner" in one(with_sd("", owner=f"O:{USER}G:SYD:AI"), "sd-weak").why
    assert findings(with_sd("", owner="O:SYG:SYD:AI"), "sd-weak") == []


def test_the_tasks_own_account_and_unelevated_tasks_cross_no_boundary() -> None:
    own = as_user(with_sd(f"(A;;FA;;;{USER})"), level="HighestAvailable")
    assert findings(own, "sd-weak") == []
    assert one(as_user(with_sd(f"(A;;FA;;;{OTHER_USER})"), level="HighestAvailable"), "sd-weak").severity is Severity.MEDIUM
    assert findings(as_user(with_sd("(A;;FA;;;WD)")), "sd-weak") == []


def test_a_shipped_task_is_judged_lower() -> None:
    finding = one(with_sd("(A;;FA;;;WD)", STOCK), "sd-weak")
    assert finding.severity is Severity.LOW
    assert "Judged lower" in finding.why


def test_a_folder_whose_rights_anybody_may_rewrite() -> None:
    machine = Machine()
    machine.traces[1] = folder("\\Made", stated(f"{SDDL}(A;;WD;;;WD)", tree_ref("\\Made")))
    finding = one(machine, "sd-weak")
    assert (finding.task, finding.severity) == (None, Severity.MEDIUM)
    machine.traces[1] = folder("\\Made", stated(f"{SDDL}(A;OICI;FRFW;;;AU)", tree_ref("\\Made")))  # as \\ of every Windows
    assert findings(machine, "sd-weak") == []


def job(name: str, command: str = "cmd.exe") -> Trace:
    return trace(TraceKind.JOB, f"Windows/Tasks/{name}", command=command, name=name)


def test_a_job_file_is_medium_since_windows_8_and_low_before() -> None:
    assert one(beside(job("At1.job")), "legacy-job").severity is Severity.MEDIUM
    assert one(beside(job("Backup.job")), "legacy-job").severity is Severity.MEDIUM
    assert one(beside(job("At1.job"), build=7601), "legacy-job").severity is Severity.LOW


def test_explorers_own_job_is_nothing_and_a_known_vendors_low() -> None:
    assert findings(beside(job("CreateExplorerShellUnelevatedTask.job")), "legacy-job") == []
    assert one(beside(job("GoogleUpdateTaskMachineCore.job")), "legacy-job").severity is Severity.LOW


def test_a_task_with_a_name_of_the_at_command() -> None:
    assert one(planted("\\At1"), "legacy-job").severity is Severity.MEDIUM
    assert one(planted("\\At17", build=7601), "legacy-job").severity is Severity.LOW
    for name in ("\\Attendance", "\\At", "\\Made\\At1"):
        assert findings(planted(name), "legacy-job") == []


def policy(**said: str) -> Trace:
    given = {
        "element": "TaskV2",
        "name": "Inventory",
        "account": "MADE\\svc",
        "command": "C:\\Program Files\\Made\\made.exe",
        **said,
    }
    return trace(TraceKind.POLICY_TASK, "\\Inventory", **given)


def test_policy_explains_and_is_medium_where_it_endangers() -> None:
    assert one(beside(policy()), "policy-deployed").severity is Severity.INFO
    assert (
        one(beside(policy(element="ImmediateTaskV2", account="NT AUTHORITY\\System")), "policy-deployed").severity
        is Severity.MEDIUM
    )
    assert one(beside(policy(element="ImmediateTaskV2", account="S-1-5-18")), "policy-deployed").severity is Severity.MEDIUM
    assert one(beside(policy(element="ImmediateTaskV2")), "policy-deployed").severity is Severity.INFO
    assert one(beside(policy(account="NT AUTHORITY\\System")), "policy-deployed").severity is Severity.INFO
    secret = one(beside(policy(cpassword="j1Uyj3Vx8TY9")), "policy-deployed")
    assert secret.severity is Severity.MEDIUM
    assert "cpassword" in secret.why
    assert "j1Uyj3Vx8TY9" not in secret.summary + secret.why
    assert findings(Machine(), "policy-deployed") == []


@pytest.mark.parametrize("flags", ["1", "2", "3", "0x1", "words"])
def test_state_flags_that_redirect_are_medium(flags: str) -> None:
    finding = one(beside(trace(TraceKind.STATE_FLAGS, PATH, flags=flags)), "override-present")
    assert finding.severity is Severity.MEDIUM
    assert finding.task == PATH


@pytest.mark.parametrize("flags", ["0", "0x0", "4", "16"])
def test_state_flags_that_redirect_nothing(flags: str) -> None:
    assert findings(beside(trace(TraceKind.STATE_FLAGS, PATH, flags=flags)), "override-present") == []


def test_state_flags_of_a_stock_task_are_low() -> None:
    assert one(beside(trace(TraceKind.STATE_FLAGS, STOCK, flags="1")), "override-present").severity is Severity.LOW


def test_what_only_looks_like_a_store_is_one_finding_a_place() -> None:
    files = [trace(TraceKind.WOW_FILE, f"Windows/SysWOW64/Tasks/Cache {number}") for number in range(3)]
    finding = one(beside(*files), "override-present")
    assert "3 entries" in finding.summary
    assert finding.severity is Severity.MEDIUM
    guid = "{11111111-2222-4333-8444-555555555555}"
    cache = trace(TraceKind.WOW_CACHE, f"Wow6432Node\\...\\TaskCache\\Tasks\\{guid}", what="key")
    assert len(findings(beside(*files, cache), "override-present")) == 2


def test_empty_keys_of_the_other_side_ship_with_windows() -> None:
    assert findings(beside(trace(TraceKind.WOW_CACHE, "Wow6432Node\\...\\TaskCache\\Tree", what="key")), "override-present") == []


def test_a_redirected_folder_of_jobs() -> None:
    moved = trace(TraceKind.TASKS_FOLDER, "SchedulingAgent", value="C:\\ProgramData\\x\\Tasks")
    assert one(beside(moved), "override-present").severity is Severity.MEDIUM
    for value in ("%SystemRoot%\\Tasks", "%windir%\\tasks", "C:\\Windows\\Tasks", "c:\\windows\\tasks\\", ""):
        assert findings(beside(trace(TraceKind.TASKS_FOLDER, "SchedulingAgent", value=value)), "override-present") == []


def test_a_change_of_the_account_alone_moves_the_weakness() -> None:
    machine = with_sd(f"(A;;FA;;;{USER})")
    assert one(machine, "sd-weak").task == PATH
    change(machine, PATH, "principal", user_id=stated(USER, REF))
    assert findings(machine, "sd-weak") == []
