"""Scans in this process, of test machines and of what lies on the disk; those that several tests ask for are kept.

The files of a kept scan lie in a folder that goes with the process, so that references can be resolved to bytes.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

from tests.machines import DEVIATIONS, Machine, small
from triptych.evidence.source import EvidenceSource, open_source
from triptych.model.case import Case
from triptych.readers import Readers
from triptych.scan import scan

_FOLDER = tempfile.TemporaryDirectory(prefix="triptych-scans-", ignore_cleanup_errors=True)
_NUMBER = count(1)


@dataclass(frozen=True)
class Scanned:
    """A finished scan, and the source whose bytes its references name."""

    case: Case
    source: EvidenceSource

    @property
    def keys(self) -> set[str]:
        return {finding.key for finding in self.case.findings}


def fresh() -> Path:
    """A new folder that goes with the process."""
    folder = Path(_FOLDER.name) / str(next(_NUMBER))
    folder.mkdir()
    return folder


def scanned(*paths: Path | str, listings: tuple[Path | str, ...] = (), workers: int = 0) -> Scanned:
    """Scan what lies at these paths, as one host."""
    source = open_source(*map(str, paths), listings=tuple(map(str, listings)))
    case = Case()
    with Readers(source, workers) as readers:
        for step in scan(source, readers):
            if isinstance(step, Case):
                case = step
    assert case.complete
    return Scanned(case, source)


def scan_of(machine: Machine, shape: str = "plain", *, listing: bytes = b"") -> Scanned:
    """Scan a machine's files, laid into a folder of that shape; with a listing where one is given."""
    folder = fresh()
    machine.write(folder / "evidence", shape)
    if listing:
        (folder / "listing.txt").write_bytes(listing)
    return scanned(folder / "evidence", listings=(folder / "listing.txt",) if listing else ())


def altered(names: tuple[str, ...], version: str = "10", seed: int = 1) -> Machine:
    """A small machine after several deviations, one upon the other."""
    machine = small(version, seed)
    for name in names:
        machine = DEVIATIONS[name].apply(machine)
    return machine


@cache
def scan_with(names: tuple[str, ...] = (), version: str = "10", seed: int = 1) -> Scanned:
    """The kept scan of a small machine after these deviations."""
    return scan_of(altered(names, version, seed))
