"""What python-registry alone needs: load a hive, visit each of its cells once, walk its TaskCache. Run as a program."""

from __future__ import annotations

import sys

from Registry import Registry

TASK_CACHE = "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"


def visit(path: str) -> tuple[int, int, int]:
    """Cells, keys of the TaskCache, values of the TaskCache."""
    hive = Registry.Registry(path)
    cells = sum(1 for bin_ in hive._regf.hbins() for _ in bin_.cells())
    keys = values = 0
    waiting = [hive.open(TASK_CACHE)]
    while waiting:
        key = waiting.pop()
        keys += 1
        for value in key.values():
            value.raw_data()
            values += 1
        waiting += key.subkeys()
    return cells, keys, values


if __name__ == "__main__":
    print(*visit(sys.argv[1]))
