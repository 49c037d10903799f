from tests.analysis.made import GUID, action, record, ref, replace, say, utc
from triptych.analysis.pairing import NOT_LISTED, other_views, paired, shown_view
from triptych.model.case import Case, StoreReport
from triptych.model.evidence import EvidenceFile, EvidenceRef, RegistryPlace, Span
from triptych.model.task import Presence, Store, Task, TaskRecord, Trace, TraceKind

OTHER = "{11111111-2222-3333-4444-555555555555}"


def _case(*records: TaskRecord, **changes: object) -> Case:
    reports = tuple(StoreReport(store, "read", 1) for store in (Store.XML, Store.REGISTRY, Store.SCHEDULER))
    return paired(Case(records=records, reports=reports).with_(**changes))


def _absent(task: Task, store: Store) -> tuple[Presence, str]:
    found = task.absence(store)
    assert found is not None
    return found.presence, found.reason


def test_paths_pair_without_regard_to_case_and_the_registry_spells() -> None:
    case = _case(record(Store.XML, "\\microsoft\\FOO"), record(Store.REGISTRY, "\\Microsoft\\Foo", guid=GUID))
    (task,) = case.tasks
    assert (task.path, task.guid) == ("\\Microsoft\\Foo", GUID)
    assert [r.store for r in task.records] == [Store.XML, Store.REGISTRY]
    assert _absent(task, Store.SCHEDULER)[0] is Presence.ABSENT


def test_an_orphan_is_a_task_of_its_own() -> None:
    live = record(guid=GUID)
    orphan = record(guid=OTHER, orphan="tasks")
    xml = record(Store.XML)
    case = _case(orphan, live, xml)
    assert [(task.guid, task.record(Store.XML)) for task in case.tasks] == [(OTHER, None), (GUID, xml)]


def test_a_lone_orphan_takes_the_file() -> None:
    (task,) = _case(record(guid=OTHER, orphan="tasks"), record(Store.XML)).tasks
    assert task.guid == OTHER
    assert task.record(Store.XML)


def test_two_files_at_one_path_are_two_tasks() -> None:
    case = _case(record(Store.XML, "\\A"), record(Store.XML, "\\a"), record(Store.REGISTRY, "\\A", guid=GUID))
    assert len(case.tasks) == 2
    assert sum(task.record(Store.XML) is not None for task in case.tasks) == 2
    assert sum(task.record(Store.REGISTRY) is not None for task in case.tasks) == 1


def test_two_keys_with_one_path_are_two_tasks() -> None:
    case = _case(record(guid=GUID), record(guid=OTHER))
    assert [task.guid for task in case.tasks] == [OTHER, GUID]


def test_the_listing_goes_to_the_task_of_its_guid() -> None:
    listed = record(Store.SCHEDULER, guid=OTHER)
    case = _case(record(guid=GUID), record(guid=OTHER, orphan="tasks"), listed)
    assert next(task for task in case.tasks if task.guid == OTHER).record(Store.SCHEDULER) is listed


def test_tasks_are_sorted_and_no_record_is_lost() -> None:
    paths = ["\\b", "\\A", "\\a\\x", "\\Z", "\\c"]
    case = _case(*(record(Store.XML, path) for path in paths), *(record(Store.REGISTRY, path) for path in paths))
    assert [task.path.casefold() for task in case.tasks] == sorted(path.casefold() for path in paths)
    assert sum(len(task.records) for task in case.tasks) == 10


def test_absence_cites_the_folder_that_lacks_the_key() -> None:
    folder = EvidenceRef(RegistryPlace("Tree\\Microsoft"), (Span("SOFTWARE", 999, 8),))
    trace = Trace(TraceKind.TREE_FOLDER, "\\Microsoft", refs=(folder,))
    (task,) = _case(record(Store.XML, "\\Microsoft\\Deep\\Foo"), traces=(trace,)).tasks
    absence = task.absence(Store.REGISTRY)
    assert absence is not None
    assert absence.refs == (folder,)
    assert absence.presence is Presence.ABSENT


def test_a_store_that_was_not_read_is_no_absence() -> None:
    lone = paired(Case(records=(record(),), reports=(StoreReport(Store.REGISTRY, "read", 1),)))
    assert _absent(lone.tasks[0], Store.XML) == (Presence.NOT_READ, "the Tasks folder was not collected")
    assert _absent(lone.tasks[0], Store.SCHEDULER)[0] is Presence.UNKNOWN
    unlisted = (StoreReport(Store.REGISTRY, "read", 1), StoreReport(Store.XML, "read", 3, NOT_LISTED))
    some = paired(Case(records=(record(),), reports=unlisted))
    assert _absent(some.tasks[0], Store.XML)[0] is Presence.NOT_READ
    broken = paired(Case(records=(record(),), reports=(StoreReport(Store.XML, "failed", 0, note="disk error"),)))
    assert _absent(broken.tasks[0], Store.XML) == (Presence.NOT_READ, "the task files could not be read: disk error")


def test_a_view_gives_traces_and_no_task() -> None:
    old = record(view="Windows.old", path="\\Gone", guid=OTHER, actions=(action(command="cmd.exe", arguments="/c x"),))
    case = _case(record(guid=GUID), old, record(Store.XML, "\\Gone", view="Windows.old"))
    assert [task.path for task in case.tasks] == ["\\Foo"]
    (trace,) = other_views(case)
    assert (trace.kind, trace.path, trace.view) == (TraceKind.VIEW_TASK, "\\Gone", "Windows.old")
    assert (trace.get("guid"), trace.get("view"), trace.get("action")) == (OTHER, "Windows.old", "cmd.exe /c x")
    assert trace.refs == old.ref


def test_without_a_running_system_the_newest_view_is_shown() -> None:
    files = tuple(EvidenceFile(f"{v}/SOFTWARE", "hive", 1, time, "", view=v) for v, time in (("VSS1", 50), ("VSS2", 90)))
    case = _case(record(view="VSS1"), record(view="VSS2", guid=GUID), files=files)
    assert shown_view(case) == "VSS2"
    assert [task.guid for task in case.tasks] == [GUID]
    assert [trace.view for trace in other_views(case)] == ["VSS1"]


def test_an_emptied_running_system_is_not_replaced_by_an_old_one() -> None:
    files = (EvidenceFile("SOFTWARE", "hive", 1, 1, ""),)
    case = _case(record(view="Windows.old"), files=files)
    assert case.tasks == ()
    assert len(other_views(case)) == 1
    system = (EvidenceFile("Windows/System32/config/SYSTEM", "hive", 1, 1, ""),)
    assert len(_case(record(view="Windows.old"), files=system).tasks) == 1  # that hive tells of no tasks


def test_written_times_come_along() -> None:
    old = record(view="RegBack", keeping={"tree_written": utc("2026-01-01T00:00:00")})
    case = _case(record(Store.XML), replace(old, path="\\B"))
    assert other_views(case)[0].written == utc("2026-01-01T00:00:00")
    assert say(1).refs == (ref(),)


def test_a_name_that_a_listing_cut_joins_the_one_task_it_can_be_of() -> None:
    long = "\\A\\OneDrive Standalone Update Task-S-1-5-21-3421098713-1182647702"
    cut = f"\\A\\{long[3:43]}"
    (task,) = _case(record(Store.REGISTRY, long, guid=GUID), record(Store.SCHEDULER, cut)).tasks
    assert (task.path, task.guid) == (long, GUID)
    assert task.record(Store.SCHEDULER)
    (task,) = _case(record(Store.REGISTRY, long, guid=GUID), record(Store.SCHEDULER, f"\\A\\{long[3:40]}...")).tasks
    assert task.record(Store.SCHEDULER)


def test_names_cut_alike_go_to_as_many_tasks_and_no_further() -> None:
    tasks = [record(Store.REGISTRY, f"\\{'x' * 40}{letter}", guid=guid) for letter, guid in (("a", GUID), ("b", OTHER))]
    listed = [record(Store.SCHEDULER, f"\\{'x' * 40}") for _ in range(3)]
    case = _case(*tasks, *listed)
    assert [bool(task.record(Store.SCHEDULER)) for task in case.tasks] == [True, True, True]
    assert sorted(len(task.path) for task in case.tasks) == [41, 42, 42]


def test_whole_names_and_names_of_other_folders_are_not_joined() -> None:
    long = f"\\A\\{'x' * 50}"
    for listed in ("\\A\\xxxx", f"\\B\\{'x' * 40}", f"\\A\\{'x' * 39}y"):
        assert len(_case(record(Store.REGISTRY, long, guid=GUID), record(Store.SCHEDULER, listed)).tasks) == 2
    both = _case(
        record(Store.REGISTRY, long, guid=GUID), record(Store.SCHEDULER, long), record(Store.SCHEDULER, f"\\A\\{'x' * 40}")
    )
    assert len(both.tasks) == 2


def test_a_hive_and_an_export_of_it_tell_one_task() -> None:
    hive = record(guid=GUID)
    export = replace(hive, presence=say(Presence.PRESENT, "Schedule.reg"))
    timed = replace(hive, keeping=replace(hive.keeping, tasks_written=say(utc("2026-03-01T00:00:00"))))
    for records in ((export, timed), (timed, export)):
        (task,) = _case(*records).tasks
        assert task.records == (timed,)


def test_two_keys_of_one_file_and_other_guids_stay_two_tasks() -> None:
    first = record(guid=GUID)
    assert len(_case(first, replace(first, actions=())).tasks) == 2
    other = replace(record(guid=OTHER), presence=say(Presence.PRESENT, "Schedule.reg"))
    assert len(_case(first, other).tasks) == 2
