"""The only threads of the window: one pulls a scan, one fetches bytes, one writes. Results cross by queues that a timer empties.

The second broad handler of the house is here: whatever a scan throws ends the scan with a sentence, never the window.
"""

from __future__ import annotations

import logging
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from triptych.evidence.source import EvidenceError
from triptych.exports.writing import OutputError
from triptych.gui.digest import Digest, Digester
from triptych.model.case import Case, Progress

Scan = Callable[[], Iterator[Progress | Case]]
Fetch = Callable[[str, int, int], bytes]
Write = Callable[[threading.Event], None]
POLL_MS = 40
CLOSING_SECONDS = 10  # to wait for a writing to stop, so that no part of a file is left behind
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a scan ended: `error` is "" where it ran to its end."""

    error: str = ""


@dataclass(frozen=True, slots=True)
class Bytes:
    """An answer to `fetch`: the bytes, or why there are none."""

    file: str
    offset: int
    length: int
    data: bytes = b""
    error: str = ""
    of: str = "bytes"  # what was asked for: the bytes themselves, or the event that stands there


@dataclass(frozen=True, slots=True)
class Written:
    """How a writing ended: `error` is "" where all was written."""

    name: str
    error: str = ""


class Jobs(QObject):
    """Runs one scan and any number of fetches. Signals are given in the GUI thread; what an older scan sends is dropped."""

    digested = Signal(object)  # Digest
    progressed = Signal(object)  # Progress
    ended = Signal(object)  # Ended
    fetched = Signal(object)  # Bytes
    written = Signal(object)  # Written

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        sys.setswitchinterval(0.001)  # a painted frame gives the interpreter away hundreds of times
        self._answers: queue.SimpleQueue[tuple[int, object]] = queue.SimpleQueue()
        self._wanted: queue.SimpleQueue[tuple[int, Fetch, str, int, int, str] | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._generation = 0
        self._fetcher: threading.Thread | None = None
        self._writer: threading.Thread | None = None
        self._leave_off = threading.Event()
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.drain)

    def start(self, scan: Scan, digester: Digester) -> None:
        """Pull a scan in its thread; one that still runs is cancelled."""
        self.cancel()
        self._stop = threading.Event()
        self._generation += 1
        arguments = (scan, digester, self._stop, self._generation)
        threading.Thread(target=self._pull, args=arguments, name="scan", daemon=True).start()
        self._timer.start()

    def cancel(self) -> None:
        """Stop pulling: at once for the window, at its next answer for the scan."""
        self._stop.set()
        self._generation += 1

    def fetch(self, fetch: Fetch, file: str, offset: int, length: int, of: str = "bytes") -> None:
        """Ask for bytes of an evidence file; `fetched` brings them."""
        if self._fetcher is None:
            self._fetcher = threading.Thread(target=self._fetch, name="bytes", daemon=True)
            self._fetcher.start()
        self._wanted.put((self._generation, fetch, file, offset, length, of))
        self._timer.start()

    @property
    def writing(self) -> bool:
        return self._writer is not None and self._writer.is_alive()

    def write(self, name: str, write: Write) -> None:
        """Write in a thread; `written` tells how it ended. Nothing is begun while something is written.

        What is written should look at the event it is given, and stop where that is set: the window is being closed.
        """
        if not self.writing:
            self._writer = threading.Thread(target=self._write, args=(name, write), name="writing", daemon=True)
            self._writer.start()
            self._timer.start()

    def close(self) -> None:
        self.cancel()
        self._leave_off.set()
        if self._writer is not None:
            self._writer.join(CLOSING_SECONDS)
        self._wanted.put(None)
        self._timer.stop()

    def drain(self) -> None:
        """Hand over what arrived; of several snapshots only the newest."""
        newest: Digest | None = None
        progress: Progress | None = None
        rest: list[object] = []
        while True:
            try:
                generation, item = self._answers.get_nowait()
            except queue.Empty:
                break
            if isinstance(item, Bytes | Written):
                rest.append(item)
            elif generation != self._generation:
                continue
            elif isinstance(item, Digest):
                newest = item
            elif isinstance(item, Progress):
                progress = item
            else:
                rest.append(item)
        if newest is not None:
            self.digested.emit(newest)
        if progress is not None:
            self.progressed.emit(progress)
        for item in rest:
            signal = self.fetched if isinstance(item, Bytes) else self.written if isinstance(item, Written) else self.ended
            signal.emit(item)

    def _pull(self, scan: Scan, digester: Digester, stop: threading.Event, generation: int) -> None:
        error = ""
        try:
            items = scan()
            try:
                for item in items:
                    if stop.is_set():
                        break
                    self._answers.put((generation, digester(item) if isinstance(item, Case) else item))
            finally:
                close = getattr(items, "close", None)
                if close is not None:
                    close()
        except Exception as failure:  # noqa: BLE001 - the thread's boundary: the window must outlive any scan
            _log.exception("the scan ended with an error")
            error = str(failure) if isinstance(failure, EvidenceError | OSError) else f"{type(failure).__name__}: {failure}"
        self._answers.put((generation, Ended(error)))

    def _fetch(self) -> None:
        while (wanted := self._wanted.get()) is not None:
            generation, fetch, file, offset, length, of = wanted
            try:
                answer = Bytes(file, offset, length, fetch(file, offset, length), of=of)
            except Exception as failure:  # noqa: BLE001 - the thread's boundary: bytes that cannot be had are told, not fatal
                answer = Bytes(file, offset, length, error=f"{failure}" or type(failure).__name__, of=of)
            self._answers.put((generation, answer))

    def _write(self, name: str, write: Write) -> None:
        error = ""
        try:
            write(self._leave_off)
        except Exception as failure:  # noqa: BLE001 - the thread's boundary: an export that fails is told, not fatal
            known = isinstance(failure, OutputError | OSError)
            if not known:
                _log.exception("the writing ended with an error")
            error = str(failure) if known else f"{type(failure).__name__}: {failure}"
        self._answers.put((self._generation, Written(name, error)))
