"""The command line as the contract has it: options, exit codes, what goes where, and what is never done."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.test_readers import until_gone
from triptych import __version__, cli
from triptych.exports.formats import EXPORTERS
from triptych.lessons.benign import benign
from triptych.lessons.deviations.hand import planted
from triptych.lessons.host import Hives
from triptych.lessons.machine import Machine
from triptych.lessons.task_spec import TaskSpec
from triptych.model.case import Case
from triptych.model.display import needs_mark
from triptych.rules.book import RULES

GOLDEN = benign("10", 5, name="LAB-PC", tasks=6)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden")
    GOLDEN.write(folder)
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]  # a function
    """Run a command in this process: its exit code, standard output and standard error."""

    def one(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "path", list(sys.path))
        capsys.readouterr()
        code = cli.main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return one


ALONE = ("--workers", "0")


def test_zero_where_it_was_read_and_judged(run, evidence: Path) -> None:  # type: ignore[no-untyped-def]
    code, out, err = run("scan", evidence, *ALONE)
    assert (code, err) == (0, "")
    assert out.startswith("LAB-PC  Windows")
    assert "Findings: " in out


def test_one_where_nothing_could_be_read(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, out, err = run("scan", tmp_path / "nowhere", "--json", "-")
    assert (code, out) == (1, "")
    assert err == f"No such evidence: {tmp_path / 'nowhere'}.\n"
    (tmp_path / "picture.bin").write_bytes(b"\x89PNG" + bytes(100))
    code, out, err = run("scan", tmp_path / "picture.bin", "--json", "-", *ALONE)
    assert code == 1
    assert json.loads(out)["tasks"] == []
    assert "Nothing in the evidence could be read" in err


def test_an_empty_tasks_folder_was_read(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "Windows" / "System32" / "Tasks").mkdir(parents=True)
    code, out, _ = run("scan", tmp_path, "--json", "-", *ALONE)
    assert json.loads(out)["stores"]["xml"]["state"] == "read"
    assert code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan"],
        ["scan", ".", "--unknown"],
        ["scan", ".", "--js", "x"],
        ["scan", ".", "--workers", "-1"],
        ["scan", ".", "--workers", "many"],
        ["scan", ".", "--workers", "65"],
        ["scan", ".", "--fail-on", "worst"],
        ["scan", ".", "--min-severity", "worst"],
        ["scan", ".", "--csv", "-"],
        ["scan", ".", "--since", "yesterday"],
        ["scan", ".", "--until", "2026-02-30"],
        ["scan", ".", "--since", "2026-03-15", "--until", "2026-03-14"],
        ["live"],
        ["export", "case"],
        ["nonsense"],
        ["baseline", "."],
    ],
)
def test_two_where_the_command_is_wrong(run, arguments: list[str]) -> None:  # type: ignore[no-untyped-def]
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.strip()
    assert "Traceback" not in err


def test_help_lists_what_is_built_and_nothing_else(run) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("--help")
    assert code == 0
    offered = {line.split()[0] for line in out.splitlines() if line.startswith("    ") and not line.startswith("     ")}
    assert offered == {"open", "scan", "baseline", "lesson", "demo", "formats", "rules"}
    code, out, _ = run("scan", "--help")
    assert code == 0
    for option in ("--json", "--csv", "--html", "--listing", "--baseline", "--min-severity", "--fail-on", "--derived", "--log"):
        assert option in out
    for option in ("--jsonl", "--timesketch-csv", "--body", "--tln", "--iris", "--since", "--until", "--no-events"):
        assert option in out
    for unbuilt in ("--xlsx", "--case", "--navigator"):
        assert unbuilt not in out
        assert run("scan", ".", unbuilt, "x")[0] == 2


def test_version(run) -> None:  # type: ignore[no-untyped-def]
    assert run("--version") == (0, f"triptych {__version__}\n", "")


def severities(out: str) -> set[str]:
    return {finding["severity"] for finding in json.loads(out)["findings"]}


def test_three_where_a_finding_is_grave_enough(run, evidence: Path) -> None:  # type: ignore[no-untyped-def]
    there = severities(run("scan", evidence, "--json", "-", *ALONE)[1])
    order = ["info", "low", "medium", "high", "critical"]
    worst = max(order.index(severity) for severity in there)
    for number, level in enumerate(order):
        code, out, _ = run("scan", evidence, "--json", "-", "--fail-on", level, *ALONE)
        assert code == (3 if number <= worst else 0)
        assert severities(out) == there, "--fail-on hides nothing"


def test_below_the_least_severity_nothing_is_told(run, evidence: Path) -> None:  # type: ignore[no-untyped-def]
    there = severities(run("scan", evidence, "--json", "-", *ALONE)[1])
    assert "info" in there
    code, out, _ = run("scan", evidence, "--json", "-", "--min-severity", "low", *ALONE)
    assert severities(out) == there - {"info"}
    keys = {finding["key"] for finding in json.loads(out)["findings"]}
    assert all(key in keys for task in json.loads(out)["tasks"] for key in task["findings"])
    assert code == 0


def test_the_evidence_is_never_replaced(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    lone = tmp_path / "Lone"
    lone.write_bytes(b"<Task/>")
    (tmp_path / "link").symlink_to(lone)
    for target in (lone, tmp_path / "link"):
        code, out, err = run("scan", lone, "--jsonl", target, "--force", *ALONE)
        assert (code, out) == (2, "")
        assert "is the evidence, which is never replaced" in err
    assert lone.read_bytes() == b"<Task/>"
    run("scan", lone, "--jsonl", tmp_path / "Lone.jsonl", *ALONE)
    assert (tmp_path / "Lone.jsonl").exists(), "beside it is a good place"


def moments(out: str) -> list[str]:
    return [row["time"] for row in json.loads(out)["timeline"]]


def test_since_and_until_leave_out_times_and_say_so(run, evidence: Path) -> None:  # type: ignore[no-untyped-def]
    whole = run("scan", evidence, "--json", "-", *ALONE)[1]
    times = sorted(time for time in moments(whole) if time.endswith("Z"))
    middle = times[len(times) // 2]
    code, out, err = run("scan", evidence, "--json", "-", "--since", middle, *ALONE)
    kept = moments(out)
    assert code == 0
    assert 0 < len(kept) < len(moments(whole))
    assert min(time for time in kept if time.endswith("Z")) == middle, "the bound itself is inside"
    assert err.startswith(f"Left out, as asked for by --since {middle}: ")
    assert f"{len(moments(whole)) - len(kept)} of {len(moments(whole))} moments of the timeline" in err
    (note,) = [problem for problem in json.loads(out)["problems"] if problem["code"] == "output.limited"]
    assert note["severity"] == "note"
    after = moments(run("scan", evidence, "--json", "-", "--until", middle, *ALONE)[1])
    assert max(time for time in after if time.endswith("Z")) == middle
    assert len(json.loads(out)["tasks"]) == len(json.loads(whole)["tasks"]) > 0
    assert run("scan", evidence, "--json", "-", "-q", "--since", middle, *ALONE)[2] == ""
    text = run("scan", evidence, "--since", middle, *ALONE)
    assert text[1].rstrip().rpartition("\n")[2].startswith("Left out, as asked for by --since"), (
        "where text is the output, it stands there"
    )
    assert text[2] == ""


def test_what_is_left_out_still_counts_for_fail_on(run, evidence: Path) -> None:  # type: ignore[no-untyped-def]
    there = severities(run("scan", evidence, "--json", "-", *ALONE)[1])
    least = next(level for level in ("info", "low", "medium") if level in there)
    code, out, err = run("scan", evidence, "--json", "-", "--min-severity", "critical", "--fail-on", least, *ALONE)
    assert code == 3
    assert severities(out) == there & {"critical"}
    assert "--min-severity critical" in err


def test_without_events_the_logs_are_left_unread(run, evidence: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    asked = []
    real = cli.scan

    def watched(*arguments: Any, **named: Any) -> Any:
        asked.append(named["events"])
        return real(*arguments, **named)

    monkeypatch.setattr(cli, "scan", watched)
    whole = json.loads(run("scan", evidence, "--json", "-", *ALONE)[1])
    told = json.loads(run("scan", evidence, "--json", "-", "--no-events", *ALONE)[1])
    assert asked == [True, False]
    assert "output.no-events" in {problem["code"] for problem in told["problems"]} - {
        problem["code"] for problem in whole["problems"]
    }


def _not_ignoring_interrupts() -> None:
    """As a terminal starts a program; what a shell puts into the background ignores SIGINT, and hands that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_130_where_a_person_cancels(evidence: Path, tmp_path: Path) -> None:
    """SIGINT to the whole group, as a terminal sends it: a sentence, no trace, no output, no process left."""
    slow = tmp_path / "Windows" / "System32" / "Tasks"
    slow.mkdir(parents=True)
    for number in range(3000):
        (slow / f"T{number}").write_bytes(b"<Task>" + b"<a/>" * 3000)
    command = [sys.executable, "-m", "triptych", "scan", str(tmp_path), "--json", str(tmp_path / "out.json"), "-v"]
    scanning = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, preexec_fn=_not_ignoring_interrupts
    )
    assert scanning.stderr is not None
    scanning.stderr.readline()
    time.sleep(1.5)
    children = Path(f"/proc/{scanning.pid}/task/{scanning.pid}/children").read_text().split()
    os.killpg(scanning.pid, signal.SIGINT)
    out, err = scanning.communicate(timeout=20)
    assert scanning.returncode == 130, err.decode()
    assert out == b""
    assert err.endswith(b"Cancelled.\n")
    assert b"Traceback" not in err
    assert children
    assert until_gone([int(pid) for pid in children], 3.0) == []
    assert not (tmp_path / "out.json").exists()


def test_an_existing_file_is_refused_before_anything_is_read(  # type: ignore[no-untyped-def]
    run, evidence: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for option, name in (("--json", "a.json"), ("--html", "a.html"), ("--csv", "tables")):
        path = tmp_path / name
        if option == "--csv":
            path.mkdir()
            (path / "findings.csv").write_text("old")
        else:
            path.write_text("old")
        with monkeypatch.context() as patched:
            patched.setattr(cli, "open_source", lambda *_, **__: pytest.fail("the evidence was opened"))
            code, out, err = run("scan", evidence, option, path, *ALONE)
        assert (code, out) == (2, "")
        assert "is there already; give --force" in err
        assert (path / "findings.csv" if option == "--csv" else path).read_text() == "old"
        assert run("scan", evidence, option, path, "--force", *ALONE)[0] == 0
        assert (path / "findings.csv" if option == "--csv" else path).read_text("utf-8-sig") != "old"
    assert sorted(entry.name for entry in (tmp_path / "tables").iterdir()) == [
        "differences.csv", "evidence.csv", "findings.csv", "logs.csv", "problems.csv", "tasks.csv", "timeline.csv",
    ]  # fmt: skip


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda exporter: exporter.option)
def test_each_way_out_alone(run, exporter, evidence: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, out, err = run("scan", evidence, f"--{exporter.option}", tmp_path / "new", *ALONE)
    assert (code, out, err) == (0, "", ""), "with an output nothing is printed"
    assert (tmp_path / "new").exists()
    if exporter.target == "FILE":
        code, out, err = run("scan", evidence, f"--{exporter.option}", "-", *ALONE)
        assert (code, err) == (0, "")
        assert len(out) > 1000
    assert not list(tmp_path.glob("**/.*"))
    assert tuple(exporter.render(Case(), cli.Run("", "", ())))


def test_an_output_that_cannot_be_written_is_a_sentence(run, evidence: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, out, err = run("scan", evidence, "--json", tmp_path / "no" / "a.json", *ALONE)
    assert (code, out) == (2, "")
    assert "could not be written (No such file or directory)" in err
    assert run("scan", evidence, "--log", tmp_path / "no" / "log", *ALONE)[0] == 2


def test_quiet_verbose_and_log(run, evidence: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    log = tmp_path / "log"
    assert run("scan", evidence, "-q", *ALONE) == (0, "", "")
    code, out, err = run("scan", evidence, "-v", "--log", log, *ALONE)
    assert code == 0
    assert out
    assert "Looking for a Windows in the evidence\n" in err
    assert err.endswith("Judging\n")
    lines = log.read_text("utf-8").splitlines()
    assert [line[24:] for line in lines] == err.splitlines()
    assert run("scan", evidence, "-q", "--log", log, *ALONE)[0] == 0
    assert log.read_text("utf-8").splitlines()[: len(lines)] == lines, "a log is added to, not replaced"


def test_progress_goes_to_a_terminal_alone(evidence: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "triptych", "scan", str(evidence)], capture_output=True, check=True)
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout


def foreign(machine: Machine) -> tuple[Machine, TaskSpec]:
    """The machine with a task more, which nobody ships."""
    pattern = machine.tasks[-1]
    task = planted(machine, "\\Contoso Inventory Zeta", pattern.definition)
    return machine.with_task(task), task


def not_in_baseline(out: str) -> set[str]:
    return {finding["task"] for finding in json.loads(out)["findings"] if finding["rule"] == "not-in-baseline"}


def test_what_a_golden_image_teaches(run, evidence: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    learned = tmp_path / "golden.json"
    code, out, err = run("baseline", evidence, "--out", learned, *ALONE)
    assert (code, err) == (0, "")
    assert out.endswith(f"tasks of LAB-PC written to {learned}.\n")
    assert run("baseline", evidence, "--out", learned, *ALONE)[0] == 2
    assert run("baseline", evidence, "--out", learned, "--force", *ALONE)[0] == 0
    assert not_in_baseline(run("scan", evidence, "--json", "-", *ALONE)[1])
    assert not_in_baseline(run("scan", evidence, "--json", "-", "--baseline", learned, *ALONE)[1]) == set()
    machine, task = foreign(GOLDEN)
    machine.write(tmp_path / "later")
    code, out, _ = run("scan", tmp_path / "later", "--json", "-", "--baseline", learned, *ALONE)
    assert not_in_baseline(out) == {task.path}


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00\xff", b'{"schema":"triptych.baseline/9","tasks":[]}', b"[" * 100_000])
def test_what_is_no_baseline_is_wrong_use(run, evidence: Path, tmp_path: Path, content: bytes) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "b").write_bytes(content)
    code, out, err = run("scan", evidence, "--baseline", tmp_path / "b", *ALONE)
    assert (code, out) == (2, "")
    assert "is no baseline that can be used" in err


def logged(machine: Machine) -> Machine:
    """A machine whose newest change stands in the log of its SOFTWARE hive alone."""

    def change(hives: Hives) -> None:
        hives.software.at("Microsoft").written += 10_000_000

    return machine.with_logged_edit(change)


@pytest.mark.parametrize("workers", ["0", "1"])
def test_derived_files_are_written_under_their_hash(run, tmp_path: Path, workers: str) -> None:  # type: ignore[no-untyped-def]
    machine = logged(GOLDEN)
    machine.write(tmp_path / "evidence")
    derived = tmp_path / "derived"
    code, out, err = run("scan", tmp_path / "evidence", "--json", "-", "--derived", derived, "--workers", workers)
    assert (code, err) == (0, "")
    document = json.loads(out)
    (replayed,) = [file for file in document["evidence"] if file["derived_from"]]
    (written,) = list(derived.iterdir())
    data = written.read_bytes()
    assert written.name == replayed["sha256"] == hashlib.sha256(data).hexdigest()
    assert len(data) == replayed["size"]
    cited = [
        ref
        for finding in document["findings"]
        for ref in finding["evidence"]
        if ref["file"] == replayed["path"] and ref["place"]["kind"] == "registry" and ref["place"]["value"] is None
    ]
    assert cited
    for ref in cited:
        assert ref["sha256"] == written.name
        block = data[ref["offset"] : ref["offset"] + ref["length"]]
        name = ref["place"]["key"].rpartition("\\")[2]
        assert name.encode("latin-1", "replace") in block or name.encode("utf-16-le") in block, "the cited bytes hold the key"
    assert run("scan", tmp_path / "evidence", "-q", "--derived", derived, "--workers", workers)[0] == 0, "the same again"


def test_rules_and_formats(run) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("rules", "--json")
    rules = json.loads(out)["rules"]
    assert code == 0
    assert [rule["id"] for rule in rules] == [rule.id for rule in RULES]
    assert all(rule["says"] and rule["benign"] and rule["next_steps"] and rule["attack"] for rule in rules)
    code, out, _ = run("rules")
    assert code == 0
    assert all(f"{rule.id} " in out for rule in RULES)
    code, out, _ = run("formats")
    assert code == 0
    assert all(f"--{exporter.option} " in out for exporter in EXPORTERS)
    assert "reader_memory" in out


def without_display(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_SESSION_TYPE")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return subprocess.run([sys.executable, "-m", "triptych", *arguments], capture_output=True, env=environment, check=False)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a window opens without being asked where")
def test_without_a_display(evidence: Path) -> None:
    alone = without_display()
    assert (alone.returncode, alone.stdout) == (1, b"")
    assert b"No display" in alone.stderr
    opened = without_display("open", str(evidence))
    scanned = without_display("scan", str(evidence))
    assert opened.returncode == scanned.returncode == 0
    assert opened.stdout == scanned.stdout != b""
    assert b"No display" in opened.stderr
    assert scanned.stderr == b""


def test_open_with_a_name_that_looks_like_an_option(tmp_path: Path) -> None:
    folder = tmp_path / "-q"
    GOLDEN.write(folder)
    done = subprocess.run(
        [sys.executable, "-m", "triptych", "open", "--", "-q"],
        cwd=tmp_path, capture_output=True, check=False, env={**os.environ, "DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""},
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.startswith(b"LAB-PC")


def test_a_reader_of_the_output_that_goes_away(evidence: Path) -> None:
    scanning = subprocess.Popen(
        [sys.executable, "-m", "triptych", "scan", str(evidence), "--json", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert scanning.stdout is not None
    scanning.stdout.close()
    assert scanning.stderr is not None
    err = scanning.stderr.read()
    scanning.stderr.close()
    assert scanning.wait(30) == 0
    assert err == b""


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "utf-8"])
def test_a_console_that_lacks_characters(evidence: Path, encoding: str) -> None:
    for command in (["scan", str(evidence)], ["rules"], ["formats"]):
        done = subprocess.run(
            [sys.executable, "-m", "triptych", *command],
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C"},
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert not any(needs_mark(character) for character in done.stdout.decode(encoding) if character != "\n")


def test_the_same_evidence_gives_the_same_bytes(run, evidence: Path) -> None:  # type: ignore[no-untyped-def]
    def document(*more: str) -> dict[str, Any]:
        found = json.loads(run("scan", evidence, "--json", "-", *more)[1])
        found.pop("run")
        return dict(found)

    assert json.dumps(document(*ALONE)) == json.dumps(document(*ALONE)) == json.dumps(document("--workers", "3"))
