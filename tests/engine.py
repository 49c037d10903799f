"""A scan as an investigator runs it: the command line in, exit code, JSON document and sentences out."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.material import PROJECT
from triptych import cli
from triptych.evidence.source import open_source
from triptych.model.case import Case
from triptych.readers import Readers
from triptych.scan import scan

Json = dict[str, Any]
CODE = re.compile(r"[a-z]+(-[a-z]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+")


@dataclass(frozen=True)
class Told:
    """What one run told: the exit code, `scan --json` as a document, and what came on standard error."""

    exit: int
    document: Json
    errors: str = ""

    @property
    def tasks(self) -> list[Json]:
        return list(self.document["tasks"])

    @property
    def paths(self) -> list[str]:
        return [task["path"] for task in self.tasks]

    @property
    def problems(self) -> list[Json]:
        return list(self.document["problems"])

    @property
    def codes(self) -> list[str]:
        return [problem["code"] for problem in self.problems]

    def problem(self, code: str) -> Json:
        found = [problem for problem in self.problems if problem["code"] == code]
        assert found, f"{code} not in {self.codes}"
        return found[0]

    def task(self, path: str) -> Json:
        found = [task for task in self.tasks if task["path"] == path]
        assert found, f"{path} not in {self.paths}"
        return dict(found[0])

    def guid(self, number: int) -> Json:
        """The task of the crafted hives with that number in its GUID."""
        found = [task for task in self.tasks if (task["guid"] or "").startswith(f"{{{number:08d}")]
        assert len(found) == 1, f"{number} stands {len(found)} times in {self.paths}"
        return dict(found[0])

    def file(self, ending: str) -> Json:
        found = [file for file in self.document["evidence"] if file["path"].endswith(ending)]
        assert found, f"{ending} not in {[file['path'] for file in self.document['evidence']]}"
        return dict(found[0])

    @property
    def balance(self) -> Json:
        """The source's own count, the one with the most units."""
        return dict(max(self.document["balances"], key=lambda balance: int(balance["promised"])))


def told(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes], *arguments: str | Path) -> Told:
    """Run `triptych scan ... --json -` in this process and read what it says."""
    monkeypatch.setattr(sys, "path", list(sys.path))  # the command line takes the current folder out of it
    capsysbinary.readouterr()
    code = cli.main(["scan", *map(str, arguments), "--json", "-"])
    out, err = capsysbinary.readouterr()
    return Told(code, json.loads(out.decode("utf-8")), err.decode("utf-8"))


def scanned(*paths: str | Path, listings: tuple[str, ...] = (), workers: int = 0) -> Case:
    """The complete case."""
    source = open_source(*map(str, paths), listings=listings)
    with Readers(source, workers) as readers:
        steps = list(scan(source, readers))
    case = steps[-1]
    assert isinstance(case, Case)
    assert case.complete
    return case


@cache
def schema() -> Json:
    found: Json = json.loads((PROJECT / "docs" / "scan.schema.json").read_text("utf-8"))
    return found


def assert_nothing_silent(told: Told) -> None:
    """What must hold of every scan, whatever the evidence: each problem is said in full, counts close, citations point at bytes."""
    jsonschema.validate({**told.document, "tasks": told.tasks[:200], "evidence": told.document["evidence"][:200]}, schema())
    for problem in told.problems:
        assert CODE.fullmatch(problem["code"]), problem
        assert problem["severity"] in ("lost", "doubt", "note")
        assert all(problem[part].strip() for part in ("file", "where", "what", "lost", "advice")), problem
    assert told.document["balances"]
    for balance in told.document["balances"]:
        assert balance["promised"] == balance["listed"] + balance["repaired"] + balance["lost"], balance
    assert "balance.open" not in told.codes
    names = {problem["file"] for problem in told.problems}
    folders = tuple(problem["file"] for problem in told.problems if problem["count"] > 1)  # many of a kind are counted together
    sizes = {file["path"]: file["size"] for file in told.document["evidence"]}
    for file in told.document["evidence"]:
        assert file["read"] == "whole" or file["path"] in names or file["path"].startswith(folders), file
        assert file["sha256"] or file["read"] != "whole", file
    whole = {file["path"] for file in told.document["evidence"] if file["read"] == "whole"}
    for ref in [ref for row in (*told.document["findings"], *told.document["timeline"]) for ref in row["evidence"]]:
        assert ref["length"] >= 1
        if ref["file"] in whole:
            assert ref["offset"] + ref["length"] <= max(sizes[ref["file"]], 1), ref
    kept = {finding["key"] for finding in told.document["findings"]}
    assert all(key in kept for task in told.tasks for key in task["findings"])
    assert "Traceback" not in told.errors
