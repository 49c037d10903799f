"""One walk over the entries of a source: what lies in a place of Windows, what lies loose, which links stand in the way."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace

from triptych.evidence.collections_known import uploads_at
from triptych.evidence.entry import Entry, Given
from triptych.evidence.found import Found, Item, View
from triptych.evidence.loose import Loose, Peek
from triptych.evidence.passed_over import PassedOver
from triptych.evidence.places import Place, is_task_folder, is_windows_folder, link_place, place_of
from triptych.evidence.whereabouts import Argument, Root, folder_path, is_below, names_of, root_of, view_of
from triptych.limits import Limits
from triptych.model.case import Balance, Problem, Weight

_LOGS = (".log", ".log1", ".log2")
_ONE_OF_A_KIND = frozenset(("software-hive", "system-hive", "sam-hive", "security-hive", "task-file", "job", "job-log"))
_VELOCIRAPTOR = frozenset(("uploads.json", "log.json", "requests.json", "collection_context.json", "client_info.json"))


@dataclass(frozen=True, slots=True)
class _Hit:
    entry: Entry
    place: Place
    root: Root


class Search:
    """Takes every entry once, then recognises what is left, then tells what was found."""

    def __init__(self, given: tuple[Given, ...], limits: Limits) -> None:
        self._arguments = [Argument.of(one, number, len(given) > 1) for number, one in enumerate(given)]
        self._limits = limits
        self._passed = PassedOver(limits.problems_of_a_kind)
        self._hits: list[_Hit] = []
        self._loose: list[Entry] = []
        self._listings: list[Entry] = []
        self._logs: dict[tuple[int, str, str], list[str]] = defaultdict(list)
        self._task_folders: list[Root] = []
        self._archives: set[str] = set()
        self._bundles: set[str] = set()  # where a Velociraptor collection begins
        self._recognised = Loose(limits, self._passed)
        self._drives: list[Root] = []
        self._seen = 0

    def take(self, entry: Entry) -> None:
        """Look at one entry by its name alone."""
        if entry.argument < 0:
            self._listings.append(entry)
            return
        self._seen += 1
        argument = self._arguments[entry.argument]
        if "!/" in entry.path:
            self._archives.add(entry.path.rpartition("!/")[0])
        if entry.kind == "file":
            self._take_file(entry, argument)
        elif entry.kind == "link":
            self._take_link(entry, argument)
        elif entry.kind == "folder" and argument.kind == "folder" and is_task_folder(names_of(entry, argument)):
            self._take_task_folder(entry, argument)

    def _take_file(self, entry: Entry, argument: Argument) -> None:
        name = entry.parts[-1].casefold()
        if name.endswith(_LOGS):
            self._logs[entry.argument, _folder(entry), name].append(entry.path)
            if argument.kind == "file":
                self._logs[-1, "", name].append(entry.path)
        uploads = uploads_at(entry.parts)
        if uploads >= 0 or name == "uploads.json":
            self._bundles.add(folder_path(entry, argument, uploads if uploads >= 0 else len(entry.parts) - 1))
        place = place_of(names_of(entry, argument))
        if place is None:
            self._loose.append(entry)
            return
        root = root_of(entry, argument, place)
        if len(root.names) > self._limits.layout_depth:
            self._too_deep(entry, root)
            return
        if argument.above and place.role == "task-file" and not place.before and len(place.task) == 1:
            place = _job_of(place, name)  # a folder named Tasks may be either of the two
        self._hits.append(_Hit(entry, place, root))

    def _take_link(self, entry: Entry, argument: Argument) -> None:
        place = link_place(names_of(entry, argument))
        if place is not None:
            self._hits.append(_Hit(entry, place, root_of(entry, argument, place)))
            self._link(entry, "what it leads to; the link itself is listed")
        elif is_windows_folder(names_of(entry, argument)):
            self._link(entry, "everything that lies behind it")

    def _link(self, entry: Entry, lost: str) -> None:
        self._passed.add(
            Weight.LOST,
            "layout.link",
            entry.path,
            tried="read this part of Windows",
            found=f"a link to {entry.target or 'a place that is not told'}, which is never followed",
            lost=lost,
            advice="look at what it leads to on the machine itself; Windows has no link there",
        )

    def _take_task_folder(self, entry: Entry, argument: Argument) -> None:
        names = names_of(entry, argument)
        below = 3 if is_windows_folder(names[-3:]) else 2
        place = Place("task-file", names[: max(len(names) - below, 0)], ())
        self._task_folders.append(root_of(entry, argument, place))

    def _too_deep(self, entry: Entry, root: Root) -> None:
        self._passed.add(
            Weight.DOUBT,
            "layout.too-deep",
            entry.path,
            tried="find the root of a Windows",
            found=f"it lies {len(root.names)} folders deep, deeper than the {self._limits.layout_depth} that are searched",
            lost="this file",
            advice="give the folder that holds that Windows",
        )

    def recognise(self, peek: Peek, told: frozenset[str]) -> None:
        """Look at the first bytes of what lies in no place of Windows; of files in `told` a problem was told already."""
        self._drives = sorted({hit.root for hit in self._hits if hit.place.whole}, key=lambda root: (len(root.names), root.path))
        enclosed = {root for root in {hit.root for hit in self._hits} if self._enclosing(root)}
        self._hits = [hit for hit in self._hits if hit.place.whole or hit.root not in enclosed]
        drives = {(root.argument, root.path) for root in self._drives}
        for entry in self._loose:
            argument = self._arguments[entry.argument]
            top = argument.kind == "file" or "/" not in entry.path[len(argument.base) :].rpartition("!/")[2]
            if entry.path in self._archives or entry.path in told or _is_log(entry):
                continue
            on_drive, in_bundle = self._belongs(entry, argument, drives)
            left_log = on_drive and entry.parts[-1].casefold().endswith(".evtx")  # exported or archived to a place of somebody's
            if (top and not in_bundle) or not (on_drive or in_bundle) or left_log:
                self._recognised.recognise(entry, argument, top, on_drive, peek)
        placed = frozenset(hit.entry.argument for hit in self._hits if hit.place.role == "software-hive")
        self._recognised.settle(placed)

    def _belongs(self, entry: Entry, argument: Argument, drives: set[tuple[int, str]]) -> tuple[bool, bool]:
        """Whether a loose file lies on a drive with a Windows; whether it is what Velociraptor writes beside the uploads."""
        above = [folder_path(entry, argument, depth) for depth in range(len(entry.parts))]
        on_drive = any((entry.argument, path) in drives for path in above)
        bundled = any(path in self._bundles for path in above) and uploads_at(entry.parts) < 0
        own = entry.parts[-1].casefold() in _VELOCIRAPTOR or above[-1] not in self._bundles
        return on_drive, bundled and own

    def _enclosing(self, root: Root) -> Root | None:
        """The outermost drive that a root lies in."""
        return next((drive for drive in self._drives if is_below(root, drive)), None)

    def found(self, problems: tuple[Problem, ...], balances: tuple[Balance, ...]) -> Found:
        """Items sorted by path, views by name, and every problem."""
        views = self._views_of_roots()
        placed = [(self._item(hit, views[hit.root]), hit.root) for hit in self._hits]
        guessed = [(self._with_logs(item, guess.entry), guess) for item, guess in self._recognised.items()]
        listings = [Item("listing", one.path, "", one.parts[-1], size=one.size, modified=one.modified) for one in self._listings]
        self._tell_doubles(views)
        items = [item for item, _ in placed] + [item for item, _ in guessed] + listings
        if not items and all(problem.severity is Weight.NOTE for problem in (*problems, *self._passed.problems)):
            self._nothing()
        listed = {item.view for item, guess in guessed if item.role == "task-file" and guess.argument.kind != "file"}
        made = self._views(placed, views, listed)
        known = {view.name for view in made}
        loose = {item.view for item, _ in guessed if item.role not in ("listing", "other")} - known
        made += [View(name, "", "files", name in listed) for name in loose]
        order = sorted(items, key=lambda item: (item.path, item.role))
        return Found(tuple(sorted(made, key=lambda view: view.name)), tuple(order), (*problems, *self._passed.problems), balances)

    def _views_of_roots(self) -> dict[Root, str]:
        names: dict[Root, str] = {}
        for root in {hit.root for hit in self._hits} | set(self._task_folders):
            outer = self._enclosing(root)
            names[root] = view_of(root.names, None if outer is None else outer.names)
        return names

    def _item(self, hit: _Hit, view: str) -> Item:
        entry, place = hit.entry, hit.place
        task = "\\" + "\\".join(place.task) if place.task else ""
        view = "/".join(part for part in (view, place.view) if part)
        item = Item(place.role, entry.path, view, "/".join(place.inner), task, size=entry.size, modified=entry.modified)
        return self._with_logs(item, entry)

    def _with_logs(self, item: Item, entry: Entry) -> Item:
        if not item.role.endswith("-hive"):
            return item
        logs = tuple(self._log(entry, ending) for ending in _LOGS)
        return replace(item, logs=(logs[0], logs[1], logs[2]))

    def _log(self, entry: Entry, ending: str) -> str:
        name = entry.parts[-1].casefold()
        stem = name.rpartition(".")[0]
        keys = [(entry.argument, _folder(entry), name + ending), (entry.argument, _folder(entry), stem + ending)]
        if self._arguments[entry.argument].kind == "file":
            keys.append((-1, "", name + ending))
        for key in keys:
            if key[2] != ending and (found := self._logs.get(key)):
                exact = entry.path + ending.upper()
                return exact if exact in found else min(found)
        return ""

    def _views(self, placed: list[tuple[Item, Root]], names: dict[Root, str], loose: set[str]) -> list[View]:
        roots: dict[str, Counter[Root]] = defaultdict(Counter)
        listed = loose | {names[root] for root in self._task_folders}
        for root in self._task_folders:
            roots[names[root]][root] += 0
        for item, root in placed:
            roots[item.view][root] += 1
            if item.role == "task-file":
                listed.add(item.view)
        made: list[View] = []
        for name, counts in roots.items():
            root = min(counts, key=lambda one: (-counts[one], one.path))
            made.append(View(name, root.path, root.kind, name in listed))
        return made

    def _tell_doubles(self, views: dict[Root, str]) -> None:
        """Two copies of one file of one Windows: by two collectors, by two accessors, or by names that differ in case alone."""
        same: dict[tuple[str, str, tuple[str, ...]], list[_Hit]] = defaultdict(list)
        for hit in self._hits:
            if hit.place.role in _ONE_OF_A_KIND and not hit.entry.ordinal:
                view = f"{views[hit.root]}/{hit.place.view}"
                same[hit.place.role, view, tuple(part.casefold() for part in hit.place.inner)].append(hit)
        doubles: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
        for (role, _, _), copies in same.items():
            if len(copies) > 1:
                doubles[role, tuple(sorted({hit.root.path for hit in copies}))].append(copies[0].entry.path)
        for (role, roots), paths in sorted(doubles.items()):
            where = " and ".join(root or "the evidence given" for root in roots)
            found = f"{len(paths):,} in {where}" if len(roots) > 1 else f"{len(paths):,} whose names differ in case alone"
            self._passed.add(
                Weight.NOTE,
                "layout.found-twice",
                min(paths),
                tried=f"find each {role} of one Windows once",
                found=found,
                advice="all copies are read; a difference between them is worth a look",
            )

    def _nothing(self) -> None:
        self._passed.add(
            Weight.LOST,
            "layout.nothing",
            self._arguments[0].name if len(self._arguments) == 1 else "",
            tried="find a Windows, a hive, a task file, an event log or a listing",
            found=f"{self._seen:,} entries, none of a kind that is read",
            lost="everything",
            advice="give the root of the volume, a collector's folder or archive, or the files themselves",
        )


def _job_of(place: Place, name: str) -> Place:
    inner = ("Windows", "Tasks", *place.task)
    if name.endswith(".job"):
        return Place("job", (), inner)
    return Place("job-log", (), inner) if name == "schedlgu.txt" else place


def _folder(entry: Entry) -> str:
    return entry.path.rpartition("/")[0]


def _is_log(entry: Entry) -> bool:
    """Whether a file is named like a transaction log; such files are read with their hive."""
    return entry.parts[-1].casefold().endswith((".log1", ".log2"))
