"""Entries on the clipboard: as text for a report, as a table, as the records' own XML (read anew, one after the other)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from triptych.gui.display import copied, to_clipboard
from triptych.gui.events_text import report_text
from triptych.gui.jobs import Bytes
from triptych.gui.session import Session
from triptych.logs.one_event import lines_of
from triptych.model.evidence import Span

TEXTS, RECORDS = 2_000, 200  # so many at once
_NONE = "<!-- {}: not an event of a log -->"


class Copying(QObject):
    """`say` is told what could not be copied whole."""

    def __init__(self, session: Session, say: Callable[[str], None], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._say = session, say
        self._wanted: list[Span | str] = []
        self._came: dict[tuple[str, int], str] = {}
        session.event_came.connect(self._record_came)

    def as_text(self, rows: list[int]) -> None:
        lens, files = self._session.lens, self._session.case.files
        told = [report_text(lens.entries, row, self._session.clock, files) for row in rows[:TEXTS]]
        to_clipboard("\n\n".join("\n".join(copied(line) for line in text.split("\n")) for text in told))
        self._tell(len(rows), TEXTS)

    def as_xml(self, rows: list[int]) -> None:
        """Asks for every record; the clipboard is filled when the last has come."""
        entries = self._session.lens.entries
        self._came.clear()
        self._wanted = []
        for row in rows[:RECORDS]:
            event = entries.event_of(row)
            self._wanted.append(event.ref.spans[0] if event is not None else _NONE.format(entries.kind(row).kind))
        for span in self._wanted:
            if isinstance(span, Span):
                self._session.fetch_event(span.file, span.offset, span.length)
        self._tell(len(rows), RECORDS)
        self._finish()

    def _tell(self, count: int, most: int) -> None:
        self._say(f"The first {most:,} of {count:,} entries were copied; Export writes all of them." if count > most else "")

    def _record_came(self, answer: Bytes) -> None:
        if self._wanted:
            text = (
                "\n".join(copied(line[0]) for line in lines_of(answer.data))
                if not answer.error
                else f"<!-- {copied(answer.error)} -->"
            )
            self._came[answer.file, answer.offset] = text
            self._finish()

    def _finish(self) -> None:
        texts = [held if isinstance(held, str) else self._came.get((held.file, held.offset)) for held in self._wanted]
        if texts and all(text is not None for text in texts):
            to_clipboard("\n".join(text for text in texts if text is not None))
            self._wanted = []
