"""Several techniques on one machine, and exactly two red herrings beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from triptych.lessons.chance import Chance
from triptych.lessons.machine import Machine
from triptych.lessons.scenarios.disguised import com_hijack, look_alike
from triptych.lessons.scenarios.fleeting import one_shot
from triptych.lessons.scenarios.from_afar import remote_creation
from triptych.lessons.scenarios.hidden import SINCE_8, index_zero
from triptych.lessons.scenarios.past_the_service import ghost_task
from triptych.lessons.scenarios.scenario import Scenario, Scene
from triptych.lessons.scenarios.stage import staged
from triptych.lessons.scenarios.telling import both

Technique = Callable[[Machine, Chance], Scene]
_TWO = (2, 2)


def together(**techniques: Technique) -> Technique:
    """One scene of several techniques; facts bear the technique's name before their own."""

    def plant(machine: Machine, chance: Chance) -> Scene:
        whole: Scene | None = None
        facts: list[tuple[str, str]] = []
        for name, technique in techniques.items():
            scene = technique(whole.machine if whole else machine, chance)
            facts += [(f"{name.replace('_', '-')}-{fact}", value) for fact, value in scene.facts]
            whole = both(whole, scene) if whole else scene
        if whole is None:
            raise ValueError("nothing to plant")
        return replace(whole, facts=tuple(facts))

    return plant


SCENES = (
    Scenario(
        17, "three-nights", "Three nights", 4, "10",
        staged(together(remote_creation=remote_creation, index_zero=index_zero, look_alike=look_alike), _TWO), ("odd-name",),
    ),
    Scenario(
        18, "past-the-window", "Past the window", 4, "2022",
        staged(together(ghost_task=ghost_task, com_hijack=com_hijack, one_shot=one_shot), _TWO), ("odd-time",), SINCE_8,
    ),
)  # fmt: skip
