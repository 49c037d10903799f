"""numpy, loaded when the first event asks for it: a case without logs does without, and its reader processes start sooner.

`from triptych.analysis.columns import np` wherever columns of events are worked on below the window.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
else:

    class _Late(ModuleType):
        """Stands for the module until something of it is asked for."""

        def __getattr__(self, name: str) -> Any:
            value = getattr(import_module("numpy"), name)  # an import is a lock of its own, so threads may ask at once
            setattr(self, name, value)
            return value

    np = _Late("numpy")

__all__ = ["np"]
