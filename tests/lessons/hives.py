"""One tree of keys as four readers see it: python-registry, libregf, regipy, and our own."""

from __future__ import annotations

import io
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyregf
from regipy.registry import RegistryHive
from Registry import Registry

from triptych.formats.faults import Faults
from triptych.formats.hive import open_hive
from triptych.lessons.hive_key import HiveKey

logging.getLogger("regipy").setLevel(logging.ERROR)

Told = dict[str, tuple[int, tuple[tuple[str, int, bytes], ...]]]
"""Path of a key to its time and its values (name, type, bytes), sorted."""


def stated(root: HiveKey) -> Told:
    """What was asked for."""
    return dict(_stated(root, ""))


def _stated(key: HiveKey, path: str) -> Iterator[tuple[str, Any]]:
    yield path, (key.written, tuple(sorted((value.name, value.kind, value.data) for value in key.values)))
    for child in key.keys.values():
        yield from _stated(child, f"{path}\\{child.name}")


def by_python_registry(data: bytes) -> Told:
    return dict(_python_registry(Registry.Registry(io.BytesIO(data)).root(), ""))


def _python_registry(key: Any, path: str) -> Iterator[tuple[str, Any]]:
    values = ((value.name(), value.value_type(), value.raw_data()) for value in key.values())
    written = key._nkrecord.unpack_qword(0x4)
    yield path, (written, tuple(sorted((_named(name), kind, bytes(content)) for name, kind, content in values)))
    for child in key.subkeys():
        yield from _python_registry(child, f"{path}\\{child.name()}")


def _named(name: str) -> str:
    return "" if name == "(default)" else name


def by_libregf(data: bytes) -> Told:
    file = pyregf.file()
    file.open_file_object(io.BytesIO(data))
    assert not file.is_corrupted()
    return dict(_libregf(file.get_root_key(), ""))


def _libregf(key: Any, path: str) -> Iterator[tuple[str, Any]]:
    values = [key.get_value(number) for number in range(key.number_of_values)]
    told = ((value.name or "", value.type, value.data or b"") for value in values)
    yield path, (key.get_last_written_time_as_integer(), tuple(sorted(told)))
    for number in range(key.number_of_sub_keys):
        child = key.get_sub_key(number)
        yield from _libregf(child, f"{path}\\{child.name}")


def regipy_counts(data: bytes) -> tuple[int, int]:
    """How many keys and values regipy finds; it shows Latin-1 names wrong, so that names are not compared."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "hive")
        path.write_bytes(data)
        keys = list(RegistryHive(str(path)).recurse_subkeys(fetch_values=False))
        return len(keys), sum(key.values_count for key in keys)


def by_ours(data: bytes) -> tuple[Told, Faults]:
    faults = Faults("hive")
    hive = open_hive(data, "hive", faults)
    told: Told = {}
    for key in hive.walk():
        values = tuple(sorted((value.name, value.kind, value.block.data) for value in key.values()))
        assert key.written is not None
        told[f"\\{key.path}" if key.path else ""] = (key.written.ticks, values)
    return told, faults
