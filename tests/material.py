"""Where the tests' large material lies: beside the project, never needed by the product."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

Case = TypeVar("Case")
PROJECT = Path(__file__).resolve().parents[1]


def shared(path: str = "") -> Path:
    """A file or folder of the shared material; skips the test loudly where it is not at hand."""
    root = Path(os.environ.get("TRIPTYCH_SHARED", PROJECT.parent / "shared"))
    found = root / path
    if not found.exists():
        pytest.skip(f"SHARED MATERIAL MISSING: {path or root.name} (expected beside the project, or where TRIPTYCH_SHARED points)")
    return found


@cache
def _manifest() -> tuple[dict[str, str], ...]:
    root = Path(os.environ.get("TRIPTYCH_SHARED", PROJECT.parent / "shared"))
    table = root / "bad-inputs" / "manifest.tsv"
    if not table.exists():
        return ()
    with table.open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def bad_inputs(*kinds: str) -> list[str]:
    """The files of the crafted bad inputs whose kind begins so (hive, hivelog, xml, table, zip, folder, text, job, evtx)."""
    return [row["file"] for row in _manifest() if row["kind"].split(":")[0] in kinds or row["file"].split("/")[0] in kinds]


def bad_input(path: str) -> Path:
    """One crafted bad input."""
    return shared(f"bad-inputs/{path}")


def share(cases: Sequence[Case], every: int = 4) -> list[Case]:
    """Every so-manieth of many cases that take long; with HYPOTHESIS_PROFILE=thorough all of them."""
    return list(cases if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else cases[::every])
