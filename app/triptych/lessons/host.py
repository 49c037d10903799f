"""A Windows host as its hives describe it: name, release, accounts, COM classes, tasks."""

from __future__ import annotations

from dataclasses import dataclass

from triptych.lessons.hive_key import HiveKey
from triptych.lessons.task_spec import TaskSpec
from triptych.lessons.windows import Windows
from triptych.model.times import TICKS_A_DAY, TICKS_A_SECOND


@dataclass(frozen=True, slots=True)
class Account:
    r"""A user of the machine; `profile` is the name of its folder below `C:\Users`."""

    name: str
    sid: str
    profile: str


@dataclass(frozen=True, slots=True)
class ComClass:
    """A registered COM class. `kind` is InprocServer32, LocalServer32 or TreatAs; `owner` the SID of the user whose it is alone.

    `written` is the time of its keys, 0 that of the installation.
    """

    class_id: str
    server: str
    kind: str = "InprocServer32"
    owner: str = ""
    written: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """Times are ticks of 100 ns; `bias` is what must be added to the machine's time, in minutes, to have UTC.

    `installed` is the first installation, `upgraded` the last feature upgrade (0: none), which Windows then names as its
    installation; `collected` is the moment at which the hives were last written and taken.
    """

    name: str
    windows: Windows
    installed: int
    collected: int
    accounts: tuple[Account, ...] = ()
    tasks: tuple[TaskSpec, ...] = ()
    classes: tuple[ComClass, ...] = ()
    domain: str = ""
    time_zone: str = "W. Europe Standard Time"
    bias: int = -60
    upgraded: int = 0

    @property
    def last_shutdown(self) -> int:
        """When the machine last went down, as the SYSTEM hive states it (ticks)."""
        return self.collected - 2 * TICKS_A_DAY - 4_217 * TICKS_A_SECOND - 1_234_567

    def account(self, name: str) -> Account:
        """Raises KeyError."""
        for account in self.accounts:
            if account.name == name:
                return account
        raise KeyError(name)


@dataclass(slots=True)
class Hives:
    """The keys of all hives before they are written; `users` are each account's own classes (UsrClass.dat), by SID."""

    software: HiveKey
    system: HiveKey
    users: dict[str, HiveKey]

    @property
    def schedule(self) -> HiveKey:
        return self.software.at(r"Microsoft\Windows NT\CurrentVersion\Schedule")

    @property
    def cache(self) -> HiveKey:
        return self.schedule.at("TaskCache")

    def tree(self, path: str) -> HiveKey:
        """The Tree key of a task or folder. Raises KeyError."""
        return self.cache.at("Tree" + path.rstrip("\\"))

    def tasks(self, guid: str) -> HiveKey:
        """The Tasks key of a GUID. Raises KeyError."""
        return self.cache.at(rf"Tasks\{guid}")
