"""Rows of a listing whose names lost letters: a console writes `?` for every letter that its code page does not have.

No file and so no task has a `?` in its name (the service keeps each task in a file), so such a row is of another name.
"""

from __future__ import annotations

import re
from collections import defaultdict

from triptych.model.task import Store, TaskRecord

_LOST = re.compile("[?\u0080-\U0010ffff]+")


def join_lost_letters(groups: dict[str, list[TaskRecord]]) -> None:
    """Put such rows to the tasks that they can be of and that no row names otherwise, in the order of their paths."""
    asked = sorted(path for path, group in groups.items() if "?" in path and all(one.store is Store.SCHEDULER for one in group))
    if not asked:
        return
    unnamed: dict[str, list[str]] = defaultdict(list)
    for path in sorted(groups, reverse=True):
        if not path.isascii() and not any(one.store is Store.SCHEDULER for one in groups[path]):
            unnamed[_LOST.sub("?", path)].append(path)
    for path in asked:
        fitting = unnamed[_LOST.sub("?", path)]
        if fitting:
            groups[fitting.pop()] += groups.pop(path)
