"""What acts log, and what a policy leaves of it: read back from the files of a machine."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from lxml import etree

from tests.lessons.event_logs import READERS, by_ours, rebuilt
from tests.lessons.hives import by_python_registry
from tests.machines import small
from triptych.formats.evtx_event import EventRecord
from triptych.lessons.logbook import (
    AUDIT_LOGON,
    AUDIT_PROCESSES,
    AUDIT_REGISTRY,
    AUDIT_SHARES,
    AUDIT_TASKS,
    CHANNELS,
    POWERSHELL,
    SECURITY,
    SYSMON,
    SYSTEM_LOG,
    TASKS,
    AuditChange,
    LoggedEvent,
    Logon,
    LogPolicy,
    Process,
)  # fmt: skip
from triptych.lessons.logbook_acts import (
    Running,
    application_event,
    audit_changed,
    boot,
    disabled,
    enabled,
    file_created,
    file_deleted,
    log_cleared,
    log_switched,
    logoff,
    logon,
    policy_applied,
    process,
    registered,
    registry_deleted,
    registry_renamed,
    registry_set,
    removed,
    run,
    running,
    scheduler_event,
    script_block,
    service_started,
    service_stopped,
    share_access,
    shutdown,
    updated,
)  # fmt: skip
from triptych.lessons.logbook_files import log_file
from triptych.lessons.machine import Machine
from triptych.lessons.task_spec import TaskSpec
from triptych.lessons.task_xml import xml_text
from triptych.logs.event_kinds import kinds
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND

EVERYTHING = LogPolicy(audits=(AUDIT_LOGON, AUDIT_TASKS, AUDIT_PROCESSES, AUDIT_SHARES, AUDIT_REGISTRY), sysmon=True)
VERSIONS = ("7", "10", "11", "2022")
TREE = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\Contoso\Backup"
Record = EventRecord


class Day:
    """A machine on one day: who is logged on, and what runs."""

    def __init__(self, version: str) -> None:
        self.machine = small(version)
        self.start = self.machine.collected - 10 * TICKS_A_DAY
        self.running: Running = running(self.machine, self.start, self.machine.seed)
        account = self.machine.accounts[0]
        self.user = Logon(account.sid, account.name, "CORP", 0x8FDC1)
        other = self.machine.accounts[1]
        self.far = Logon(other.sid, other.name, "CORP", 0x9FDC1, 3, 0, "10.1.2.3", 51_000, "KALI")
        image = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
        self.shell: Process = self.running.start(self.at(60), image, "powershell.exe -nop", self.user)

    def at(self, seconds: float) -> int:
        return self.start + int(seconds * TICKS_A_SECOND)

    def task(self, wanted: Callable[[TaskSpec], bool]) -> TaskSpec:
        return next(task for task in self.machine.tasks if wanted(task))

    def acts(self) -> dict[str, tuple[LoggedEvent, ...]]:
        on, at, task = self.running, self.at, self.machine.task(r"\Contoso\Backup")
        handler = self.task(lambda one: one.definition.actions[0].type == "ComHandler")
        two = self.task(lambda one: len(one.definition.actions) > 1)
        return {
            "boot": boot(on, clean=False),
            "logon": logon(on, at(50), self.user),
            "process": process(on, self.shell),
            "script": script_block(on, at(61), self.shell, "Register-ScheduledTask " * 1_000),
            "registered": registered(on, at(62), task, self.user, self.shell),
            "from-afar": registered(on, at(63), task, self.far),
            "updated": updated(on, at(64), task, self.user, self.shell),
            "disabled": disabled(on, at(65), task, self.user, self.shell),
            "enabled": enabled(on, at(65.5), task, self.user, self.shell),
            "other": scheduler_event(on, at(65.7), 146, ("TaskName", task.path), ("ResultCode", 0x80070002)),
            "run": run(on, at(66), task, on.system, trigger="demand", finished=at(69), result=1),
            "handler": run(on, at(70), handler, self.user, trigger="logon", finished=at(71)),
            "two": run(on, at(72), two, self.user, finished=at(80)),
            "running": run(on, at(81), task, on.system, trigger=""),
            "removed": removed(on, at(90), task, self.user, self.shell),
            "logon-from-afar": logon(on, at(91), self.far),
            "pipe": share_access(on, at(92), self.far, "IPC$", "atsvc"),
            "file": share_access(on, at(93), self.far, "C$", r"Windows\System32\Tasks\x", 0x7),
            "set": registry_set(on, at(94), self.shell, TREE, "Index", "DWORD (0x00000000)"),
            "deleted": registry_deleted(on, at(95), self.shell, TREE, "SD"),
            "key-deleted": registry_deleted(on, at(96), self.shell, TREE),
            "renamed": registry_renamed(on, at(97), self.shell, TREE, rf"{TREE} 2"),
            "created": file_created(on, at(98), self.shell, r"C:\Windows\System32\Tasks\x"),
            "file-deleted": file_deleted(on, at(99), self.shell, r"C:\Windows\System32\Tasks\x"),
            "stopped": service_stopped(on, at(100), "Schedule"),
            "started": service_started(on, at(101), "Schedule"),
            "cleared": log_cleared(on, at(102), SECURITY, self.user),
            "cleared-tasks": log_cleared(on, at(103), TASKS, self.user, backup=r"C:\x.evtx"),
            "switched": log_switched(on, at(104), TASKS, False, self.shell),
            "audit": audit_changed(on, at(105), AUDIT_TASKS, False, self.user),
            "policy": policy_applied(on, at(106)),
            "application": application_event(on, at(107), "Serpent", 777, "go"),
            "logoff": logoff(on, at(108), self.user),
            "shutdown": shutdown(on, at(120)),
        }


@cache
def day(version: str = "10") -> Day:
    return Day(version)


@cache
def told(version: str = "10") -> dict[str, list[Record]]:
    """By act: the records of its events, as our reader gives them from the machine's files."""
    acts = day(version).acts()
    machine = replace(day(version).machine, logs=EVERYTHING).with_events(*(event for act in acts.values() for event in act))
    read = records(machine)
    found: dict[str, list[Record]] = {}
    for name, act in acts.items():
        found[name] = [
            next(one for one in read[event.channel] if (one.ticks, one.event_id) == (event.time, event.event_id)) for event in act
        ]
    return found


def records(machine: Machine) -> dict[str, list[Record]]:
    files = machine.files()
    return {channel: by_ours(files[log_file(channel)])[1] for channel in CHANNELS if log_file(channel) in files}


def ids(act: str, version: str = "10") -> list[int | None]:
    return [record.event_id for record in told(version)[act]]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_event_of_every_act_is_read_back_by_all_readers(version: str) -> None:
    machine = replace(day(version).machine, logs=EVERYTHING)
    events = [event for act in day(version).acts().values() for event in act]
    files = machine.with_events(*events).files()
    for channel in CHANNELS:
        mine = sorted((event for event in events if event.channel == channel), key=lambda event: event.time)
        for reader in READERS:
            data, computer = files[log_file(channel)], day(version).running.computer
            assert rebuilt(reader, data, mine, machine.windows, computer), (channel, reader.__name__)


@pytest.mark.parametrize("version", VERSIONS)
def test_acts_name_what_our_rules_look_for(version: str) -> None:
    """Each event of a kind that concerns tasks states all that its kind can tell."""
    seen = set()
    for act, found in told(version).items():
        for record in found:
            kind = kinds().get((record.channel.casefold(), record.event_id or 0))
            if kind is None or not kind.keeps(record.data):
                continue
            seen.add(act)
            for role, names in kind.roles:
                if version == "7" and role in ("pid", "logon", "content", "command"):
                    continue  # older versions of the events tell less
                empty = (role == "content" and record.event_id == 4699) or (record.event_id == 104 and role == "result")
                assert empty or any(record.get(name) for name in names) or role in ("command", "process"), (
                    act,
                    record.event_id,
                    role,
                )
    assert {"registered", "run", "pipe", "cleared", "cleared-tasks", "deleted", "script", "audit"} <= seen


def test_a_registration_is_told_by_the_service_and_by_the_audit() -> None:
    task = day().machine.task(r"\Contoso\Backup")
    assert ids("registered") == [106, 4698, 11]
    service, audit, file = told()["registered"]
    assert (service.get("TaskName"), service.get("UserContext")) == (task.path, r"CORP\j.ortiz")
    assert service.fields.user == "S-1-5-18"
    assert service.fields.activity == ""
    assert audit.get("TaskContent") == xml_text(task.definition, task.xml_order)
    assert etree.fromstring(audit.get("TaskContent").split("?>", 1)[1]).tag.endswith("}Task")
    assert int(audit.get("ClientProcessId")) == day().shell.id
    assert audit.get("FQDN") == day().running.computer
    assert audit.get("SubjectLogonId") == "0x8fdc1"
    assert file.get("TargetFilename") == r"C:\Windows\System32\Tasks\Contoso\Backup"
    times = [record.ticks - day().at(62) for record in told()["registered"]]
    assert times == sorted(times)
    assert 0 < times[0] < times[-1] < TICKS_A_SECOND


def test_a_registration_from_afar_names_no_process() -> None:
    audit = told()["from-afar"][1]
    assert (audit.get("ClientProcessId"), audit.get("ClientProcessStartKey")) == ("0", "0")
    logon_event = told()["logon-from-afar"][0]
    assert logon_event.get("TargetLogonId") == audit.get("SubjectLogonId") == "0x9fdc1"
    assert (logon_event.get("LogonType"), logon_event.get("IpAddress"), logon_event.get("IpPort")) == ("3", "10.1.2.3", "51000")
    assert logon_event.get("WorkstationName") == "KALI"


def test_windows_7_audits_without_the_client() -> None:
    audit = told("7")["registered"][1]
    assert audit.fields.version == 0
    assert audit.get("FQDN") == ""
    assert audit.get("TaskContent")


def test_change_disabling_and_removal() -> None:
    assert ids("updated") == [140, 4702, 11]
    assert ids("disabled") == [142, 4701]
    assert ids("enabled") == [140, 4700]
    assert ids("removed") == [141, 4699, 26]
    assert told()["other"][0].get("ResultCode") == "2147942402"
    assert told()["updated"][1].get("TaskContentNew")
    assert told()["removed"][1].get("TaskContent") == ""


def test_a_run_is_one_instance_and_one_process() -> None:
    assert ids("run") == [110, 4688, 1, 129, 100, 200, 201, 102]
    launch, audit, sysmon, created, started, action, done, finished = told()["run"]
    instance = {record.get("InstanceId") or record.get("TaskInstanceId") for record in (launch, started, action, done, finished)}
    assert instance == {launch.fields.activity}
    assert created.fields.activity == ""
    number = created.get("ProcessID")
    assert int(number) == int(audit.get("NewProcessId"), 16) == int(sysmon.get("ProcessId"))
    assert action.get("EnginePID") == done.get("EnginePID") == number
    assert done.get("ResultCode") == "1"
    assert started.get("UserContext") == r"NT AUTHORITY\SYSTEM"
    assert audit.get("NewProcessName").endswith("backup.exe")
    assert audit.get("CommandLine") == r'"C:\Program Files\Contoso\Backup\backup.exe" /incremental'
    assert int(audit.get("ProcessId"), 16) == day().running.service("Schedule").id
    assert sysmon.get("ParentCommandLine").endswith("-s Schedule")
    assert abs(started.ticks - day().at(66)) < TICKS_A_SECOND
    assert abs(finished.ticks - day().at(69)) < TICKS_A_SECOND // 100


def test_a_handler_runs_in_a_host_and_two_actions_one_after_the_other() -> None:
    assert ids("handler") == [119, 100, 200, 201, 102]
    assert told()["handler"][2].get("ActionName").startswith("{")
    assert [one for one in ids("two") if one not in (4688, 1)] == [107, 129, 100, 200, 201, 129, 200, 201, 102]
    assert ids("running") == [4688, 1, 129, 100, 200]


def test_processes_on_windows_7_hang_below_the_engine() -> None:
    audit = next(record for record in told("7")["run"] if record.event_id == 4688)
    assert int(audit.get("ProcessId"), 16) == day("7").running.service("taskeng").id
    assert "EnginePID" not in dict(next(record for record in told("7")["run"] if record.event_id == 200).data)


def test_the_registry_as_sysmon_and_as_the_audit_name_it() -> None:
    audit, sysmon = told()["deleted"]
    assert audit.get("ObjectName") == TREE.replace("HKLM", r"\REGISTRY\MACHINE")
    assert (audit.get("ObjectValueName"), audit.get("OperationType")) == ("SD", "%%1906")
    assert (sysmon.get("EventType"), sysmon.get("TargetObject")) == ("DeleteValue", rf"{TREE}\SD")
    assert ids("key-deleted") == [12]
    audit, sysmon = told()["set"]
    assert (audit.get("OperationType"), audit.get("NewValue"), sysmon.get("Details")) == (
        "%%1905",
        "0x00000000",
        "DWORD (0x00000000)",
    )
    assert told()["renamed"][0].get("NewName") == rf"{TREE} 2"


def test_shares_scripts_and_audit_policy() -> None:
    assert ids("pipe") == [5140, 5145]
    assert (told()["pipe"][1].get("ShareName"), told()["pipe"][1].get("RelativeTargetName")) == (r"\\*\IPC$", "atsvc")
    assert told()["file"][1].get("ShareLocalPath") == "\\??\\C:\\"
    parts = told()["script"][1:]
    assert "".join(part.get("ScriptBlockText") for part in parts) == "Register-ScheduledTask " * 1_000
    assert {part.get("MessageTotal") for part in parts} == {str(len(parts))}
    assert len({part.get("ScriptBlockId") for part in parts}) == 1
    audit = told()["audit"][0]
    assert (audit.get("SubcategoryGuid"), audit.get("AuditPolicyChanges")) == ("0CCE9227-69AE-11D9-BED3-505054503030", "%%8448")


def test_starts_and_clearings() -> None:
    assert {6005, 6008, 6009, 6013, 12, 4608, 400} <= set(ids("boot"))
    assert {6006, 13, 1100, 402} <= set(ids("shutdown"))
    assert ids("stopped") == [402, 7036]
    assert told()["started"][1].get("param2") == "running"
    assert told()["cleared"][0].get("SubjectUserName") == "j.ortiz"
    assert (told()["cleared-tasks"][0].get("Channel"), told()["cleared-tasks"][0].get("BackupPath")) == (TASKS, r"C:\x.evtx")


def test_the_security_authority_has_one_activity_a_start() -> None:
    found = {record.fields.activity for act in told().values() for record in act if record.event_id in (4624, 4698, 4702)}
    assert len(found) == 1
    assert told("7")["registered"][1].fields.activity == ""


def test_a_definition_too_long_for_an_event_is_cut() -> None:
    task = day().machine.task(r"\Contoso\Backup")
    told_at_length = replace(task.definition, registration=replace(task.definition.registration, description="long " * 20_000))
    events = registered(day().running, day().at(1), replace(task, definition=told_at_length), day().user)
    audit = next(record for record in logged(EVERYTHING, *events)[SECURITY] if record.event_id == 4698)
    assert len(audit.get("TaskContent")) == 28_000


def test_the_same_act_twice_is_the_same() -> None:
    assert Day("10").acts() == day().acts()


# -- the policy -----------------------------------------------------------------------------------------------------------


def logged(policy: LogPolicy, *events: LoggedEvent) -> dict[str, list[Record]]:
    return records(replace(day().machine, logs=policy).with_events(*events))


def all_events() -> tuple[LoggedEvent, ...]:
    return tuple(event for act in day().acts().values() for event in act)


def test_without_a_policy_there_are_no_logs_and_the_same_bytes() -> None:
    machine = small()
    assert machine.with_events(*all_events()).files() == machine.files()
    assert not [path for path in machine.files() if "winevt" in path or path.endswith("SECURITY")]


def test_what_is_not_audited_or_not_installed_is_not_written() -> None:
    found = logged(LogPolicy(), *all_events())
    assert SYSMON not in found
    assert {record.event_id for record in found[SECURITY]} & {4688, 4698, 4702, 4657, 5145} == set()
    assert {4624, 1102} <= {record.event_id for record in found[SECURITY]}
    assert found[TASKS]


def test_a_change_of_the_audit_policy_counts_from_its_moment() -> None:
    changes = (AuditChange(day().at(63.5), AUDIT_TASKS, on=True), AuditChange(day().at(64.5), AUDIT_TASKS, on=False))
    found = logged(LogPolicy(audit_changes=changes), *all_events())
    assert [record.event_id for record in found[SECURITY] if record.event_id in range(4698, 4703)] == [4702]


def test_a_channel_that_was_switched_off_ends_there_and_the_hive_says_so() -> None:
    policy = LogPolicy(off=((TASKS, day().at(66)),))
    machine = replace(day().machine, logs=policy).with_events(*all_events())
    assert max(record.ticks for record in records(machine)[TASKS]) < day().at(66)
    key = r"\Microsoft\Windows\CurrentVersion\WINEVT\Channels" + "\\" + TASKS
    written, values = by_python_registry(machine.files()["Windows/System32/config/SOFTWARE"])[key]
    assert {name: data for name, _, data in values}["Enabled"] == struct.pack("<I", 0)
    assert written == day().at(66)
    on = by_python_registry(replace(machine, logs=LogPolicy()).files()["Windows/System32/config/SOFTWARE"])[key][1]
    assert {name: data for name, _, data in on}["Enabled"] == struct.pack("<I", 1)


def test_a_channel_that_never_was_on_has_an_empty_log() -> None:
    assert logged(LogPolicy(off=((TASKS, 0),)), *all_events())[TASKS] == []


def test_a_cleared_log_begins_with_the_event_that_tells_of_it() -> None:
    machine = replace(day().machine, logs=EVERYTHING).with_events(
        *(event for event in all_events() if event.event_id not in (1102, 104))
    )
    time = day().at(107)
    cleared = machine.with_cleared_log(SECURITY, time, *log_cleared(day().running, time, SECURITY, day().user))
    cleared = cleared.with_cleared_log(TASKS, time, *log_cleared(day().running, time, TASKS, day().user))
    before, after = records(machine), records(cleared)
    assert after[SECURITY][0].event_id == 1102
    assert after[SECURITY][0].record_id == len([one for one in before[SECURITY] if one.ticks < time]) + 1
    assert all(record.ticks > time for record in after[TASKS])
    assert 104 in [record.event_id for record in after[SYSTEM_LOG]]


def test_sizes_missing_logs_and_first_numbers() -> None:
    policy = replace(EVERYTHING, missing=(TASKS, POWERSHELL), first_numbers=((SECURITY, 40_211),))
    found = logged(policy, *all_events())
    assert TASKS not in found
    assert POWERSHELL not in found
    assert found[SECURITY][0].record_id == 40_211
    many = [
        replace(event, time=event.time + step)
        for step in range(1_000)
        for event in day().acts()["updated"]
        if event.channel == TASKS
    ]
    short = logged(replace(policy, sizes=((TASKS, 4_096 + 2 * 65_536),), missing=()), *many)[TASKS]
    assert short[-1].record_id == 1_000
    assert 100 < len(short) < 600
    assert [record.record_id for record in short] == list(range(1_001 - len(short), 1_001))


def test_an_erased_event_keeps_its_number() -> None:
    events = [replace(event, erased=event.event_id == 106) for event in day().acts()["registered"] + day().acts()["updated"]]
    machine = replace(day().machine, logs=EVERYTHING).with_events(*events)
    assert [record.record_id for record in records(machine)[TASKS]] == [2]


def test_an_event_knows_its_record() -> None:
    machine = replace(day().machine, logs=replace(EVERYTHING, first_numbers=((SECURITY, 500),))).with_events(*all_events())
    wanted = day().acts()["registered"][1]
    number = machine.record_id(wanted)
    record = next(one for one in records(machine)[SECURITY] if one.record_id == number)
    assert (record.event_id, record.ticks) == (4698, wanted.time)
    with pytest.raises(LookupError, match="not written"):
        replace(machine, logs=LogPolicy()).record_id(wanted)


def test_events_do_not_make_a_machine_costly_to_look_up() -> None:
    machine = replace(day().machine, logs=EVERYTHING)
    assert hash(machine.with_events(*all_events())) == hash(machine)
    assert machine.with_events(*all_events()) != machine


def test_the_audit_policy_stands_in_the_security_hive() -> None:
    def setting(policy: LogPolicy) -> tuple[int, int]:
        data = replace(day().machine, logs=policy).files()["Windows/System32/config/SECURITY"]
        written, values = by_python_registry(data)[r"\Policy\PolAdtEv"]
        return struct.unpack_from("<H", values[0][2], 12 + 2 * (5 + 11 + 4))[0], written

    assert setting(LogPolicy())[0] == 0
    assert setting(EVERYTHING)[0] == 1
    assert setting(LogPolicy(audit_changes=(AuditChange(day().at(9), AUDIT_TASKS, on=True),))) == (1, day().at(9))
