"""Tables of a lesson file, asked key by key: what is of the wrong type, missing or unknown is told with file, line and key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from triptych.lessons.lesson import LessonError
from triptych.lessons.lesson_lines import Path, key_lines, line_of
from triptych.model.times import parse_iso

_NAMES = {
    str: "a text", bool: "true or false", int: "a whole number", float: "a number", list: "a list", dict: "a table", datetime: "a time",
    date: "a day",
}  # fmt: skip


def read_toml(text: str, file: str) -> Fields:
    """The table of a whole text. Raises LessonError with the line where it is no TOML."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LessonError(f"{file} is no TOML: {error}.") from error
    return Fields(table, (), Source(file, key_lines(text)))


@dataclass(frozen=True, slots=True)
class Source:
    """A file and the lines of its keys."""

    file: str
    lines: dict[Path, int]

    def error(self, place: Path, says: str) -> LessonError:
        """The error to raise about a key: `tarrask.toml, line 12, steps[2].check.kind: ...`; members are numbered from 1."""
        line = line_of(self.lines, place)
        name = ""
        for part in place:
            name += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if name else str(part)
        told = [self.file, *([f"line {line}"] if line else []), *([name] if name else [])]
        return LessonError(f"{', '.join(told)}: {says}.")


class Fields:
    """One table. Each key is taken once; `done` says what nobody asked for."""

    def __init__(self, table: dict[str, object], place: Path, source: Source) -> None:
        self._table, self.place, self.source = table, place, source
        self._asked: set[str] = set()

    def error(self, key: str, says: str) -> LessonError:
        return self.source.error((*self.place, key) if key else self.place, says)

    def __contains__(self, key: str) -> bool:
        return key in self._table

    def text(self, key: str, default: str | None = None) -> str:
        """A text without blanks around it; one without a default must be there and not empty."""
        value = self._take(key, str, default)
        assert isinstance(value, str)  # noqa: S101 - _take has looked
        if default is None and not value.strip():
            raise self.error(key, "must not be empty")
        return value.strip()

    def raw(self, key: str, default: str | None = None) -> str:
        """A text as it is, where blanks at its ends mean something."""
        value = self._take(key, str, default)
        assert isinstance(value, str)  # noqa: S101 - _take has looked
        return value

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        value = self._take(key, int, default)
        assert isinstance(value, int)  # noqa: S101 - _take has looked
        if value != default and not low <= value <= high:
            raise self.error(key, f"{value} is not between {low} and {high}")
        return value

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts."""
        value = self._take(key, list, None if required else [])
        assert isinstance(value, list)  # noqa: S101 - _take has looked
        for entry in value:
            if not isinstance(entry, str) or not entry.strip():
                raise self.error(key, f"must hold texts alone, and none that is empty; it holds {_kind(entry)}")
        return tuple(entry.strip() for entry in value)

    def text_or_texts(self, key: str) -> tuple[str, ...]:
        """One text or a list of them."""
        return self.texts(key, required=True) if isinstance(self._table.get(key), list) else (self.text(key),)

    def ticks(self, key: str) -> int:
        """A moment with its zone, 0 where there is none."""
        if key not in self:
            return 0
        value = self._take(key, datetime, None)
        assert isinstance(value, datetime)  # noqa: S101 - _take has looked
        if value.tzinfo is None:
            raise self.error(key, "say in which zone the time is: end it with Z for UTC, or with +01:00 and the like")
        return parse_iso(value.astimezone(UTC).isoformat()).ticks

    def table(self, key: str) -> Fields | None:
        """A table below this one, None where it is not there."""
        if key not in self:
            return None
        value = self._take(key, dict, None)
        assert isinstance(value, dict)  # noqa: S101 - _take has looked
        return Fields(value, (*self.place, key), self.source)

    def tables(self, key: str, *, required: bool = False) -> Iterator[Fields]:
        """The tables of an array."""
        value = self._take(key, list, None if required else [])
        assert isinstance(value, list)  # noqa: S101 - _take has looked
        if required and not value:
            raise self.error(key, "one at least must be there")
        for number, entry in enumerate(value):
            if not isinstance(entry, dict):
                raise self.error(key, f"must hold tables ([[{key}]]); it holds {_kind(entry)}")
            yield Fields(entry, (*self.place, key, number), self.source)

    def one_of(self, key: str, known: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in known and value != default:
            raise self.error(key, f"{value!r} is unknown; known are {', '.join(known)}")
        return value

    def done(self) -> None:
        """Raises LessonError for a key that nobody asked for."""
        for key in self._table:
            if key not in self._asked:
                raise self.error(key, f"this key is unknown here; known are {', '.join(sorted(self._asked))}")

    def _take(self, key: str, kind: type, default: object) -> object:
        self._asked.add(key)
        value = self._table.get(key, default)
        if value is None:
            raise self.source.error(self.place, f"{key} is missing")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(key, f"must be {_NAMES[kind]}; it is {_kind(value)}")
        return value


def _kind(value: object) -> str:
    return _NAMES.get(type(value), "of another kind")
