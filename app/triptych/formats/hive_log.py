"""Replaying the transaction logs of a hive, in memory, into a copy: the evidence is never written.

Two formats (regf specification of M. Suhanov, checked on real dirty hives of Windows 7 and 8.1):
* Windows 8.1 and later: entries `HvLE` of 512-byte units, each with a sequence number, the size of the hive bins, whole pages
  and two Marvin32 hashes; entries apply while their numbers follow each other, the log with the older ones first.
* Vista to 8: one set of dirty 512-byte sectors behind a bitmap `DIRT`; the log is of the hive's present state where both
  sequence numbers of its header are the hive's first.
What does not fit is refused with a problem: an entry is applied as a whole or not at all.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from triptych.formats import hive_log_entries as entries
from triptych.formats.faults import Faults
from triptych.formats.hive_cells import BASE, HEADER, BaseBlock, base_block, checksum
from triptych.formats.hive_log_entries import Page
from triptych.limits import Limits
from triptych.model.case import Weight
from triptych.model.evidence import Span

_OLD, _NEW = (1, 2), 6


@dataclass(frozen=True, slots=True)
class Applied:
    """One entry of a log that was applied: `label` is "LOG1 entry 7", `at` its place in the log, `pages` what it wrote."""

    label: str
    log: str
    at: int
    sequence: int
    pages: tuple[Page, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the replayed bytes of a place come from: the label of the log's entry and the bytes in the log's file."""

    label: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """The bytes of a hive after its logs, and the entries that made them, in the order in which they were applied."""

    data: bytes
    applied: tuple[Applied, ...]
    logs: dict[str, bytes]

    @property
    def note(self) -> str:
        """Which entries were applied from which log, for a person: "LOG1 entries 7 to 9; LOG2 entry 10"."""
        parts = []
        for log in dict.fromkeys(entry.log for entry in self.applied):
            numbers = [entry.sequence for entry in self.applied if entry.log == log]
            name = log_name(log)
            parts.append(f"{name} entry {numbers[0]}" if len(numbers) == 1 else f"{name} entries {numbers[0]} to {numbers[-1]}")
        return "; ".join(parts)

    def origin(self, primary: bytes, offset: int, length: int) -> Origin | None:
        """The last entry that changed these bytes of the file; None where they are as in the primary."""
        found: Origin | None = None
        before = primary[offset : offset + length]
        for entry in self.applied:
            now = bytearray(before.ljust(length, b"\0"))
            spans = []
            for page in entry.pages:
                first, last = max(offset, page.offset), min(offset + length, page.offset + page.size)
                if first < last:
                    source = page.source + first - page.offset
                    now[first - offset : last - offset] = self.logs[entry.log][source : source + last - first]
                    spans.append(Span(entry.log, source, last - first))
            if spans and bytes(now) != before.ljust(length, b"\0"):
                found, before = Origin(entry.label, tuple(spans)), bytes(now)
        return found


@dataclass(frozen=True, slots=True)
class _Log:
    file: str
    data: bytes
    base: BaseBlock

    @property
    def first(self) -> int:
        """The sequence number of its first entry."""
        return self.base.sequence2


def log_name(file: str) -> str:
    """ "LOG1" for a file named SOFTWARE.LOG1; the file's name where it ends otherwise."""
    name = file.replace("\\", "/").rpartition("/")[2]
    ending = name.rpartition(".")[2].upper()
    return ending if ending.startswith("LOG") else name


def replay(data: bytes, base: BaseBlock, logs: tuple[tuple[str, bytes], ...], faults: Faults, limits: Limits) -> Replay | None:
    """The state that the logs of a dirty hive give; None where none of them could be applied, with problems saying why."""
    refused = _Refusals(faults)
    usable = [log for file, content in logs if (log := _opened(file, content, base, refused)) is not None]
    new = sorted((log for log in usable if log.base.kind == _NEW), key=lambda log: (log.first - base.sequence2) & 0xFFFFFFFF)
    old = [log for log in usable if log.base.kind in _OLD]
    made = _replay_new(data, base, new, refused, limits) if new else None
    if made is None and old:
        made = _replay_old(data, base, old[0], refused, limits)
    refused.settle(bool(made))
    if made is None:
        _tell_dirty(base, bool(logs), faults)
    return made


class _Refusals:
    """Logs and entries that were not applied: worth a doubt where nothing was, a note where another log did the work.

    A gap or a wrong hash stays a doubt in any case: something that should follow is missing.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._rows: list[tuple[bool, str, str, str, str]] = []

    def add(self, code: str, where: str, tried: str, found: str, *, doubt: bool = False) -> None:
        self._rows.append((doubt, code, where, tried, found))

    def settle(self, applied: bool) -> None:
        for doubt, code, where, tried, found in self._rows:
            if code == "hive.log.empty" and applied:
                continue
            weight = Weight.DOUBT if doubt or (not applied and code != "hive.log.empty") else Weight.NOTE
            lost = "changes that only the log holds" if weight is Weight.DOUBT else "nothing"
            self._faults.add(weight, code, where, tried=tried, found=found, lost=lost)


def _tell_dirty(base: BaseBlock, logs: bool, faults: Faults) -> None:
    if base.sequence1 == base.sequence2:
        return  # a wrong checksum alone is told by the reader of the base block
    reason = "and no log could be applied" if logs else "logs missing"
    faults.add(
        Weight.DOUBT,
        "hive.dirty",
        "base block, offset 0x4",
        tried="compare the sequence numbers of the hive",
        found=f"{base.sequence1} and {base.sequence2}: dirty, {reason}: newest changes may be absent",
        lost="what Windows had not yet written into the hive",
        advice="Collect the .LOG1 and .LOG2 beside the hive, from the same moment.",
    )


def _opened(file: str, content: bytes, base: BaseBlock, refused: _Refusals) -> _Log | None:
    """A log that fits the hive, by its header."""
    name, tried = log_name(file), "apply the log to the dirty hive"
    header = base_block(content)
    if not content.strip(b"\0"):
        refused.add("hive.log.empty", name, tried, "log empty" if not content else "log empty: it holds zeros only")
        return None
    if header is None:
        refused.add("hive.log.header", name, tried, f"not a log: it starts with {content[:4].hex(' ')}")
        return None
    if header.kind not in (*_OLD, _NEW):
        refused.add("hive.log.header", name, tried, f"not a log: file type {header.kind}")
        return None
    if not header.checksum_right or header.sequence1 != header.sequence2:
        refused.add("hive.log.header", name, tried, "the log's own header is damaged: checksum or sequence numbers")
        return None
    log = _Log(file, content, header)
    fault = "" if not base.checksum_right else _foreign(log, base)
    if fault:
        refused.add("hive.log.foreign", name, tried, f"{fault}: the log is stale or of another hive, not applied")
        return None
    return log


def _foreign(log: _Log, base: BaseBlock) -> str:
    if any(log.base.owner) and any(base.owner) and log.base.owner != base.owner:
        return "it bears the identifier of another hive"
    if log.base.kind == _NEW:
        if (log.first - base.sequence2) & 0xFFFFFFFF > 0x7FFFFFFF:
            return f"its first entry has the sequence number {log.first}, the hive asks for {base.sequence2} or later"
        return ""
    if log.base.sequence1 != base.sequence1:
        return f"its sequence number is {log.base.sequence1}, the hive's is {base.sequence1}"
    if log.base.written != base.written:
        return "its time of the last write is not the hive's"
    return ""


# -- Windows 8.1 and later --------------------------------------------------------------------------------------------


def _replay_new(data: bytes, base: BaseBlock, logs: list[_Log], refused: _Refusals, limits: Limits) -> Replay | None:
    state = bytearray(data)
    header = base
    if not base.checksum_right:
        state[:HEADER] = logs[0].data[:HEADER]
        header = logs[0].base
    applied: list[Applied] = []
    expected: int | None = None
    bins, flags = header.bins, -1
    for log in logs:
        if expected is not None and log.first != expected:
            refused.add("hive.log.gap", log_name(log.file), "continue with the second log", _gap(expected, log.first))
            continue
        reader = entries.Reader(log.file, log.data, log.first, bins, log_name(log.file))
        for entry in reader.entries(limits, lambda code, where, tried, found: refused.add(code, where, tried, found, doubt=True)):
            bins, flags = entry.bins, entry.flags
            _write(state, bins, entry.pages, log.data)
            applied.append(Applied(f"{log_name(log.file)} entry {entry.sequence}", log.file, entry.at, entry.sequence, entry.pages))
        if applied:
            expected = (applied[-1].sequence + 1) & 0xFFFFFFFF
    if not applied:
        return None
    _finish(state, applied[-1].sequence, bins, flags)
    return Replay(bytes(state), tuple(applied), {log.file: log.data for log in logs})


def _gap(expected: int, found: int) -> str:
    return f"its first entry has the sequence number {found}, {expected} should follow: not applied"


def _write(state: bytearray, bins: int, pages: tuple[Page, ...], log: bytes) -> None:
    """Put the pages of one entry into the state, whose hive bins then have the size `bins`."""
    missing = BASE + bins - len(state)
    if missing > 0:
        state.extend(bytes(missing))
    for page in pages:
        state[page.offset : page.offset + page.size] = log[page.source : page.source + page.size]


def _finish(state: bytearray, sequence: int, bins: int, flags: int) -> None:
    """Make the header that of a clean hive of this state."""
    struct.pack_into("<II", state, 4, sequence, sequence)
    struct.pack_into("<I", state, 28, 0)
    struct.pack_into("<I", state, 40, bins)
    if flags >= 0:
        struct.pack_into("<I", state, 144, flags)
    struct.pack_into("<I", state, 508, checksum(state))


# -- Vista to 8 -------------------------------------------------------------------------------------------------------


def _replay_old(data: bytes, base: BaseBlock, log: _Log, refused: _Refusals, limits: Limits) -> Replay | None:
    found = entries.old_pages(log.data, log.base.bins, len(data), limits)
    name = log_name(log.file)
    if isinstance(found, str):
        refused.add("hive.log.entry", name, "apply the log's dirty sectors", f"not applied: {found}", doubt=True)
        return None
    state = bytearray(data)
    if not base.checksum_right:
        state[:HEADER] = log.data[:HEADER]
    _write(state, log.base.bins, found, log.data)
    sequence = log.base.sequence1
    _finish(state, sequence, log.base.bins, -1)
    applied = Applied(f"{name} entry {sequence}", log.file, HEADER, sequence, found)
    return Replay(bytes(state), (applied,), {log.file: log.data})
