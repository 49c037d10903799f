"""Reading a hive in memory as a scan would, for the tests of the registry's stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.stores.memory_source import MemorySource
from triptych.evidence.layouts import Found, Item
from triptych.limits import DEFAULT
from triptych.model.case import Balance, Fact, Problem
from triptych.model.evidence import EvidenceFile
from triptych.model.task import TaskRecord, Trace, TraceKind
from triptych.stores.job import Answer, StoreReader
from triptych.stores.registry import REGISTRY

PATH = "Windows/System32/config/SOFTWARE"


@dataclass
class Read:
    """The answers by kind, in their order."""

    answers: list[Answer]
    records: list[TaskRecord] = field(init=False)
    traces: list[Trace] = field(init=False)
    facts: list[Fact] = field(init=False)
    problems: list[Problem] = field(init=False)
    files: list[EvidenceFile] = field(init=False)
    balances: list[Balance] = field(init=False)

    def __post_init__(self) -> None:
        self.records = [answer for answer in self.answers if isinstance(answer, TaskRecord)]
        self.traces = [answer for answer in self.answers if isinstance(answer, Trace)]
        self.facts = [answer for answer in self.answers if isinstance(answer, Fact)]
        self.problems = [answer for answer in self.answers if isinstance(answer, Problem)]
        self.files = [answer for answer in self.answers if isinstance(answer, EvidenceFile)]
        self.balances = [answer for answer in self.answers if isinstance(answer, Balance)]

    def task(self, path: str) -> TaskRecord:
        (record,) = [record for record in self.records if record.path == path]
        return record

    def of(self, kind: TraceKind) -> list[Trace]:
        return [trace for trace in self.traces if trace.kind is kind]

    def fact(self, name: str, subject: str = "") -> Fact:
        (fact,) = [fact for fact in self.facts if fact.name == name and fact.subject == subject]
        return fact

    @property
    def codes(self) -> set[str]:
        return {problem.code for problem in self.problems}


def read(
    files: Mapping[str, bytes | None],
    path: str = PATH,
    role: str = "software-hive",
    reader: StoreReader = REGISTRY,
    inner: str = "",
    view: str = "",
) -> Read:
    """The answers for one file; logs of its name beside it are found."""
    logs = tuple(path + end if path + end in files else "" for end in (".LOG", ".LOG1", ".LOG2"))
    item = Item(role, path, view, inner or path, "", logs, len(files[path] or b""), 1)  # type: ignore[arg-type]  # three of them
    source = MemorySource(files)
    answers: list[Answer] = []
    for job in reader.jobs(Found((), (item,))):
        answers += reader.read(job, source, DEFAULT)  # type: ignore[arg-type]  # all that is asked of a source
    assert isinstance(answers[-1], EvidenceFile), "the row of the file comes last, so that a crash is laid at its door"
    assert answers[-1].path == path
    return Read(answers)
