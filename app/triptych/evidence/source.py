"""The evidence as given: the door through which everything above asks for it."""

from triptych.evidence.entry import LISTING, Entry, EvidenceError, EvidenceSource, Given, Stream
from triptych.evidence.opening import open_source

__all__ = ["LISTING", "Entry", "EvidenceError", "EvidenceSource", "Given", "Stream", "open_source"]
