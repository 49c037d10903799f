"""The parts of large logs, on their way from the readers: held until the last of a log has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from triptych.model.case import LogPart
from triptych.stores.job import Answer


class Joining:
    """Takes the answers of readers; gives them on, and for the parts of a log what is true of the whole of it."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[LogPart]] = {}

    def take(self, answer: Answer) -> Iterator[Answer]:
        """What to hand on for an answer."""
        if not isinstance(answer, LogPart):
            yield answer
            return
        parts = self._waiting.setdefault(answer.file, [])
        parts.append(answer)
        if len(parts) >= answer.parts:
            yield from _joined(self._waiting.pop(answer.file))

    def rest(self) -> Iterator[Answer]:
        """What is known of logs of which a part never came; the problem of its reader was told."""
        waiting, self._waiting = self._waiting, {}
        for parts in waiting.values():
            yield from _joined(parts)


def _joined(parts: Iterable[LogPart]) -> Iterator[Answer]:
    from triptych.logs.parts import joined  # late: only where there is a log

    return joined(parts)
