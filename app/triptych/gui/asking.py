"""Asking a person for a path."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog, QWidget

from triptych.gui.settings import Settings


def path_asked(parent: QWidget, settings: Settings, kind: str) -> str:
    """A `folder`, a `file` or a `listing` chosen in a dialog, "" where none was; the dialog begins where the last one ended."""
    last = settings.text("folder")
    if kind == "folder":
        path = QFileDialog.getExistingDirectory(parent, "Open a folder: a mounted image, a collection, a Tasks folder", last)
    else:
        title = "Add a listing of the scheduler" if kind == "listing" else "Open a file: a collection, a hive, an export"
        path = QFileDialog.getOpenFileName(parent, title, last)[0]
    if path:
        settings.keep("folder", path.rpartition("/")[0])
    return path
