"""The registry's telling of real hives and of made machines."""

from __future__ import annotations

import contextlib
import hashlib
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.machines import DEVIATIONS, Machine, small
from tests.material import bad_input, shared
from tests.stores.registry_reading import PATH, Read, read
from triptych.formats.faults import FormatFault
from triptych.formats.sid import sid_text
from triptych.formats.task_cache import DynamicInfoBlob, encode_dynamic_info
from triptych.formats.task_cache.tell import guid_text
from triptych.lessons.hive_key import binary, dword, string, strings
from triptych.model import codec
from triptych.model.evidence import NOT_KEPT, EvidenceRef, ReadState, RegistryPlace, State
from triptych.model.task import Presence, TaskRecord, TraceKind, leaves
from triptych.model.times import Instant, duration

WINDOWS_7 = "data/hives/win7sp1-dorkbot-lab/SOFTWARE-schedule-A-M"
EXPORTS = "data/reg-exports/win7sp1-dorkbot-lab"
BACKUP = "\\Contoso\\Backup"


@cache
def windows_7_bytes() -> bytes:
    return shared(WINDOWS_7).read_bytes()


@cache
def windows_7() -> Read:
    return read({PATH: windows_7_bytes()})


@cache
def machine(deviation: str = "", version: str = "10") -> Read:
    return read(changed(deviation, version).files())


def changed(deviation: str, version: str = "10") -> Machine:
    """The small machine after one deviation."""
    made = small(version)
    return DEVIATIONS[deviation].apply(made) if deviation else made


# -- a real Windows 7 ----------------------------------------------------------------------------------------------------


def test_the_tasks_of_a_real_windows_7() -> None:
    found = windows_7()
    assert not found.problems
    assert len([record for record in found.records if not record.orphan]) == 46
    assert {record.orphan for record in found.records} == {"", "tree"}
    for record in found.records:
        assert record.presence.value is Presence.PRESENT
        assert record.complete
        if not record.orphan:
            assert record.path == record.keeping.tasks_path.value
            assert record.keeping.hash.note == "SHA-256"
            assert record.keeping.index_keys.value
            assert sorted(record.keeping.value_names.value or ()) == ["DynamicInfo", "Hash", "Path", "Triggers"]
            assert record.keeping.triggers_version.value == 0x15
            assert record.run.registered.stated
        else:
            assert record.keeping.index.value == 0, "the six that Windows ships with Index 0 and without a Tasks key"


def test_windows_7_keeps_neither_access_nor_actions_nor_texts() -> None:
    for record in windows_7().records:
        assert record.keeping.access is NOT_KEPT
        assert not record.has_actions
        assert record.registration.author is record.registration.uri is NOT_KEPT
    assert {trace.reading("access") for trace in windows_7().of(TraceKind.TREE_FOLDER)} == {NOT_KEPT}


def test_one_task_of_windows_7_value_by_value() -> None:
    record = windows_7().task("\\Microsoft\\Windows\\Defrag\\ScheduledDefrag")
    assert record.principal.user_id.value == "S-1-5-18"
    assert record.principal.logon_type.value == "ServiceAccount"
    assert record.principal.run_level.value == "HighestAvailable"
    (trigger,) = record.triggers
    assert trigger.type.value == "CalendarTrigger"
    assert trigger.schedule.days_of_week.value == ("Wednesday",)
    assert trigger.start_boundary.value is not None
    assert trigger.start_boundary.value.iso == "2005-01-01T01:00:00"
    assert record.keeping.index.value == 3
    assert record.keeping.index_keys.value == ("Plain",)


def test_hive_and_both_exports_tell_the_same() -> None:
    """Three readings of one registry: a hive, a .reg file and regedit's text export; times of keys are in hive and text alone."""

    def told(found: Read) -> dict[str, list[tuple[str, Any]]]:
        return {
            f"{record.path} {record.guid}": [
                (name, reading.value)
                for name, reading in leaves(record)
                if not name.endswith("_written") and reading.value is not None
            ]
            for record in found.records
        }

    expected = told(windows_7())
    for name in ("Schedule-subset-A-M.reg", "Schedule-subset-A-M.regedit-text.txt"):
        export = read({name: (shared(EXPORTS) / name).read_bytes()}, name, "reg-export")
        assert told(export) == expected
        assert export.files[-1].read is ReadState.WHOLE


def test_what_is_not_a_hive_of_tasks() -> None:
    found = read({PATH: shared("data/hives/yarp/UnicodeHive").read_bytes()})
    assert not found.records
    assert "registry.no-task-cache" in found.codes


# -- every reading is proved by its bytes --------------------------------------------------------------------------------


def said(refs: tuple[EvidenceRef, ...], files: dict[str, bytes]) -> bytes:
    return b"".join(files[span.file][span.offset : span.offset + span.length] for ref in refs for span in ref.spans)


def meanings(data: bytes) -> set[Any]:
    """What these bytes may state: texts, numbers, durations, times, GUIDs, SIDs, hex."""
    found: set[Any] = {data.hex(), data.hex().upper(), data.hex(" ")}
    if len(data) % 2 == 0:
        text = data.decode("utf-16-le", "replace")
        found |= {text, text.rstrip("\0"), text.partition("\0")[0]}
    number = int.from_bytes(data, "little")
    if len(data) <= 8:
        found |= {number, bool(number), str(number), f"{number >> 16}.{number & 0xFFFF}", f"0x{number:08X}", f"0x{number:X}"}
        found |= {duration(number)} if len(data) == 4 else set()
    if len(data) >= 8:
        found.add(int.from_bytes(data[-8:], "little"))
    if len(data) == 16:
        found.add(guid_text(data))
    if data[:1] == b"\1" and len(data) >= 8:
        with contextlib.suppress(FormatFault):
            found.add(sid_text(data))
    return found


_BY_RAW = (
    "logon_type", "run_level", "multiple_instances_policy", "process_token_sid_type", "required_privileges", "state_change", "type",
    "kind", "days_of_week", "days_of_month", "months", "weeks",
)  # fmt: skip
_FLAGS = (
    "enabled", "hidden", "allow_start_on_demand", "disallow_start_if_on_batteries", "stop_if_going_on_batteries", "allow_hard_terminate",
    "start_when_available", "run_only_if_network_available", "wake_to_run", "run_only_if_idle", "stop_on_idle_end", "restart_on_idle",
)  # fmt: skip
_OF_KEYS = ("presence", "keeping.guid", "keeping.index_keys", "keeping.value_names")


def check_proof(name: str, record: TaskRecord, reading: Any, files: dict[str, bytes]) -> None:
    """One stated reading against the bytes it cites."""
    data = said(reading.refs, files)
    short = name.partition(".")[2]
    if name in _OF_KEYS or name.startswith(("extras.key", "extras.Tree.subkeys")):
        assert data.startswith(b"nk")
        if name == "keeping.guid":
            assert reading.value.encode("latin-1") in data.upper()
    elif name.endswith("_written"):
        assert int.from_bytes(data, "little") == reading.value.ticks
    elif name.startswith("settings.") and short in _FLAGS:
        assert reading.raw == f"0x{int.from_bytes(data, 'little'):08X}"
    elif name.rpartition(".")[2] in _BY_RAW:
        assert int(reading.raw.rpartition(" ")[2], 0) in (int.from_bytes(data, "little"), int.from_bytes(data[-4:], "little")) or (
            reading.raw == f"0x{int.from_bytes(data[:2], 'little'):04X}"
        )
    elif isinstance(reading.value, Instant):
        assert reading.value.ticks in meanings(data) or reading.raw in meanings(data)
    elif name == "keeping.access":
        assert data[:1] == b"\1"
    elif short.startswith("maintenance") or "optional_length" in name or short == "value_queries":
        assert len(data) in (1, 4, 14) or len(data) >= 0x2C
    else:
        assert reading.value in meanings(data), (name, record.path, reading, data)


@pytest.mark.parametrize("deviation", ["windows 7", "", "only-in-log", "ghost-task"])
def test_every_reading_points_at_the_bytes_that_state_it(deviation: str) -> None:
    found = windows_7() if deviation == "windows 7" else machine(deviation)
    files = {PATH: windows_7_bytes()} if deviation == "windows 7" else dict(changed(deviation).files())
    if deviation == "only-in-log":
        files[f"{PATH}#replayed"] = replayed(files)
    checked = 0
    for record in found.records:
        for name, reading in leaves(record):
            if reading.state is State.NOT_KEPT:
                assert not reading.refs
                continue
            assert reading.refs, name
            for ref in reading.refs:
                assert isinstance(ref.place, RegistryPlace)
                assert all(span.offset + span.length <= len(files[span.file]) for span in ref.spans)
            if reading.stated:
                check_proof(name, record, reading, files)
                checked += 1
    assert checked > 40 * len(found.records) * (0.5 if deviation == "windows 7" else 0.7)


def replayed(files: dict[str, bytes]) -> bytes:
    from triptych.formats.faults import Faults
    from triptych.formats.hive import open_hive

    hive = open_hive(
        files[PATH],
        PATH,
        Faults(PATH),
        logs=tuple((PATH + end, files[PATH + end]) for end in (".LOG1", ".LOG2") if PATH + end in files),
    )
    assert hive.replayed_bytes is not None
    return hive.replayed_bytes


# -- made machines -------------------------------------------------------------------------------------------------------


def test_a_benign_machine_is_read_whole() -> None:
    found = machine()
    assert codec.decode(codec.encode(found.answers)) == found.answers
    assert found.codes <= {"hive.key.name"}
    assert all(balance.closes for balance in found.balances)
    assert all(record.complete for record in found.records)
    linked = [record for record in found.records if not record.orphan]
    assert len(linked) >= 50
    for record in linked:
        assert record.keeping.access.stated
        assert record.keeping.actions_version.value == 3
        assert record.actions
        assert record.registration.schema.known


@pytest.mark.parametrize(
    ("deviation", "state", "note"),
    [
        ("sd-deleted", State.NOT_STATED, ""),
        ("sd-text", State.UNREADABLE, "REG_SZ of 10 bytes, not REG_BINARY"),
        ("sd-blank", State.UNREADABLE, "the value is empty"),
        ("sd-empty-list", State.STATED, ""),
    ],
)
def test_access_rights(deviation: str, state: State, note: str) -> None:
    access = machine(deviation).task(BACKUP).keeping.access
    assert (access.state, access.note) == (state, note)
    assert isinstance(access.refs[0].place, RegistryPlace)
    assert access.refs[0].place.value == (None if state is State.NOT_STATED else "SD"), "an absence cites the key"


def test_a_deleted_sd_comes_back_from_free_space() -> None:
    before = machine().task(BACKUP).keeping.access.value
    (trace,) = machine("sd-deleted").of(TraceKind.DELETED)
    assert (trace.get("what"), trace.get("value"), trace.get("data")) == ("value", "SD", before)
    assert trace.get("key").endswith("TaskCache\\Tree\\Contoso\\Backup")


def test_a_folder_without_sd() -> None:
    folders = {trace.path: trace for trace in machine("folder-sd-deleted").of(TraceKind.TREE_FOLDER)}
    assert folders["\\Contoso"].reading("access").state is State.NOT_STATED
    assert folders["\\"].reading("access").stated


@pytest.mark.parametrize(("deviation", "value"), [("index-zero", 0), ("index-nine", 9), ("index-deleted", None)])
def test_index(deviation: str, value: int | None) -> None:
    index = machine(deviation).task(BACKUP).keeping.index
    assert index.value == value
    assert index.state is (State.STATED if value is not None else State.NOT_STATED)


def test_halves_of_tasks() -> None:
    without_tree = machine("tree-deleted").task(BACKUP)
    assert without_tree.orphan == "tasks"
    assert without_tree.keeping.tree_id is without_tree.keeping.access is NOT_KEPT
    assert without_tree.actions
    without_tasks = machine("tasks-deleted").task(BACKUP)
    assert without_tasks.orphan == "tree"
    assert not without_tasks.has_actions
    assert not without_tasks.has_triggers
    assert without_tasks.keeping.guid is NOT_KEPT
    guid = without_tasks.guid
    assert [trace.get("index") for trace in machine("tasks-deleted").of(TraceKind.INDEX_ENTRY) if trace.get("guid") == guid] == [
        "Plain"
    ]


def test_two_tree_keys_of_one_id_share_the_definition() -> None:
    found = machine("id-twice")
    first, second = found.task(BACKUP), found.task(f"{BACKUP} Monitor")
    assert first.guid == second.guid
    assert first.actions == second.actions
    assert first.orphan == second.orphan == ""


def test_values_that_no_service_writes() -> None:
    text = machine("actions-text").task(BACKUP)
    assert not text.complete
    notes = [extra.reading.note for extra in text.extras if extra.name == "Actions"]
    assert notes[0] == "REG_SZ of 32 bytes, not REG_BINARY"
    longer = machine("triggers-longer").task(BACKUP)
    (extra,) = [extra for extra in longer.extras if extra.name == "Triggers"]
    assert extra.reading.state is State.UNREADABLE
    assert "24 bytes not understood" in extra.reading.note
    assert len(longer.triggers) == len(machine().task(BACKUP).triggers), "what stands before is read all the same"


def test_overrides() -> None:
    (flags,) = machine("state-flags").of(TraceKind.STATE_FLAGS)
    assert (flags.path, flags.get("flags")) == (BACKUP, "1")
    (folder,) = machine("tasks-folder").of(TraceKind.TASKS_FOLDER)
    assert folder.get("value") == "C:\\ProgramData\\x\\Tasks"
    wow = machine("wow-cache").of(TraceKind.WOW_CACHE)
    assert {"key", "value"} == {trace.get("what") for trace in wow}
    assert not machine().of(TraceKind.WOW_CACHE)


def test_what_the_log_changed() -> None:
    found = machine("only-in-log")
    assert found.task(BACKUP).keeping.access.state is State.NOT_STATED
    change = next(trace for trace in found.of(TraceKind.LOG_CHANGE) if trace.get("what") == "value-removed")
    assert (change.get("value"), change.get("after")) == ("SD", "")
    assert change.get("before") == machine().task(BACKUP).keeping.access.value
    assert change.get("source").startswith("LOG1 entry")
    by_kind = {file.kind: file for file in found.files}
    assert set(by_kind) == {"hive", "hive-log", "replayed-hive"}
    made = by_kind["replayed-hive"]
    assert made.path == f"{PATH}#replayed"
    assert made.derived_from[0] == PATH
    files = dict(changed("only-in-log").files())
    assert made.id == hashlib.sha256(replayed(files)).hexdigest()
    assert found.task(BACKUP).presence.refs[0].spans[0].file == made.path


def test_a_false_build_number_does_not_hide_a_missing_sd() -> None:
    """Below 9200 no SD is kept; a machine whose other keys all have one is none of those, whatever its number says."""

    def older(hives: Any) -> None:
        hives.software.at("Microsoft\\Windows NT\\CurrentVersion").put(string("CurrentBuild", "7601"))

    found = read(changed("sd-deleted").with_edit(older).files())
    assert found.fact("build").reading.value == "7601"
    assert found.task(BACKUP).keeping.access.state is State.NOT_STATED


CACHE = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"
EVIL = "{11111111-2222-4333-8444-555555555555}"


def exported(*, actions: bool, folder: bool = False) -> Read:
    """A .reg file of one task without an SD in a folder; no build, no other key."""
    lines = ["Windows Registry Editor Version 5.00", ""]
    lines += [f"[{CACHE}\\Tree\\Folder]", ""] if folder else []
    lines += [f"[{CACHE}\\Tree\\Folder\\evil]", f'"Id"="{EVIL}"', '"Index"=dword:00000003', ""]
    lines += [f"[{CACHE}\\Tasks\\{EVIL}]", '"Path"="\\\\Folder\\\\evil"', '"Actions"=hex:03,00,00,00,00,00' if actions else "", ""]
    return read({"a.reg": "\r\n".join(lines).encode("utf-16")}, "a.reg", "reg-export")


def test_actions_prove_that_an_sd_belongs_there_where_no_build_is_told() -> None:
    assert exported(actions=True).task("\\Folder\\evil").keeping.access.state is State.NOT_STATED
    assert exported(actions=False).task("\\Folder\\evil").keeping.access is NOT_KEPT


def test_a_key_that_an_export_only_names_in_paths_lacks_nothing() -> None:
    def folders(found: Read) -> dict[str, State]:
        return {trace.path: trace.reading("access").state for trace in found.of(TraceKind.TREE_FOLDER)}

    assert folders(exported(actions=True))["\\Folder"] is State.NOT_KEPT
    assert folders(exported(actions=True, folder=True))["\\Folder"] is State.NOT_STATED


def test_classes_of_com_handlers() -> None:
    found = machine()
    wanted = {action.class_id.value for record in found.records for action in record.actions if action.class_id.value}
    told = {fact.subject for fact in found.facts if fact.name == "class"}
    assert told
    assert told <= wanted
    assert {fact.detail for fact in found.facts if fact.name == "class"} <= {"machine; inproc", "machine; local", "machine; app-id"}


def test_code_that_hosts_of_windows_load_for_a_class() -> None:
    class_id = next(fact.subject for fact in machine().facts if fact.detail == "machine; inproc")
    other = "{11111111-2222-4333-8444-555555555555}"

    def edit(hives: Any) -> None:
        top = hives.software.at("Classes\\CLSID")
        top.at(f"{class_id}\\InprocServer32").put(string("CodeBase", "file:///C:/x/a.dll"))
        top.make(f"{class_id}\\ScriptletURL").put(string("", "http://host.example/a.sct"))
        top.make(f"{class_id}\\TreatAs").put(string("", other.lower()))
        top.make(f"{other}\\LocalServer32").put(string("", "C:\\x\\a.exe"))

    facts = read(small().with_edit(edit).files()).facts
    told = {fact.detail: fact.reading.value for fact in facts if fact.name == "class" and fact.subject == class_id}
    assert told["machine; code-base"] == "file:///C:/x/a.dll"
    assert told["machine; scriptlet"] == "http://host.example/a.sct"
    assert told["machine; treat-as"] == other.lower()
    assert told[f"machine, treated as {other}; local"] == "C:\\x\\a.exe"


def edited(*values: Any, key: str = "") -> Read:
    """The small machine with values put into a key; the Tasks key of the backup task where none is named."""
    task = small().task(BACKUP)

    def edit(hives: Any) -> None:
        target = hives.software.at(key or f"Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tasks\\{task.guid}")
        for value in values:
            target.put(value)

    return read(small().with_edit(edit).files())


def test_values_that_no_field_takes_are_kept() -> None:
    record = edited(strings("Capabilities", ("a", "b")), binary("Odd", b"\1\2\3"), dword("Number", 7)).task(BACKUP)
    told = {extra.name: (extra.reading.value, extra.reading.note) for extra in record.extras}
    assert told["Capabilities"] == ("a; b", "REG_MULTI_SZ")
    assert told["Odd"] == ("01 02 03", "REG_BINARY")
    assert told["Number"] == ("7", "REG_DWORD")
    assert {"Capabilities", "Odd", "Number"} <= set(record.keeping.value_names.value or ())


def test_the_result_of_an_old_windows_stands_at_another_place() -> None:
    old = encode_dynamic_info(DynamicInfoBlob(created=1, last_run=2, state=0x8007042B, result=0, last_success=None))
    run = edited(binary("DynamicInfo", old)).task(BACKUP).run
    assert run.last_result.value == 0x8007042B
    assert run.last_result.note == "at 0x14 stands 0x8007042B, at 0x18 0x00000000"
    assert run.last_success is NOT_KEPT
    running = encode_dynamic_info(DynamicInfoBlob(created=1, last_run=2, state=4, result=0, last_success=3))
    assert edited(binary("DynamicInfo", running)).task(BACKUP).run.last_result.value == 0


@pytest.mark.parametrize(
    ("value", "name", "state"),
    [
        (string("Date", "yesterday"), "registration.date", State.UNREADABLE),
        (dword("Path", 1), "keeping.tasks_path", State.UNREADABLE),
        (string("Hash", "x"), "keeping.hash", State.UNREADABLE),
        (binary("Hash", b"1234"), "keeping.hash", State.STATED),
        (binary("Hash", b"12345"), "keeping.hash", State.UNREADABLE),
        (string("Schema", "1.2"), "registration.schema", State.UNREADABLE),
    ],
)
def test_values_of_a_wrong_kind(value: Any, name: str, state: State) -> None:
    record = edited(value).task(BACKUP)
    reading = dict(leaves(record))[name]
    assert reading.state is state
    assert record.complete is (state is State.STATED)
    assert reading.refs[0].place.value == value.name  # type: ignore[union-attr]  # every place here is one of the registry


def test_a_view_is_named_with_all_it_gives() -> None:
    found = read(small().files(), view="RegBack")
    assert {record.view for record in found.records} == {"RegBack"}
    assert {trace.view for trace in found.traces} == {"RegBack"}
    assert {fact.view for fact in found.facts} == {"RegBack"}
    assert {file.view for file in found.files} == {"RegBack"}


_CHANGES = st.lists(st.tuples(st.integers(0, 0x2FFF), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6)


@settings(max_examples=80, deadline=None)
@given(_CHANGES)
def test_changed_bytes_of_a_hive_raise_nothing(changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(bad_input("hive/li_list.hive").read_bytes())
    for at, change in changes:
        data[at : at + len(change)] = change
    found = read({PATH: bytes(data)})
    assert all(balance.closes for balance in found.balances)
    for record in found.records:
        for name, reading in leaves(record):
            assert reading.refs or reading.state is State.NOT_KEPT, name
