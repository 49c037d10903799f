"""Texts that lie in a student's package and are not to be read there: packed, and opened by a key alone.

The standard library has no cipher, so the key stream is SHAKE-256 over key and tag, and the tag is an HMAC of the content (the
scheme known as SIV): the same content under the same key gives the same bytes, and a wrong key is noticed. That is enough against
a curious look and `strings`; it does not guard secrets of the world.
"""

from __future__ import annotations

import hashlib
import hmac
import zlib

from triptych.limits import MIB

LARGEST = 4 * MIB
"""No text of a lesson comes near; whoever made the package may wish otherwise."""

_TAG = 16
_ROUNDS = 100_000
_PURPOSE = b"triptych lesson"


def key_of(words: str) -> bytes:
    """The key that belongs to a text, such as a seed: slow to compute on purpose (PBKDF2)."""
    return hashlib.pbkdf2_hmac("sha256", words.encode("utf-8"), _PURPOSE, _ROUNDS)


def pack(content: bytes, key: bytes) -> bytes:
    """The content, compressed and sealed."""
    plain = zlib.compress(content, 9)
    tag = _tag(plain, key)
    return tag + _mixed(plain, key, tag)


def unpack(sealed: bytes, key: bytes) -> bytes:
    """What was packed. Raises ValueError where the key is another, the bytes have changed, or it is too much."""
    tag, body = sealed[:_TAG], sealed[_TAG:]
    plain = _mixed(body, key, tag)
    if not hmac.compare_digest(tag, _tag(plain, key)):
        raise ValueError("the key does not open it")
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(plain, LARGEST)
    if not unpacker.eof:
        raise ValueError(f"it holds more than {LARGEST:,} bytes")
    return content


def _tag(plain: bytes, key: bytes) -> bytes:
    return hmac.digest(key, plain, "sha256")[:_TAG]


def _mixed(data: bytes, key: bytes, tag: bytes) -> bytes:
    stream = hashlib.shake_256(b"\0".join((_PURPOSE, key, tag))).digest(len(data))
    return bytes(one ^ other for one, other in zip(data, stream, strict=True))
