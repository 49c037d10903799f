"""What Windows and common vendors ship: so that a stock machine is quiet and a foreign task is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal

from triptych import resources
from triptych.analysis.learning import BaselineError, learn, read_learned
from triptych.analysis.stock import (
    ANY,
    HEX_TIME,
    StockAction,
    StockTask,
    VendorTask,
    generic_path,
    is_known_action,
    same_action,
    same_errand,
    same_program,
    stock_task,
    vendor_program,
    vendor_task,
    windows_labels,
    without_suffix,
)
from triptych.model.case import Host
from triptych.model.paths import fold, impostors

Ships = Literal["yes", "other-version", "no"]


@dataclass(frozen=True)
class Baseline:
    """The stock tasks of all versions, vendor patterns, and (optional) what a golden image taught."""

    stock: tuple[StockTask, ...] = ()
    vendors: tuple[VendorTask, ...] = ()
    unconfirmed: frozenset[str] = frozenset()  # case-folded paths that only scripts name
    learned: tuple[StockTask, ...] = ()

    @cached_property
    def _by_path(self) -> dict[str, StockTask]:
        return {fold(task.path): task for task in self.stock}

    @cached_property
    def _learned_by_path(self) -> dict[str, StockTask]:
        return {fold(task.path): task for task in self.learned}

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(fold(task.path).rpartition("\\")[0] for task in self.stock)

    def find(self, path: str) -> StockTask | None:
        """The stock task of a path; names that end in a SID or a GUID are found without it too."""
        folded = fold(path)
        return self._by_path.get(folded) or self._by_path.get(without_suffix(folded))

    def vendor(self, path: str) -> VendorTask | None:
        """The vendor's entry whose pattern the path fits (also without the hex time that updaters append)."""
        if impostors(path):
            return None  # a pattern without regard to case takes them for the letters they imitate
        forms = dict.fromkeys((path, HEX_TIME.sub("", path)))
        return next((entry for form in forms for entry in self.vendors if entry.pattern.fullmatch(form)), None)

    def learned_task(self, path: str) -> StockTask | None:
        """The golden image's task of a path, SIDs and GUIDs in it aside."""
        return self._learned_by_path.get(fold(generic_path(path)))

    def has_folder(self, folder: str) -> bool:
        """Whether Windows ships a task directly in that folder."""
        return fold(folder).rstrip("\\") in self._folders

    def is_known_name(self, path: str) -> bool:
        """Whether any list or pattern names the path, confirmed or not."""
        return self.find(path) is not None or self.vendor(path) is not None or fold(path) in self.unconfirmed

    def ships(self, path: str, host: Host) -> Ships:
        """Whether the host's version of Windows ships a task of that path."""
        task = self.find(path)
        if task is None:
            return "no"
        labels = windows_labels(host)
        return "yes" if not labels or not task.windows or labels & set(task.windows) else "other-version"

    def with_learned(self, tasks: Iterable[StockTask]) -> Baseline:
        return replace(self, learned=(*self.learned, *tasks))


@cache
def load() -> Baseline:
    """The baseline that ships with the product."""
    stock, vendors = resources.table("baselines/stock.json"), resources.table("baselines/vendors.json")
    return Baseline(
        tuple(stock_task(entry) for entry in stock["tasks"]),
        tuple(vendor_task(entry) for entry in vendors["vendors"]),
        frozenset(fold(path) for path in stock["unconfirmed"]),
    )


__all__ = [
    "ANY",
    "Baseline",
    "BaselineError",
    "Ships",
    "StockAction",
    "StockTask",
    "VendorTask",
    "generic_path",
    "is_known_action",
    "learn",
    "load",
    "read_learned",
    "same_action",
    "same_errand",
    "same_program",
    "vendor_program",
    "windows_labels",
    "without_suffix",
]
