"""`python -m tests.truth`: every scenario over many seeds, scanned, and compared with what was planted.

Prints Markdown: recall and false alarms by scenario and by rule, and what a dumb attacker would guess. Ends with 1 where
something does not hold. With logs a scan takes seconds: `--seeds 1` is for every day, 50 for a release.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.truth.judging import TASKS, WEEKS, Verdict, judged
from tests.truth.signs import Guesses, guessed
from tests.truth.table import by_rule, by_scenario, by_sign, failures
from triptych.lessons.scenarios import SCENARIOS


def main() -> int:
    options = _options()
    names = options.scenarios.split(",") if options.scenarios else list(SCENARIOS)
    seeds = range(options.first, options.first + options.seeds)
    verdicts: list[Verdict] = []
    guesses: list[Guesses] = []
    with ProcessPoolExecutor(options.jobs) as pool:
        signs = {name: pool.submit(guessed, name, seeds, 200) for name in names if not options.no_signs}
        for name in names:
            if not options.signs_only:
                verdicts += pool.map(partial(judged, name, tasks=options.tasks, weeks=options.weeks), seeds)
            if name in signs:
                guesses += signs[name].result()
            print(f"{name}: {len(failures(verdicts, guesses))} failures so far", file=sys.stderr, flush=True)
    wrong = failures(verdicts, guesses)
    if verdicts:
        logs = f"logs of {options.weeks} week{'s' if options.weeks > 1 else ''}" if options.weeks else "no logs"
        print(f"{len(names)} scenarios, {options.seeds} seeds each, machines of about {options.tasks} tasks with {logs}.\n")
        print(by_scenario(verdicts), by_rule(verdicts), sep="\n\n")
    if guesses:
        print(f"\nHow often a sign alone points at a planted task, in {options.seeds} seeds (in brackets: taught on purpose):\n")
        print(by_sign(guesses))
    print("\nWhat does not hold:" if wrong else "\nEverything holds.")
    print("\n".join(f"- {line}" for line in wrong))
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.truth", description="Compare scans with what was planted.")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--scenarios", default="", help="names, with commas between; all where none is given")
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--weeks", type=int, default=WEEKS, help="weeks of logs; 0: machines without logs")
    parser.add_argument("--jobs", type=int, default=2, help="processes at work at the same time")
    parser.add_argument("--no-signs", action="store_true", help="leave the dumb attacker out")
    parser.add_argument("--signs-only", action="store_true", help="nothing but the dumb attacker")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
