"""A second opinion on a damaged key: what python-registry makes of the same bytes.

Asked for one record at a time and for single fields only: its lists, values and paths are not safe on hostile hives.
"""

from __future__ import annotations

from collections.abc import Callable

from triptych.formats.faults import Faults
from triptych.formats.hive_cells import BASE


def second_opinion(data: bytes, cell: int) -> str:
    """What python-registry reads of the key in the cell at offset `cell` (as the format counts), as a sentence. Never raises."""
    from Registry.RegistryParse import NKRecord  # late: few hives are damaged, and it loads much

    scratch = Faults("")
    parts: list[str] = []
    with scratch.guard("second", "", tried="", lost=""):
        record = NKRecord(data, BASE + cell + 4, None)
        asked: tuple[tuple[str, Callable[[], object]], ...] = (
            ("name", record.name),
            ("subkeys", record.subkey_number),
            ("values", record.values_number),
        )
        for what, ask in asked:
            with scratch.guard("second", "", tried="", lost=""):
                parts.append(f"{what} {ask()!r}"[:120])
    refused = [problem.found for problem in scratch.problems]
    read = ", ".join(parts) or "nothing"
    return f"python-registry reads {read}" + (f" and fails: {refused[0]}" if refused else "")
