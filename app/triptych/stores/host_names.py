"""Whether all evidence names one computer: one scan is one host, so a second name is told and nothing is left out for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from triptych.model.case import Fact, Problem, Weight
from triptych.model.display import show

_NAMES = ("name", "listing-host")
_NETBIOS = 15  # characters of a name that Windows keeps of longer DNS names


def names_disagree(facts: Iterable[Fact]) -> Iterator[Problem]:
    """A problem where hives and listings name more than one computer: a renamed machine, or files of two."""
    found: dict[str, Fact] = {}
    for fact in sorted((fact for fact in facts if fact.name in _NAMES and fact.reading.value), key=_order):
        found.setdefault(_plain(fact), fact)
    if len(found) < 2:
        return
    named = [f"{show(fact.reading.value or '', 64)} ({_file(fact)})" for fact in found.values()]
    yield Problem(
        Weight.DOUBT,
        "host.names-disagree",
        _file(next(iter(found.values()))),
        "the name of the computer",
        tried="find one name in all evidence",
        found=f"{len(found)} names: {'; '.join(named[:8])}",
        lost="nothing: all of it was read as one host",
        advice="find out whether the computer was renamed; scan files of two computers each by themselves",
    )


def _order(fact: Fact) -> tuple[bool, bool, str, str]:
    """The running system's own name first."""
    return (bool(fact.view), fact.name != "name", _file(fact), fact.reading.value or "")


def _plain(fact: Fact) -> str:
    """`\\\\WS-1`, `ws-1.corp.example` and `WS-1` are one name."""
    return (fact.reading.value or "").strip().strip("\\").partition(".")[0][:_NETBIOS].casefold()


def _file(fact: Fact) -> str:
    return fact.reading.refs[0].spans[0].file if fact.reading.refs else ""
