"""Hostile text for eyes: nothing acts, nothing hides, nothing is lost."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from triptych.model.display import needs_mark, show, show_lines

MARK = re.compile(r"⟨U\+([0-9A-F]{4,6})⟩")


@given(st.text(st.characters()))
def test_what_is_shown_neither_acts_nor_hides_and_turns_back(text: str) -> None:
    shown = show(text)
    assert not [c for c in MARK.sub("", shown) if unicodedata.category(c) in ("Cc", "Cf", "Cs")]
    assert MARK.sub(lambda match: chr(int(match[1], 16)), shown) == text
    shown.encode("utf-8")


def test_plain_text_stays_as_it_is() -> None:
    for text in ("C:\\Windows\\a.exe /x", "Ünïcödé 一二 файл", "<b>&amp;</b>"):
        assert show(text) == text


def test_a_limit_tells_what_is_left_out() -> None:
    assert show("a" * 2005, 2000).endswith("… (5 more characters)")


def test_lines_stay_lines() -> None:
    assert show_lines("a\r\nb\tc\x07") == "a\nb\tc⟨U+0007⟩"


def test_marks() -> None:
    assert all(needs_mark(c) for c in "\x00\x1b\u200b\u202e\ufeff\ud800\u2066")
    assert not any(needs_mark(c) for c in "aé一\u0645")
