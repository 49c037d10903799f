"""What Windows and common vendors ship: so that a stock machine is quiet and a foreign task is not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StockAction:
    """An action that a source saw: command and arguments of Exec, or class id and data of ComHandler."""

    type: str
    command: str = ""
    arguments: str = ""
    class_id: str = ""
    data: str = ""
    module: str = ""


@dataclass(frozen=True, slots=True)
class StockTask:
    """A task that Windows ships: every action, principal (SIDs, "user" for a named account) and version any source states."""

    path: str
    product: str
    windows: tuple[str, ...]
    actions: tuple[StockAction, ...]
    principals: tuple[str, ...]
    hidden: bool | None
    author: str | None
    triggers: tuple[str, ...]
    maintenance: bool | None


@dataclass(frozen=True)
class Baseline:
    """The stock tasks of all versions, vendor patterns, and (optional) what a golden image taught."""

    stock: tuple[StockTask, ...] = ()
