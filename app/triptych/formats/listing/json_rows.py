"""JSON of PowerShell and Velociraptor: arrays, lines, one object; bounded in depth and digits, read up to the first fault."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from triptych.formats.faults import Faults
from triptych.limits import Limits
from triptych.model.case import Weight

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SPACE = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Found:
    """One object and where it stands: characters `start` to `stop` of the text."""

    value: dict[str, Any]
    start: int
    stop: int


def read_json(text: str, faults: Faults, limits: Limits) -> list[Found]:
    """The top-level objects of a JSON text (an array's members, one a line, `value` of PowerShell's wrapper). Never raises."""
    if _depth(text, limits.json_depth) > limits.json_depth:
        faults.add(
            Weight.LOST,
            "listing.json-deep",
            "the whole file",
            tried="read JSON",
            found=f"nesting deeper than {limits.json_depth}",
            lost="every entry of the file",
            advice="no tool of the field writes such a file: look at it in an editor",
        )
        return []
    decoder = _decoder(faults, limits)
    return [unwrapped for found in _objects(text, decoder, faults) for unwrapped in _unwrapped(found)]


def _depth(text: str, enough: int) -> int:
    deepest = depth = 0
    for character in _STRING.sub("", text):
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > enough:
                break
        elif character in "]}":
            depth -= 1
    return deepest


def _decoder(faults: Faults, limits: Limits) -> json.JSONDecoder:
    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in members:
            if name in made:
                faults.add(
                    Weight.DOUBT,
                    "listing.json-twice",
                    f"name {name[:80]!r}",
                    tried="read an object",
                    found="the name twice",
                    lost="nothing; both values are kept",
                    advice="no exporter writes a name twice: find out who wrote this file",
                )
                number = 2
                while f"{name}#{number}" in made:
                    number += 1
                made[f"{name}#{number}"] = value
            else:
                made[name] = value
        return made

    def whole(digits: str) -> int | str:
        if len(digits) <= limits.json_digits:
            return int(digits)
        faults.add(
            Weight.DOUBT,
            "listing.json-number",
            f"a number of {len(digits):,} digits",
            tried="read a number",
            found=f"more than {limits.json_digits} digits",
            lost="nothing; it is kept as text",
        )
        return digits

    return json.JSONDecoder(object_pairs_hook=pairs, parse_int=whole)


def _objects(text: str, decoder: json.JSONDecoder, faults: Faults) -> Iterator[Found]:
    at = _space(text, 0)
    array = text.startswith("[", at)
    if array:
        at = _space(text, at + 1)
    while at < len(text) and text[at] != "]":
        try:
            value, stop = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            line = text.count("\n", 0, at) + 1
            faults.add(
                Weight.LOST,
                "listing.json-broken",
                f"line {line}, character {at}",
                tried="read the next entry",
                found=str(error)[:200],
                lost="the entry there" if "\n" in text[at:] else "the entry there and all behind it",
                advice="export the listing again",
            )
            following = text.find("\n", at)
            if following < 0:
                return
            at = _space(text, following)
            continue
        if isinstance(value, dict):
            yield Found(value, at, stop)
        else:
            members = value if isinstance(value, list) else [value]
            yield from (Found(member, at, stop) for member in members if isinstance(member, dict))
            _no_objects(sum(not isinstance(member, dict) for member in members), text, at, faults)
        at = _space(text, stop)
    if array and at >= len(text):
        faults.add(
            Weight.LOST,
            "listing.json-broken",
            f"character {at}, the end",
            tried="find the end of the array",
            found="the file ends before it",
            lost="the entries behind the cut, how many nobody can tell",
            advice="export the listing again",
        )


def _no_objects(count: int, text: str, at: int, faults: Faults) -> None:
    if count:
        line = text.count("\n", 0, at) + 1
        faults.add(
            Weight.LOST,
            "listing.json-no-object",
            f"line {line}, character {at}",
            tried="read an entry",
            found=f"{count:,} values that are no objects, and no task therefore",
            lost="what they say",
            advice="look at the place in an editor",
        )


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _unwrapped(found: Found) -> Iterator[Found]:
    inner = found.value.get("value")
    if isinstance(inner, list) and "Count" in found.value:
        yield from (Found(member, found.start, found.stop) for member in inner if isinstance(member, dict))
    else:
        yield found
