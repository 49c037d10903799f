"""Right answers and typical mistakes as a package keeps them: salted hashes alone, and hints that only the mistake opens."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from triptych.lessons.packing import pack, unpack

ROUNDS = 50_000
"""Of PBKDF2, for each answer that is tried."""

_DIGEST = 32


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an answer is right; `hint` is what fits the mistake, "" where it is none of the typical ones."""

    right: bool
    hint: str = ""


class Key(Protocol):
    """What tells a right answer from a wrong one, given its form."""

    def judge(self, form: str) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class PlainKey:
    """The trainer's: forms that are right, and forms of mistakes with the hint for each."""

    right: tuple[str, ...]
    mistakes: tuple[tuple[str, str], ...] = ()

    def judge(self, form: str) -> Verdict:
        if form in self.right:
            return Verdict(True)
        return Verdict(False, dict(self.mistakes).get(form, ""))


@dataclass(frozen=True, slots=True)
class KeptKey:
    """The student's: digests of right forms, digests of mistakes with the hint sealed under the mistake itself."""

    salt: bytes
    right: tuple[bytes, ...]
    mistakes: tuple[tuple[bytes, bytes], ...] = ()
    rounds: int = ROUNDS

    def judge(self, form: str) -> Verdict:
        digest, key = _derived(form, self.salt, self.rounds)
        if any(hmac.compare_digest(digest, one) for one in self.right):
            return Verdict(True)
        for one, sealed in self.mistakes:
            if hmac.compare_digest(digest, one):
                return Verdict(False, unpack(sealed, key).decode("utf-8"))
        return Verdict(False)


def keep(plain: PlainKey, salt: bytes) -> KeptKey:
    """The same key without a plain answer in it; digests are sorted, so that their order tells nothing."""
    right = tuple(sorted(_derived(form, salt, ROUNDS)[0] for form in plain.right))
    return KeptKey(salt, right, tuple(sorted(_sealed(plain.mistakes, salt))), ROUNDS)


def _sealed(mistakes: Iterable[tuple[str, str]], salt: bytes) -> Iterable[tuple[bytes, bytes]]:
    for form, hint in mistakes:
        digest, key = _derived(form, salt, ROUNDS)
        yield digest, pack(hint.encode("utf-8"), key)


def _derived(form: str, salt: bytes, rounds: int) -> tuple[bytes, bytes]:
    """What is compared, and the key under which a hint is sealed: two halves of one derivation."""
    both = hashlib.pbkdf2_hmac("sha256", form.encode("utf-8", "surrogatepass"), salt, rounds, 2 * _DIGEST)
    return both[:_DIGEST], both[_DIGEST:]
