"""A .job file of Task Scheduler 1.0 (and of AT), as Windows keeps it below %SystemRoot%\\Tasks.

Source: MS-TSCH 2.4, libyal's "Job file format", our own dumps of jobs of Windows XP and 7. All integers are little-endian, texts
are UTF-16LE with a 16-bit count that includes the NUL. The header says where the triggers stand, so the strings can be checked:
they must end there. Where they do not, one wrong count is looked for, and what is found so is marked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from triptych.formats.faults import Faults
from triptych.formats.job_words import flag_words, priority_words, product_words, status_words, trigger_words
from triptych.model.case import Weight
from triptych.model.display import show
from triptych.model.evidence import EvidenceRef, JobPlace, Span, not_stated, stated, unreadable
from triptych.model.task import Text
from triptych.model.times import Instant, Zone, from_parts

FIXED = 68
_APPLICATION = 70  # where the application name's count stands in every job that Windows writes
_TRIGGER = 48
_SIGNATURE = 68
_STRINGS = ("command", "arguments", "working_directory", "author", "comment")
_SMALL = (
    ("retries", 24, ""), ("retry_interval", 26, " minutes"), ("idle_deadline", 28, " minutes"), ("idle_wait", 30, " minutes"),
)  # fmt: skip
_HIDDEN, _DISABLED = 0x200, 0x4


@dataclass(frozen=True, slots=True)
class ParsedJob:
    """What a job file says, each reading citing its bytes. `is_job` is False where the bytes are something else."""

    is_job: bool
    readings: tuple[tuple[str, Text], ...] = ()
    last_run: Instant | None = None
    complete: bool = True

    def get(self, name: str) -> str:
        return next((reading.value or "" for key, reading in self.readings if key == name), "")


@dataclass(slots=True)
class _Strings:
    """The variable part as one way of reading gives it: offset and count of each string, and where the part ends."""

    spots: list[tuple[int, int]] = field(default_factory=list)
    user_data: tuple[int, int] = (0, 0)
    reserved: tuple[int, int] = (0, 0)
    end: int = -1
    repaired: int = -1
    terminated: bool = True


def read_job(data: bytes, file: str, faults: Faults) -> ParsedJob:
    """Read a job file. Never raises: what is no job gives a problem and `is_job` False."""
    if len(data) < FIXED:
        _refuse(faults, "job.too-short", f"{len(data)} bytes; the fixed part alone has {FIXED}")
        return ParsedJob(False)
    product, version = _u16(data, 0), _u16(data, 2)
    if version != 1 and not product_words(product):
        _refuse(faults, "job.not-a-job", f"it begins with {data[:16].hex(' ')}, no version of a job file")
        return ParsedJob(False)
    return _Job(data, file, faults).parsed()


def _refuse(faults: Faults, code: str, found: str) -> None:
    faults.add(
        Weight.LOST, code, "offset 0x0", tried="read it as a job file", found=found, lost="the job, if it is one",
        advice="look at its bytes: nothing but jobs should bear the suffix .job here",
    )  # fmt: skip


def _u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


class _Job:
    def __init__(self, data: bytes, file: str, faults: Faults) -> None:
        self.data, self.file, self.faults = data, file, faults
        self.complete = True
        self.last_run: Instant | None = None

    def parsed(self) -> ParsedJob:
        readings = (*self._fixed(), *self._variable())
        return ParsedJob(True, readings, self.last_run, self.complete)

    def ref(self, name: str, at: int, length: int) -> EvidenceRef:
        at = min(at, len(self.data) - 1)
        return EvidenceRef(JobPlace(name), (Span(self.file, at, max(min(length, len(self.data) - at), 1)),))

    def doubt(self, code: str, at: int, found: str, lost: str = "nothing", severity: Weight = Weight.DOUBT) -> None:
        where, tried = f"offset 0x{at:X}", "read the job file"
        self.faults.add(severity, code, where, tried=tried, found=found, lost=lost, advice="compare with its bytes")

    # -- the fixed part

    def _fixed(self) -> Iterator[tuple[str, Text]]:
        data = self.data
        product, version, flags = _u16(data, 0), _u16(data, 2), _u32(data, 48)
        words = product_words(product)
        if version != 1 or not words:
            self.doubt("job.version", 0, f"product version 0x{product:04X}, file version {version}; 1 is the only one known")
        yield "product", stated(words or f"unknown (0x{product:04X})", self.ref("product version", 0, 2))
        yield "uuid", stated(_uuid(data[4:20]), self.ref("UUID", 4, 16))
        for name, at, unit in _SMALL:
            yield name, stated(f"{_u16(data, at)}{unit}", self.ref(name.replace("_", " "), at, 2))
        yield "priority", stated(priority_words(_u32(data, 32)), self.ref("priority class", 32, 4))
        yield "max_run_time", stated(_run_time(_u32(data, 36)), self.ref("maximum run time", 36, 4))
        yield "exit_code", stated(f"0x{_u32(data, 40):08X}", self.ref("exit code", 40, 4))
        yield "status", stated(status_words(_u32(data, 44)), self.ref("status", 44, 4))
        where = self.ref("flags", 48, 4)
        yield "flags", stated(flag_words(flags), where, raw=f"0x{flags:08X}")
        yield "hidden", stated("true" if flags & _HIDDEN else "false", where)
        yield "enabled", stated("false" if flags & _DISABLED else "true", where)
        yield "last_run", self._last_run()

    def _last_run(self) -> Text:
        parts = [_u16(self.data, at) for at in range(52, 68, 2)]
        ref = self.ref("last run", 52, 16)
        year, month, _, day, hour, minute, second, milliseconds = parts
        if not any(parts):
            return not_stated(None, ref, note="never")
        raw = f"{year}-{month}-{day} {hour}:{minute}:{second}.{milliseconds}"
        try:
            if milliseconds > 999:
                raise ValueError("no such fraction of a second")
            instant = Instant(from_parts(year, month, day, hour, minute, second, milliseconds * 10_000), Zone.LOCAL, 3)
        except (ValueError, OverflowError):
            self.doubt("job.date", 52, f"a last run at {raw}: no such date", lost="nothing: it is kept as text")
            return unreadable(raw, ref, note="no calendar has this date")
        if not instant.showable:
            self.doubt("job.date", 52, f"a last run at {raw}: before 1601", lost="nothing: it is kept as text")
            return unreadable(raw, ref, note="before 1601")
        self.last_run = instant
        return stated(instant.iso, ref, note="local time of the machine")

    # -- strings, user data, triggers

    def _variable(self) -> Iterator[tuple[str, Text]]:
        application, triggers = _u16(self.data, 20), _u16(self.data, 22)
        start, other = self._start(application)
        end = self._trigger_count_at(triggers)
        strings = self._fitting(start, end)
        if len(self.data) >= FIXED + 2:
            yield "running_instances", stated(str(_u16(self.data, FIXED)), self.ref("running instances", FIXED, 2))
        yield from self._texts(strings)
        yield from other
        yield from self._blobs(strings)
        yield from self._triggers(end if end >= 0 else strings.end)

    def _trigger_count_at(self, said: int) -> int:
        """Where the count of the triggers stands, -1 where the header leads nowhere. Some writers name the first trigger."""
        if not FIXED <= said <= len(self.data) - 2:
            self.doubt("job.trigger-offset", 22, f"triggers at 0x{said:X}, outside the file of 0x{len(self.data):X} bytes")
            return -1
        if _u16(self.data, said) == _TRIGGER and _u16(self.data, said + 2) != _TRIGGER:
            found = f"the offset 0x{said:X}, which is that of the first trigger and not of their count before it"
            self.doubt("job.trigger-offset", 22, found, severity=Weight.NOTE)
            return said - 2
        return said

    def _start(self, application: int) -> tuple[int, list[tuple[str, Text]]]:
        """Where the strings begin, and what stands at 70 where the header names another place."""
        if application == _APPLICATION:
            return application, []
        usual = self._until_nul(_APPLICATION + 2)
        inside = FIXED <= application <= len(self.data) - 2
        there = f"{show(self._until_nul(application + 2), 200)} there" if inside else "outside the file"
        self.doubt(
            "job.application-offset", 20, f"the application name at 0x{application:X} ({there}); at 0x46 stands {show(usual, 200)}"
        )
        if not inside:
            return _APPLICATION, []
        ref = self.ref("what stands at 0x46", _APPLICATION, 2 + 2 * len(usual))
        return application, [("command_at_0x46", stated(usual, ref, note="where Windows writes the application name"))]

    def _until_nul(self, at: int) -> str:
        text = self.data[at : at + 2 * 4096]
        return text[: len(text) & ~1].decode("utf-16-le", "surrogatepass").partition("\0")[0]

    def _fitting(self, start: int, end: int) -> _Strings:
        """The strings as their counts say, or with one count taken from its NUL where only that makes everything fit."""
        plain = self._walk(start, -1)
        if self._fits(plain, end):
            return plain
        for number in range(len(_STRINGS)):
            tried = self._walk(start, number)
            if self._fits(tried, end):
                at, count = tried.spots[number]
                said = _u16(self.data, at)
                found = (
                    f"the {_STRINGS[number].replace('_', ' ')} counts {said} characters; {count} of them make all that follows fit"
                )
                self.doubt("job.string-count", at, found, lost="nothing, if that is right")
                return tried
        self.complete = False
        at = plain.spots[-1][0] if plain.spots else start
        found = f"strings that do not end where the triggers begin (0x{end:X})" if end >= 0 else "strings that do not fit the file"
        self.doubt("job.strings", at, found, lost="the strings that could not be read", severity=Weight.LOST)
        return plain

    def _fits(self, strings: _Strings, end: int) -> bool:
        return strings.end >= 0 and strings.terminated and (end < 0 or strings.end == end)

    def _walk(self, at: int, repaired: int) -> _Strings:
        found = _Strings(repaired=repaired)
        for number in range(len(_STRINGS)):
            if at + 2 > len(self.data):
                return found
            count = len(self._until_nul(at + 2)) + 1 if number == repaired else _u16(self.data, at)
            if at + 2 + 2 * count > len(self.data):
                found.spots.append((at, -1))
                return found
            found.spots.append((at, count))
            found.terminated &= not count or self.data[at + 2 * count : at + 2 * count + 2] == b"\0\0"
            at += 2 + 2 * count
        for name in ("user_data", "reserved"):
            length = _u16(self.data, at)
            if at + 2 + length > len(self.data):
                return found
            setattr(found, name, (at, length))
            at += 2 + length
        found.end = at
        return found

    def _texts(self, strings: _Strings) -> Iterator[tuple[str, Text]]:
        for number, name in enumerate(_STRINGS):
            label = name.replace("_", " ")
            if number >= len(strings.spots):
                yield name, unreadable("", self.ref(label, len(self.data) - 1, 1), note="the file is not understood up to here")
                continue
            at, count = strings.spots[number]
            if count < 0:
                raw = self._until_nul(at + 2)
                ref = self.ref(label, at, 2 + 2 * len(raw))
                note = f"its count, {_u16(self.data, at)} characters, goes beyond the file; this is the text up to its NUL"
                yield name, unreadable(raw, ref, note=note)
            elif not count:
                yield name, not_stated(None, self.ref(label, at, 2))
            else:
                yield name, self._text(label, at, count, strings, number)

    def _text(self, label: str, at: int, count: int, strings: _Strings, number: int) -> Text:
        whole = self.data[at + 2 : at + 2 + 2 * count].decode("utf-16-le", "surrogatepass")
        text, _, rest = whole.partition("\0")
        reading = stated(text, self.ref(label, at, 2 + 2 * count))
        if rest:
            reading = reading.noted(f"text after NUL: {show(rest, 200)}")
        if strings.repaired == number:
            reading = reading.noted(f"its count says {_u16(self.data, at)} characters; read up to its NUL")
        elif not self.complete:
            reading = reading.noted("the strings of this file do not fit together: this may be another one, or part of one")
        return reading

    def _blobs(self, strings: _Strings) -> Iterator[tuple[str, Text]]:
        at, length = strings.user_data
        if length:
            yield "user_data", stated(self.data[at + 2 : at + 2 + length][:4096].hex(" "), self.ref("user data", at, 2 + length))
        at, length = strings.reserved
        if length == 8:
            yield "start_error", stated(f"0x{_u32(self.data, at + 2):08X}", self.ref("start error", at, 2 + length))
        elif length:
            self.doubt("job.reserved", at, f"reserved data of {length} bytes; 8 are usual")
            yield "reserved", stated(self.data[at + 2 : at + 2 + length][:4096].hex(" "), self.ref("reserved data", at, 2 + length))

    def _triggers(self, at: int) -> Iterator[tuple[str, Text]]:
        if not 0 <= at <= len(self.data) - 2:
            self.complete = False
            return
        promised = _u16(self.data, at)
        room = (len(self.data) - at - 2) // _TRIGGER
        count = min(promised, room)
        yield "trigger_count", stated(str(promised), self.ref("trigger count", at, 2))
        if promised > room:
            self.complete = False
            found = f"{promised:,} triggers promised, room for {room}"
            self.doubt("job.triggers", at, found, f"{promised - room:,} triggers, if there were any", Weight.LOST)
        for number in range(count):
            begin = at + 2 + number * _TRIGGER
            words, good = trigger_words(self.data[begin : begin + _TRIGGER])
            if not good:
                self.doubt("job.trigger", begin, f"a trigger with values that no job has: {words}", lost="nothing: they are shown")
            yield f"trigger[{number}]", stated(words, self.ref(f"trigger {number + 1}", begin, _TRIGGER))
        yield from self._rest(at + 2 + count * _TRIGGER, promised > room)

    def _rest(self, at: int, cut: bool) -> Iterator[tuple[str, Text]]:
        rest = self.data[at:]
        if not rest:
            return
        ref = self.ref("signature", at, len(rest))
        if len(rest) == _SIGNATURE and not cut:
            yield "signature", stated(rest.hex(" "), ref, note="a signature, as the format allows; not verified")
            return
        yield "trailing", stated(rest[:4096].hex(" "), EvidenceRef(JobPlace("what follows the triggers"), ref.spans))
        if not cut:
            self.doubt("job.trailing", at, f"{len(rest):,} bytes after the last trigger: Windows refuses such a job")


def _uuid(raw: bytes) -> str:
    first, second, third = _u32(raw, 0), _u16(raw, 4), _u16(raw, 6)
    return f"{{{first:08X}-{second:04X}-{third:04X}-{raw[8:10].hex()}-{raw[10:].hex()}}}".upper()


def _run_time(milliseconds: int) -> str:
    if milliseconds >= 0xFFFFFFFE:
        return f"no limit (0x{milliseconds:08X})"
    return f"{milliseconds:,} ms"
