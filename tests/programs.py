"""A Windows program small enough for a test: headers, and one section with a version resource."""

from __future__ import annotations

import struct


def _block(key: str, value: bytes, children: bytes, text: bool) -> bytes:
    name = key.encode("utf-16-le") + b"\0\0"
    head = 6 + len(name)
    body = b"\0" * (-head % 4) + value
    if children:
        body += b"\0" * (-(head + len(body)) % 4) + children
    length = head + len(body)
    value_length = len(value) // 2 if text else len(value)
    return struct.pack("<HHH", length, value_length, int(text)) + name + body


def _padded(blocks: list[bytes]) -> bytes:
    return b"".join(block + b"\0" * (-len(block) % 4) for block in blocks)


def version_resource(strings: dict[str, str]) -> bytes:
    """VS_VERSIONINFO with one string table."""
    entries = [_block(key, value.encode("utf-16-le") + b"\0\0", b"", text=True) for key, value in strings.items()]
    table = _block("040904b0", b"", _padded(entries), text=True)
    info = _block("StringFileInfo", b"", table, text=True)
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, *([0] * 11))
    return _block("VS_VERSION_INFO", fixed, info, text=False)


def program(strings: dict[str, str], signed: bool = False) -> bytes:
    """A PE32+ file whose version resource holds the strings; `signed` points its security directory somewhere."""
    rva, raw = 0x1000, 0x200
    resource = version_resource(strings)
    tree = b""
    for name, offset in ((16, 0x80000018), (1, 0x80000030), (0x409, 0x48)):
        tree += struct.pack("<IIHHHH", 0, 0, 0, 0, 0, 1) + struct.pack("<II", name, offset)
    tree += struct.pack("<IIII", rva + 0x58, len(resource), 0, 0)
    section = (tree + resource).ljust(0x400, b"\0")
    directories = [(0, 0)] * 16
    directories[2] = (rva, len(tree) + len(resource))
    if signed:
        directories[4] = (raw + len(section), 8)
    optional = struct.pack(
        "<HBBIIIIIQIIHHHHHHIIIIHHQQQQII",
        0x20B, 14, 0, 0, len(section), 0, rva, rva, 0x140000000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, 0x3000, 0x200, 0, 3, 0,
        0x100000, 0x1000, 0x100000, 0x1000, 0, 16,
    )  # fmt: skip
    optional += b"".join(struct.pack("<II", *entry) for entry in directories)
    coff = struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, len(optional), 0x22)
    head = struct.pack("<8sIIIIIIHHI", b".rsrc", len(section), rva, len(section), raw, 0, 0, 0, 0, 0x40000040)
    dos = b"MZ" + b"\0" * 58 + struct.pack("<I", 64)
    return (dos + b"PE\0\0" + coff + optional + head).ljust(raw, b"\0") + section + (b"\x08\0\0\0\0\2\2\0" if signed else b"")
