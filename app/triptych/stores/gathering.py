"""Answers of reader processes, gathered into a case. They come in any order; the case that leaves is sorted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from triptych.evidence.layouts import Found
from triptych.model.case import Balance, Case, Fact, Host, Problem, Progress, StoreReport
from triptych.model.event import EventBlock, LogReport
from triptych.model.evidence import EvidenceFile, Excerpt, ReadState
from triptych.model.task import TaskRecord, Trace
from triptych.stores.host_names import names_disagree
from triptych.stores.job import Answer
from triptych.stores.reports import store_reports
from triptych.stores.troubles import settled

_WORSE = {ReadState.FAILED: 0, ReadState.PART: 1, ReadState.WHOLE: 2}


class Gathering:
    """Collects answers; `case()` is a snapshot, sorted so that the order of the answers leaves no mark."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self._records: list[TaskRecord] = []
        self._traces: list[Trace] = []
        self._facts: list[Fact] = []
        self._logs: list[LogReport] = []
        self._events: list[EventBlock] = []
        self._problems: list[Problem] = []
        self._balances: list[Balance] = list(found.balances)
        self._files: dict[str, EvidenceFile] = {}
        self._reports: list[StoreReport] = []

    def add(self, answer: Answer) -> None:
        match answer:
            case TaskRecord():
                self._records.append(answer)
            case Trace():
                self._traces.append(answer)
            case Fact():
                self._facts.append(answer)
            case Problem():
                self._problems.append(answer)
            case Balance():
                self._balances.append(answer)
            case EvidenceFile():
                there = self._files.get(answer.path)
                self._files[answer.path] = _of_both(there, answer) if there else answer
            case StoreReport():
                self._reports.append(answer)
            case LogReport():
                self._logs.append(answer)
            case EventBlock():
                self._events.append(answer)
            case Progress() | Excerpt():
                raise TypeError("progress and excerpts are for the person who waits, not for the case")

    def extend(self, answers: Iterable[Answer]) -> None:
        for answer in answers:
            self.add(answer)

    @property
    def events(self) -> tuple[EventBlock, ...]:
        return tuple(sorted(self._events, key=_block_order))

    @property
    def has_logs(self) -> bool:
        """Whether a log was found, though it may not have been readable."""
        return bool(self._logs) or any(file.kind == "event log" for file in self._files.values())

    def case(self) -> Case:
        """Everything so far."""
        files = tuple(self._files[path] for path in sorted(self._files))
        return Case(
            host=Host(tuple(sorted(self._facts, key=_fact_order))),
            files=files,
            reports=self._store_reports(),
            balances=tuple(sorted(self._balances, key=_balance_order)),
            records=tuple(sorted(self._records, key=_record_order)),
            traces=tuple(sorted(self._traces, key=_trace_order)),
            logs=tuple(sorted(self._logs, key=_log_order)),
            events=self.events,
            problems=settled(self.found.problems, (*self._problems, *names_disagree(self._facts)), files, self._balances),
        )

    def _store_reports(self) -> tuple[StoreReport, ...]:
        given = {report.store: report for report in self._reports}
        made = store_reports(self.found, self._files, self._records)
        return tuple(given.get(report.store, report) for report in made)


def _of_both(one: EvidenceFile, other: EvidenceFile) -> EvidenceFile:
    """One row for a file that two readers had: the worse outcome, with what the other knows of its bytes."""
    worse, better = sorted((one, other), key=lambda file: (_WORSE[file.read], file.kind, file.note, file.id))
    if worse.id or not better.id:
        return worse
    return replace(worse, size=better.size, modified=better.modified, id=better.id)


def _fact_order(fact: Fact) -> tuple[str, ...]:
    return (fact.view, fact.name, fact.subject, fact.detail, fact.reading.value or "", str(fact.reading.refs))


def _balance_order(balance: Balance) -> tuple[str, str, int, int]:
    return (balance.file, balance.unit, balance.promised, balance.listed)


def _record_order(record: TaskRecord) -> tuple[str, ...]:
    where = str(record.presence.refs[0].spans[0]) if record.presence.refs else ""
    return (record.store.value, record.view, record.path.casefold(), record.path, record.guid, where)


def _trace_order(trace: Trace) -> tuple[str, ...]:
    return (trace.kind.value, trace.view, trace.path, str(trace.refs))


def _log_order(report: LogReport) -> tuple[str, ...]:
    return (report.view, report.channel.casefold(), report.file)


def _block_order(block: EventBlock) -> tuple[str, str, bytes]:
    return (block.view, block.file, block.offsets[:8])
