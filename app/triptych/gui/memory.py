"""Memory that is free again, given back to the system."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress


def give_back() -> None:
    """Give back what a scan and its snapshots used and left: the allocator of Linux keeps it otherwise (malloc_trim(3)).

    Other systems do without.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library than glibc
            ctypes.CDLL(None).malloc_trim(0)
