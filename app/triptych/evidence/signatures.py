"""What a file is by its first bytes, as far as the way of opening it goes: archives, disk images, other containers."""

from __future__ import annotations

HEAD = 1024  # bytes that these functions want to see

_ARCHIVES = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08PK\x03\x04", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)
_CONTAINERS = (
    (b"EVF\x09\x0d\x0a\xff\x00", "an EnCase image (E01)"),
    (b"LVF\x09\x0d\x0a\xff\x00", "an EnCase logical image (L01)"),
    (b"EVF2\x0d\x0a\x81\x00", "an EnCase image (Ex01)"),
    (b"vhdxfile", "a VHDX disk image"),
    (b"conectix", "a VHD disk image"),
    (b"KDMV", "a VMDK disk image"),
    (b"COWD", "a VMDK disk image"),
    (b"# Disk DescriptorFile", "the descriptor of a VMDK disk image"),
    (b"QFI\xfb", "a QCOW disk image"),
    (b"ADSEGMENTEDFILE", "an AD1 image"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"MSCF", "a cabinet file"),
    (b"MSWIM\x00\x00\x00", "a WIM image"),
)
_BOOT = (
    (b"NTFS    ", "a raw NTFS volume"),
    (b"EXFAT   ", "a raw exFAT volume"),
    (b"-FVE-FS-", "a raw volume encrypted by BitLocker"),
)
_RAW_DISK_FROM = 1 << 20


def archive_kind(head: bytes) -> str:
    """zip, tar, gzip, bzip2, xz; "" where it is none of them."""
    for mark, kind in _ARCHIVES:
        if head.startswith(mark):
            return kind
    return "tar" if is_tar(head) else ""


def is_tar(head: bytes) -> bool:
    """Whether the first block is a tar header with its checksum right."""
    import tarfile  # late: few files get that far

    try:
        return bool(tarfile.TarInfo.frombuf(head[:512], "utf-8", "surrogateescape").name)
    except (tarfile.HeaderError, ValueError, OverflowError):
        return False


def container_kind(head: bytes, tail: bytes, size: int) -> str:
    """A disk image or a container that Triptych knows and cannot open, in words; "" for anything else.

    `tail` are the last 512 bytes (a fixed VHD is marked there alone).
    """
    for mark, words in _CONTAINERS:
        if head.startswith(mark):
            return words
    if head[0x40:0x44] == b"\x7f\x10\xda\xbe":
        return "a VDI disk image"
    if tail.startswith(b"conectix"):
        return "a VHD disk image"
    for mark, words in _BOOT:
        if head[3 : 3 + len(mark)] == mark:
            return words
    if head[512:520] == b"EFI PART" or (size >= _RAW_DISK_FROM and head[510:512] == b"\x55\xaa" and _partitioned(head)):
        return "a raw disk image"
    return ""


def _partitioned(head: bytes) -> bool:
    """Whether the four entries of a boot record's partition table are plausible (status byte 0 or 0x80, one in use)."""
    table = [head[0x1BE + 16 * number : 0x1CE + 16 * number] for number in range(4)]
    return all(entry[:1] in (b"\x00", b"\x80") for entry in table) and any(entry[4:5] not in (b"", b"\x00") for entry in table)
