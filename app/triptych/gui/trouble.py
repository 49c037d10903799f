"""When something goes wrong in the window itself: a sentence where a person sees it, the details in a small log."""

from __future__ import annotations

import logging
import logging.handlers
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from platformdirs import user_log_dir
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from triptych.gui.display import plain_label, set_text
from triptych.gui.pieces import link
from triptych.model.display import show_lines

LOG_BYTES, LOG_FILES = 256 * 1024, 3


def log_path() -> Path:
    return Path(user_log_dir("triptych", appauthor=False)) / "window.log"


class _Marked(logging.Formatter):
    """Nothing of the evidence reaches the log but by marks."""

    def format(self, record: logging.LogRecord) -> str:
        return show_lines(super().format(record))


def keep_log(path: Path | None = None) -> str:
    """Begin a small rotating log; its path, or "" where none can be kept."""
    try:
        wanted = path or log_path()
        wanted.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            wanted, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
        )
    except OSError:
        return ""
    handler.setFormatter(_Marked("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("triptych").addHandler(handler)
    return str(wanted)


class Trouble(QObject):
    """Catches what no slot caught: the window goes on, the person is told."""

    happened = Signal(str)

    def install(self, log: str) -> Callable[[], None]:
        """Begin; the answer ends it again."""
        before, before_thread = sys.excepthook, threading.excepthook

        def caught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            if issubclass(kind, KeyboardInterrupt):
                before(kind, error, trace)
                return
            logging.getLogger("triptych.gui").error("%s", "".join(traceback.format_exception(kind, error, trace)))
            where = f" Details are in {log}." if log else ""
            self.happened.emit(
                f"Triptych met an error of its own ({kind.__name__}: {error}). What is shown may be incomplete.{where}"
            )

        def caught_in_thread(args: threading.ExceptHookArgs) -> None:
            if args.exc_value is not None:
                caught(args.exc_type, args.exc_value, args.exc_traceback)

        def undo() -> None:
            sys.excepthook, threading.excepthook = before, before_thread

        sys.excepthook, threading.excepthook = caught, caught_in_thread
        return undo


class TroubleStrip(QWidget):
    """A sentence over everything else, until it is dismissed."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("trouble")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.label = plain_label(wrap=True)
        self.dismiss = link("Dismiss")
        self.dismiss.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 10, 6)
        row.addWidget(self.label, 1)
        row.addWidget(self.dismiss)
        self.hide()

    def say(self, text: str) -> None:
        set_text(self.label, text)
        self.label.setAccessibleName(self.label.text())
        self.show()
