"""Answers of reader processes, gathered into a case. They come in any order; the case that leaves is sorted."""

from __future__ import annotations

from collections.abc import Iterable

from triptych.evidence.layouts import Found
from triptych.model.case import Balance, Case, Fact, Host, Problem, Progress, StoreReport, Weight
from triptych.model.evidence import EvidenceFile
from triptych.model.task import Presence, Store, TaskRecord, Trace
from triptych.stores.job import Answer


class Gathering:
    """Collects answers; `case()` is a snapshot, sorted so that the order of the answers leaves no mark."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self._records: list[TaskRecord] = []
        self._traces: list[Trace] = []
        self._facts: list[Fact] = []
        self._problems: list[Problem] = list(found.problems)
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
                self._files.setdefault(answer.path, answer)
            case StoreReport():
                self._reports.append(answer)
            case Progress():
                raise TypeError("progress is for the person who waits, not for the case")

    def extend(self, answers: Iterable[Answer]) -> None:
        for answer in answers:
            self.add(answer)

    def case(self) -> Case:
        """Everything so far."""
        return Case(
            host=Host(
                tuple(
                    sorted(
                        self._facts, key=lambda fact: (fact.view, fact.name, fact.subject, fact.detail, fact.reading.value or "")
                    )
                )
            ),
            files=tuple(self._files[path] for path in sorted(self._files)),
            reports=self._store_reports(),
            balances=tuple(sorted(self._balances, key=lambda balance: (balance.file, balance.unit))),
            records=tuple(sorted(self._records, key=_record_order)),
            traces=tuple(sorted(self._traces, key=lambda trace: (trace.kind.value, trace.view, trace.path, str(trace.refs)))),
            problems=tuple(sorted([*self._problems, *self._unbalanced()], key=_problem_order)),
        )

    def _unbalanced(self) -> list[Problem]:
        return [
            Problem(
                Weight.LOST,
                "balance.open",
                balance.file,
                balance.unit,
                tried=f"account for {balance.promised} {balance.unit} that the source promises",
                found=f"{balance.listed} listed, {balance.repaired} repaired, {balance.lost} named as lost",
                lost=f"{balance.promised - balance.listed - balance.repaired - balance.lost} {balance.unit} without a reason",
                advice="read this source with a second tool and compare the counts",
            )
            for balance in self._balances
            if not balance.closes
        ]

    def _store_reports(self) -> tuple[StoreReport, ...]:
        given = {report.store: report for report in self._reports}
        made = (self._xml_report(), self._registry_report(), self._scheduler_report())
        return tuple(given.get(report.store, report) for report in made)

    def _xml_report(self) -> StoreReport:
        items = self.found.of("task-file")
        listed = any(view.tasks_listed for view in self.found.views)
        records = [record for record in self._records if record.store is Store.XML]
        return self._report(Store.XML, len(items), records, absent=not items and not listed)

    def _registry_report(self) -> StoreReport:
        items = self.found.of("software-hive", "reg-export")
        records = [record for record in self._records if record.store is Store.REGISTRY]
        known = {item.path for item in items}
        return self._report(Store.REGISTRY, len(items), records, absent=not items or not (known & set(self._files)))

    def _scheduler_report(self) -> StoreReport:
        records = [record for record in self._records if record.store is Store.SCHEDULER]
        bases = sorted({record.keeping.basis.value or "" for record in records} - {""})
        report = self._report(Store.SCHEDULER, len(records), records, absent=not records)
        return StoreReport(report.store, report.state, report.tasks, bases[0] if bases else "", report.sources, report.note)

    def _report(self, store: Store, items: int, records: list[TaskRecord], absent: bool) -> StoreReport:
        here = [record for record in records if not record.view] or records
        sources = tuple(sorted({ref.spans[0].file for record in here for ref in record.presence.refs[:1]}))[:50]
        broken = [record for record in here if record.presence.value is Presence.UNREADABLE or not record.complete]
        if absent:
            state = "absent"
        elif items and not here:
            state = "failed" if self._lost() else "read"
        else:
            state = "partly" if broken else "read"
        note = f"{len(broken)} of {len(here)} not wholly readable" if broken else ""
        return StoreReport(store, state, len(here), "", sources, note)

    def _lost(self) -> bool:
        return any(problem.severity is Weight.LOST for problem in self._problems)


def _record_order(record: TaskRecord) -> tuple[str, str, str, str, str, str]:
    where = str(record.presence.refs[0].spans[0]) if record.presence.refs else ""
    return (record.store.value, record.view, record.path.casefold(), record.path, record.guid, where)


def _problem_order(problem: Problem) -> tuple[str, int, str, str, str, str]:
    weight = {Weight.LOST: 0, Weight.DOUBT: 1, Weight.NOTE: 2}[problem.severity]
    return (problem.file, weight, problem.code, problem.where, problem.tried, problem.found)
