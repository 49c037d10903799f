"""Memory is given back where the C library can, and nothing happens where it cannot."""

from __future__ import annotations

import ctypes
import sys

import pytest

from triptych.gui.memory import give_back


class Library:
    """A C library that counts."""

    def __init__(self) -> None:
        self.trimmed: list[int] = []

    def malloc_trim(self, pad: int) -> int:
        self.trimmed.append(pad)
        return 1


@pytest.mark.parametrize(("platform", "calls"), [("linux", [0]), ("win32", []), ("darwin", [])])
def test_only_linux_is_asked(monkeypatch: pytest.MonkeyPatch, platform: str, calls: list[int]) -> None:
    library = Library()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    monkeypatch.setattr(sys, "platform", platform)
    give_back()
    assert library.trimmed == calls


@pytest.mark.parametrize("failure", [OSError("no such library"), AttributeError("musl has no malloc_trim")])
def test_another_library_is_no_failure(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    asked: list[object] = []

    def refuse(name: object) -> object:
        asked.append(name)
        raise failure

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    monkeypatch.setattr(sys, "platform", "linux")
    give_back()
    assert asked == [None]
