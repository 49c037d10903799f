"""Two habits of collectors that decide how names and archives are taken."""

from __future__ import annotations

from urllib.parse import unquote

_ACCESSORS = frozenset(("auto", "ntfs", "lazy_ntfs", "mft", "ntfs_vss", "file", "lazy_file"))
_DRIVE_SIGNS = frozenset(("windows", "winnt", "system32", "users", "programdata", "program files", "$mft", "pagefile.sys"))
_ARCHIVE_NAMES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")


def decoded(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Names as they were on the machine: Velociraptor percent-escapes what lies below `uploads/<accessor>/` (its sanitize.go)."""
    at = uploads_at(parts)
    if at < 0:
        return parts
    return parts[: at + 2] + tuple(unquote(part, errors="surrogateescape") for part in parts[at + 2 :])


def uploads_at(parts: tuple[str, ...]) -> int:
    """How many names stand before `uploads/<accessor>/...` of a Velociraptor collection; -1 where there is none."""
    for at in range(len(parts) - 2):
        if parts[at].casefold() == "uploads" and parts[at + 1].casefold() in _ACCESSORS:
            return at
    return -1


def is_collection(name: str, depth: int, beside: frozenset[str]) -> bool:
    """Whether an archive is one that a collector left, and not a file of the machine: near the top, beside no Windows.

    `beside` are the names in its folder, case folded.
    """
    return depth <= 1 and has_archive_name(name) and not beside & _DRIVE_SIGNS


def has_archive_name(name: str) -> bool:
    """Whether a name says archive."""
    return name.casefold().endswith(_ARCHIVE_NAMES)
