"""Nothing of the evidence is run, changed or followed, and nothing leaves the machine.

A hook of the interpreter watches a whole scan, in the readers too; the evidence holds modules that would tell on themselves.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.material import bad_input
from triptych.lessons.benign import benign

DRIVER = """
import os, sys

LOG = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
ALWAYS = (
    "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen", "os.exec",
    "os.posix_spawn", "os.system", "os.startfile", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink",
    "os.truncate", "os.utime", "os.chmod", "os.chown", "shutil.rmtree", "pickle.find_class", "marshal.loads", "webbrowser.open",
    "urllib.Request", "ftplib.connect", "http.client.connect", "smtplib.connect",
)

def hook(event, arguments):
    if event == "open":
        path, _, flags = arguments
        if isinstance(path, int):
            return
        path = os.fsdecode(path)
        if flags & WRITES or path.startswith(("/etc/passwd", "/etc/hostname", {outside!r})):
            os.write(LOG, f"open {{flags & WRITES}} {{path}}\\n".encode("utf-8", "surrogateescape"))
    elif event in ALWAYS and not (event == "marshal.loads" or event == "pickle.find_class"):
        os.write(LOG, f"{{event}} {{arguments!r}}\\n".encode("utf-8", "backslashreplace"))
    elif event == "pickle.find_class" and arguments[0].split(".")[0] not in ("multiprocessing", "triptych", "builtins"):
        os.write(LOG, f"{{event}} {{arguments!r}}\\n".encode())

if {threads}:
    import threading
    threading.Thread(target=threading.Event().wait, daemon=True).start()  # readers start anew instead of as forks
sys.addaudithook(hook)
if __name__ == "__main__":
    from triptych.cli import main
    code = main(["scan", ".", {crafted!r}, "--json", "-", "--derived", {derived!r}])
    foreign = [name for name, module in sys.modules.items() if (getattr(module, "__file__", None) or "").startswith(os.getcwd())]
    os.write(LOG, b"".join(b"imported " + name.encode() + b"\\n" for name in foreign))
    sys.stdout.flush()
    os._exit(code)
"""
TELLTALE = "open({canary!r}, 'a').write({name!r} + '\\n')\nraise SystemExit('run from the evidence')\n"
SHADOWS = (
    "evtx", "Evtx", "Registry", "lxml", "pefile", "pyfwnt", "argparse", "json", "logging", "multiprocessing", "pickle", "struct", "zipfile",
    "csv", "hashlib", "secrets", "selectors", "socket", "signal", "resource", "ctypes", "xml", "tarfile", "unicodedata", "sitecustomize",
    "usercustomize", "tests", "platform", "textwrap", "html", "tempfile", "random", "subprocess",
)  # fmt: skip


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A machine with everything crafted beside it, and modules that would be imported by a careless program."""
    folder = tmp_path / "evidence"
    benign("10", 5, name="LAB-PC", tasks=5).with_logged_edit(lambda hives: None).write(folder)
    for kind in ("hive", "hivelog", "xml", "zip", "job", "table"):
        shutil.copytree(bad_input(kind), tmp_path / "crafted" / kind)
    (tmp_path / "crafted" / "zip" / "many.zip").unlink()
    subprocess.run(["tar", "xpf", str(bad_input("folder/folder.tar")), "-C", str(tmp_path)], capture_output=True, check=False)
    tasks = folder / "Windows" / "System32" / "Tasks"
    for path in bad_input("xml").iterdir():
        shutil.copy(path, tasks / path.name)
    for name in (*SHADOWS, "triptych"):
        (folder / f"{name}.py").write_text(TELLTALE.format(canary=str(tmp_path / "canary"), name=name))
    return folder


@pytest.mark.parametrize("threads", [False, True])
def test_a_scan_under_watch(hostile: Path, tmp_path: Path, threads: bool) -> None:
    log, derived, script = tmp_path / "log", tmp_path / "derived", tmp_path / "driver" / "driver.py"
    script.parent.mkdir()
    secret = tmp_path / "outside" / "secret.xml"
    given = {"log": str(log), "outside": str(secret), "derived": str(derived), "crafted": str(tmp_path / "crafted")}
    script.write_text(DRIVER.format(threads=threads, **given))
    done = subprocess.run([sys.executable, str(script)], cwd=hostile, capture_output=True, check=False)
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert done.stderr == b""
    assert len(document["tasks"]) > 40
    assert len(document["problems"]) > 40
    assert {"layout.link", "evidence.not-a-file"} <= {problem["code"] for problem in document["problems"]}
    assert hashlib.sha256(secret.read_bytes()).hexdigest().encode() not in done.stdout, "no link is followed"
    seen = [line for line in log.read_text("utf-8", "replace").splitlines() if not allowed(line, str(derived))]
    assert seen == []
    assert log.read_text("utf-8", "replace").count(f" {os.devnull}\n") >= 2, "both readers are watched as well"
    assert str(derived) in log.read_text("utf-8", "replace"), "what is written is seen"
    assert not (tmp_path / "canary").exists()


def allowed(line: str, derived: str) -> bool:
    """What a scan does write: the null device that readers talk to, what `--derived` asks for, and, for an archive inside an
    archive, a file without a name in the folder for temporary files (Python tries that folder with one that it removes).
    """
    event, _, rest = line.partition(" ")
    if event == "open":
        path = rest.partition(" ")[2]
        return path == os.devnull or path.startswith(derived) or os.path.dirname(path) == tempfile.gettempdir()
    if event == "os.remove":
        return os.path.dirname(rest.split("'")[1]) == tempfile.gettempdir()
    return event in ("os.mkdir", "os.rename") and derived in rest


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


@pytest.mark.parametrize(
    ("way", "named"),
    [
        (["{bin}/triptych"], True),
        (["{bin}/python", "-P", "-m", "triptych"], True),
        (["{bin}/python", "-m", "triptych"], False),  # here Python itself would run a file named triptych.py
    ],
)
def test_started_from_inside_the_evidence(hostile: Path, tmp_path: Path, way: list[str], named: bool) -> None:
    if not named:
        (hostile / "triptych.py").unlink()
    place = Path(sys.executable).parent
    if not (place / "triptych").exists():
        pytest.skip("NOT INSTALLED: no `triptych` beside the interpreter")
    command = [part.format(bin=place) for part in way]
    done = subprocess.run([*command, "scan", ".", "--json", "-"], cwd=hostile, capture_output=True, check=False, env=environment())
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["tasks"]
    assert not (tmp_path / "canary").exists()
    assert not list(hostile.rglob("__pycache__"))


def state(folder: Path) -> dict[str, tuple[object, ...]]:
    """Everything about everything, looked at without leaving a trace: kind, size, times, owner, and the SHA-256 of files."""
    found: dict[str, tuple[object, ...]] = {}
    waiting = [str(folder)]
    while waiting:
        path = waiting.pop()
        told = os.lstat(path)
        times = (told.st_mtime_ns, told.st_ctime_ns, told.st_atime_ns)
        found[path] = (told.st_mode, told.st_ino, told.st_nlink, told.st_uid, told.st_gid, told.st_size, *times)
        handle = os.open(path, os.O_RDONLY | os.O_NOATIME)
        if stat.S_ISDIR(told.st_mode):
            with os.scandir(handle) as entries:
                waiting += [os.path.join(path, entry.name) for entry in entries]
            os.close(handle)
        else:
            with os.fdopen(handle, "rb") as file:
                found[path] += (hashlib.sha256(file.read()).hexdigest(),)
    return found


@pytest.mark.skipif(not hasattr(os, "O_NOATIME"), reason="only Linux can leave access times alone")
@pytest.mark.parametrize("shape", ["plain", "kape", "zip"])
def test_the_evidence_is_untouched(tmp_path: Path, shape: str) -> None:
    machine = benign("10", 5, name="LAB-PC", tasks=5).with_logged_edit(lambda hives: None)
    folder = tmp_path / "evidence"
    folder.mkdir()
    if shape == "zip":
        machine.write_zip(folder / "collection.zip")
    else:
        machine.write(folder, shape)
    long_ago = 1_000_000_000_000_000_000
    for place, folders, files in os.walk(folder, topdown=False):
        for name in [*files, *folders]:
            os.utime(os.path.join(place, name), ns=(long_ago, long_ago + 5))  # older than the change: relatime would move it
    os.utime(folder, ns=(long_ago, long_ago + 5))
    before = state(folder)
    done = subprocess.run(
        [sys.executable, "-m", "triptych", "scan", str(folder), "--json", "-", "--derived", str(tmp_path / "derived")],
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert json.loads(done.stdout)["tasks"]
    assert state(folder) == before
