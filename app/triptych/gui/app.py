"""Opening the window, or saying in a sentence why it cannot open. Qt is imported late: it may be missing."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
from importlib import metadata
from pathlib import Path

APT = (
    "apt-get install -y libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 libxcb-cursor0 "
    "libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
)
PIP = "pip install 'PySide6-Essentials>=6.9,<6.12; python_version < \"3.12\"'"
_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[\w.]*)")
_HEADLESS = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")


def why_not() -> str | None:
    """Why no window can open here, as a sentence with what to install; None where one can."""
    return _wrong_binding() or _missing_library() or _no_display()


def run(arguments: tuple[str, ...], listings: tuple[str, ...]) -> int:
    """Open the window, on evidence where some is given; returns the exit code when it is closed."""
    reason = why_not()
    if reason is not None:
        print(reason, file=sys.stderr)  # noqa: T201 - there is no window to say it in
        return 1
    from triptych.gui import engine  # late: only now is it known that Qt can be loaded

    engine.prepare(arguments, listings)
    from triptych.gui import main  # later still: the readers begin while this is loaded

    return main.main(engine.open_work, engine.example(), arguments, listings)


def _wrong_binding() -> str | None:
    try:
        version = metadata.version("PySide6-Essentials")
    except metadata.PackageNotFoundError:
        if importlib.util.find_spec("PySide6") is None:
            return f"The window needs Qt for Python, which is not installed. Install it: {PIP}"
        return None
    return refused(version, sys.version_info[:2])


def refused(version: str, python: tuple[int, ...]) -> str | None:
    """PySide6 6.12 ends Python 3.11 and older after some thousand calls (it takes references to None that are not its own)."""
    if version.split(".")[:2] == ["6", "12"] and python < (3, 12):
        found = ".".join(str(part) for part in python)
        return (
            f"PySide6 {version} does not work with Python {found}: the window would end within seconds. "
            f"Install an older one: {PIP}, or use Python 3.12 or later."
        )
    return None


def _missing_library() -> str | None:
    try:
        import PySide6.QtSvg
        import PySide6.QtWidgets  # noqa: F401 - to see whether it can be
    except ImportError as error:
        return sentence_of(error)
    return None


def sentence_of(error: Exception) -> str:
    """What a loader's complaint means for a person."""
    match = _LIBRARY.search(str(error))
    if match:
        return f"The window needs the system library {match[1]}, which is missing. On Debian and Ubuntu: {APT}"
    return f"The window needs Qt for Python, which cannot be loaded ({error}). Install it: {PIP}"


def _no_display() -> str | None:
    wanted = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    if not sys.platform.startswith("linux") or wanted in _HEADLESS:
        return None
    if wanted == "wayland" or (not os.environ.get("DISPLAY") and os.environ.get("WAYLAND_DISPLAY")):
        return None
    if not os.environ.get("DISPLAY"):
        return "No display: neither DISPLAY nor WAYLAND_DISPLAY is set. `triptych scan` works without a window."
    return _no_xcb()


def _no_xcb() -> str | None:
    """Qt ends the process where its X11 plugin cannot be loaded or no server answers: both are tried before."""
    import PySide6

    plugin = Path(PySide6.__file__).parent / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    try:
        if plugin.exists():
            ctypes.CDLL(str(plugin))
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError as error:
        return sentence_of(error)
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    if failed:
        return f"No display: no X server answers at {os.environ['DISPLAY']}. `triptych scan` works without a window."
    return None
