"""Reader processes that misbehave, for the tests of their supervision. Each is what `Readers(serving=...)` runs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from triptych.evidence.opening import GivenSource
from triptych.limits import Limits
from triptych.model import codec
from triptych.model.evidence import Span
from triptych.readers.serving import serve

BAD = "Bad"  # the end of the name of the file that the reader fails over


def over(fault: Callable[[], None]) -> None:
    """From now on this process comes to a fault when it reads a file whose name ends so."""
    GivenSource.read = faulty(fault)  # type: ignore[method-assign]  # in a process of its own


def faulty(fault: Callable[[], None]) -> Callable[[GivenSource, str, int], bytes]:
    whole = GivenSource.read

    def read(source: GivenSource, path: str, limit: int) -> bytes:
        if path.endswith(BAD):
            fault()
        return whole(source, path, limit)

    return read


def spin() -> None:
    while True:
        pass


def sleep() -> None:
    time.sleep(3600)


def die() -> None:
    os.kill(os.getpid(), 9)


def leave() -> None:
    os._exit(7)


def raise_() -> None:
    raise RuntimeError("a defect of ours")


def allocate() -> None:
    kept = []
    while True:
        kept.append(bytes(64 << 20))


def spinning(pipe: Connection, arguments: tuple[str, ...], limits: Limits) -> None:
    over(spin)
    serve(pipe, arguments, limits)


def sleeping(pipe: Connection, arguments: tuple[str, ...], limits: Limits) -> None:
    over(sleep)
    serve(pipe, arguments, limits)


def dying(pipe: Connection, arguments: tuple[str, ...], limits: Limits) -> None:
    over(die)
    serve(pipe, arguments, limits)


def leaving(pipe: Connection, arguments: tuple[str, ...], limits: Limits) -> None:
    over(leave)
    serve(pipe, arguments, limits)


def raising(pipe: Connection, arguments: tuple[str, ...], limits: Limits) -> None:
    over(raise_)
    serve(pipe, arguments, limits)


def allocating(pipe: Connection, arguments: tuple[str, ...], limits: Limits) -> None:
    over(allocate)
    serve(pipe, arguments, limits)


def chatting(pipe: Connection, arguments: tuple[str, ...], limits: Limits) -> None:
    """Writes to both streams, from Python and below it, and then does its work."""
    print("OUT OF A READER")
    print("OUT OF A READER", file=sys.stderr, flush=True)
    os.write(1, b"OUT OF A READER\n")
    os.write(2, b"OUT OF A READER\n")
    serve(pipe, arguments, limits)


def garbling(pipe: Connection, arguments: tuple[str, ...], limits: Limits) -> None:
    pipe.recv_bytes()
    pipe.send_bytes(b"\x00\xff no frame")
    time.sleep(3600)


def nesting(pipe: Connection, arguments: tuple[str, ...], limits: Limits) -> None:
    pipe.recv_bytes()
    pipe.send_bytes(b'{"refs":[],"items":' + b"[" * 100_000)
    time.sleep(3600)


def mistaking(pipe: Connection, arguments: tuple[str, ...], limits: Limits) -> None:
    """A frame of the codec, with something in it that is no answer."""
    pipe.recv_bytes()
    pipe.send_bytes(codec.encode([Span("x", 0, 1)]))
    time.sleep(3600)


def pickling(pipe: Connection, arguments: tuple[str, ...], limits: Limits) -> None:
    """What a taken-over reader would send to run code in its parent."""
    pipe.recv_bytes()
    pipe.send(["a pickle"])
    time.sleep(3600)
