"""From what an event states to an event of ours: its kind, and what its data tell by the roles of that kind."""

from __future__ import annotations

from dataclasses import replace

from triptych.formats.evtx_event import EventRecord, Fields
from triptych.logs.event_kinds import PIECE, SCRIPT, EventKind, kind_of
from triptych.logs.numbers import folded_id, process_number
from triptych.model.event import Event
from triptych.model.evidence import EventPlace, EvidenceRef
from triptych.model.times import Instant


def event_of(record: EventRecord, file: str, view: str) -> Event | None:
    """A record as an event of ours, None where its kind does not concern us or its content cannot be read."""
    if record.fault:
        return None
    fields = record.fields
    place = EventPlace(fields.channel, record.record_id)
    ref = EvidenceRef.to(place, file, record.offset, record.length)
    event = event_from(fields, Instant(record.ticks), ref, record.record_id, view)
    return replace(event, recovered=record.recovered, note=record.note) if event and record.note else event


def event_from(fields: Fields, time: Instant, ref: EvidenceRef, record_id: int, view: str) -> Event | None:
    """An event of ours from its fields, None where its kind does not concern us."""
    if fields.event_id is None:
        return None
    kind = kind_of(fields.channel, fields.event_id, fields.provider)
    if kind is None or not kind.keeps(fields.data):
        return None
    if kind.kind == SCRIPT and not kind.speaks(fields.data):
        kind = replace(kind, kind=PIECE, words="Part of a PowerShell script")
    told = _Told(kind, fields.data)
    return Event(
        time=time, channel=fields.channel, event_id=fields.event_id, record_id=record_id,
        lane=kind.lane, kind=kind.kind, words=kind.words, ref=ref, task=_task(told.text("task")), account=told.account(),
        process=told.text("process"), command=told.text("command"), process_id=process_number(told.text("pid")),
        parent_id=process_number(told.text("parent")), logon_id=folded_id(told.text("logon")),
        instance_id=folded_id(told.text("instance") or _activity(kind, fields.activity)), result=told.text("result"),
        content=told.text("content"), provider=fields.provider, computer=fields.computer, user=fields.user,
        version=fields.version, data=kind.kept(fields.data), view=view,
    )  # fmt: skip


class _Told:
    """What the data of an event tell by the roles of its kind; of several values of a name the first."""

    def __init__(self, kind: EventKind, data: tuple[tuple[str, str], ...]) -> None:
        values = dict(reversed(data))
        self._by_role = {role: [values.get(name, "") for name in names] for role, names in kind.roles}

    def text(self, role: str) -> str:
        return next((value for value in self._by_role.get(role, ()) if value), "")

    def account(self) -> str:
        """DOMAIN\\name of a pair, or the one name; "-" is none."""
        return "\\".join(value for value in self._by_role.get("account", ()) if value and value != "-")


def _task(text: str) -> str | None:
    """A task path with a leading backslash; the events of a root task may leave it out."""
    return None if not text else text if text.startswith("\\") else "\\" + text


def _activity(kind: EventKind, activity: str) -> str:
    """The activity of the scheduler's own events is the run (100, 102, 110, 200, 201 bear it)."""
    return activity if kind.lane == "tasks-log" else ""
