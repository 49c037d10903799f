"""`--body`: the times of files and registry keys as a body file for mactime and for whatever reads one.

Sleuth Kit 3.x (wiki.sleuthkit.org, Body file; tools/timeline/mactime.base): eleven fields between pipes, times as whole
seconds since 1970, `MD5|name|inode|mode_as_string|UID|GID|size|atime|mtime|ctime|crtime`. mactime turns `%7C` back into a pipe,
and so any `%` before two hexadecimal digits: such are written `%25`. A field we do not know is 0 as `fls` writes it; mactime shows an
unknown time without a date, and leaves it out where a range of dates is given.

Only what a file system or a hive itself stamps goes here, each as the modification (last written) time. Times that contents
state (registration date, runs, events) have their place in the other formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from triptych.exports.json_case import Run
from triptych.exports.moments import Row, rows, unix_seconds
from triptych.exports.references import words
from triptych.model.case import Case
from triptych.model.display import show
from triptych.model.evidence import RegistryPlace

_STAMPED = ("-written", "-modified", "deleted-key")
_LOOKS_CODED = re.compile("%(?=[0-9A-Fa-f]{2})")


def render(case: Case, _: Run) -> Iterator[bytes]:
    """One line a file or key time."""
    sizes = {file.path: file.size for file in case.files}
    for row in rows(case):
        if row.record == "moment" and row.source in ("file", "registry") and row.kind.endswith(_STAMPED):
            yield _line(row, sizes)


def _line(row: Row, sizes: dict[str, int]) -> bytes:
    file = row.refs[0].spans[0].file if row.refs else ""
    size = sizes.get(file, 0) if row.source == "file" else 0
    return f"0|{name(row)}|0|-/----------|0|0|{size}|0|{unix_seconds(row.ticks)}|0|0\n".encode()


def name(row: Row) -> str:
    """Where the time stands and what it is; no pipe, no line end, nothing that acts."""
    at = row.refs[0] if row.refs else None
    file = at.spans[0].file if at else ""
    place = f"{file}: {words(at.place)}" if at and isinstance(at.place, RegistryPlace) else file or row.text
    told = f"{place} ({row.words}{'; ' + row.doubt if row.doubt else ''})"
    return _LOOKS_CODED.sub("%25", show(told)).replace("|", "%7C")
