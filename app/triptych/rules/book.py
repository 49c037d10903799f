"""The book of rules, and the judgement of a case by it."""

from __future__ import annotations

from triptych.analysis.baseline import Baseline
from triptych.analysis.event_table import EventTable
from triptych.model.case import Case
from triptych.model.finding import Finding
from triptych.rules.corroboration import corroborated
from triptych.rules.dates import DATES
from triptych.rules.disagreement import DISAGREEMENT
from triptych.rules.handmade import HANDMADE
from triptych.rules.identity import IDENTITY
from triptych.rules.index import INDEX
from triptych.rules.listing import LISTING
from triptych.rules.logged import LOGGED
from triptych.rules.malformed import MALFORMED
from triptych.rules.orphans import ORPHANS
from triptych.rules.presence import PRESENCE
from triptych.rules.recovered import RECOVERED
from triptych.rules.rule import Context, Rule
from triptych.rules.security import SECURITY
from triptych.rules.unusual import UNUSUAL
from triptych.rules.witnesses import WITNESSES

RULES: tuple[Rule, ...] = (
    *SECURITY, *INDEX, *ORPHANS, *PRESENCE, *LISTING, *HANDMADE, *DISAGREEMENT, *IDENTITY, *MALFORMED, *DATES, *RECOVERED, *UNUSUAL,
    *LOGGED, *WITNESSES,
)  # fmt: skip


def judged(case: Case, baseline: Baseline, table: EventTable | None = None) -> tuple[Finding, ...]:
    """Every finding of every rule, the weightiest first, then by rule, task and key; each key once."""
    context = Context(case, baseline, {} if table is None else {"events": table})
    found: dict[str, Finding] = {}
    for rule in RULES:
        for finding in rule.check(context):
            found.setdefault(finding.key, finding)
    return tuple(sorted(corroborated(context, found.values()), key=_order))


def _order(finding: Finding) -> tuple[int, str, str, str]:
    return (finding.severity.rank, finding.rule, (finding.task or "").casefold(), finding.key)
