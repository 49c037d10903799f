"""The book of rules, and the judgement of a case by it."""

from __future__ import annotations

from triptych.analysis.baseline import Baseline
from triptych.model.case import Case
from triptych.model.finding import Finding
from triptych.rules.dates import DATES
from triptych.rules.disagreement import DISAGREEMENT
from triptych.rules.handmade import HANDMADE
from triptych.rules.identity import IDENTITY
from triptych.rules.index import INDEX
from triptych.rules.listing import LISTING
from triptych.rules.malformed import MALFORMED
from triptych.rules.orphans import ORPHANS
from triptych.rules.presence import PRESENCE
from triptych.rules.recovered import RECOVERED
from triptych.rules.rule import Context, Rule
from triptych.rules.security import SECURITY
from triptych.rules.unusual import UNUSUAL

RULES: tuple[Rule, ...] = (
    *SECURITY, *INDEX, *ORPHANS, *PRESENCE, *LISTING, *HANDMADE, *DISAGREEMENT, *IDENTITY, *MALFORMED, *DATES, *RECOVERED, *UNUSUAL,
)  # fmt: skip


def judged(case: Case, baseline: Baseline) -> tuple[Finding, ...]:
    """Every finding of every rule, the weightiest first, then by rule, task and key; each key once."""
    context = Context(case, baseline)
    found: dict[str, Finding] = {}
    for rule in RULES:
        for finding in rule.check(context):
            found.setdefault(finding.key, finding)
    return tuple(sorted(found.values(), key=_order))


def _order(finding: Finding) -> tuple[int, str, str, str]:
    return (finding.severity.rank, finding.rule, (finding.task or "").casefold(), finding.key)
