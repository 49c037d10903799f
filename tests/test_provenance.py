"""The house's idea, over whole machines and real evidence: no value without the bytes that state it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest

from tests.machines import small
from tests.material import shared
from tests.proving import Bytes, broken_references, false_ledger, readings, references, untold, without_proof
from tests.scanning import Scanned, altered, fresh, scan_with, scanned
from tests.telling import tells
from triptych.lessons import listing
from triptych.lessons.scheduler_view import visible
from triptych.model.evidence import EventPlace, EvidenceRef, FilePlace, ListingPlace, RegistryPlace, Span, State, XmlPlace
from triptych.model.task import Store, TraceKind, leaves

REPLAYED = (
    "only-in-log", "command-encoded", "at-job", "policy-task", "wow-file", "wow-cache", "state-flags", "tasks-folder",
    "handler-of-user", "ghost-task", "file-only", "name-nul", "registry-principal",
)  # fmt: skip
VIEWS = ("earlier-system", "sd-deleted", "actions-text", "triggers-longer", "id-twice", "data-payload")
BACKUP = ("gone-since-backup", "folder-sd-deleted", "stock-altered", "decoy-action")
OLD_LOG = ("index-in-log", "at-job", "file-edited", "description-payload")
WIN7 = "data/hives/win7sp1-dorkbot-lab/SOFTWARE-schedule-A-M"


@cache
def archive(kind: str) -> Scanned:
    """The machine of the replayed log in an archive, with listings beside it."""
    folder, machine = fresh(), altered(("only-in-log", "at-job"))
    path = folder / f"evidence.{kind}"
    machine.write_zip(path) if kind == "zip" else machine.write_tar(path)
    (folder / "tasks.csv").write_bytes(listing.schtasks_csv(machine, visible(machine)))
    return scanned(path, listings=(folder / "tasks.csv",))


@cache
def listed(number: int) -> Scanned:
    write = (listing.schtasks_list, listing.schtasks_table, listing.schtasks_xml, listing.powershell_json)[number]
    folder = fresh()
    (folder / "tasks.txt").write_bytes(write(small(), visible(small())))
    small().write(folder / "evidence")
    return scanned(folder / "evidence", listings=(folder / "tasks.txt",))


@cache
def real(path: str) -> Scanned:
    return scanned(shared(path))


@cache
def real_listing(name: str) -> Scanned:
    return scanned(shared(WIN7), listings=(shared("data/listings") / name,))


SCANS: dict[str, Callable[[], Scanned]] = {
    "benign 10": lambda: scan_with((), "10"),
    "benign 7": lambda: scan_with((), "7"),
    "benign 2022": lambda: scan_with((), "2022"),
    "replayed": lambda: scan_with(REPLAYED),
    "views": lambda: scan_with(VIEWS),
    "backup": lambda: scan_with(BACKUP, "11"),
    "old log": lambda: scan_with(OLD_LOG, "7"),
    "zip": lambda: archive("zip"),
    "tar": lambda: archive("tar"),
    "list": lambda: listed(0),
    "table": lambda: listed(1),
    "xml one": lambda: listed(2),
    "powershell": lambda: listed(3),
    "real win7 hive": lambda: real(WIN7),
    "real task files": lambda: real("data/tasks-xml"),
    "real jobs": lambda: real("data/jobs"),
    "real exports": lambda: real("data/reg-exports"),
    "real schtasks list": lambda: real_listing("writeups/schtasks-list-two-triggers.txt"),
    "real schtasks csv": lambda: real_listing("brianary__scripts/schtasks-v-fo-csv.csv"),
    "real schtasks": lambda: real_listing("malawaretester__SuspectedDorkBot/schtasks.txt"),
    "real autoruns": lambda: real_listing("liamcs98__Forensic-Challenges-and-Data/WIN11-PROD-Autorunsc.csv"),
    "real logs": lambda: real("data/evtx/Velocidex"),
    "real velociraptor": lambda: real_listing("Velocidex__velociraptor/velociraptor-autoruns.csv"),
}


@pytest.fixture(params=SCANS)
def found(request: pytest.FixtureRequest) -> Scanned:
    return SCANS[request.param]()


def test_every_reference_leads_to_bytes_of_a_file_in_the_ledger(found: Scanned) -> None:
    assert sum(1 for _ in references(found.case)) > 10
    assert broken_references(found) == []


def test_the_ledger_names_the_bytes_that_were_read(found: Scanned) -> None:
    assert found.case.files
    assert false_ledger(found) == []


def test_nothing_is_said_without_a_reference(found: Scanned) -> None:
    assert without_proof(found.case) == []


def test_the_cited_bytes_tell_the_value(found: Scanned) -> None:
    wrong, looked = untold(found)
    assert looked > 20
    assert wrong == []


def test_a_place_names_what_its_bytes_are(found: Scanned) -> None:
    """A line of a file, a value of a key: the place that a person reads and the bytes behind it are one."""
    held = Bytes(found)
    for ref, name in {ref: name for name, ref in references(found.case)}.items():
        if isinstance(ref.place, ListingPlace):
            assert held.line_of(ref.spans[0].file, ref.spans[0].offset) == ref.place.line, name
        elif isinstance(ref.place, XmlPlace):
            leaf = ref.place.xpath.rpartition("/")[2].partition("[")[0].partition("@")[0].rpartition(":")[2]
            assert not leaf or tells(held.cited(ref), leaf), (name, ref.place)
        elif isinstance(ref.place, RegistryPlace):
            assert ref.place.key.casefold() != "" or ref.spans[0].offset < 4096, name
        elif isinstance(ref.place, EventPlace):
            record = held.cited(ref)
            assert record[:4] == b"**\0\0", name
            assert int.from_bytes(record[4:8], "little") == len(record), name
        elif isinstance(ref.place, FilePlace):
            assert ref.spans[0].file in held.files, name


def test_the_scans_cover_every_kind_of_store_and_state() -> None:
    cases = [make().case for name, make in SCANS.items() if not name.startswith("real")]
    states = Counter(reading.state for case in cases for _, reading in readings(case))
    assert all(states[state] for state in State)
    kinds = {trace.kind for case in cases for trace in case.traces}
    assert kinds >= set(TraceKind) - {TraceKind.LINK, TraceKind.TARGET}
    assert any(file.path.endswith("#replayed") for case in cases for file in case.files)
    assert any("!/" in file.path for case in cases for file in case.files)
    assert {record.store for case in cases for record in case.records} == {Store.XML, Store.REGISTRY, Store.SCHEDULER}


def test_the_hash_of_a_file_is_that_of_the_bytes_it_cites() -> None:
    held, looked = Bytes(scan_with()), 0
    for record in scan_with().case.records:
        reading = record.keeping.hash_found
        if reading.stated and reading.value:
            data = held.of(reading.refs[0].spans[0].file)
            assert reading.value in {hashlib.sha256(data[start:]).hexdigest() for start in (0, 2, 3)}, record.path
            looked += 1
    assert looked > 50


def test_a_span_that_was_moved_is_found_out() -> None:
    """The proof of the proof: texts cited a few bytes beside themselves are no longer told."""
    held, found_out, looked = Bytes(scan_with()), 0, 0
    for record in scan_with().case.records:
        for name, reading in leaves(record):
            if reading.stated and isinstance(reading.value, str) and len(reading.value) > 12 and name.endswith("command"):
                looked += 1
                span = reading.refs[0].spans[0]
                beside = EvidenceRef(reading.refs[0].place, (Span(span.file, max(0, span.offset - 6 * span.length), span.length),))
                found_out += not tells(held.cited(beside), reading.value, reading.raw)
    assert looked > 50
    assert found_out > 0.9 * looked


def test_a_file_that_is_not_in_the_ledger_is_no_proof() -> None:
    found = scan_with()
    hive = next(file for file in found.case.files if file.path.endswith("/SOFTWARE"))
    without = found.case.with_(files=tuple(file for file in found.case.files if file is not hive))
    assert all(hive.path in wrong for wrong in broken_references(Scanned(without, found.source)))
    assert broken_references(Scanned(without, found.source)) != []


@pytest.mark.parametrize("name", ["mdecrevoisier", "sbousseaden", "SigmaHQ", "JPCERTCC", "puffyCid", "omerbenamram"])
def test_events_cite_whole_records_of_the_log_they_name(name: str) -> None:
    """Every moment and finding of a log leads to the bytes of a record, from its mark to the copy of its length."""
    found = real(f"data/evtx/{name}")
    held, looked = Bytes(found), 0
    assert broken_references(found) == []
    for where, ref in references(found.case):
        if isinstance(ref.place, EventPlace):
            record = held.cited(ref)
            assert record[:4] == b"**\0\0", where
            assert int.from_bytes(record[4:8], "little") == len(record) == int.from_bytes(record[-4:], "little"), where
            looked += 1
    assert looked or name == "omerbenamram"
