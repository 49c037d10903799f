"""Triptych: each scheduled task as the file, the registry and the scheduler tell it, side by side."""

__version__ = "0.1.0"
