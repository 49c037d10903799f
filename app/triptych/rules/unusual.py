"""What is unusual about a task by itself, against what Windows and vendors ship: the rules of five files, in one tuple."""

from __future__ import annotations

from triptych.rules.rule import Rule
from triptych.rules.unusual_commands import COMMANDS
from triptych.rules.unusual_names import NAMES
from triptych.rules.unusual_places import PLACES
from triptych.rules.unusual_rights import RIGHTS
from triptych.rules.unusual_stock import STOCK
from triptych.rules.unusual_triggers import TRIGGERS

UNUSUAL: tuple[Rule, ...] = (*NAMES, *STOCK, *COMMANDS, *PLACES, *TRIGGERS, *RIGHTS)
