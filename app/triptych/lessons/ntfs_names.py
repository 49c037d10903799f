"""Names on NTFS: how they are compared, and which cannot be.

Names are rows of UTF-16 units. They are compared by the volume's own table of upper-case letters ($UpCase), unit by unit, and
where that makes them equal, by the units themselves (collation FILE_NAME).
"""

from __future__ import annotations

import struct
from functools import cache

UNITS = 0x10000
LONGEST = 255
"""Units of a name: its length is one byte."""

# first, last, distance between two letters (1 or 2), what is added. Of a volume that Windows 11 formatted: Unicode 5.1 without
# letters that do not come back (dotless i, long s). `str.upper` grows with Python's Unicode, and the bytes must not.
_LETTERS = """
61-7a 1 -32, e0-f6 1 -32, f8-fe 1 -32, ff-ff 1 121, 101-12f 2 -1, 133-137 2 -1, 13a-148 2 -1, 14b-177 2 -1, 17a-17e 2 -1,
180-180 1 195, 183-185 2 -1, 188-188 1 -1, 18c-18c 1 -1, 192-192 1 -1, 195-195 1 97, 199-199 1 -1, 19a-19a 1 163, 19e-19e 1 130,
1a1-1a5 2 -1, 1a8-1a8 1 -1, 1ad-1ad 1 -1, 1b0-1b0 1 -1, 1b4-1b6 2 -1, 1b9-1b9 1 -1, 1bd-1bd 1 -1, 1bf-1bf 1 56, 1c6-1c6 1 -2,
1c9-1c9 1 -2, 1cc-1cc 1 -2, 1ce-1dc 2 -1, 1dd-1dd 1 -79, 1df-1ef 2 -1, 1f3-1f3 1 -2, 1f5-1f5 1 -1, 1f9-21f 2 -1, 223-233 2 -1,
23c-23c 1 -1, 242-242 1 -1, 247-24f 2 -1, 250-250 1 10783, 251-251 1 10780, 253-253 1 -210, 254-254 1 -206, 256-257 1 -205,
259-259 1 -202, 25b-25b 1 -203, 260-260 1 -205, 263-263 1 -207, 268-268 1 -209, 269-269 1 -211, 26b-26b 1 10743, 26f-26f 1 -211,
271-271 1 10749, 272-272 1 -213, 275-275 1 -214, 27d-27d 1 10727, 280-280 1 -218, 283-283 1 -218, 288-288 1 -218, 289-289 1 -69,
28a-28b 1 -217, 28c-28c 1 -71, 292-292 1 -219, 371-373 2 -1, 377-377 1 -1, 37b-37d 1 130, 3ac-3ac 1 -38, 3ad-3af 1 -37,
3b1-3c1 1 -32, 3c3-3cb 1 -32, 3cc-3cc 1 -64, 3cd-3ce 1 -63, 3d7-3d7 1 -8, 3d9-3ef 2 -1, 3f2-3f2 1 7, 3f8-3f8 1 -1, 3fb-3fb 1 -1,
430-44f 1 -32, 450-45f 1 -80, 461-481 2 -1, 48b-4bf 2 -1, 4c2-4ce 2 -1, 4cf-4cf 1 -15, 4d1-523 2 -1, 561-586 1 -48,
1d79-1d79 1 35332, 1d7d-1d7d 1 3814, 1e01-1e95 2 -1, 1ea1-1eff 2 -1, 1f00-1f07 1 8, 1f10-1f15 1 8, 1f20-1f27 1 8, 1f30-1f37 1 8,
1f40-1f45 1 8, 1f51-1f57 2 8, 1f60-1f67 1 8, 1f70-1f71 1 74, 1f72-1f75 1 86, 1f76-1f77 1 100, 1f78-1f79 1 128, 1f7a-1f7b 1 112,
1f7c-1f7d 1 126, 1f80-1f87 1 8, 1f90-1f97 1 8, 1fa0-1fa7 1 8, 1fb0-1fb1 1 8, 1fb3-1fb3 1 9, 1fc3-1fc3 1 9, 1fd0-1fd1 1 8,
1fe0-1fe1 1 8, 1fe5-1fe5 1 7, 1ff3-1ff3 1 9, 214e-214e 1 -28, 2170-217f 1 -16, 2184-2184 1 -1, 24d0-24e9 1 -26, 2c30-2c5e 1 -48,
2c61-2c61 1 -1, 2c65-2c65 1 -10795, 2c66-2c66 1 -10792, 2c68-2c6c 2 -1, 2c73-2c73 1 -1, 2c76-2c76 1 -1, 2c81-2ce3 2 -1,
2d00-2d25 1 -7264, a641-a65f 2 -1, a663-a66d 2 -1, a681-a697 2 -1, a723-a72f 2 -1, a733-a76f 2 -1, a77a-a77c 2 -1,
a77f-a787 2 -1, a78c-a78c 1 -1, ff41-ff5a 1 -32
"""


@cache
def _upper() -> tuple[int, ...]:
    """The upper-case unit of each unit."""
    table = list(range(UNITS))
    for run in _LETTERS.split(","):
        letters, step, added = run.split()
        first, last = letters.split("-")
        for unit in range(int(first, 16), int(last, 16) + 1, int(step)):
            table[unit] = unit + int(added)
    return tuple(table)


def upcase_bytes() -> bytes:
    """The content of $UpCase: 65,536 units."""
    return struct.pack(f"<{UNITS}H", *_upper())


def units(name: str) -> bytes:
    """A name as UTF-16LE; a lone surrogate stays what it is."""
    return name.encode("utf-16-le", "surrogatepass")


def same(name: str) -> tuple[int, ...]:
    """What two names have in common that are one name to Windows."""
    table = _upper()
    return tuple(table[unit] for unit in _split(name))


def order(name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The place of a name in its folder's index."""
    return same(name), _split(name)


def check(name: str) -> None:
    """Raises ValueError where no file can be called so."""
    if name in ("", ".", "..") or "\0" in name or "/" in name:
        raise ValueError(f"{name!r} is no name for a file")
    if len(_split(name)) > LONGEST:
        raise ValueError(f"{name!r} is longer than {LONGEST} UTF-16 units, the longest name that NTFS has")


def _split(name: str) -> tuple[int, ...]:
    data = units(name)
    return struct.unpack(f"<{len(data) // 2}H", data)
