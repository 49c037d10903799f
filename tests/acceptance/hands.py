"""A hand on the keys of the small machine, and what a scan says of it that it does not say of the machine as it was."""

from __future__ import annotations

from collections.abc import Callable

from tests.machines import Machine, small
from tests.scanning import Scanned, scan_of, scan_with
from triptych.lessons.deviations.hand import VICTIM, edit_tasks, edit_tree
from triptych.lessons.hive_key import HiveKey
from triptych.lessons.host import Hives
from triptych.model.finding import Finding, Severity

Hand = Callable[[HiveKey, Hives], object]


def on_tree(hand: Hand, path: str = VICTIM) -> Machine:
    """The machine after a hand on the Tree key of a task."""

    def change(hives: Hives) -> None:
        hand(hives.tree(path), hives)

    return edit_tree(small(), path, change)


def on_tasks(hand: Hand, path: str = VICTIM) -> Machine:
    """The machine after a hand on the Tasks key of a task."""
    machine = small()
    guid = machine.task(path).guid

    def change(hives: Hives) -> None:
        hand(hives.tasks(guid), hives)

    return edit_tasks(machine, path, change)


def new(scanned: Scanned) -> list[Finding]:
    """The findings that the machine as it was does not give."""
    before = scan_with().keys
    return [finding for finding in scanned.case.findings if finding.key not in before]


def told(machine: Machine) -> dict[str, Severity]:
    """The rules that speak of a machine beyond what they say of the benign one, with the weight of the heaviest.

    `not-in-baseline` may speak of anything new and is left out.
    """
    found: dict[str, Severity] = {}
    for finding in new(scan_of(machine)):
        if finding.rule == "not-in-baseline":
            continue
        if finding.rule not in found or finding.severity.rank < found[finding.rule].rank:
            found[finding.rule] = finding.severity
    return found
