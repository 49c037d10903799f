"""Answers in one spelling: what people write in many ways is equal, and what differs stays different."""

from __future__ import annotations

import uuid
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.lessons.answers import AnswerError, Asked, accepted, form, mistaken_zone
from triptych.lessons.answers_kept import KeptKey, PlainKey, keep
from triptych.lessons.packing import pack, unpack
from triptych.model.times import TICKS_A_SECOND, Instant, from_parts

TRUTH = "2026-03-14T02:12:09.3770418Z"
TIME = Asked("time", bias=-60)
ACCOUNTS = {"j.ortiz": "S-1-5-21-1-2-3-1110"}


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("task", r"\Contoso\Backup", "contoso\\\\BACKUP"),
        ("task", r"\Contoso\Backup", '"/Contoso/Backup"'),
        ("task", "\\A\u200bB", "\\A\u27e8U+200B\u27e9B"),
        ("value", r"C:\ProgramData\x\u.bat", r"%ProgramData%\\x\u.bat"),
        ("value", r"C:\Windows\System32\cmd.exe /c dir", r'"%SystemRoot%\system32\CMD.exe"   /c dir'),
        ("value", "16", "0x10"),
        ("value", "0", "0x00000000 (0)"),
        ("guid", "{8A3C1D7E-52B0-4C0F-9E0B-6E1F2B7C9D11}", "8a3c1d7e52b04c0f9e0b6e1f2b7c9d11"),
        ("account", "SYSTEM", "S-1-5-18"),
        ("account", r"NT AUTHORITY\SYSTEM", "system"),
        ("account", r"CORP\j.ortiz", "J.Ortiz@corp.example"),
        ("bytes", "0x10 16", "16-31"),
        ("bytes", "0x10, 0x10", "offset 16 length 16"),
    ],
)
def test_spellings_of_one_answer(kind: str, one: str, other: str) -> None:
    assert form(Asked(kind), one) == form(Asked(kind), other)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("task", r"\Schedule Scan", r"\Schedule  Scan"),
        ("task", "\\Scan", "\\Sc\u0430n"),
        ("task", '"\\Scan "', "\\Scan"),
        ("value", "cmd.exe /c a", "cmd.exe /c b"),
        ("account", "SYSTEM", "LOCAL SERVICE"),
        ("guid", str(uuid.UUID(int=1)), str(uuid.UUID(int=2))),
        ("bytes", "16 16", "16 17"),
    ],
)
def test_different_answers_stay_different(kind: str, one: str, other: str) -> None:
    assert form(Asked(kind), one) != form(Asked(kind), other)


@pytest.mark.parametrize(
    "given_", ["2026-03-14 02:12:09 Z", "2026-03-14T03:12:09 local", "2026-03-14 03:12:09+01:00", "2026-03-14 02:12:10 utc", TRUTH]
)
def test_a_time_is_right_in_either_zone(given_: str) -> None:
    assert form(TIME, given_) in accepted(TIME, (TRUTH,))


@pytest.mark.parametrize("given_", ["2026-03-14 02:12:12 Z", "2026-03-14 02:12:06 Z", "2026-03-14 02:12:09 local"])
def test_a_time_that_is_not_right(given_: str) -> None:
    assert form(TIME, given_) not in accepted(TIME, (TRUTH,))


@given(st.integers(from_parts(2020, 1, 1), from_parts(2030, 1, 1)), st.floats(-5, 5))
def test_a_second_is_the_tolerance(ticks: int, off: float) -> None:
    answer = Instant(ticks + int(off * TICKS_A_SECOND)).iso
    right = form(TIME, answer) in accepted(TIME, (Instant(ticks).iso,))
    if abs(off) < 0.74:
        assert right
    if abs(off) > 1.26:
        assert not right


def test_the_zone_taken_for_the_other_is_a_mistake_of_its_own() -> None:
    assert form(TIME, "2026-03-14 02:12:09 local") in mistaken_zone(TIME, (TRUTH,))
    assert form(TIME, "2026-03-14 03:12:09 Z") in mistaken_zone(TIME, (TRUTH,))
    assert mistaken_zone(Asked("time", bias=0), (TRUTH,)) == ()


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("time", "2026-03-14 02:12:09", "in which zone"),
        ("time", "2026-03-99 02:12:09 Z", "no time"),
        ("guid", "{1}", "no GUID"),
        ("bytes", "here", "offset and length"),
        ("bytes", "20-10", "before the first"),
        ("task", "  ", "no answer"),
        ("set", " ; ", "no answer"),
    ],
)
def test_what_cannot_be_understood_is_told(kind: str, text: str, says: str) -> None:
    with pytest.raises(AnswerError, match=says):
        form(Asked(kind), text)


def test_a_number_of_many_digits_is_a_text() -> None:
    assert form(Asked("value"), "9" * 5_000) == "9" * 5_000
    with pytest.raises(AnswerError):
        form(Asked("bytes"), "9" * 5_000 + " 1")


def test_an_account_is_right_by_name_and_by_sid() -> None:
    right = accepted(Asked("account"), ("j.ortiz",), ACCOUNTS)
    assert right == accepted(Asked("account"), ("S-1-5-21-1-2-3-1110",), ACCOUNTS)
    for answer in ("J.ORTIZ", r"CORP\j.ortiz", "S-1-5-21-1-2-3-1110"):
        assert form(Asked("account"), answer) in right
    assert form(Asked("account"), "svc") not in right


def test_order_by_letters_or_words_and_sets_without_order() -> None:
    asked = Asked("order", items=("made", "changed", "run"))
    right = accepted(asked, ("run", "made", "changed"))
    for answer in ("c, a, b", "c a b", "C;A;B", ("run", "made", "changed"), "run; made; changed"):
        assert form(asked, answer) in right
    assert form(asked, "a, b, c") not in right
    tasks = Asked("set", of="task")
    assert form(tasks, r"\B; \a") == form(tasks, ("\\A", "\\b", "\\A"))
    assert form(tasks, r"\A") != form(tasks, r"\A; \B")


def test_a_choice_by_number_or_words() -> None:
    asked = Asked("choice", choices=("No", "Yes, on time", "3"))
    assert form(asked, "2") == form(asked, "yes, on  time") == form(asked, "2.")
    assert form(asked, "3") == form(asked, "3"), "the words of a choice come before its number"
    assert form(asked, "1") != form(asked, "2")


@given(st.sampled_from(("task", "value", "account", "choice")), st.text(min_size=1, max_size=60))
def test_any_text_has_a_form_or_a_sentence(kind: str, text: str) -> None:
    asked = Asked(kind, choices=("a", "b"))
    try:
        told = form(asked, text)
    except AnswerError as error:
        told = str(error)
    assert told or not text.strip("\"' ")
    with suppress(AnswerError):
        assert form(asked, text) == told


PLAIN = PlainKey((r"\contoso\backup",), ((r"\decoy", "That is the decoy."),))


def test_a_kept_key_judges_as_the_plain_one() -> None:
    kept = keep(PLAIN, b"s" * 16)
    for answer in (r"\contoso\backup", r"\decoy", r"\other"):
        assert kept.judge(answer) == PLAIN.judge(answer)


def test_a_kept_key_holds_no_answer_and_no_hint() -> None:
    kept = keep(PLAIN, b"s" * 16)
    held = b"".join((kept.salt, *kept.right, *(part for pair in kept.mistakes for part in pair)))
    for secret in ("contoso", "decoy", "That is"):
        assert secret.encode() not in held
        assert secret.encode("utf-16-le") not in held
    assert keep(PLAIN, b"t" * 16).right != kept.right, "the salt counts"
    assert keep(PLAIN, b"s" * 16) == kept


def test_a_hint_that_was_changed_is_refused() -> None:
    kept = keep(PLAIN, b"s" * 16)
    ((digest, sealed),) = kept.mistakes
    broken = KeptKey(kept.salt, kept.right, ((digest, sealed[:-1] + bytes((sealed[-1] ^ 1,))),))
    with pytest.raises(ValueError, match="does not open"):
        broken.judge(r"\decoy")


@given(st.binary(max_size=300), st.binary(min_size=1, max_size=40))
def test_packing_is_undone_by_the_key_alone(content: bytes, key: bytes) -> None:
    sealed = pack(content, key)
    assert unpack(sealed, key) == content
    assert pack(content, key) == sealed
    with pytest.raises(ValueError, match="does not open"):
        unpack(sealed, key + b"x")


def test_what_is_packed_cannot_be_a_bomb() -> None:
    with pytest.raises(ValueError, match="more than"):
        unpack(pack(bytes(5 << 20), b"k"), b"k")
