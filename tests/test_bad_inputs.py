"""Every crafted bad input through the whole engine, each with the outcome that its row of the manifest demands.

The rows stand in `bad_inputs_*.py` by kind; a row of the manifest that none of them checks fails here.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import lxml.html
import pytest

from tests.bad_inputs_checks import BLANK, CHECKS
from tests.bad_inputs_hives import NOTHING_READ
from tests.engine import Told, assert_nothing_silent, scanned, told
from tests.exports.made import hostile, texts
from tests.material import bad_input, bad_inputs
from triptych import cli
from triptych.exports import csv_tables, html_report, text_summary
from triptych.exports.json_case import Run
from triptych.model.display import needs_mark

KINDS = ("hive", "hivelog", "xml", "table", "zip", "job")
RUN = Run("", "", ())


@pytest.mark.parametrize("name", bad_inputs(*KINDS))
def test_row(name: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    path = bad_input(name)
    evidence = path.parent if name.startswith("hivelog/") else path
    given = [bad_input("xml/cdata.xml"), f"--listing={path}"] if name.startswith("table/") else [evidence]
    found = told(monkeypatch, capsysbinary, *given, "--workers", "0")
    assert_nothing_silent(found)
    assert found.exit == (1 if name in NOTHING_READ else 0)
    CHECKS[name](without(found, "cdata.xml") if name.startswith("table/") else found)


def without(found: Told, name: str) -> Told:
    """The table rows are read beside one sound task file, which is not their subject."""
    stem = name.removesuffix(".xml")
    tasks = [task for task in found.tasks if task["path"] != f"\\{stem}"]
    assert len(tasks) == len(found.tasks) - 1, "the sound file is listed all the same"
    return Told(found.exit, {**found.document, "tasks": tasks}, found.errors)


def test_every_row_has_a_check() -> None:
    """`folder` and `text` have tests of their own below; event logs are not read yet, and say so."""
    with_a_check = {*CHECKS, "folder/folder.tar", "text/texts.json"}
    assert {name for name in bad_inputs(*KINDS, "folder", "text") if name not in with_a_check} == set()


@pytest.mark.parametrize("kind", ["hive", "xml", "job", "hivelog"])
def test_all_of_a_kind_as_one_evidence(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Two reader processes; what each file says alone is said here too, so that none takes another with it."""
    folder = bad_input(kind)
    found = told(monkeypatch, capsysbinary, folder)
    assert_nothing_silent(found)
    assert found.exit == 0
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    read = {file["path"] for file in found.document["evidence"] if "#" not in file["path"]}
    named = {problem["file"] for problem in found.problems}
    assert files - read - named == set()


def test_a_folder_of_bad_task_files_is_read_beside_the_sound_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    tasks = tmp_path / "Windows" / "System32" / "Tasks"
    shutil.copytree(bad_input("xml"), tasks)
    (tasks / "Good").write_bytes(bad_input("xml/cdata.xml").read_bytes())
    found = told(monkeypatch, capsysbinary, tmp_path)
    assert_nothing_silent(found)
    assert sorted(found.paths) == sorted(f"\\{path.name}" for path in tasks.iterdir())
    assert found.task("\\Good")["xml"]["actions"][0]["arguments"] == "/q & <b>"
    for name in bad_inputs("xml"):
        if name not in BLANK:
            file = name.rpartition("/")[2]
            alone = [task for task in found.tasks if task["path"] == f"\\{file}"]
            CHECKS[name](Told(0, {**found.document, "tasks": alone, "problems": of_file(found, file)}, ""))


def test_the_texts_that_act(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Each string is in the JSON as it is, in the summary, the log and the sentences as text that does nothing."""
    strings = texts()
    assert len(strings) > 24
    evidence = tmp_path / "evidence"
    hostile(strings).write(evidence)
    found = told(monkeypatch, capsysbinary, evidence, "--workers", "0", "-v", "--log", tmp_path / "log")
    assert_nothing_silent(found)
    for number, text in enumerate(strings):
        registry = found.task(f"\\Hostile{number}")["registry"]
        whole = text.partition("\0")[0]  # a NUL ends a string of the registry; what stands behind it is a problem
        assert (registry["description"] or "") == (registry["author"] or "") == whole
        assert registry["actions"][0]["command"] == text
    assert "task-cache.text-after-nul" in found.codes or not any("\0" in text for text in strings)
    cli.main(["scan", str(evidence), "--workers", "0"])
    summary = capsysbinary.readouterr().out.decode("utf-8")
    for spoken in (found.errors, (tmp_path / "log").read_text("utf-8"), summary):
        assert spoken
        assert not any(needs_mark(character) for character in spoken if character != "\n")


def of_file(found: Told, name: str) -> list[dict[str, object]]:
    return [problem for problem in found.problems if problem["file"].endswith(f"/{name}")]


def test_the_folder_of_odd_things(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Each regular file once, each other thing a problem; nothing outside is read and nothing special opened."""
    root = unpacked(tmp_path)
    found = told(monkeypatch, capsysbinary, root)
    assert_nothing_silent(found)
    with tarfile.open(bad_input("folder/folder.tar"), encoding="utf-8", errors="surrogateescape") as archive:
        inside = [member for member in archive.getmembers() if member.name.startswith("evidence/")]
    regular = sorted(member.name.removeprefix("evidence/") for member in inside if member.isreg())
    others = {member.name.removeprefix("evidence/") for member in inside if not member.isreg() and not member.isdir()}
    read = [file["path"] for file in found.document["evidence"]]
    assert sorted(read) == regular
    assert len(found.tasks) == len(regular)
    assert others == {problem["file"] for problem in found.problems if problem["code"] in ("layout.link", "evidence.not-a-file")}
    assert "a FIFO" in next(problem["what"] for problem in found.problems if problem["file"].endswith("/Fifo"))
    assert "a character device" in next(problem["what"] for problem in found.problems if problem["file"].endswith("/Device"))
    outside = (tmp_path / "outside" / "secret.xml").read_bytes()
    assert hashlib.sha256(outside).hexdigest() not in json.dumps(found.document)


def unpacked(folder: Path) -> Path:
    archive = bad_input("folder/folder.tar")
    done = subprocess.run(["tar", "xpf", str(archive), "-C", str(folder)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"NEEDS ROOT: {done.stderr.decode(errors='replace')[:200]}")
    return folder / "evidence"


@pytest.mark.parametrize("name", [name for name in bad_inputs("hive", "xml", "table", "job") if "many" not in name])
def test_every_way_out_stands_it(name: str) -> None:
    """CSV without a line end or formula in a cell, HTML that parses, a summary without an acting character."""
    case = scanned(bad_input(name))
    for table in csv_tables.render(case, RUN).values():
        for row in csv.reader(table.decode("utf-8-sig").splitlines()):
            assert not any(needs_mark(character) for cell in row for character in cell)
            assert not any(cell.lstrip().startswith(csv_tables.FORMULA) for cell in row if not csv_tables.is_number(cell))
    report = html_report.render(case, RUN)
    assert lxml.html.document_fromstring(report.encode("utf-8")).find_class("tasks")
    assert not any(needs_mark(character) for character in report if character != "\n")
    assert not any(needs_mark(character) for line in text_summary.render(case).splitlines() for character in line)
