"""Every bound that a hostile input may run into, in one place.

Bounds that follow from a file's own size are computed where the file is read (a hive cannot hold more keys than
its size divided by the smallest key cell); the figures here are the ones that need a decision.
"""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds, the rest are counts."""

    # evidence
    folder_entries: int = 1_000_000
    folder_depth: int = 256  # a walk holds one descriptor a level; names of 255 bytes fill a path of 64 KiB
    archive_members: int = 100_000
    archive_member: int = 1 * GIB
    archive_ratio: int = 200
    archive_ratio_from: int = 32 * MIB  # an event log or transaction log that is mostly zeros packs 500:1 and is no bomb
    archive_sum: int = 16 * GIB
    archive_nesting: int = 2
    layout_depth: int = 6
    archive_index: int = 64 * MIB  # the directory of a zip, one header of a tar
    archive_in_memory: int = 64 * MIB  # unpacked inner archives above this go to an unnamed temporary file
    sniffed_files: int = 20_000  # files outside a Windows that are recognised by their first bytes
    empty_task_files: int = 1_000  # of more, the first are shown as tasks and the others counted: nothing stands in them
    # hives
    hive: int = 512 * MIB
    hive_log: int = 256 * MIB
    key_depth: int = 512
    list_depth: int = 8
    value: int = 1 * MIB
    actions: int = 32
    triggers: int = 48
    # texts
    xml: int = 4 * MIB
    xml_depth: int = 64
    xml_elements: int = 20_000
    xml_attributes: int = 1_000
    text_kept: int = 1 * MIB
    table: int = 64 * MIB
    table_field: int = 128 * KIB
    json_depth: int = 64
    json_digits: int = 18
    # event logs
    tellings: int = 5_000  # different task definitions in events that are read; each costs about a millisecond and 10 KiB
    told_tasks: int = 20_000  # tasks that the logs alone name and that get a row
    acts: int = 50_000  # command lines and scripts that act on tasks
    script_text: int = 1 * MIB  # characters of one script block, put together from its parts
    # problems of one kind in one source; the rest are counted
    problems_of_a_kind: int = 100
    # reader processes
    frame_rows: int = 200
    frame_seconds: float = 0.2
    batch_files: int = 500
    silence: float = 5.0
    total_base: float = 8.0
    total_per_mib: float = 1.0
    reader_memory: int = 1 * GIB
    cancel: float = 1.0


DEFAULT = Limits()
