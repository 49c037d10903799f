"""The Actions value of a Tasks key: what the task starts.

Source: winreg-tasks (GDATA) for the grammar, GhostTask and the Registry plugins of Eric Zimmerman for Exec. Windows 7 keeps no
such value; version 1 and 2 belong to Windows 8 to Server 2016, version 3 to Windows 10 1703 and later. The sources disagree
whether versions before 3 name the principal ("context"): the layout is taken after which a known action follows.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import ClassVar

from triptych.formats.cursor import Block
from triptych.formats.faults import Faults, FormatFault
from triptych.formats.task_cache.parts import (
    BSTR,
    NO_REST,
    NO_SPOTS,
    PAD,
    U16,
    Cut,
    Layout,
    Part,
    Reader,
    Rest,
    Spots,
    Writer,
    no_spots,
    raw,
    read_layout,
    read_records,
    write_layout,
)
from triptych.limits import DEFAULT
from triptych.model.case import Weight

EXEC, COM_HANDLER, SEND_EMAIL, SHOW_MESSAGE = 0x6666, 0x7777, 0x8888, 0x9999


@dataclass(frozen=True, slots=True)
class ExecAction:
    """Starts a program. `flags` stand in version 3 alone; the meaning of bit 0 is unknown.

    `cut` names the field at which the bytes stopped making sense, in this and every other layout; "" is a whole one.
    `spots` say where each field stands in the blob.
    """

    magic: ClassVar[int] = EXEC
    id: str = ""
    command: str = ""
    arguments: str = ""
    working_directory: str = ""
    flags: int = 0
    cut: str = ""
    spots: Spots = field(default_factory=no_spots, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ComHandlerAction:
    """Calls a COM class; `class_id` are the 16 bytes of a GUID."""

    magic: ClassVar[int] = COM_HANDLER
    id: str = ""
    class_id: bytes = bytes(16)
    data: str = ""
    cut: str = ""
    spots: Spots = field(default_factory=no_spots, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SendEmailAction:
    """Sends a mail; not run since Windows 8."""

    magic: ClassVar[int] = SEND_EMAIL
    id: str = ""
    sender: str = ""
    to: str = ""
    cc: str = ""
    bcc: str = ""
    reply_to: str = ""
    server: str = ""
    subject: str = ""
    body: str = ""
    attachments: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    cut: str = ""
    spots: Spots = field(default_factory=no_spots, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ShowMessageAction:
    """Shows a message box; not run since Windows 8."""

    magic: ClassVar[int] = SHOW_MESSAGE
    id: str = ""
    title: str = ""
    body: str = ""
    cut: str = ""
    spots: Spots = field(default_factory=no_spots, compare=False, repr=False)


ActionLayout = ExecAction | ComHandlerAction | SendEmailAction | ShowMessageAction


@dataclass(frozen=True, slots=True)
class ActionsBlob:
    """The whole value. `context` is the principal's id, None where this layout names none; `spots` has version and context.

    An action that was cut short is kept as far as it goes, and its bytes are part of `rest` as well.
    """

    version: int = 3
    context: str | None = ""
    actions: tuple[ActionLayout, ...] = ()
    rest: Rest = NO_REST
    spots: Spots = field(default_factory=no_spots, compare=False, repr=False)


def _read_texts(reader: Reader, what: str) -> tuple[tuple[str, ...], int, int]:
    at = reader.at
    count = reader.u32(f"the number of {what}")
    texts = tuple(BSTR.read(reader, what)[0] for _ in range(count))  # each takes four bytes at least: the blob bounds it
    return texts, at, reader.at - at


def _write_texts(writer: Writer, value: tuple[str, ...]) -> None:
    writer.number(len(value), 4)
    for text in value:
        BSTR.write(writer, text)


def _read_pairs(reader: Reader, what: str) -> tuple[tuple[tuple[str, str], ...], int, int]:
    at = reader.at
    count = reader.u32(f"the number of {what}")
    pairs = tuple((BSTR.read(reader, what)[0], BSTR.read(reader, what)[0]) for _ in range(count))
    return pairs, at, reader.at - at


def _write_pairs(writer: Writer, value: tuple[tuple[str, str], ...]) -> None:
    writer.number(len(value), 4)
    for name, text in value:
        BSTR.write(writer, name)
        BSTR.write(writer, text)


_CLASSES: dict[int, type[ActionLayout]] = {
    kind.magic: kind for kind in (ExecAction, ComHandlerAction, SendEmailAction, ShowMessageAction)
}
_CONTEXT: Layout = (("context", BSTR),)
_MAIL_TEXTS = ("sender", "to", "cc", "bcc", "reply_to", "server", "subject", "body")
_LAYOUTS: dict[int, Layout] = {
    EXEC: tuple((name, BSTR) for name in ("id", "command", "arguments", "working_directory")),
    COM_HANDLER: (("id", BSTR), ("class_id", raw(16)), ("data", BSTR)),
    SEND_EMAIL: (
        ("id", BSTR),
        *((name, BSTR) for name in _MAIL_TEXTS),
        ("attachments", Part(_read_texts, _write_texts)),
        ("headers", Part(_read_pairs, _write_pairs)),
    ),
    SHOW_MESSAGE: (("id", BSTR), ("title", BSTR), ("body", BSTR)),
}


def _layout(magic: int, version: int) -> Layout:
    layout = _LAYOUTS[magic]
    return (*layout, ("flags", U16)) if magic == EXEC and version not in (1, 2) else layout


def _context(reader: Reader, version: int) -> tuple[str | None, Spots]:
    """The context where an action (or the end) follows it; version 1 is tried without one first."""
    start = reader.at
    for with_context in (False, True) if version == 1 else (True, False):
        reader.at = start
        try:
            values, spots = read_layout(reader, _CONTEXT if with_context else ())
        except Cut:
            continue
        if not reader.left or int.from_bytes(reader.block.data[reader.at : reader.at + 2], "little") in _CLASSES:
            return values.get("context"), spots
    reader.at = start
    with contextlib.suppress(Cut):
        values, spots = read_layout(reader, _CONTEXT)
        return values["context"], spots
    reader.at = start
    return None, NO_SPOTS


def _action(reader: Reader, version: int) -> tuple[ActionLayout, FormatFault | None]:
    start = reader.at
    magic = reader.u16("the kind of an action")
    kind = _CLASSES.get(magic)
    if kind is None:
        found = f"0x{magic:04X}, no known kind, and {reader.left} bytes after it"
        raise FormatFault("task-cache.action-unknown", f"Actions, offset 0x{start:X}", "read an action", found)
    try:
        values, spots = read_layout(reader, _layout(magic, version))
    except Cut as cut:
        return kind(**cut.values, cut=cut.field, spots={**cut.spots, "magic": (start, 2)}), cut
    return kind(**values, spots={**spots, "magic": (start, 2)}), None


def decode_actions(block: Block, faults: Faults, limit: int = DEFAULT.actions) -> ActionsBlob:
    """The layout of an Actions value; what cannot be read stays as `rest`, with a problem. Never raises for bad bytes."""
    reader = Reader(block, "Actions")
    if reader.left < 2:
        found = f"{reader.left} bytes"
        faults.add(Weight.LOST, "task-cache.actions-short", "Actions", tried="read the version", found=found, lost="every action")
        return ActionsBlob(0, None, rest=Rest(0, block.data, f"{found}, too few for a version"))
    version = reader.u16()
    if version not in (1, 2, 3):
        found = f"version {version}, read as version 3"
        faults.add(Weight.DOUBT, "task-cache.actions-version", "Actions, offset 0x0", tried="read the version", found=found)
    context, spots = _context(reader, version)
    actions, rest = read_records(reader, faults, lambda at: _action(at, version), limit, "action")
    reader.report(faults, "task-cache.actions-text")
    return ActionsBlob(version, context, actions, rest, {"version": (0, 2), **spots})


def encode_actions(blob: ActionsBlob, pad: int = PAD) -> bytes:
    """The bytes of the value; what was kept as `rest` follows as it was. Raises OverflowError where a number does not fit."""
    writer = Writer(pad)
    if blob.version or blob.actions:
        writer.number(blob.version, 2)
    if blob.context is not None:
        BSTR.write(writer, blob.context)
    for action in blob.actions:
        if not action.cut:
            writer.number(action.magic, 2)
            write_layout(writer, _layout(action.magic, blob.version), action)
    writer.raw(blob.rest.data)
    return bytes(writer.data)
