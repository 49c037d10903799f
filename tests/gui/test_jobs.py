"""The threads: answers cross in order, errors become words, closing ends what runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from triptych.analysis import comparison
from triptych.evidence.source import EvidenceError
from triptych.gui.digest import Digester
from triptych.gui.jobs import Bytes, Ended, Jobs
from triptych.model.case import Case, Progress


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.close()


def digester() -> Digester:
    return Digester(comparison.differences)


def test_the_scan_runs_elsewhere_and_its_answers_arrive_here(qtbot: QtBot, jobs: Jobs) -> None:
    ran, heard = [], []

    def scan() -> Iterator[Progress | Case]:
        ran.append(threading.get_ident())
        yield Progress("one")
        yield Case(complete=True)

    jobs.digested.connect(lambda digest: heard.append((threading.get_ident(), digest.case.complete)))
    with qtbot.waitSignal(jobs.ended, timeout=3000) as ended:
        jobs.start(scan, digester())
    assert ended.args == [Ended("")]
    assert heard == [(threading.get_ident(), True)]
    assert ran[0] != threading.get_ident()


@pytest.mark.parametrize(
    ("error", "words"),
    [(EvidenceError("x", "The zip is encrypted."), "The zip is encrypted."), (ValueError("odd"), "ValueError: odd")],
)
def test_whatever_a_scan_throws_becomes_words(qtbot: QtBot, jobs: Jobs, error: Exception, words: str) -> None:
    def scan() -> Iterator[Progress | Case]:
        yield Progress("one")
        raise error

    with qtbot.waitSignal(jobs.ended, timeout=3000) as ended:
        jobs.start(scan, digester())
    assert ended.args == [Ended(words)]


def test_a_new_scan_silences_the_old_one(qtbot: QtBot, jobs: Jobs) -> None:
    go_on, closed = threading.Event(), threading.Event()

    def old() -> Iterator[Progress | Case]:
        try:
            go_on.wait(5)
            yield Progress("old")
        finally:
            closed.set()

    def new() -> Iterator[Progress | Case]:
        yield Progress("new")

    said: list[str] = []
    jobs.progressed.connect(lambda progress: said.append(progress.text))
    jobs.start(old, digester())
    with qtbot.waitSignal(jobs.ended, timeout=3000):
        jobs.start(new, digester())
    go_on.set()
    qtbot.waitUntil(closed.is_set, timeout=3000)
    jobs.drain()
    assert said == ["new"]


def test_bytes_come_with_their_offsets_beyond_32_bits_and_errors_as_words(qtbot: QtBot, jobs: Jobs) -> None:
    def fetch(file: str, offset: int, length: int) -> bytes:
        if file == "gone":
            raise EvidenceError("x", "it is gone")
        return b"a" * length

    with qtbot.waitSignal(jobs.fetched, timeout=3000) as good:
        jobs.fetch(fetch, "hive", 1 << 40, 3)
    assert good.args == [Bytes("hive", 1 << 40, 3, b"aaa")]
    with qtbot.waitSignal(jobs.fetched, timeout=3000) as bad:
        jobs.fetch(fetch, "gone", 0, 1)
    assert bad.args is not None
    assert bad.args[0].error == "it is gone"
