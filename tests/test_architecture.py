"""The house as it is meant to be: layers, no cycles, small files, broad handlers in two places, tuples that forget nobody."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from tests.material import PROJECT
from triptych import resources
from triptych.exports.formats import EXPORTERS
from triptych.gui.rooms import ROOMS
from triptych.readers.known import READERS
from triptych.rules.book import RULES
from triptych.stores import STORES

APP = PROJECT / "app" / "triptych"
FILES = sorted(APP.rglob("*.py"))


def test_no_import_cycle() -> None:
    graph = grimp.build_graph("triptych", cache_dir=None)
    cycles = [
        (one, other)
        for one in sorted(graph.modules)
        for other in sorted(graph.find_modules_directly_imported_by(one))
        if other != one and graph.chain_exists(other, one)
    ]
    assert cycles == []


def test_imports_go_left_and_down() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_broad_handlers_stand_in_two_places_alone() -> None:
    found = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            ):
                found.add(path.relative_to(APP).as_posix())
    assert found <= {"formats/faults.py", "gui/jobs.py", "exports/writing.py"}, found


def test_every_module_says_what_it_is() -> None:
    silent = [path.relative_to(APP).as_posix() for path in FILES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert silent == []


@pytest.mark.parametrize("word", ["# TODO", "FIXME", "# XXX", "raise NotImplementedError"])
def test_nothing_is_promised_and_not_built(word: str) -> None:
    assert [path.relative_to(APP).as_posix() for path in FILES if word in path.read_text("utf-8")] == []


@pytest.mark.parametrize("module", ["triptych.cli", "triptych.gui.engine"])
def test_what_starts_readers_loads_no_numpy(module: str) -> None:
    """It starts threads, and a process with threads cannot fork its readers."""
    code = f"import sys, threading, {module}; print('numpy' in sys.modules, 'evtx' in sys.modules, threading.active_count())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False", "1"]


def test_the_story_fits_a_page() -> None:
    assert len((APP / "scan.py").read_text("utf-8").splitlines()) <= 80


def test_tuples_name_everything() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
    assert {store.name for store in STORES} < set(READERS)
    assert len({exporter.option for exporter in EXPORTERS}) == len(EXPORTERS)
    assert len(ROOMS) >= 4
    assert all(rule.attack for rule in RULES)
    techniques = resources.table("attack.json")["techniques"]
    assert {technique for rule in RULES for technique in rule.attack} <= set(techniques)
    assert set(resources.table("attack.json")["rules"]) == set(ids)


def test_every_resource_is_in_a_wheel_and_opens_there(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = [
        path.relative_to(PROJECT / "resources").as_posix() for path in sorted((PROJECT / "resources").rglob("*")) if path.is_file()
    ]
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from triptych import resources\n"
        "assert '.whl' in resources.__file__, resources.__file__\n"
        "print(all(len(resources.data(name)) >= 0 for name in sys.argv[2:]), len(sys.argv) - 2)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(wheel), *names], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.split() == ["True", str(len(names))]
