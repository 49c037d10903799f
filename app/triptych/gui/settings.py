"""What the window keeps between runs: an INI file in the user's configuration folder, nothing beside the evidence."""

from __future__ import annotations

import json
from pathlib import Path

from platformdirs import user_config_dir
from PySide6.QtCore import QByteArray, QSettings

RECENT = 8


def default_path() -> Path:
    return Path(user_config_dir("triptych", appauthor=False)) / "window.ini"


class Settings:
    """Typed access: INI gives strings back, so every reading names its type."""

    def __init__(self, path: Path | None = None) -> None:
        self._kept = QSettings(str(path or default_path()), QSettings.Format.IniFormat)

    def text(self, key: str, default: str = "") -> str:
        found = self._kept.value(key, default, type=str)
        return found if isinstance(found, str) else default

    def flag(self, key: str, default: bool = False) -> bool:
        return bool(self._kept.value(key, default, type=bool))

    def state(self, key: str) -> QByteArray:
        """The state of a splitter, header or window; empty where none was kept."""
        found = self._kept.value(key)
        return found if isinstance(found, QByteArray) else QByteArray()

    def keep(self, key: str, value: str | bool | QByteArray) -> None:
        self._kept.setValue(key, value)

    def recent(self) -> tuple[tuple[str, ...], ...]:
        """The last evidence opened, newest first; each entry the paths that were given together."""
        try:
            rows = json.loads(self.text("recent", "[]"))
            return tuple(tuple(str(path) for path in row) for row in rows if isinstance(row, list) and row)[:RECENT]
        except (ValueError, TypeError):
            return ()

    def opened(self, arguments: tuple[str, ...]) -> None:
        """Put evidence at the head of the recent list."""
        rows = [list(arguments), *(list(row) for row in self.recent() if row != arguments)]
        self.keep("recent", json.dumps(rows[:RECENT], ensure_ascii=True))

    def sync(self) -> None:
        self._kept.sync()
