"""The scenarios by name. One more is one more line here, or one more entry in a module's SCENES."""

from __future__ import annotations

from triptych.lessons.scenarios import hidden
from triptych.lessons.scenarios.scenario import Planted, Scenario, Scene

_MODULES: tuple[tuple[Scenario, ...], ...] = (hidden.SCENES,)

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for scenario in sorted(sum(_MODULES, ()), key=lambda scenario: scenario.number)
}
"""Every scenario by its name, in the order of their numbers."""

__all__ = ["SCENARIOS", "Planted", "Scenario", "Scene"]
