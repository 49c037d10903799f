"""Hands at work: what command lines and scripts in the logs did to tasks, and to what would have told of it.

Read from process creation (Security 4688, Sysmon 1), PowerShell (4103, 4104 with the parts of a script put together, 400, 800).
Such a line says what somebody tried; whether it came about, the other events and the stores tell.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from triptych.analysis.acts_lines import deeds_of_line, may_act
from triptych.analysis.acts_powershell import (
    action_of_call,
    call_of_payload,
    deeds_of_arguments,
    deeds_of_call,
    deeds_of_script,
)
from triptych.analysis.acts_words import Deed
from triptych.analysis.columns import np
from triptych.analysis.event_table import EventTable
from triptych.formats.faults import Faults
from triptych.limits import DEFAULT, Limits
from triptych.logs.event_kinds import PIECE, SCRIPT
from triptych.model.case import Weight
from triptych.model.event import Event
from triptych.model.evidence import EvidenceRef
from triptych.model.paths import fold
from triptych.model.times import TICKS_A_SECOND, Instant

_SAME = 10 * TICKS_A_SECOND  # a shell and the program that it starts tell one act twice
_NEAR = 120 * TICKS_A_SECOND
_APPLICATION = re.compile(r"HostApplication=([^\r\n]+)")
ON_TASKS = ("create", "change", "delete", "run", "end", "enable", "disable", "hide", "remove-key", "edit-key")
_DONE = {
    "create": "created", "change": "changed", "delete": "deleted", "run": "started", "end": "stopped", "enable": "enabled",
    "disable": "disabled", "query": "listed", "hide": "hid", "edit-key": "wrote to the registry keys of",
    "remove-key": "took registry keys or values away from", "stop-service": "stopped a service", "clear-log": "cleared a log",
    "disable-log": "switched off a log", "audit": "changed the audit policy",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did by a command line or script, as the event `event` tells it.

    `verb` and the other words are those of `Deed`: `task` with a leading backslash or "", `command` what the task is to start,
    `account` who did it, `host` another computer that it was done on, `tool` by what. `refs` cite every event that it was read from.
    """

    time: Instant
    verb: str
    task: str
    command: str
    account: str
    host: str
    tool: str
    event: Event
    run_as: str = ""
    schedule: str = ""
    detail: str = ""
    refs: tuple[EvidenceRef, ...] = ()

    @property
    def line(self) -> str:
        """The command line or script as the event has it."""
        return self.event.command

    @property
    def words(self) -> str:
        """What was done, as the end of a sentence that begins with who did it."""
        what = f"{_DONE.get(self.verb, self.verb)} {self.task}".rstrip() if self.verb in _DONE else self.verb
        starts = f", to start {self.command}" if self.command else ""
        where = f" on the computer {self.host}" if self.host else ""
        more = f" ({self.detail})" if self.detail else ""
        return f"{what}{where}{starts}{more}, by {self.tool}"


def acts_of(table: EventTable, view: str = "", faults: Faults | None = None, limits: Limits = DEFAULT) -> tuple[Act, ...]:
    """Every act of the events of one view, in the order of time, each once; `faults` is told what was not looked at.

    They are read once for each table, and kept as long as it lives.
    """
    kept = _KEPT.setdefault(table, {})
    if not table.columns:
        return ()
    if (view, limits) not in kept:
        kept[view, limits] = _acts_of(table, view, faults, limits)
    return kept[view, limits]


def _acts_of(table: EventTable, view: str, faults: Faults | None, limits: Limits) -> tuple[Act, ...]:
    trouble = Faults("event logs") if faults is None else faults  # an empty collection is false
    reading = _Reading(trouble, limits)
    found = [*_of_processes(table, view, reading), *_of_scripts(table, view, reading), *_of_calls(table, view, reading)]
    reading.tell()
    return tuple(_once(sorted(found, key=lambda act: (act.time.ticks, act.event.record_id, act.verb, fold(act.task), act.command))))


_KEPT: WeakKeyDictionary[EventTable, dict[tuple[str, Limits], tuple[Act, ...]]] = WeakKeyDictionary()


class _Reading:
    """Reads texts, each once, and not more of them than the limit allows."""

    def __init__(self, faults: Faults, limits: Limits) -> None:
        self._faults, self._limits = faults, limits
        self._known: dict[tuple[str, str, str], tuple[Deed, ...]] = {}
        self._left_out = 0

    def line(self, text: str, original: str) -> tuple[Deed, ...]:
        return self._read(("line", text, original))

    def script(self, text: str) -> tuple[Deed, ...]:
        return self._read(("script", text, ""))

    def _read(self, key: tuple[str, str, str]) -> tuple[Deed, ...]:
        if key not in self._known:
            if len(self._known) >= self._limits.acts:
                self._left_out += 1
                return ()
            self._known[key] = self._deeds(*key)
        return self._known[key]

    def _deeds(self, kind: str, text: str, original: str) -> tuple[Deed, ...]:
        found: list[Deed] = []
        with self._faults.guard(
            "acts.unread",
            text[:80],
            tried="read what a command line or script does to tasks",
            lost="what it does; the event is listed",
        ):
            found = list(deeds_of_line(text, deeds_of_arguments, original) if kind == "line" else deeds_of_script(text))
        return tuple(dict.fromkeys(found))

    def tell(self) -> None:
        if self._left_out:
            self._faults.add(
                Weight.LOST, "acts.too-many", "", tried=f"read at most {self._limits.acts:,} different command lines and scripts",
                found=f"{self._left_out:,} more", lost="what those do to tasks; their events are listed",
                advice="filter the events by the name of the task",
            )  # fmt: skip


def _of_processes(table: EventTable, view: str, reading: _Reading) -> Iterator[Act]:
    for row in _worth_a_look(table):
        event = table[row]
        if event.view == view:
            yield from _of_process(event, reading)


def _worth_a_look(table: EventTable) -> Iterator[int]:
    """Rows whose line may act on tasks. A million processes stand in a log, most of them without a line: no event is made of those."""
    columns = table.columns
    rows = table.rows("process-created", "engine-started", "command")
    commands = columns["command"][rows]
    lanes = np.array([_LANES.get(kind[3], 0) for kind in table.table], np.int8)[columns["kinds"][rows]]
    worth = np.zeros(len(table.strings), bool)
    for number in np.unique(commands):
        worth[number] = bool(number) and may_act(table.strings[int(number)])
    looked = worth[commands] | ((commands == 0) & (lanes == _LANES["powershell"]))
    renamed = ~looked & (commands != 0) & (lanes == _LANES["sysmon"])  # Sysmon tells the name in the program's file: a renamed copy
    for row, is_sure in zip(rows[looked | renamed].tolist(), looked[looked | renamed].tolist(), strict=True):
        if is_sure or _speaks_of_schtasks(table.text("data", row)):
            yield row


_LANES = {"powershell": 1, "sysmon": 2}


def _speaks_of_schtasks(data: str) -> bool:
    return '"schtasks.exe"' in data or '"sctasks.exe"' in data or '"SCHTASKS.EXE"' in data


def _of_process(event: Event, reading: _Reading) -> Iterator[Act]:
    if event.lane == "powershell":
        line = _APPLICATION.search(next((value for _, value in event.data if "HostApplication=" in value), ""))
        text = line[1] if line and event.event_id in (400, 800) else ""
    else:
        text = event.command
    for deed in reading.line(text, event.get("OriginalFileName")) if text else ():
        yield _act(deed, event, (event.ref,))


def _of_scripts(table: EventTable, view: str, reading: _Reading) -> Iterator[Act]:
    """Script blocks, put together from their parts in the order of their numbers; a word may be cut between two of them."""
    blocks: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in table.of(SCRIPT, PIECE):
        if event.view == view:
            blocks[event.computer, event.get("ScriptBlockId") or f"{event.ref}"].append(event)
    for parts in blocks.values():
        parts.sort(key=_number)
        first = min(parts, key=lambda event: (event.kind != SCRIPT, event.time.ticks))
        text = "".join({_number(event): event.command for event in parts}.values())
        if first.kind != SCRIPT and not may_act(text):
            continue
        for deed in reading.script(text[: DEFAULT.script_text]):
            yield _act(deed, first, tuple(event.ref for event in parts)[:60])


def _number(event: Event) -> int:
    text = event.get("MessageNumber")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _of_calls(table: EventTable, view: str, reading: _Reading) -> Iterator[Act]:
    """Single calls (4103); what New-ScheduledTaskAction says belongs to the next registration by the same hand."""
    made: dict[tuple[str, str], tuple[Event, str]] = {}
    for event in table.of("command"):
        if event.view != view or event.event_id != 4103:
            continue
        call = call_of_payload(event.command)
        if call is None:
            continue
        hand = (event.computer, event.user)
        if action := action_of_call(call):
            made[hand] = (event, action)
            continue
        before, action = made.get(hand, (event, ""))
        near = event.time.ticks - before.time.ticks <= _NEAR
        for deed in deeds_of_call(call, action if near else ""):
            yield _act(deed, event, (event.ref, before.ref) if action and near and before is not event else (event.ref,))


def _act(deed: Deed, event: Event, refs: tuple[EvidenceRef, ...]) -> Act:
    own = event.computer.casefold()
    host = "" if deed.host.casefold() in ("", ".", "localhost", "127.0.0.1", own, own.partition(".")[0]) else deed.host
    return Act(
        event.time, deed.verb, deed.task, deed.command, event.account or event.user, host, deed.tool, event, deed.run_as,
        deed.schedule, deed.detail, refs,
    )  # fmt: skip


def _once(acts: Iterable[Act]) -> Iterator[Act]:
    """Each act once: a shell tells the line that it starts, Sysmon and Security both tell a process."""
    last: dict[tuple[str, ...], Act] = {}
    kept: list[Act] = []
    for act in acts:
        key = (act.verb, fold(act.task), " ".join(act.command.split()).casefold(), act.host.casefold(), act.detail)
        before = last.get(key)
        if before is None or act.time.ticks - before.time.ticks > _SAME:
            last[key] = act
            kept.append(act)
    yield from kept
