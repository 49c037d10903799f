from __future__ import annotations

import io
import zipfile

from tests.lessons.hives import by_python_registry
from triptych import resources
from triptych.formats.faults import Faults
from triptych.formats.hive import open_hive
from triptych.formats.hive_deleted import deleted
from triptych.lessons import example
from triptych.lessons.access import descriptor
from triptych.lessons.scheduler_view import visible

SOFTWARE = "WS-FIN-07/C/Windows/System32/config/SOFTWARE"
TREE = r"\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\Microsoft\Windows\WinUpdate"


def test_building_it_again_gives_the_same_bytes() -> None:
    """If this fails after a change on purpose: `python -m triptych.lessons.example` builds the resource anew."""
    assert example.example_bytes() == resources.data(example.FILE)


def test_it_is_small_enough_to_ship() -> None:
    assert len(resources.data(example.FILE)) < 1_000_000


def test_it_tells_the_story() -> None:
    with zipfile.ZipFile(io.BytesIO(resources.data(example.FILE))) as archive:
        names = archive.namelist()
        software = archive.read(SOFTWARE)
        xml = archive.read("WS-FIN-07/C/Windows/System32/Tasks/Microsoft/Windows/WinUpdate").decode("utf-16")
    assert "WS-FIN-07/C/Windows/System32/Tasks/Backup-old" in names
    assert r'<Command>"%ProgramFiles%\Update\updater.exe"</Command>' in xml
    hive = by_python_registry(software)
    tree = {name: data for name, _, data in hive[TREE][1]}
    assert set(tree) == {"Id", "Index"}
    assert tree["Index"] == bytes(4)
    cache = TREE.partition(r"\Tree")[0]
    assert rf"{cache}\Plain\{example.GUID}" in hive
    tasks = {name: data for name, _, data in hive[rf"{cache}\Tasks\{example.GUID}"][1]}
    assert "cmd.exe".encode("utf-16-le") in tasks["Actions"]
    assert not any(path.endswith("Backup-old") for path in hive)
    found = [value for value in deleted(open_hive(software, SOFTWARE, Faults("x"))).values if value.name == "SD"]
    assert [value.block.data for value in found] == [descriptor("O:BAG:SYD:")]


def test_the_scheduler_shows_neither_of_the_two() -> None:
    machine = example.machine()
    shown = {task.path for task in visible(machine)}
    assert {example.WIN_UPDATE, example.ONE_DRIVE, example.BACKUP_OLD} & shown == set()
    assert len(shown) == len(machine.tasks) - 3
