"""The benchmarks run, on a small scale; no time is judged here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.__main__ import QUICK, figures

pytestmark = pytest.mark.benchmark


def test_every_figure_is_there(tmp_path: Path) -> None:
    told = {figure.what: figure.figure for figure in figures(QUICK, tmp_path)}
    assert "triptych scan --json, hive and task files" in told
    assert f"growth from {QUICK.few} to {QUICK.many} tasks" in told
    assert any(what.startswith("first rows in the window") for what in told)
    assert any("all kinds" in what for what in told)
    assert "  the demo with its first findings" in told
    assert all(told.values())
