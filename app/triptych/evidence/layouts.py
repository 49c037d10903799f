"""Where a Windows hides in what we were given: every hit is an item with a role, a view and its place in Windows."""

from __future__ import annotations

from triptych.evidence.barren import is_barren
from triptych.evidence.entry import EvidenceSource
from triptych.evidence.found import ROLES, Found, Item, View
from triptych.evidence.search import Search
from triptych.limits import DEFAULT, Limits

__all__ = ["ROLES", "Found", "Item", "View", "find"]


def find(source: EvidenceSource, limits: Limits = DEFAULT) -> Found:
    """Walk the source once and name what is worth reading; items and views are sorted.

    First by place: known folders of Windows below any root at most `layout_depth` folders deep, so that mounted volumes,
    KAPE, CyLR, Velociraptor and acquire need no names of their own. What lies outside of every Windows is recognised by
    its first bytes. Folders of a volume that hold no store of tasks (`barren`) are not walked.
    """
    search = Search(source.given, limits)
    for entry in source.entries(is_barren):
        search.take(entry)
    problems = source.problems()
    search.recognise(source.peek, frozenset(problem.file for problem in problems))
    return search.found(problems, source.balances())
