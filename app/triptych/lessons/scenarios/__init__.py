"""The scenarios by name. One more is one more entry in a module's SCENES; a new module is one more line in _MODULES."""

from __future__ import annotations

from triptych.lessons.scenarios.disguised import SCENES as DISGUISED
from triptych.lessons.scenarios.fleeting import SCENES as FLEETING
from triptych.lessons.scenarios.from_afar import SCENES as FROM_AFAR
from triptych.lessons.scenarios.harmless import SCENES as HARMLESS
from triptych.lessons.scenarios.hidden import SCENES as HIDDEN
from triptych.lessons.scenarios.mixed import SCENES as MIXED
from triptych.lessons.scenarios.past_the_service import SCENES as PAST_THE_SERVICE
from triptych.lessons.scenarios.scenario import Planted, Scenario, Scene

_MODULES: tuple[tuple[Scenario, ...], ...] = (HIDDEN, PAST_THE_SERVICE, FLEETING, FROM_AFAR, DISGUISED, HARMLESS, MIXED)

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for scenario in sorted((one for scenes in _MODULES for one in scenes), key=lambda one: one.number)
}
"""Every scenario by its name, in the order of their numbers."""

__all__ = ["SCENARIOS", "Planted", "Scenario", "Scene"]
