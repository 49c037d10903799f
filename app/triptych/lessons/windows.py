"""What sets one Windows apart from another, as far as tasks and the hives that hold them go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Windows:
    """One release. `baseline` are the names that the baseline of stock tasks gives it, nearest first.

    Windows 7 keeps no SD in Tree and no Actions in Tasks (checked on a real Windows 7 SP1); `triggers` is the version of the
    Triggers blob, `new_logs` says which format its hives' logs have.
    """

    key: str
    product: str
    build: int
    revision: int
    display: str
    version: str
    service_pack: str
    server: bool
    baseline: tuple[str, ...]
    triggers: int = 0x17
    has_access: bool = True
    has_actions: bool = True
    new_logs: bool = True

    @property
    def is_7(self) -> bool:
        return not self.has_actions


WINDOWS = {
    release.key: release
    for release in (
        Windows(
            "7", "Windows 7 Professional", 7601, 0, "", "6.1", "Service Pack 1", False, ("7", "vista"),
            triggers=0x15, has_access=False, has_actions=False, new_logs=False,
        ),
        Windows("10", "Windows 10 Pro", 19045, 4291, "22H2", "6.3", "", False, ("10",)),
        Windows("11", "Windows 10 Pro", 26100, 1742, "24H2", "6.3", "", False, ("11",)),
        Windows(
            "2022", "Windows Server 2022 Standard", 20348, 2402, "21H2", "6.3", "", True, ("server2019", "server2016", "10"),
        ),
    )
}  # fmt: skip
"""The releases that lessons can make, by their short names."""
