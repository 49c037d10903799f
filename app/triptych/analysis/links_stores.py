"""Events and the times of keys, files and DynamicInfo that they left: the service writes them in the same second.

A registration or change writes the Tree, Tasks and index keys and the file; a run writes DynamicInfo and with it the Tasks key; a
deletion writes the key of the folder (formats.md 7.4 and 9.3 of the material).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from triptych.analysis.links_lines import apart
from triptych.model.event import Moment
from triptych.model.paths import fold
from triptych.model.times import TICKS_A_SECOND, Zone

_WRITTEN = 10 * TICKS_A_SECOND  # a busy machine takes its time between registry and file
_RUN = 3 * TICKS_A_SECOND
_CHANGE, _START, _END, _BELOW = "change", "start", "end", "below"
_CLASSES = {
    "registered": _CHANGE, "updated": _CHANGE, "enabled": _CHANGE, "disabled": _CHANGE, "run-started": _START, "triggered": _START,
    "process-created": _START, "action-started": _START, "action-finished": _END, "run-finished": _END,
}  # fmt: skip
_FOLDER_KINDS = frozenset(("registered", "deleted"))
# kind of a moment of the stores: the classes of events that leave it, how near they are, and what is said of it
_LEFT = {
    ("registry", "tree-key-written"): ((_CHANGE,), _WRITTEN, "the Tree key was last written {away}: this act wrote it"),
    ("registry", "index-key-written"): ((_CHANGE,), _WRITTEN, "the index key was last written {away}: this act wrote it"),
    ("registry", "tasks-key-written"): ((_CHANGE, _START, _END), _WRITTEN, "the Tasks key was last written {away}: this act wrote it"),
    ("registry", "registered"): ((_CHANGE,), _WRITTEN, "DynamicInfo states the registration {away}: the registry and the log tell one act"),
    ("registry", "last-run"): ((_START,), _RUN, "DynamicInfo states the last run {away}: the registry and the log tell one run"),
    ("registry", "last-success"): ((_END,), _RUN, "DynamicInfo states the end of a run {away}: the registry and the log tell one run"),
    ("file", "file-modified"): ((_CHANGE,), _WRITTEN, "the task's file was last written {away}: this act wrote it"),
    ("registry", "folder-key-written"): ((_BELOW,), _WRITTEN, "the key of its folder was last written {away}: this act wrote it"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Left:
    """The event at one place of a list left the store's moment at another place, and why we say so."""

    event: int
    store: int
    why: str


def left(events: Iterable[tuple[int, Moment, str]], stores: Sequence[tuple[int, Moment, str, str]]) -> list[Left]:
    """For each moment of the stores its nearest event. `events` are place, moment, view; `stores` place, moment, view, path."""
    index: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
    for place, moment, view in events:
        if moment.task is None or moment.source not in ("tasks-log", "security"):
            continue
        task = fold(moment.task)
        if moment.kind in _CLASSES:
            index[view, task, _CLASSES[moment.kind]].append((moment.time.ticks, place))
        if moment.kind in _FOLDER_KINDS:
            index[view, task.rpartition("\\")[0].strip("\\"), _BELOW].append((moment.time.ticks, place))
    for held in index.values():
        held.sort()
    found = []
    for place, moment, view, path in stores:
        rule = _LEFT.get((moment.source, moment.kind))
        if rule is None or moment.time.zone is not Zone.UTC:
            continue
        classes, span, words = rule
        task = fold(path).strip("\\") if classes == (_BELOW,) else fold(path)
        near = [_nearest(index.get((view, task, name), []), moment.time.ticks) for name in classes]
        best = min((one for one in near if one), key=lambda one: abs(one[0] - moment.time.ticks), default=None)
        if best is not None and abs(best[0] - moment.time.ticks) <= span:
            found.append(Left(best[1], place, words.format(away=_away(moment.time.ticks - best[0]))))
    return found


def _nearest(held: list[tuple[int, int]], tick: int) -> tuple[int, int] | None:
    at = bisect_left(held, (tick, -1))
    around = held[max(0, at - 1) : at + 1]
    return min(around, key=lambda one: abs(one[0] - tick), default=None)


def _away(ticks: int) -> str:
    if abs(ticks) < TICKS_A_SECOND // 1000:
        return "in the same millisecond"
    return f"{apart(ticks)} {'later' if ticks > 0 else 'earlier'}"
