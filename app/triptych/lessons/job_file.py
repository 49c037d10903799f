r"""`.job` files of the old scheduler and its log, `SCHEDLGU.TXT`. Source: MS-TSCH 2.4 and the job file notes of libyal."""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass

INTERACTIVE, NAME_SET = 0x1, 0x01000000
HAS_NOT_RUN = 0x41303
_FIXED = 68


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job. `last_run` is year, month, weekday, day, hour, minute, second, millisecond on the machine's clock; zeros: never.

    `start` is year, month, day, hour, minute of the one trigger (type 0 once, 1 daily); `product` 0x0601 for Windows 7, 0x0A00
    for 10.
    """

    command: str
    arguments: str = ""
    directory: str = ""
    author: str = ""
    comment: str = ""
    product: int = 0x0601
    flags: int = NAME_SET
    status: int = HAS_NOT_RUN
    exit_code: int = 0
    last_run: tuple[int, int, int, int, int, int, int, int] = (0, 0, 0, 0, 0, 0, 0, 0)
    start: tuple[int, int, int, int, int] = (2026, 3, 14, 2, 20)
    kind: int = 0


def job_bytes(job: JobSpec) -> bytes:
    """The file."""
    texts = b"".join(_text(text) for text in (job.command, job.arguments, job.directory, job.author, job.comment))
    body = struct.pack("<H", 0) + texts + struct.pack("<H", 0) + struct.pack("<HII", 8, 0, 0)
    at_triggers = _FIXED + len(body)
    ident = uuid.uuid5(uuid.NAMESPACE_OID, f"{job.command} {job.arguments}").bytes_le
    fixed = struct.pack("<HH16sHH", job.product, 1, ident, _FIXED + 2, at_triggers)
    fixed += struct.pack("<HHHHIIIII", 0, 0, 60, 10, 0x20, 0xFFFFFFFE, job.exit_code, job.status, job.flags)
    fixed += struct.pack("<8H", *job.last_run)
    return fixed + body + struct.pack("<H", 1) + _trigger(job)


def _text(text: str) -> bytes:
    if not text:
        return struct.pack("<H", 0)
    return struct.pack("<H", len(text) + 1) + text.encode("utf-16-le") + b"\0\0"


def _trigger(job: JobSpec) -> bytes:
    year, month, day, hour, minute = job.start
    dates = struct.pack("<8H", 0x30, 0, year, month, day, 0, 0, 0)
    return dates + struct.pack("<HHIIII3HHHH", hour, minute, 0, 0, 0, job.kind, 1 if job.kind else 0, 0, 0, 0, 0, 0)


def job_log(*lines: str) -> bytes:
    """SCHEDLGU.TXT from its lines: UTF-16LE with a byte-order mark, CRLF, the mark of the newest entry at the end."""
    text = "\r\n".join((*lines, "[ ***** Most recent entry is above this line ***** ]", ""))
    return b"\xff\xfe" + text.encode("utf-16-le")
