"""Hiding techniques as functions from Machine to Machine, one each: every one leaves what it leaves on a real Windows."""

from __future__ import annotations

from triptych.lessons.deviations.hand import VICTIM, Deviation
from triptych.lessons.deviations.table import DEVIATIONS

__all__ = ["DEVIATIONS", "VICTIM", "Deviation"]
