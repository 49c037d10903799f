"""The scheduler's own view: as given by a listing, or reconstructed from the registry by the service's own rules.

Rules of the reconstruction: the service answers from TaskCache alone (Windows 8 and later), needs the Tree key with a
usable SD before anything else, checks it against the caller, leaves Index 0 out of listings, and cannot list what has no
Tree key or no Tasks key (decompiled RpcServer::RetrieveTask, RegOpenTaskKey; two Sigma rules for the Index).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from triptych.evidence.layouts import Found, Item
from triptych.evidence.source import EvidenceError, EvidenceSource
from triptych.formats.faults import Faults
from triptych.formats.sddl import parse_sddl
from triptych.formats.security_descriptor import ADMINISTRATOR_TOKEN, SYSTEM_TOKEN, USER_TOKEN, grants
from triptych.limits import Limits
from triptych.model.case import Case, Fact, Problem, Weight
from triptych.model.evidence import EvidenceFile, EvidenceRef, Reading, ReadState, State, stated
from triptych.model.paths import fold
from triptych.model.task import Keeping, Presence, Store, TaskRecord, TraceKind
from triptych.stores.job import Answer, Job, StoreReader

if TYPE_CHECKING:
    from triptych.formats.listing.reading import Entry

READ = 0x1  # what the service asks for before it shows a task
LISTING, RECONSTRUCTED = "listing", "reconstructed"


def _jobs(found: Found) -> list[Job]:
    return [Job(LISTING, f"the listing {item.path}", (item.as_row(),), item.size) for item in found.of("listing")]


def _read(job: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    for row in job.items:
        item = Item.from_row(row)
        try:
            data = source.read(item.path, limits.table)
        except EvidenceError as error:
            yield Problem(
                Weight.LOST, error.code, item.path, "the whole file", "read the listing", str(error), "the listing", "give it again"
            )
            yield EvidenceFile(item.path, LISTING, item.size, item.modified, "", ReadState.FAILED, note=str(error))
            continue
        from triptych.formats.listing.reading import read_listing  # late: most evidence has no listing

        faults = Faults(item.path)
        listing = read_listing(data, item.path, faults, limits)
        if not listing.entries and not faults.problems:
            _empty(faults)
        yield from (_record(entry) for entry in listing.entries)
        yield from _facts(listing.entries, listing.hosts)
        if listing.balance is not None:
            yield listing.balance
        yield from faults.problems
        lost = any(problem.severity is Weight.LOST for problem in faults.problems)
        ledger = source.describe(item.path, data, f"listing ({listing.kind})")
        yield replace(ledger, read=_how_read(ledger.read, lost, bool(listing.entries)))


def _how_read(of_the_file: ReadState, lost: bool, listed: bool) -> ReadState:
    if lost and not listed:
        return ReadState.FAILED
    return ReadState.PART if lost else of_the_file


def _empty(faults: Faults) -> None:
    faults.add(
        Weight.DOUBT,
        "listing.no-tasks",
        "the whole file",
        tried="find the tasks it lists",
        found="it names none",
        advice="a Windows without any task does not exist: list them again, with the rights of an administrator",
    )


def _record(entry: Entry) -> TaskRecord:
    listed = entry.listed
    presence = Presence.VISIBLE if entry.store is Store.SCHEDULER else Presence.PRESENT
    note = "the name may be cut: TABLE keeps 40 characters" if listed.cut else ""
    return TaskRecord(
        store=entry.store,
        path=listed.path,
        presence=stated(presence, listed.ref, note=note),
        view="" if entry.store is Store.SCHEDULER else LISTING,
        registration=listed.registration,
        principal=listed.principal,
        triggers=listed.triggers,
        actions=listed.actions,
        settings=listed.settings,
        run=listed.run,
        keeping=replace(entry.keeping, basis=stated(LISTING, listed.ref)),
        extras=listed.extras,
        has_actions=listed.has_actions,
        has_triggers=listed.has_triggers,
    )


def _facts(entries: tuple[Entry, ...], hosts: tuple[str, ...]) -> Iterator[Fact]:
    """The machine a listing names, and its newest run: the listing's age, since its file time says nothing."""
    for host in hosts:
        first = next(entry for entry in entries if entry.listed.host == host)
        yield Fact("listing-host", host, stated(host, first.listed.ref))
    runs = [entry.listed.run.last_run for entry in entries if entry.listed.run.last_run.value is not None]
    if runs:
        newest = max(runs, key=lambda run: run.value.ticks if run.value else 0)
        if newest.value is not None:
            yield Fact("listing-newest-run", "", stated(newest.value.iso, *newest.refs))


LISTINGS = StoreReader(LISTING, _jobs, _read)


_Folders = dict[tuple[str, str], Reading[str]]  # folders without a usable SD, by view and folded path


def reconstructed(case: Case) -> Iterator[TaskRecord]:
    """The scheduler's view of the running system by the service's rules; nothing where a listing tells it already."""
    if any(record.store is Store.SCHEDULER for record in case.records):
        return
    folders = {
        (trace.view, fold(trace.path)): trace.reading("access")
        for trace in case.traces
        if trace.kind is TraceKind.TREE_FOLDER and trace.reading("access").state in (State.NOT_STATED, State.UNREADABLE)
    }
    views = {record.view for record in case.records if record.store is Store.REGISTRY}
    for record in case.records:
        if record.store is Store.REGISTRY and (not record.view or "" not in views):
            yield _reconstruct(record, folders)


def _reconstruct(record: TaskRecord, folders: _Folders) -> TaskRecord:
    presence, note, refs = _visibility(record, folders)
    basis = stated(RECONSTRUCTED, *refs)
    if presence is not Presence.VISIBLE:
        return TaskRecord(
            Store.SCHEDULER,
            record.path,
            Reading(presence, State.STATED, refs, "", note),
            record.view,
            keeping=Keeping(guid=record.keeping.guid, basis=basis),
        )
    return replace(
        record,
        store=Store.SCHEDULER,
        presence=Reading(presence, State.STATED, refs, "", note),
        keeping=Keeping(guid=record.keeping.guid, basis=basis),
        extras=(),
    )


def _visibility(record: TaskRecord, folders: _Folders) -> tuple[Presence, str, tuple[EvidenceRef, ...]]:
    keeping = record.keeping
    if record.orphan == "tasks":
        return Presence.ABSENT, "no Tree key leads to this task: the service cannot list it", record.presence.refs
    if record.orphan == "tree":
        return Presence.ABSENT, "the Tree key's Id leads to no Tasks key: there is nothing to list", record.presence.refs
    access = keeping.access
    if access.state is State.NOT_STATED:
        return Presence.HIDDEN, "the Tree key has no SD: the service answers 'not found' to everyone", access.refs
    if access.state is State.UNREADABLE:
        return Presence.HIDDEN, "the SD is no security descriptor: the service answers with an error", access.refs
    folder = _broken_folder(record, folders)
    if folder is not None:
        return Presence.HIDDEN, f"the folder {folder[0]} has no usable SD: its tasks are not listed", folder[1].refs
    if access.state is State.STATED and access.value is not None:
        who = _who_reads(record, access.value)
        if "Administrators" not in who:
            readers = f"only {' and '.join(who)} may read it" if who else "its SD lets nobody read it"
            return Presence.HIDDEN, f"hidden from Administrators: {readers}", access.refs
        if keeping.index.known and (keeping.index.state is State.NOT_STATED or keeping.index.value == 0):
            return Presence.HIDDEN, "Index 0 or missing: left out of listings, found by its exact path alone", keeping.index.refs
        return Presence.VISIBLE, f"visible to {', '.join(who)}", access.refs
    return Presence.VISIBLE, "this Windows keeps no SD in the registry: the file's rights decide", record.presence.refs


def _broken_folder(record: TaskRecord, folders: _Folders) -> tuple[str, Reading[str]] | None:
    """The nearest folder above without a usable SD, in the same Windows: another one's folders hide nothing here."""
    at = fold(record.path)
    while folders and at.rpartition("\\")[0] != at:
        at = at.rpartition("\\")[0]
        if (record.view, at or "\\") in folders:
            return at or "\\", folders[record.view, at or "\\"]
    return None


def _who_reads(record: TaskRecord, sddl: str) -> list[str]:
    """Of Administrators, SYSTEM and the task's own user, those whose token the descriptor lets read (right 0x1)."""
    try:
        descriptor = parse_sddl(sddl)
    except ValueError:  # the text was made from bytes that were read: only a SID form nobody knows ends here
        return ["Administrators", "SYSTEM"]
    tokens = [("Administrators", ADMINISTRATOR_TOKEN), ("SYSTEM", SYSTEM_TOKEN)]
    user = record.principal.user_id.value or ""
    if user.startswith("S-1-5-21-"):
        tokens.append(("its own user", USER_TOKEN | {user}))
    return [name for name, token in tokens if grants(descriptor, token, READ)]
