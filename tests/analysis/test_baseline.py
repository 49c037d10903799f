import json
import re
import runpy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.made import USER, action, host, record, task, trigger
from tests.material import PROJECT, shared
from triptych import resources
from triptych.analysis.baseline import (
    ANY,
    BaselineError,
    StockAction,
    generic_path,
    is_known_action,
    learn,
    load,
    read_learned,
    same_action,
    same_program,
    vendor_program,
    windows_labels,
)
from triptych.model.case import Case, Host
from triptych.model.task import Action, Store

HERE = host()
BASELINE = load()
STOCK = BASELINE.stock
ENROLLED = "\\Microsoft\\Windows\\EnterpriseMgmt\\B8D7B074-6260-48A5-B9DB-38EB7398B5E6\\Schedule #1 created by enrollment client"


def _as_action(stock: StockAction) -> Action:
    command = stock.command.replace("<version>", "4.18.2203.5-0")
    if stock.type == "Exec":
        return action(command=command, arguments="" if stock.arguments == ANY else stock.arguments)
    return action(class_id=stock.class_id.lower(), data="" if stock.data == ANY else stock.data)


def test_the_resource_is_what_the_script_makes() -> None:
    script = runpy.run_path(str(PROJECT / "packaging" / "build_baselines.py"), run_name="build_baselines")
    made = script["build"](json.loads(shared("data/stock-tasks.json").read_text("utf-8")))
    for name, text in made.items():
        assert resources.text(f"baselines/{name}") == text


def test_every_entry_is_found_and_knows_its_own_actions() -> None:
    assert len(STOCK) > 400
    for stock in STOCK:
        assert BASELINE.find(stock.path.upper()) is stock
        assert stock.sources
        assert BASELINE.is_known_name(stock.path)
        for seen in stock.actions:
            assert seen.sources, stock.path
            assert is_known_action(stock, _as_action(seen), HERE), (stock.path, seen)
            assert same_program(seen, _as_action(seen), HERE)


def test_every_fact_names_a_source_that_the_list_has() -> None:
    for name, entries in (("stock", "tasks"), ("vendors", "vendors")):
        table = resources.table(f"baselines/{name}.json")
        for entry in table[entries]:
            cited = set(entry["sources"]).union(*(set(a["sources"]) for a in entry.get("actions", ())))
            assert cited <= set(table["sources"]), entry


def test_every_vendor_pattern_fits_its_own_names() -> None:
    for entry in BASELINE.vendors:
        assert entry.names or not entry.executables or entry.product == "printer", entry
        assert entry.pattern.flags & re.IGNORECASE
    for path, product in (
        ("\\GoogleUpdateTaskMachineCore", "Google Update"),
        ("\\googleupdatetaskmachineua{0A1B2C3D-0000-1111-2222-333344445555}", "Google Update"),
        ("\\MicrosoftEdgeUpdateTaskMachineCore1d9abcdef012345", "Edge"),
        ("\\OneDrive Reporting Task-S-1-5-21-1-2-3-1001", "OneDrive"),
        ("\\User_Feed_Synchronization-{0A1B2C3D-0000-1111-2222-333344445555}", "Windows"),
    ):
        found = BASELINE.vendor(path)
        assert found is not None, path
        assert found.product == product
    assert BASELINE.vendor("\\GoogleUpdateTaskMachineCore2") is None
    assert BASELINE.vendor("\\x\\GoogleUpdateTaskMachineCore") is None


@pytest.mark.parametrize(
    ("command", "arguments", "same"),
    [
        ("%windir%\\system32\\rundll32.exe", "%windir%\\system32\\PcaSvc.dll,PcaPatchSdbTask", True),
        ("C:\\WINDOWS\\System32\\RunDLL32.exe", "PcaSvc.dll,PcaPatchSdbTask", True),
        ("rundll32", '"%SystemRoot%\\System32\\PcaSvc.dll",PcaPatchSdbTask', True),
        ("%windir%\\system32\\rundll32.exe", "C:\\Users\\Public\\PcaSvc.dll,PcaPatchSdbTask", False),
        ("C:\\Users\\Public\\rundll32.exe", "PcaSvc.dll,PcaPatchSdbTask", False),
        ("%windir%\\system32\\rundll32.exe", "PcaSvc.dll,Other", False),
        ("cmd.exe", "PcaSvc.dll,PcaPatchSdbTask", False),
    ],
)
def test_one_action_in_many_spellings(command: str, arguments: str, same: bool) -> None:
    stock = BASELINE.find("\\Microsoft\\Windows\\Application Experience\\PcaPatchDbTask")
    assert stock is not None
    assert is_known_action(stock, action(command=command, arguments=arguments), HERE) is same


def test_holes_take_one_folder_and_no_more() -> None:
    stock = StockAction("Exec", "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\<version>\\MpCmdRun.exe", ANY)
    base = "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\"
    assert same_action(stock, action(command=base + "4.18.1-0\\MpCmdRun.exe", arguments="anything"), HERE)
    assert not same_action(stock, action(command=base + "4.18.1-0\\x\\MpCmdRun.exe"), HERE)
    assert not same_action(stock, action(command=base + "..\\MpCmdRun.exe"), HERE)
    assert not same_action(stock, action(class_id="{1}"), HERE)


def test_a_class_counts_with_its_data() -> None:
    stock = StockAction("ComHandler", class_id="{ABC}", data="U")
    assert same_action(stock, action(class_id="{abc}", data="U"), HERE)
    assert not same_action(stock, action(class_id="{abc}", data="V"), HERE)
    assert not same_action(stock, action(class_id="{abd}", data="U"), HERE)
    assert same_program(stock, action(class_id="{abc}", data="V"), HERE)


@pytest.mark.parametrize(
    ("path", "command", "arguments", "own"),
    [
        ("\\GoogleUpdateTaskMachineUA", "C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe", "/ua", True),
        ("\\GoogleUpdateTaskMachineUA", "C:\\Program Files\\Google\\Update\\GoogleUpdate.exe", "/ua", True),
        ("\\GoogleUpdateTaskMachineUA", "C:\\Users\\Public\\GoogleUpdate.exe", "/ua", False),
        ("\\GoogleUpdateTaskMachineUA", "C:\\Program Files (x86)\\Google\\Update\\evil.exe", "/ua", False),
        (
            "\\OneDrive Reporting Task-S-1-5-21-1-2-3-1001",
            "C:\\Users\\bob\\AppData\\Local\\Microsoft\\OneDrive\\OneDriveStandaloneUpdater.exe",
            "/reporting",
            True,
        ),
        ("\\Winget-AutoUpdate", "powershell.exe", '-File "C:\\ProgramData\\Winget-AutoUpdate\\winget-upgrade.ps1"', True),
        ("\\Winget-AutoUpdate", "powershell.exe", "-File C:\\Users\\Public\\a.ps1", False),
        ("\\Winget-AutoUpdate", "C:\\x\\powershell.exe", '-File "C:\\ProgramData\\Winget-AutoUpdate\\winget-upgrade.ps1"', False),
        ("\\SamsungMagician", "C:\\x.exe", "", None),
        (ENROLLED, "%windir%\\system32\\deviceenroller.exe", "/c", True),
        (ENROLLED, "deviceenroller.exe", "/c", True),
        (ENROLLED, "C:\\Users\\Public\\deviceenroller.exe", "/c", False),
    ],
)
def test_a_vendors_own_program(path: str, command: str, arguments: str, own: bool | None) -> None:
    entry = BASELINE.vendor(path)
    assert entry is not None
    assert vendor_program(entry, action(command=command, arguments=arguments), HERE) is own


def test_which_windows_ships_it() -> None:
    path = "\\Microsoft\\Windows\\Media Center\\StartRecording"
    assert BASELINE.ships(path, host(7601)) == "yes"
    assert BASELINE.ships(path, host(22631)) == "other-version"
    assert BASELINE.ships(path, host(None)) == "yes"
    assert BASELINE.ships("\\Nobody\\Ships\\This", host(7601)) == "no"
    assert windows_labels(host(17763, installation_type="Server")) == {"10", "server2019"}
    assert windows_labels(host(19045)) == {"10"}
    assert windows_labels(host(None)) == frozenset()


def test_folders_of_windows() -> None:
    assert BASELINE.has_folder("\\microsoft\\windows\\DEFRAG")
    assert not BASELINE.has_folder("\\Microsoft\\Windows\\Nothing")


def test_names_with_a_sid_or_a_guid() -> None:
    assert BASELINE.find("\\CreateExplorerShellUnelevatedTask-S-1-5-21-1-2-3-1001")
    assert BASELINE.find("\\CreateExplorerShellUnelevatedTask{0A1B2C3D-0000-1111-2222-333344445555}")
    assert BASELINE.find("\\CreateExplorerShellUnelevatedTaskX") is None
    assert generic_path("\\A-S-1-5-21-1-2-3-4\\{0A1B2C3D-0000-1111-2222-333344445555}") == "\\A-<sid>\\<guid>"


def _golden() -> Case:
    first = record(
        path=f"\\Corp\\Agent-{USER}",
        guid="{1}",
        actions=(action(command="C:\\Agent\\a.exe", arguments="/x"),),
        triggers=(trigger("BootTrigger"),),
        principal={"user_id": USER},
        settings={"hidden": True},
        registration={"author": "Corp"},
    )
    second = record(Store.XML, "\\Corp\\Com", actions=(action(class_id="{2}", data="d"),), principal={"group_id": "Users"})
    return Case(host=host(name="GOLD"), tasks=(task(second), task(first)))


def test_what_was_learned_is_known_on_another_machine() -> None:
    learned = json.dumps(learn(_golden())).encode()
    known = BASELINE.with_learned(read_learned(learned))
    found = known.learned_task("\\corp\\AGENT-S-1-5-21-9-9-9-500")
    assert found is not None
    assert (found.principals, found.hidden, found.author, found.triggers) == (("user",), True, "Corp", ("BootTrigger",))
    assert is_known_action(found, action(command="c:\\agent\\A.EXE", arguments="/x"), HERE)
    assert not is_known_action(found, action(command="c:\\agent\\b.exe", arguments="/x"), HERE)
    other = known.learned_task("\\Corp\\Com")
    assert other is not None
    assert other.principals == ("S-1-5-32-545",)
    assert known.learned_task("\\Corp\\Unknown") is None
    assert BASELINE.learned == ()


def test_learning_is_deterministic() -> None:
    case = _golden()
    turned = case.with_(tasks=case.tasks[::-1])
    assert json.dumps(learn(case)) == json.dumps(learn(turned))
    assert learn(case)["schema"] == "triptych.baseline/1"
    assert learn(case)["build"] == 19045
    assert [entry["path"] for entry in learn(case)["tasks"]] == ["\\Corp\\Agent-<sid>", "\\Corp\\Com"]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"{}", b'{"schema": "triptych.scan/1"}', b'{"schema": "triptych.baseline/1"}',
        b'{"schema": "triptych.baseline/1", "tasks": 3}', b'{"schema": "triptych.baseline/1", "tasks": [3]}',
        b'{"schema": "triptych.baseline/1", "tasks": [{"path": 1}]}',
        b'{"schema": "triptych.baseline/1", "tasks": [{"path": "x", "actions": [1]}]}',
        b'{"schema": "triptych.baseline/1", "tasks": [{"path": "x", "windows": "10"}]}', b"\xff\xfe\0", b"[" * 100_000,
    ],
)  # fmt: skip
def test_files_that_are_no_baseline(data: bytes) -> None:
    with pytest.raises(BaselineError):
        read_learned(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(data: bytes) -> None:
    with pytest.raises(BaselineError):
        read_learned(data)


@given(st.text(max_size=60))
def test_any_path_is_answered(path: str) -> None:
    assert BASELINE.ships(path, Host()) in ("yes", "other-version", "no")
    BASELINE.vendor(path)
