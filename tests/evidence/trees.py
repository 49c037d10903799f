"""Scratch evidence for these tests: one tree of files as a folder, a zip, a tar or a tar.gz."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

TASK = (
    b'<?xml version="1.0"?>\n<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">'
    b"<Actions><Exec><Command>a.exe</Command></Exec></Actions></Task>"
)
Tree = dict[str, bytes]


def hive(stored: str = "", kind: int = 0) -> bytes:
    """The first bytes of a hive, with the name stored in its base block."""
    block = bytearray(4096)
    block[:4] = b"regf"
    block[28:32] = kind.to_bytes(4, "little")
    block[48 : 48 + 2 * len(stored)] = stored.encode("utf-16-le")
    return bytes(block)


def as_folder(root: Path, tree: Tree) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for name, data in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def zip_bytes(tree: Tree, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, data in tree.items():
            info = zipfile.ZipInfo(name, (2024, 1, 2, 3, 4, 6))  # no clock in it: hypothesis wants the same bytes each time
            info.compress_type = method
            archive.writestr(info, data)
    return packed.getvalue()


def tar_bytes(tree: Tree, mode: str = "w:") -> bytes:
    if mode == "w:gz":
        return gzip.compress(tar_bytes(tree), mtime=0)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]  # the mode is a variable here
        for name, data in tree.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mtime = 1_700_000_000
            archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def given(form: str, root: Path, tree: Tree) -> str:
    """The tree in one of the forms folder, zip, stored zip, tar, tar.gz, tar.xz; returns the path to give."""
    if form == "folder":
        return str(as_folder(root / "given", tree))
    made = {
        "zip": lambda: zip_bytes(tree),
        "stored.zip": lambda: zip_bytes(tree, zipfile.ZIP_STORED),
        "bz2.zip": lambda: zip_bytes(tree, zipfile.ZIP_BZIP2),
        "tar": lambda: tar_bytes(tree),
        "tar.gz": lambda: tar_bytes(tree, "w:gz"),
        "tar.xz": lambda: tar_bytes(tree, "w:xz"),
    }[form]()
    path = root / f"given.{form}"
    path.write_bytes(made)
    return str(path)


FORMS = ("folder", "zip", "stored.zip", "bz2.zip", "tar", "tar.gz", "tar.xz")
