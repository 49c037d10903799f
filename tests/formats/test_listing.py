"""Listings of other tools: the quoting faults of schtasks, encodings nobody declares, JSON that lies."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.material import bad_input, shared
from triptych.formats.faults import Faults
from triptych.formats.listing.reading import Listing, read_listing
from triptych.limits import DEFAULT
from triptych.model.task import Store

HEADER = (
    '"HostName","TaskName","Next Run Time","Status","Logon Mode","Last Run Time","Last Result","Author","Task To Run","Start In",'
    '"Comment","Scheduled Task State","Idle Time","Power Management","Run As User","Delete Task If Not Rescheduled",'
    '"Stop Task If Runs X Hours and X Mins","Schedule","Schedule Type","Start Time","Start Date","End Date","Days","Months",'
    '"Repeat: Every","Repeat: Until: Time","Repeat: Until: Duration","Repeat: Stop If Still Running"'
)


def row(name: str, command: str = "x.exe") -> str:
    cells = ["PC1", name, "N/A", "Ready", "Interactive only", "11/30/1999 12:00:00 AM", "-2147024894", "me", command, "N/A", "N/A"]
    cells += ["Disabled", "Disabled", "", "SYSTEM"] + ["N/A"] * 13
    return ",".join(f'"{cell}"' for cell in cells)


def read(data: bytes) -> tuple[Listing, Faults]:
    faults = Faults("listing")
    return read_listing(data, "listing", faults, DEFAULT), faults


def codes(faults: Faults) -> set[str]:
    return {problem.code for problem in faults.problems}


def test_schtasks_inner_quotes_repeated_headers_and_signed_results() -> None:
    text = "\r\n".join([HEADER, row("\\A", '"C:\\Program Files\\a.exe" "x","y"'), HEADER, row("\\B"), row("\\B")])
    listing, faults = read(text.encode())
    assert [entry.listed.path for entry in listing.entries] == ["\\A", "\\B"]
    first = listing.entries[0].listed
    command = next(extra.reading.value for extra in first.extras if extra.name == "Task To Run")
    assert command == '"C:\\Program Files\\a.exe" "x","y"'
    assert first.run.last_result.value == 0x80070002
    assert first.run.last_run.value is None
    assert first.settings.enabled.value is False
    assert first.principal.user_id.value == "SYSTEM"
    assert listing.hosts == ("PC1",)
    assert not faults.problems


def test_a_localised_header_is_known_by_its_place() -> None:
    header = ",".join(f'"Spalte {number}"' for number in range(28))
    listing, _ = read("\r\n".join([header, row("\\Aufgabe")]).encode("utf-16"))
    assert [entry.listed.path for entry in listing.entries] == ["\\Aufgabe"]
    assert listing.entries[0].listed.principal.user_id.value == "SYSTEM"


def test_cells_cite_their_own_bytes() -> None:
    data = "\r\n".join([HEADER, row("\\Größe")]).encode("utf-16")
    listing, _ = read(data)
    for reading in (listing.entries[0].listed.principal.user_id, listing.entries[0].listed.registration.author):
        span = reading.refs[0].spans[0]
        assert reading.value is not None
        assert reading.value in data[span.offset : span.offset + span.length].decode("utf-16-le")


def test_real_schtasks_csv() -> None:
    listing, faults = read(shared("data/listings/brianary__scripts/schtasks-v-fo-csv.csv").read_bytes())
    paths = [entry.listed.path for entry in listing.entries]
    assert "\\Backup Windows Terminal Config" in paths
    assert len(paths) == len(set(paths))
    assert "HostName" not in " ".join(paths)
    assert not [problem for problem in faults.problems if problem.severity.value == "lost"]


def test_real_schtasks_list() -> None:
    listing, _ = read(shared("data/listings/writeups/schtasks-list-two-triggers.txt").read_bytes())
    assert [entry.listed.path for entry in listing.entries] == ["\\Microsoft\\CacheCleanup"]
    task = listing.entries[0].listed
    assert task.run.last_run.value is not None
    assert task.run.last_run.value.iso == "2022-07-11T02:46:22"
    assert {extra.reading.value for extra in task.extras} >= {"C:\\Users\\steve\\Pictures\\BackendCacheCleanup.exe"}


def test_real_schtasks_table_names_are_marked_as_cut() -> None:
    listing, _ = read(shared("data/listings/malawaretester__SuspectedDorkBot/schtasks.txt").read_bytes())
    listed = {entry.listed.path: entry.listed for entry in listing.entries}
    assert listed["\\OneDrive Standalone Update Task-S-1-5-21"].cut
    assert not listed["\\Microsoft\\Office\\Office Automatic Updates"].cut
    assert "\\Microsoft\\Windows\\AppID\\PolicyConverter" in listed
    assert not [path for path in listed if "INFO" in path]


@pytest.mark.parametrize(
    ("name", "count"),
    [("AD-Autorunsc", 137), ("SERVER1-Autorunsc", 127), ("WIN-38EJV1TNVJI-Autorunsc", 130), ("WIN11-PROD-Autorunsc", 197)],
)
def test_real_autorunsc(name: str, count: int) -> None:
    data = shared(f"data/listings/liamcs98__Forensic-Challenges-and-Data/{name}.csv").read_bytes()
    listing, faults = read(data)
    rows = sum(1 for line in data.decode("utf-16").splitlines() if '"Task Scheduler","' in line)
    opening = sum(1 for line in data.decode("utf-16").splitlines() if '"Task Scheduler",""' in line)
    assert abs(rows - count) <= 1
    assert 0 < len(listing.entries) <= rows - opening
    assert listing.balance is not None
    assert listing.balance.closes
    assert all(entry.listed.path.startswith("\\") for entry in listing.entries)
    assert not [problem for problem in faults.problems if problem.severity.value == "lost"]


@pytest.mark.parametrize(
    ("file", "count", "code"),
    [
        ("table/formula.csv", 1, None),
        ("table/quote_open.csv", 20, "listing.quote-open"),
        ("table/field_big.csv", 20, "listing.field-long"),
        ("table/nul.csv", 20, "listing.nul"),
        ("table/utf16.csv", 20, None),
        ("table/oem.csv", 20, "listing.encoding"),
        ("table/columns.csv", 20, "listing.columns"),
        ("table/twice.csv", 20, None),
        ("table/deep.json", 0, "listing.json-deep"),
        ("table/number.json", 1, "listing.json-number"),
        ("table/twice.json", 1, "listing.json-twice"),
        ("table/surrogate.json", 1, None),
        ("table/truncated.json", 19, "listing.json-broken"),
    ],
)
def test_crafted_tables(file: str, count: int, code: str | None) -> None:
    listing, faults = read(bad_input(file).read_bytes())
    assert len(listing.entries) >= count
    assert code is None or code in codes(faults)
    if listing.balance is not None:
        assert listing.balance.closes


def test_an_oem_listing_keeps_its_letters() -> None:
    listing, _ = read(bad_input("table/oem.csv").read_bytes())
    assert listing.entries[0].listed.registration.author.value == "m\u00fcller"


def test_powershell_json_of_depth_five() -> None:
    value = [
        {
            "State": 3,
            "TaskName": "X",
            "TaskPath": "\\F\\",
            "URI": "\\F\\X",
            "Author": None,
            "Actions": [{"Execute": "cmd.exe", "Arguments": "/c a", "WorkingDirectory": None, "Id": None}],
            "Principal": {"UserId": "SYSTEM", "RunLevel": 1, "LogonType": 5, "Id": "Author"},
            "Settings": {"Enabled": True, "Hidden": False},
        },
        {"TaskName": "Y", "TaskPath": "\\", "State": "Ready", "Actions": ["MSFT_TaskExecAction"]},
    ]
    listing, _ = read(json.dumps({"value": value, "Count": 2}).encode("utf-16"))
    first, second = (entry.listed for entry in listing.entries)
    assert (first.path, second.path) == ("\\F\\X", "\\Y")
    assert first.actions[0].command.value == "cmd.exe"
    assert (first.principal.run_level.value, first.principal.logon_type.value) == ("HighestAvailable", "ServiceAccount")
    assert first.settings.hidden.value is False
    assert first.run.state.value == "Ready"
    assert not second.has_actions


def test_clixml() -> None:
    text = (
        '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">\r\n<Obj RefId="0"><TN RefId="0"><T>'
        "Microsoft.Management.Infrastructure.CimInstance#Root/Microsoft/Windows/TaskScheduler/MSFT_ScheduledTask</T></TN><Props>"
        '<S N="TaskName">X</S><S N="TaskPath">\\F\\</S><Obj N="Actions" RefId="1"><LST><Obj RefId="2"><Props><S N="Execute">a.exe</S>'
        "</Props></Obj></LST></Obj></Props></Obj></Objs>"
    )
    listing, faults = read(text.encode("utf-16"))
    assert [entry.listed.path for entry in listing.entries] == ["\\F\\X"]
    assert listing.entries[0].listed.actions[0].command.value == "a.exe"
    assert not faults.problems


def test_schtasks_xml_takes_the_path_from_the_comment() -> None:
    task = '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Actions><Exec><Command>{}</Command></Exec></Actions></Task>'
    text = (
        '<?xml version="1.0" encoding="UTF-16"?>\r\n<Tasks>\r\n<!-- \\A--b -->\r\n'
        + task.format("a.exe")
        + "\r\n<!-- \\B -->\r\n<Task version"
        + '="1.2"><Actions><Exec>\r\n<!-- \\C -->\r\n'
        + task.format("c.exe")
        + "\r\n</Tasks>"
    )
    listing, faults = read(text.encode())
    listed = {entry.listed.path: entry.listed for entry in listing.entries}
    assert set(listed) == {"\\A--b", "\\B", "\\C"}
    assert listed["\\C"].actions[0].command.value == "c.exe"
    assert faults.problems


def test_velociraptor_rows_speak_for_their_store() -> None:
    row_ = {"OSPath": "C:\\Windows\\System32\\Tasks\\F\\X", "Command": "a.exe", "Arguments": "1", "TaskName": "\\F\\X"}
    listing, _ = read((json.dumps(row_) + "\n" + json.dumps(row_)).encode())
    assert {entry.store for entry in listing.entries} == {Store.XML}
    assert listing.entries[0].listed.path == "\\F\\X"


@given(st.binary(max_size=400))
def test_anything_at_all_is_read_or_refused(data: bytes) -> None:
    listing, _ = read(data)
    assert listing.balance is None or listing.balance.closes


@given(
    st.lists(st.text(st.characters(exclude_characters='\r\n\0"', exclude_categories=("Cs",)), min_size=1, max_size=20), max_size=6)
)
def test_every_row_of_schtasks_is_listed_under_its_name(names: list[str]) -> None:
    text = "\r\n".join([HEADER, *(row("\\" + name) for name in names)])
    listing, _ = read(text.encode("utf-16"))
    assert {entry.listed.path.casefold() for entry in listing.entries} == {("\\" + name).casefold() for name in names}
