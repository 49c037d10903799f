"""What is out of the ordinary although the stores agree."""

from __future__ import annotations

from triptych.rules.rule import Rule

UNUSUAL: tuple[Rule, ...] = ()
