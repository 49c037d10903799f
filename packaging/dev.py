"""Set up and run: `python3 packaging/dev.py run`, `... test`, `... lint`. Standard library only, Python 3.11 and later.

Each command does all its own set-up: a virtual environment in .venv with the locked dependencies (hashes checked), and, on
Debian as root, the system libraries that Qt and venv need; where it may not install them it names the command that does.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
ENVIRONMENT = Path(os.environ.get("TRIPTYCH_VENV", PROJECT / ".venv"))
EXAMPLE = PROJECT / "resources" / "example" / "ws-fin-07.zip"
WINDOWS = os.name == "nt"
# What PySide6-Essentials loads beyond a minimal Debian 12, and what a real X11 window needs on top.
QT_LIBRARIES = {
    "GL": "libgl1",
    "EGL": "libegl1",
    "xkbcommon": "libxkbcommon0",
    "dbus-1": "libdbus-1-3",
    "fontconfig": "libfontconfig1",
    "glib-2.0": "libglib2.0-0",
    "xcb-cursor": "libxcb-cursor0",
    "xkbcommon-x11": "libxkbcommon-x11-0",
    "xcb-icccm": "libxcb-icccm4",
    "xcb-keysyms": "libxcb-keysyms1",
    "xcb-shape": "libxcb-shape0",
}


def main(arguments: list[str]) -> int:
    command = arguments[0] if arguments else ""
    if command not in ("run", "test", "lint", "setup"):
        print(__doc__)
        return 2
    if sys.version_info < (3, 11):
        print(f"Triptych needs Python 3.11 or later; this is {sys.version.split()[0]}.")
        return 2
    system_packages()
    python = environment("runtime" if command == "run" else "dev")
    rest = arguments[1:]
    if command == "run":
        return subprocess.call([python, "-P", "-m", "triptych", "open", *(rest or [str(EXAMPLE)])])
    if command == "lint":
        return lint(python)
    return test(python, rest) if command == "test" else 0


def system_packages() -> None:
    """Install what Debian and its kin lack, or name it."""
    if not sys.platform.startswith("linux"):
        return
    missing = [package for library, package in QT_LIBRARIES.items() if ctypes.util.find_library(library) is None]
    if not ENVIRONMENT.exists() and not has_venv():
        missing.append("python3-venv")
    if not missing:
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], check=False)
    else:
        print(f"For the window, install first: sudo apt-get install -y {' '.join(missing)}", file=sys.stderr)


def has_venv() -> bool:
    return subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode == 0


def environment(kind: str) -> str:
    """The interpreter of a virtual environment that holds the locked dependencies and this project."""
    python = ENVIRONMENT / ("Scripts/python.exe" if WINDOWS else "bin/python")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    lock = PROJECT / "packaging" / "requirements" / f"{kind}.txt"
    stamp = ENVIRONMENT / f"triptych-{kind}.stamp"
    wanted = hashlib.sha256(lock.read_bytes() + (PROJECT / "pyproject.toml").read_bytes() + str(PROJECT).encode()).hexdigest()
    if not stamp.exists() or stamp.read_text("ascii") != wanted:
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(lock)], check=True)
        subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(PROJECT)], check=True)
        stamp.write_text(wanted, "ascii")
    # Where PYTHONDONTWRITEBYTECODE is set, every reader process would compile the program anew.
    subprocess.run([str(python), "-m", "compileall", "-q", str(PROJECT / "app" / "triptych")], check=False)
    return str(python)


def lint(python: str) -> int:
    """ruff, mypy --strict, import-linter; the first that fails decides."""
    steps = (
        ["-m", "ruff", "check", "."],
        ["-m", "ruff", "format", "--check", "."],
        ["-m", "mypy"],
        ["-c", "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"],
    )
    for step in steps:
        code = subprocess.call([python, *step], cwd=PROJECT)
        if code:
            return code
    return 0


def test(python: str, arguments: list[str]) -> int:
    """All tests: the parts with branch coverage, then whole scans, which tracing would slow down by half; arguments go to
    one pytest instead.
    """
    surroundings = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    shared = ["-n", "auto", "--dist", "worksteal"]
    traced = [*shared, "-m", "not whole", "--cov", "--cov-report=term:skip-covered"]
    runs = [arguments] if arguments else [traced, [*shared, "-m", "whole"]]
    ended = [subprocess.call([python, "-m", "pytest", *run], cwd=PROJECT, env=surroundings) for run in runs]
    return next((code for code in ended if code), 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
