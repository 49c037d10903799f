"""What a Windows program says of itself: its version resource, and whether it carries a signature at all.

Read with pefile over bytes that are already in memory, bounded by the caller. A signature is looked for and never verified:
that needs catalogues and certificates which the evidence does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pefile

from triptych.formats.faults import Faults
from triptych.limits import KIB
from triptych.model.evidence import EvidenceRef, FilePlace, Span, not_stated, stated
from triptych.model.task import Text

_FIELDS = {
    "CompanyName": "company", "OriginalFilename": "original_name", "FileDescription": "description", "FileVersion": "file_version",
    "ProductName": "product", "InternalName": "internal_name",
}  # fmt: skip
_RESOURCE = pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_RESOURCE"]
_SECURITY = pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_SECURITY"]
_KEPT = 1_000
_RESOURCE_LIMIT = 64 * KIB


class _Program(pefile.PE):  # type: ignore[misc]  # pefile has no types
    """pefile copies the rest of a version resource for each string in it: an oversized one would never end."""

    def parse_version_information(self, version_struct: pefile.Structure) -> None:
        if version_struct.Size <= _RESOURCE_LIMIT:
            super().parse_version_information(version_struct)


@dataclass(frozen=True, slots=True)
class ProgramVersion:
    """`is_program` is False for what is no PE file. Readings: company, original_name, description, file_version, product,
    internal_name (NOT_STATED where the resource lacks them) and has_signature ("yes", "no").
    """

    is_program: bool
    readings: tuple[tuple[str, Text], ...] = ()

    def get(self, name: str) -> str:
        return next((reading.value or "" for key, reading in self.readings if key == name), "")


def read_version(data: bytes, file: str, faults: Faults) -> ProgramVersion:
    """Read the first bytes of a program. Never raises: what pefile cannot read is a problem."""
    if not data.startswith(b"MZ"):
        return ProgramVersion(False)
    found: list[tuple[str, Text]] = []
    with faults.guard(
        "pe.unreadable", "the program", tried="read its headers", lost="its version data", advice="look at it with a PE viewer"
    ):
        program = _Program(data=data, fast_load=True)
        found += _signature(program, file, len(data))
        found += _versions(program, file, len(data), faults)
    return ProgramVersion(True, tuple(found))


def _cite(file: str, offset: int, length: int, size: int) -> EvidenceRef:
    offset = min(max(offset, 0), size - 1)
    return EvidenceRef(FilePlace(file), (Span(file, offset, max(min(length, size - offset), 1)),))


def _signature(program: pefile.PE, file: str, size: int) -> Iterator[tuple[str, Text]]:
    """Whether the security directory is in use; its own entry of eight bytes is what says so."""
    directories = program.OPTIONAL_HEADER.DATA_DIRECTORY
    if len(directories) <= _SECURITY:
        yield "has_signature", not_stated("no", _cite(file, 0, 64, size), note="the program has no security directory")
        return
    entry = directories[_SECURITY]
    used = entry.VirtualAddress and entry.Size
    note = "a signature is attached; it was not verified" if used else "none attached; Windows may know it by a catalogue"
    yield "has_signature", stated("yes" if used else "no", _cite(file, entry.get_file_offset(), 8, size), note=note)


def _versions(program: pefile.PE, file: str, size: int, faults: Faults) -> Iterator[tuple[str, Text]]:
    with faults.guard("pe.resources", "the resources", tried="read the version resource", lost="company and original name"):
        program.parse_data_directories(directories=[_RESOURCE])
    strings = _strings(program)
    directories = program.OPTIONAL_HEADER.DATA_DIRECTORY
    at = directories[_RESOURCE].get_file_offset() if len(directories) > _RESOURCE else 0
    for name, field in _FIELDS.items():
        if name in strings:
            value, offset, length = strings[name]
            yield field, stated(value, _cite(file, offset, length, size))
        else:
            yield field, not_stated(None, _cite(file, at, 8, size), note="not in the version resource")


def _strings(program: pefile.PE) -> dict[str, tuple[str, int, int]]:
    """The strings of the first string table: value, and the offset and length of its bytes in the file."""
    found: dict[str, tuple[str, int, int]] = {}
    for information in getattr(program, "FileInfo", None) or ():
        for entry in information if isinstance(information, list) else (information,):
            for table in getattr(entry, "StringTable", ()):
                for key, value in table.entries.items():
                    name = key.decode("utf-8", "replace")
                    _, offset = table.entries_offsets.get(key, (0, 0))
                    _, length = table.entries_lengths.get(key, (0, 0))
                    text = value.decode("utf-8", "replace").rstrip("\0")[:_KEPT]
                    found.setdefault(name, (text, offset, 2 * length or 2))
    return found
