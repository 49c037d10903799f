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


def target_asked(parent: QWidget, settings: Settings, says: str, name: str) -> str:
    """Where an export goes: a file whose name may be changed, or with an empty `name` a folder; "" where none was chosen.

    The dialog does not ask whether to replace a file: who writes does, for files in a folder too.
    """
    last = settings.text("export-folder")
    if not name:
        path = QFileDialog.getExistingDirectory(parent, f"A folder for: {says}", last)
    else:
        options = QFileDialog.Option.DontConfirmOverwrite
        path = QFileDialog.getSaveFileName(parent, f"Write {says}", f"{last}/{name}" if last else name, options=options)[0]
    if path:
        settings.keep("export-folder", path.rpartition("/")[0] if name else path)
    return path
