"""The way of kinds that come in masses (4624, 4672, 4688 ...): from the bulk reader's JSON straight into columns.

A record of such a kind is first parsed in full. Its text has a shape: the same elements in the same order; from it a pattern
is made that takes the wanted values out of every further text of that shape. No value can break out of it, since a quote in
a value has a backslash before it. Any other text takes the full way, which gives the same events.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from triptych.formats.evtx_event import Fields, body_of, ticks_of, unescaped
from triptych.formats.evtx_layout import Slot
from triptych.logs.blocks import BlockBuilder, Memo
from triptych.logs.event_kinds import EventKind, kinds
from triptych.logs.numbers import folded_id, process_number
from triptych.logs.parts import Kept

_AFTER = 4  # records of a kind that are parsed in full before a pattern is worth its making
_SHAPES = 8  # of one kind in one log: three versions are usual
_STRING, _NUMBER, _NULL = '"[^"]*"', r"-?\d{1,18}", "null"
_HEAD = (
    r'(\d\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d\d\d\d\d\d)Z"\}}\}},'
    r'"EventRecordID":(\d{{1,19}}),"Correlation":(?:null|\{{"#attributes":\{{[^{{}}]*\}}\}}),'
    r'"Execution":\{{"#attributes":\{{"ProcessID":\d+,"ThreadID":\d+\}}\}},'
    r'"Channel":"{channel}","Computer":"([^"]*)",'
    r'"Security":(?:null|\{{"#attributes":\{{"UserID":"([^"\\]*)"\}}\}})\}},"EventData":\{{'
)
_IN_HEAD = 5  # groups: second, microsecond, record id, computer, user
_TIME = '"TimeCreated":{"#attributes":{"SystemTime":"'  # what stands before it is the same in all texts of a shape
_FOLDED = re.compile(r"0x(?:0|[1-9a-f][0-9a-f]{0,15})").fullmatch  # an id in the one spelling already
_VALUE = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|(-?\d{1,18}))[,}]').match


class Ways:
    """The short ways of one log."""

    def __init__(self, builder: BlockBuilder, kept: Kept) -> None:
        self._builder, self._kept = builder, kept
        self._channels: dict[str, dict[int, Way]] = {}

    def of(self, channel: str) -> dict[int, Way]:
        """The ways of the kinds of a channel that have one, by EventID."""
        known = self._channels.get(channel)
        if known is None:
            folded = channel.casefold()
            found = [kind for (name, _), kind in kinds().items() if name == folded and (kind.brief or kind.keep)]
            known = self._channels[channel] = {kind.event_id: Way(kind, self._builder, self._kept) for kind in found}
        return known


class Way:
    """The short way of one kind. Ask `take`; `learn` from what it refused."""

    def __init__(self, kind: EventKind, builder: BlockBuilder, kept: Kept) -> None:
        self._kind, self._builder, self._kept = kind, builder, kept
        self._words = [_Words(name, words) for name, words in kind.keep]
        self._shapes: list[_Shape] = []
        self._seen = 0

    def take(self, slot: Slot, text: str, offset: int) -> bool:
        """Take a record of the chunk at `offset`, as a row or as one that does not concern us; False: parse it in full."""
        for shape in self._shapes:
            if shape.take(slot, text, offset):
                return True
        for words in self._words:
            if words.may_be_in(text):
                return False
        return bool(self._words)

    def learn(self, text: str, fields: Fields) -> None:
        """Make a pattern of a text that was parsed in full, when there are enough of its kind."""
        self._seen += 1
        if self._seen < _AFTER or not self._kind.brief or self._kind.keep or len(self._shapes) >= _SHAPES:
            return
        plan = plan_of(text, fields, self._kind)
        if plan is not None and all(
            (plan.prefix, plan.pattern) != (shape.plan.prefix, shape.plan.pattern) for shape in self._shapes
        ):
            self._shapes.append(_Shape(self._kind, plan, self._kept))
            self._builder.feeds.append(self._shapes[-1])


class _Words:
    """Words that the value of a name must hold for an event to be kept; the name "" stands for any."""

    def __init__(self, name: str, words: tuple[str, ...]) -> None:
        self._words = words
        self._name, self._again = f'"{name}":' if name else "", f'"{name}'

    def may_be_in(self, text: str) -> bool:
        """Whether a record as JSON holds one of them, or whether only the full parse can tell."""
        at = text.find(self._name)
        if at < 0:
            return False
        value = _VALUE(text, at + len(self._name)) if self._name else None
        if value is None or text.find(self._again, value.end()) >= 0:
            return True
        raw = value[1] or value[2] or ""
        told = (unescaped(raw) if "\\" in raw else raw).casefold()
        return any(word in told for word in self._words)


@dataclass(frozen=True, slots=True)
class Plan:
    """How texts of one shape are read: what stands before the pattern, and which of its groups tells what.

    `roles` and `brief` name groups by number from 0, those of the head first.
    """

    prefix: str
    pattern: str
    provider: str
    version: int
    channel: str
    roles: dict[str, tuple[int, ...]]
    brief: tuple[tuple[str, int], ...]


def plan_of(text: str, fields: Fields, kind: EventKind) -> Plan | None:
    """The plan for the shape of a text, None for a shape that only the full parse can read."""
    body = body_of(text)
    at = text.find(_TIME)
    start = at + len(_TIME)
    if body is None or fields.version is None or kind.lane == "tasks-log" or kind.names("task") or at < 0:
        return None
    wanted = {name for _, names in kind.roles for name in names} | set(kind.brief)
    head = _HEAD.format(channel=re.escape(json.dumps(fields.channel, ensure_ascii=False)[1:-1]))
    parts: list[str] = []
    groups: dict[str, int] = {}
    for name, value in body:
        form = _NULL if value is None else _NUMBER if type(value) is int else _STRING if type(value) is str else ""
        if not form or not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,63}", name):
            return None
        if name in wanted and value is not None:
            groups[name] = _IN_HEAD + len(groups)
            form = '"([^"]*)"' if form == _STRING else f"({form})"
        parts.append(f'"{name}":{form}')
    if len({name for name, _ in body}) < len(body):
        return None
    roles = {role: tuple(groups[name] for name in names if name in groups) for role, names in kind.roles}
    present = {name for name, _ in body}
    brief = tuple((name, groups.get(name, -1)) for name, _ in body if name in kind.brief and name in present)
    plan = Plan(text[:start], head + ",".join(parts) + r"\}\}\}", fields.provider, fields.version, fields.channel, roles, brief)
    return plan if _compiled(plan.pattern)(text, start) else None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Callable[[str, int], re.Match[str] | None]:
    return re.compile(pattern).fullmatch


class _Shape:
    """Texts of one shape, as rows that wait to be put into columns."""

    def __init__(self, kind: EventKind, plan: Plan, kept: Kept) -> None:
        self.plan = plan
        self._kind, self._kept = kind, kept
        self._match = _compiled(plan.pattern)
        self._prefix, self._start = plan.prefix, len(plan.prefix)
        self._slots: list[tuple[Slot, int]] = []
        self._rows: list[tuple[str, ...]] = []
        self._seconds: dict[str, int] = {}

    def take(self, slot: Slot, text: str, offset: int) -> bool:
        if not text.startswith(self._prefix):
            return False
        found = self._match(text, self._start)
        if found is None:
            return False
        row = found.groups("")
        if row[0] not in self._seconds and not self._known(row[0]):
            return False
        self._slots.append((slot, offset))
        self._rows.append(row)
        return True

    def _known(self, second: str) -> bool:
        """Take note of a second, in microseconds since 1601; False where no calendar has it."""
        ticks = ticks_of(f"{second}.000000Z", -1)
        if ticks >= 0:
            self._seconds[second] = ticks // 10
        return ticks >= 0

    def __len__(self) -> int:
        return len(self._rows)

    def pour(self, into: BlockBuilder) -> None:
        """Hand over the rows, column by column."""
        if not self._rows:
            return
        columns = list(zip(*self._rows, strict=True))
        written = [slot.ticks for slot, _ in self._slots]
        plan, count = self.plan, len(self._rows)
        numbers = list(map(int, columns[2]))
        self._kept.by_channel[plan.channel] += count
        self._kept.exported = self._kept.exported or numbers != [slot.number for slot, _ in self._slots]
        text = into.raw.__getitem__
        texts = {"computer": list(map(text, columns[3])), "user": list(map(text, columns[4]))}
        texts |= {"provider": [into.number(plan.provider)] * count, "channel": [into.number(plan.channel)] * count}
        for name in ("process", "command", "result", "content"):
            texts[name] = self._texts(name, columns, text)
        for name, role in (("logon_id", "logon"), ("instance_id", "instance")):
            texts[name] = self._texts(
                role, columns, Memo[str](lambda raw: into.number(raw if _FOLDED(raw) else folded_id(unescaped(raw)))).__getitem__
            )
        texts["account"] = self._accounts(columns, into)
        texts["data"] = self._brief(columns, into)
        process = Memo[str](lambda raw: -1 if (found := process_number(unescaped(raw))) is None else found).__getitem__
        kind = self._kind
        into.extend(
            (plan.channel, kind.event_id, plan.version, kind.lane, kind.kind, kind.words), count, texts,
            ticks=_times(columns[0], columns[1], written, self._seconds), numbers=numbers,
            offsets=[offset + slot.at for slot, offset in self._slots], lengths=[slot.length for slot, _ in self._slots],
            pids=self._texts("pid", columns, process) or [-1] * count, parents=self._texts("parent", columns, process) or [-1] * count,
        )  # fmt: skip
        self._rows, self._slots = [], []

    def _texts(self, role: str, columns: Sequence[tuple[str, ...]], number: Callable[[str], int]) -> list[int]:
        """The column of a role; empty where this shape does not tell it. Of several values the first that says something."""
        groups = self.plan.roles.get(role, ())
        if len(groups) == 1:
            return list(map(number, columns[groups[0]]))
        return [
            number(next((text for text in told if text), "")) for told in zip(*(columns[group] for group in groups), strict=True)
        ]

    def _accounts(self, columns: Sequence[tuple[str, ...]], into: BlockBuilder) -> list[int]:
        groups = self.plan.roles.get("account", ())
        memo = Memo[tuple[str, ...]](
            lambda told: into.number("\\".join(text for part in told if (text := unescaped(part)) and text != "-"))
        )
        return list(map(memo.__getitem__, zip(*(columns[group] for group in groups), strict=True)))

    def _brief(self, columns: Sequence[tuple[str, ...]], into: BlockBuilder) -> list[int]:
        """The data that are kept, each distinct set of them made once."""
        names = [name for name, _ in self.plan.brief]
        if not names:
            return []
        memo = Memo[tuple[str, ...]](
            lambda told: into.data(tuple((name, unescaped(part)) for name, part in zip(names, told, strict=True)))
        )
        nothing = ("",) * len(self._rows)
        return list(map(memo.__getitem__, zip(*(columns[at] if at >= 0 else nothing for _, at in self.plan.brief), strict=True)))


def _times(seconds: Sequence[str], fractions: Sequence[str], written: list[int], known: dict[str, int]) -> list[int]:
    """When each event happened, as `ticks_of` tells it: the header's ticks where both agree to the microsecond."""
    micros = [known[second] + int(fraction) for second, fraction in zip(seconds, fractions, strict=True)]
    return [ticks if -1 <= micro - ticks // 10 <= 1 else micro * 10 for micro, ticks in zip(micros, written, strict=True)]
