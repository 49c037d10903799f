"""The rules about the witnesses themselves: logs cleared, cut, switched off or flooded, and the hands that events saw on tasks."""

from __future__ import annotations

from triptych.rules.rule import Rule
from triptych.rules.witnesses_audit import AUDIT_OFF
from triptych.rules.witnesses_cleared import LOG_CLEARED
from triptych.rules.witnesses_gaps import LOG_FLOOD, LOG_GAP
from triptych.rules.witnesses_hands import TAMPERING_LOGGED
from triptych.rules.witnesses_off import LOG_DISABLED

WITNESSES: tuple[Rule, ...] = (TAMPERING_LOGGED, LOG_CLEARED, LOG_GAP, LOG_DISABLED, AUDIT_OFF, LOG_FLOOD)
