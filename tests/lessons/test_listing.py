from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest

from tests.machines import Machine, benign
from triptych.formats.faults import Faults
from triptych.formats.listing.reading import read_listing
from triptych.lessons import listing
from triptych.lessons.scheduler_view import visible
from triptych.lessons.task_spec import TaskSpec
from triptych.limits import DEFAULT

WRITERS = (listing.schtasks_csv, listing.schtasks_list, listing.schtasks_xml, listing.powershell_json)
Writer = Callable[[Machine, Iterable[TaskSpec]], bytes]


@pytest.mark.parametrize("version", ["7", "10"])
@pytest.mark.parametrize("write", WRITERS)
def test_our_reader_finds_every_task(write: Writer, version: str) -> None:
    machine = benign(version)
    tasks = visible(machine)
    faults = Faults("listing")
    found = read_listing(write(machine, tasks), "listing", faults, DEFAULT)
    assert not faults.problems
    assert sorted(entry.listed.path for entry in found.entries) == sorted(task.path for task in tasks)


def test_the_table_cuts_names_at_forty_characters() -> None:
    machine = benign()
    found = read_listing(listing.schtasks_table(machine, visible(machine)), "listing", Faults("x"), DEFAULT)
    cut = {f"{task.folder.rstrip(chr(92))}\\{task.name[:40].rstrip()}" for task in visible(machine)}
    assert {entry.listed.path for entry in found.entries} == cut


def test_csv_repeats_its_header_and_has_a_row_a_trigger() -> None:
    machine = benign()
    tasks = visible(machine)
    lines = listing.schtasks_csv(machine, tasks).decode("utf-16").splitlines()
    headers = sum(line.startswith('"HostName","TaskName"') for line in lines)
    assert headers == len({task.folder for task in tasks})
    assert len(lines) == headers + sum(max(1, len(task.definition.triggers)) for task in tasks)
    assert all(line.count('","') >= 27 for line in lines)


def test_never_ran_is_1999_and_results_are_signed() -> None:
    machine = benign()
    lines = listing.schtasks_csv(machine, visible(machine)).decode("utf-16")
    assert '"11/30/1999 12:00:00 AM","267011"' in lines
    assert '"N/A","Ready"' in lines


def test_powershell_numbers_its_states() -> None:
    machine = benign()
    objects = json.loads(listing.powershell_json(machine, visible(machine)).decode("utf-8-sig"))
    assert {one["State"] for one in objects} <= {1, 3}
    assert all(one["TaskPath"].endswith("\\") for one in objects)


def test_the_scheduler_tells_what_the_registry_tells() -> None:
    from tests.machines import with_

    machine = with_("registry-actions")
    assert r"C:\ProgramData\x\u.bat" in listing.schtasks_xml(machine, visible(machine)).decode("utf-16")
