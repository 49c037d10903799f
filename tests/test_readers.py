"""Readers that are killed, hang, babble or eat memory: the scan ends, names the file, keeps what came and reads the rest."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import misbehaving
from tests.material import share
from triptych.evidence.layouts import find
from triptych.evidence.opening import GivenSource
from triptych.evidence.source import EvidenceSource, open_source
from triptych.exports import json_case
from triptych.exports.json_case import Run
from triptych.lessons.benign import benign
from triptych.limits import DEFAULT, MIB, Limits
from triptych.model.case import Balance, Case, Problem, Weight
from triptych.model.evidence import EvidenceFile, ReadState
from triptych.model.task import TaskRecord
from triptych.readers import Readers
from triptych.readers.serving import Serve
from triptych.scan import scan
from triptych.stores import STORES
from triptych.stores.job import Answer, Job

SHORT = replace(DEFAULT, silence=2.0, total_base=3.0)
XML = (
    '<?xml version="1.0"?><Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">'
    "<Actions><Exec><Command>C:\\a.exe</Command></Exec></Actions></Task>"
)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and /proc")


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """Forty task files; the name of the twentieth ends in Bad."""
    folder = tmp_path / "evidence" / "Windows" / "System32" / "Tasks"
    folder.mkdir(parents=True)
    for number in range(40):
        (folder / f"Task{number:02d}{'Bad' if number == 19 else ''}").write_text(XML)
    return tmp_path / "evidence"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("machine")
    benign("10", 5, name="LAB-PC", tasks=10).write(folder)
    return folder


def jobs_of(source: EvidenceSource) -> list[Job]:
    found = find(source)
    return [job for store in STORES for job in store.jobs(found)]


def answers(folder: Path, serving: Serve, limits: Limits = SHORT, workers: int = 2) -> list[Answer]:
    source = open_source(str(folder))
    with Readers(source, workers, limits, serving) as readers:
        return list(readers.read(jobs_of(source)))


def of(found: list[Answer], kind: type) -> list:  # type: ignore[type-arg]  # whatever the kind
    return [answer for answer in found if isinstance(answer, kind)]


def assert_one_file_lost(found: list[Answer], code: str, words: str) -> None:
    """Thirty-nine files are read once each, the bad one is named, nothing is told twice, the counts close."""
    (problem,) = of(found, Problem)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.severity) == (code, Weight.LOST)
    assert problem.file.endswith("Task19Bad")
    assert words in problem.found
    assert all((problem.where, problem.tried, problem.lost, problem.advice))
    names = Counter(record.path for record in of(found, TaskRecord))
    assert set(names.values()) == {1}
    assert len(names) == 39
    files = {file.path: file.read for file in of(found, EvidenceFile)}
    assert len(files) == len(of(found, EvidenceFile)) == 40
    assert [path for path, read in files.items() if read is not ReadState.WHOLE] == [problem.file]
    balances = of(found, Balance)
    assert all(balance.closes for balance in balances)
    assert sum(balance.promised for balance in balances) == 40
    assert sum(balance.lost for balance in balances) == 1


@pytest.mark.parametrize(
    ("serving", "code", "words"),
    [
        (misbehaving.spinning, "reader.silent", "without an answer"),
        (misbehaving.sleeping, "reader.stuck", "no work for 4 s"),
        (misbehaving.dying, "reader.died", "signal 9 (SIGKILL)"),
        (misbehaving.leaving, "reader.died", "code 7"),
        (misbehaving.raising, "reader.fault", "RuntimeError: a defect of ours"),
    ],
)
def test_one_file_is_lost_and_named(tasks: Path, serving: Serve, code: str, words: str) -> None:
    assert_one_file_lost(answers(tasks, serving), code, words)


def test_memory_is_bounded_and_its_breach_costs_one_file(tasks: Path) -> None:
    limits = replace(SHORT, reader_memory=700 * MIB, silence=20.0, total_base=20.0)
    assert_one_file_lost(answers(tasks, misbehaving.allocating, limits), "reader.fault", "MemoryError")


def test_a_fault_in_this_process_costs_one_file_too(tasks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GivenSource, "read", misbehaving.faulty(misbehaving.raise_))
    source = open_source(str(tasks))
    found = list(Readers(source, 0).read(jobs_of(source)))
    assert [problem.code for problem in of(found, Problem)] == ["reader.fault"]
    assert len(of(found, TaskRecord)) == 39


@pytest.mark.parametrize("serving", [misbehaving.garbling, misbehaving.nesting, misbehaving.mistaking, misbehaving.pickling])
def test_garbage_ends_its_reader_and_not_the_scan(machine: Path, serving: Serve) -> None:
    """Every reader babbles: each file is given up by name, one after the other, and the parent lives."""
    source = open_source(str(machine))
    job = next(job for job in jobs_of(source) if job.reader == "registry")
    with Readers(source, 1, SHORT, serving) as readers:
        found = list(readers.read([job]))
    assert [problem.code for problem in of(found, Problem)] == ["reader.garbled"]
    assert of(found, Problem)[0].file.endswith("SOFTWARE")
    assert [file.read for file in of(found, EvidenceFile)] == [ReadState.PART]


def test_what_a_reader_prints_reaches_nobody(machine: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert of(answers(machine, misbehaving.chatting), TaskRecord)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


@pytest.mark.parametrize("seed", share(range(8), 2))
def test_killed_at_random_moments(machine: Path, seed: int) -> None:
    """The scan ends, what came before stays and is told once, the rest is read; a file that is given up is named."""
    chance = random.Random(seed)
    source = open_source(str(machine))
    jobs = jobs_of(source)
    whole = [answer for answer in Readers(source, 0).read(jobs) if isinstance(answer, TaskRecord)]
    kills = sorted(chance.sample(range(1, 3 * len(whole)), 3))
    found: list[Answer] = []
    limits = replace(DEFAULT, frame_rows=chance.choice((1, 3, 20)))
    with Readers(source, 2, limits) as readers:
        for answer in readers.read(jobs):
            found.append(answer)
            if kills and len(found) >= kills[0]:
                kills.pop(0)
                os.kill(chance.choice(readers.pids), signal.SIGKILL)
    lost = {problem.file for problem in of(found, Problem) if problem.code == "reader.died"}
    records = Counter((record.store, record.path, record.guid) for record in of(found, TaskRecord))
    assert set(records.values()) == {1}
    expected = {(record.store, record.path, record.guid) for record in whole if record.ref[0].spans[0].file not in lost}
    assert expected <= set(records)
    items = {item[1] for job in jobs for item in job.items}
    assert items <= {file.path for file in of(found, EvidenceFile)}
    for file in of(found, EvidenceFile):
        assert file.read is ReadState.WHOLE or file.path in lost
    assert all(balance.closes for balance in of(found, Balance))


def test_killed_between_two_jobs_costs_nothing(machine: Path) -> None:
    source = open_source(str(machine))
    jobs = jobs_of(source)
    with Readers(source, 1) as readers:
        first = list(readers.read(jobs))
        os.kill(readers.pids[0], signal.SIGKILL)
        time.sleep(0.2)
        again = list(readers.read(jobs))
    assert [problem for problem in of(again, Problem) if problem.code.startswith("reader.")] == []
    assert len(of(again, TaskRecord)) == len(of(first, TaskRecord)) > 0


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def until_gone(pids: list[int], seconds: float) -> list[int]:
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(alive(pid) for pid in pids):
        time.sleep(0.02)
    return [pid for pid in pids if alive(pid)]


@pytest.mark.parametrize("serving", [misbehaving.sleeping, misbehaving.spinning])
def test_cancelled_by_closing_the_generator(tasks: Path, serving: Serve) -> None:
    source = open_source(str(tasks))
    readers = Readers(source, 2, replace(DEFAULT, frame_rows=1), serving)
    pulled = readers.read(jobs_of(source))
    next(pulled)
    pids = readers.pids
    assert pids
    pulled.close()  # type: ignore[attr-defined]  # a generator
    assert until_gone(pids, DEFAULT.cancel) == []


def test_cancelled_by_closing_the_scan(machine: Path) -> None:
    source = open_source(str(machine))
    with Readers(source, 2) as readers:
        steps = scan(source, readers)
        next(steps)
        pids = readers.pids
        steps.close()  # type: ignore[attr-defined]  # a generator
    assert len(pids) == 2
    assert until_gone(pids, DEFAULT.cancel) == []


PARENT = """
import sys, threading
sys.path[:0] = {path!r}
from tests import misbehaving
from triptych.evidence.source import open_source
from triptych.evidence.layouts import find
from triptych.evidence.opening import GivenSource
from triptych.readers import Readers
from triptych.stores import STORES
if __name__ == "__main__":
    if {threads}:
        threading.Thread(target=threading.Event().wait, daemon=True).start()  # readers start anew, not as forks
    source = open_source({evidence!r})
    readers = Readers(source, 2, serving=misbehaving.{serving})
    readers.warm()
    print(*readers.pids, flush=True)
    found = find(source)
    for answer in readers.read([job for store in STORES for job in store.jobs(found)]):
        pass
"""


@pytest.mark.parametrize("threads", [True, False])
@pytest.mark.parametrize("serving", ["spinning", "sleeping"])
def test_no_orphans_when_the_parent_is_killed(tasks: Path, tmp_path: Path, serving: str, threads: bool) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(path=sys.path, evidence=str(tasks), serving=serving, threads=threads))
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2
    time.sleep(0.8)
    assert all(alive(pid) for pid in pids)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    left = until_gone(pids, 5.0)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


@pytest.fixture(params=["fork", "spawn"])
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """A second thread makes readers start anew instead of as forks."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    if request.param == "spawn":
        thread.start()
    yield str(request.param)
    over.set()


def document(folder: Path, workers: int) -> str:
    source = open_source(str(folder))
    with Readers(source, workers) as readers:
        case = list(scan(source, readers))[-1]
    assert isinstance(case, Case)
    return json_case.dumps(case, Run("", "", ()))


def test_the_number_of_readers_changes_nothing(machine: Path, way: str) -> None:
    assert way in ("fork", "spawn")
    alone = document(machine, 0)
    assert document(machine, 2) == alone
    assert document(machine, 5) == alone


def test_evidence_that_goes_away_in_the_middle(machine: Path, tmp_path: Path) -> None:
    """What was read stays; each file that is gone is named; nothing raises."""
    copy = tmp_path / "copy"
    shutil.copytree(machine, copy)
    source = open_source(str(copy))
    jobs = jobs_of(source)
    with Readers(source, 1) as readers:
        shutil.rmtree(copy)
        found = list(readers.read(jobs))
    items = {item[1] for job in jobs for item in job.items}
    assert {problem.file for problem in of(found, Problem) if problem.severity is Weight.LOST} == items
    assert {file.path for file in of(found, EvidenceFile) if file.read is ReadState.FAILED} == items
    assert all(balance.closes for balance in of(found, Balance))
