"""One scenario, one seed: what was planted, what a scan says of it, and of whom else it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.scanning import Scanned, scanned
from triptych.lessons.benign import benign
from triptych.lessons.chance import Chance
from triptych.lessons.scenarios import SCENARIOS, Scene
from triptych.model.finding import Finding, Severity

TASKS, WEEKS = 70, 1


@dataclass(frozen=True)
class Verdict:
    """`missing` are the findings that were asked for and not given; `alarms` those at high or above on what nobody planted.

    `quieter` are findings at medium on harmless tasks, `unnamed` rules that speak of planted tasks and that the scenario does
    not name, `losses` codes of problems that are more than a note.
    """

    scenario: str
    seed: int
    asked: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]
    alarms: tuple[Finding, ...]
    quieter: tuple[Finding, ...]
    unnamed: tuple[Finding, ...]
    losses: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.missing and not self.alarms and not self.losses


def scene_of(name: str, seed: int, *, tasks: int = TASKS, weeks: int = 0, version: str = "") -> Scene:
    """The scene of a seed, on a machine of so many tasks; with no weeks it has no logs."""
    scenario = SCENARIOS[name]
    machine = benign(version or scenario.version, seed, tasks=tasks, weeks=weeks)
    return scenario.plant(machine, Chance("truth", name, seed))


def judged(name: str, seed: int, *, tasks: int = TASKS, weeks: int = WEEKS) -> Verdict:
    """Build, scan, compare."""
    scene = scene_of(name, seed, tasks=tasks, weeks=weeks)
    with TemporaryDirectory(prefix="triptych-truth-") as folder:
        evidence, listing = Path(folder, "evidence"), Path(folder, "listing.txt")
        scene.machine.write(evidence)
        listing.write_bytes(scene.listing)
        return verdict(name, seed, scene, scanned(evidence, listings=(listing,) if scene.listing else ()))


def verdict(name: str, seed: int, scene: Scene, found: Scanned) -> Verdict:
    findings = found.case.findings
    planted = {path.casefold() for path in scene.tasks}
    missing = tuple(asked for asked in scene.rules if not any(_answers(finding, asked, scene) for finding in findings))
    answering = {finding.key for finding in findings for asked in scene.rules if _answers(finding, asked, scene)}
    others = [finding for finding in findings if not _is_of(finding, planted) and finding.key not in answering]
    untold = [finding for finding in others if finding.task or finding.rule not in scene.also]
    of_planted = [finding for finding in findings if _is_of(finding, planted) and finding.key not in answering]
    return Verdict(
        name,
        seed,
        scene.rules,
        missing,
        tuple(finding for finding in untold if finding.severity.at_least(Severity.HIGH)),
        tuple(finding for finding in untold if finding.severity is Severity.MEDIUM),
        tuple(finding for finding in of_planted if finding.rule not in scene.also),
        tuple(problem.code for problem in found.case.problems if problem.severity.value != "note"),
    )


def _answers(finding: Finding, asked: tuple[str, str], scene: Scene) -> bool:
    """Whether a finding is the one asked for; one without a task must name a planted task in its words, where it is about one."""
    rule, path = asked
    if finding.rule != rule:
        return False
    if path:
        return (finding.task or "").casefold() == path.casefold()
    named = any(task.casefold() in finding.summary.casefold() for task in scene.tasks)
    return not finding.task and (named or rule not in _OF_A_TASK)


_OF_A_TASK = ("deleted-recovered",)


def _is_of(finding: Finding, planted: set[str]) -> bool:
    if finding.task:
        return finding.task.casefold() in planted
    return any(path in finding.summary.casefold() for path in planted)
