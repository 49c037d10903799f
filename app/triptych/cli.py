"""The commands of the contract. Options and exit codes are other programs' ground: add freely, change never."""

from __future__ import annotations

import argparse
import gc
import hashlib
import io
import json
import logging
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from triptych import __version__, cli_lessons
from triptych.analysis.baseline import Baseline, learn, load, read_learned
from triptych.evidence.formats import FORMATS
from triptych.evidence.source import EvidenceSource, open_source
from triptych.exports.formats import EXPORTERS
from triptych.exports.json_case import Run
from triptych.exports.leaving_out import Wanted, bound, limited, without_events
from triptych.exports.writing import OutputError, check, check_folder, write, write_folder
from triptych.limits import DEFAULT
from triptych.model.case import Case, Problem, Progress
from triptych.model.display import show
from triptych.model.evidence import Excerpt, ReadState
from triptych.model.finding import Severity
from triptych.model.times import Instant
from triptych.readers import Readers
from triptych.rules.book import RULES
from triptych.rules.rule import RULES_VERSION
from triptych.scan import scan
from triptych.stores import proof

READ, NOTHING, WRONG_USE, FOUND, CANCELLED = 0, 1, 2, 3, 130
_LOG = logging.getLogger("triptych")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    multiprocessing.freeze_support()
    _never_fail_to_print()
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser()
    try:
        options = parser.parse_args(given)
    except SystemExit as ended:  # argparse has said what is wrong
        return WRONG_USE if ended.code else READ
    options.command_line = given
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        print("Cancelled.", file=sys.stderr)
        return CANCELLED
    except BrokenPipeError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READ
    except OutputError as error:
        print(error, file=sys.stderr)
        return WRONG_USE


def _never_fail_to_print() -> None:
    """A console may lack a character; the sentence matters more than the character."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="triptych",
        description="Each Windows scheduled task as the file, the registry and the scheduler tell it.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"triptych {__version__}")
    parser.set_defaults(run=_window, evidence=[], listing=[])
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    opening = commands.add_parser("open", help="open the window on evidence", allow_abbrev=False)
    _evidence(opening)
    opening.set_defaults(run=_window, evidence_named=True)

    scanning = commands.add_parser("scan", help="read, compare and judge without a window", allow_abbrev=False)
    _evidence(scanning)
    _scan_options(scanning)
    scanning.set_defaults(run=_scan)

    learning = commands.add_parser("baseline", help="learn what belongs on a machine from a golden image", allow_abbrev=False)
    _evidence(learning)
    learning.add_argument("--out", required=True, metavar="FILE", help="where the baseline goes")
    learning.add_argument("--force", action="store_true", help="replace a file that is there")
    learning.add_argument("--workers", type=_count, default=2, metavar="N", help=argparse.SUPPRESS)
    learning.set_defaults(run=_baseline)

    formats = commands.add_parser("formats", help="what can be opened and written, and the limits", allow_abbrev=False)
    formats.set_defaults(run=_formats)
    rules = commands.add_parser("rules", help="every rule with its severity, ATT&CK ids and words", allow_abbrev=False)
    rules.add_argument("--json", action="store_true", help="as JSON")
    rules.set_defaults(run=_rules)
    cli_lessons.add(commands, _window)
    return parser


def _evidence(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "evidence", nargs="+", metavar="EVIDENCE", help="folder, archive, hive, Tasks folder or file; several are one host"
    )
    parser.add_argument(
        "--listing", action="append", default=[], metavar="FILE", help="output of schtasks, PowerShell, autorunsc, Velociraptor"
    )


def _scan_options(parser: argparse.ArgumentParser) -> None:
    for exporter in EXPORTERS:
        parser.add_argument(f"--{exporter.option}", metavar=exporter.target, help=exporter.says)
    severities = [severity.value for severity in Severity]
    parser.add_argument("--baseline", action="append", default=[], metavar="FILE", help="what `triptych baseline` learned")
    parser.add_argument(
        "--since", type=_since, metavar="TIME", help="leave out what has an earlier time: a date or an ISO 8601 time, UTC"
    )
    parser.add_argument("--until", type=_until, metavar="TIME", help="the same for later; a date alone counts to its end")
    parser.add_argument("--min-severity", choices=severities, default="info", metavar="LEVEL", help="leave out findings below this")
    parser.add_argument(
        "--fail-on", choices=severities, metavar="LEVEL", help="end with 3 where a finding, shown or not, is so grave"
    )
    parser.add_argument("--no-events", action="store_true", help="leave the event logs unread")
    parser.add_argument("--derived", metavar="DIR", help="write out files made while reading (replayed hives) under their SHA-256")
    parser.add_argument("--workers", type=_count, default=2, metavar="N", help="reader processes; 0 reads in this one")
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    parser.add_argument("--log", metavar="FILE", help="write a log")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("-v", "--verbose", action="store_true", help="say what is read")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 64):
        raise argparse.ArgumentTypeError("a whole number between 0 and 64")
    return int(text)


def _since(text: str) -> Instant:
    return _time(text, end=False)


def _until(text: str) -> Instant:
    return _time(text, end=True)


def _time(text: str, *, end: bool) -> Instant:
    try:
        return bound(text, end=end)
    except ValueError as error:
        raise argparse.ArgumentTypeError("a date or time such as 2026-03-14 or 2026-03-14T02:17:00Z") from error


def _window(options: argparse.Namespace) -> int:
    from triptych.gui import app  # late: the engine works where Qt cannot start

    reason = app.why_not()
    if reason is None:
        return app.run(tuple(options.evidence), tuple(options.listing))
    print(reason, file=sys.stderr)
    if not options.evidence:
        return NOTHING
    listings = [f"--listing={path}" for path in options.listing]
    return _scan(_parser().parse_args(["scan", *listings, "--", *options.evidence]))


def _source(options: argparse.Namespace) -> EvidenceSource | None:
    try:
        return open_source(*options.evidence, listings=tuple(options.listing))
    except OSError as error:
        told = f"{error.filename} cannot be opened: {error.strerror}" if error.filename else str(error)
        print(f"{show(told[:1].upper() + told[1:])}.", file=sys.stderr)
        return None


def _known(options: argparse.Namespace) -> Baseline | None:
    """Built-in knowledge with what was learned; None after saying what is wrong with a baseline file."""
    known = load()
    for path in options.baseline:
        try:
            known = known.with_learned(read_learned(Path(path).read_bytes()))
        except (OSError, ValueError) as error:
            print(f"{path} is no baseline that can be used: {error}.", file=sys.stderr)
            return None
    return known


def _complete(source: EvidenceSource, known: Baseline | None, workers: int, verbose: bool, events: bool = True) -> Case:
    gc.freeze()  # the program itself stays: it need not be looked through again and again
    gc.set_threshold(200_000)  # a case is tuples without circles, and many of them
    case = Case()
    progress = _Ticker(verbose)
    with Readers(source, workers) as readers:
        for step in scan(source, readers, known, snapshots=False, events=events):
            if isinstance(step, Progress):
                progress.show(step)
            else:
                case = step
    progress.clear()
    return case


class _Ticker:
    """Progress on standard error, and only where a person sits at a terminal; `verbose` gives each step its line."""

    def __init__(self, verbose: bool) -> None:
        self._terminal, self._verbose, self._last, self._text = sys.stderr.isatty(), verbose, 0.0, ""

    def show(self, step: Progress) -> None:
        is_new, self._text = step.text != self._text, step.text
        if is_new:
            _LOG.info("%s", show(step.text))
        if self._verbose:
            if is_new:
                print(show(step.text), file=sys.stderr)
        elif self._terminal and time.monotonic() - self._last > 0.1:
            self._last = time.monotonic()
            share = f" {step.done:,} of {step.total:,}" if step.total else ""
            print(f"\r\x1b[K{show(step.text, 100)}{share}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._terminal and not self._verbose:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _scan(options: argparse.Namespace) -> int:
    _check_outputs(options)
    if options.since and options.until and options.since.ticks > options.until.ticks:
        print("--since is later than --until: nothing could be between them.", file=sys.stderr)
        return WRONG_USE
    with _logged(options.log):
        return _scanned(options)


def _scanned(options: argparse.Namespace) -> int:
    started = _now()
    source, known = _source(options), _known(options)
    if source is None:
        return NOTHING
    if known is None:
        return WRONG_USE
    case = _complete(source, known, options.workers, options.verbose, events=not options.no_events)
    shown, left_out = limited(case, Wanted(options.since, options.until, Severity(options.min_severity)))
    shown = without_events(shown) if options.no_events else shown
    _leave(options, shown, Run(started, _now(), tuple(getattr(options, "command_line", ["scan", *options.evidence]))), left_out)
    if options.derived:
        _derived(source, case, options)
    if not _anything_read(case):
        _nothing(case)
        return NOTHING
    if options.fail_on and any(finding.severity.at_least(Severity(options.fail_on)) for finding in case.findings):
        return FOUND
    return READ


def _anything_read(case: Case) -> bool:
    """Whether one file at least was read, or the folder of task files is there and holds none."""
    empty = any(report.state == "read" and not report.tasks for report in case.reports)
    return empty or any(file.read is not ReadState.FAILED for file in case.files)


def _check_outputs(options: argparse.Namespace) -> None:
    """Say before a long scan what could not be written after it. Raises OutputError."""
    given = {Path(path).resolve() for path in (*options.evidence, *options.listing)}
    for exporter in EXPORTERS:
        target = getattr(options, exporter.name)
        if not target:
            continue
        if target != "-" and Path(target).resolve() in given:
            raise OutputError(f"{target} is the evidence, which is never replaced; give another name.")
        names = tuple(exporter.render(Case(), Run("", "", ())))
        if names == ("",):
            check(target, options.force)
        else:
            check_folder(target, names, options.force)


@contextmanager
def _logged(path: str | None) -> Iterator[None]:
    """Keep a log in a file for as long as a scan runs; what is there is added to. Raises OutputError."""
    if not path:
        yield
        return
    try:
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise OutputError(f"{path} cannot be written as a log ({error.strerror or error}).") from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.INFO)
    try:
        yield
    finally:
        _LOG.removeHandler(handler)
        handler.close()


def _leave(options: argparse.Namespace, case: Case, run: Run, left_out: str) -> None:
    wanted = [(exporter, target) for exporter in EXPORTERS if (target := getattr(options, exporter.name))]
    for exporter, target in wanted:
        files = exporter.render(case, run)
        if tuple(files) == ("",):
            write(target, files[""], options.force)
        else:
            write_folder(target, files, options.force)
    if options.quiet:
        return
    if wanted and left_out:
        print(left_out, file=sys.stderr)
    if not wanted:
        from triptych.exports import text_summary  # late: an export needs none

        sys.stdout.flush()
        text = text_summary.render(case) + (f"\n{left_out}\n" if left_out else "")
        write("-", text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))


def _nothing(case: Case) -> None:
    print("Nothing in the evidence could be read as a task store, a log or a listing.", file=sys.stderr)
    for problem in case.problems[:5]:
        print(f"  {show(problem.file)}: found {show(problem.found)}; {show(problem.advice)}.", file=sys.stderr)


def _derived(source: EvidenceSource, case: Case, options: argparse.Namespace) -> None:
    """Write each derived file under its SHA-256, so that anybody can look up the bytes that findings cite."""
    wanted = {file.path: file for file in case.files if file.derived_from and file.id}
    with Readers(source, min(options.workers, 1)) as readers:
        for answer in readers.read([proof.job(file) for file in wanted.values()]):
            if isinstance(answer, Problem):
                print(f"{show(answer.file)}: {show(answer.found)}. Its bytes are not written out.", file=sys.stderr)
            elif isinstance(answer, Excerpt) and hashlib.sha256(answer.data).hexdigest() == wanted[answer.file].id:
                write_folder(options.derived, {wanted[answer.file].id: answer.data}, force=True)
            elif isinstance(answer, Excerpt):
                print(f"{show(answer.file)}: the evidence has changed since it was read.", file=sys.stderr)


def _baseline(options: argparse.Namespace) -> int:
    check(options.out, options.force)
    source = _source(options)
    if source is None:
        return NOTHING
    case = _complete(source, None, options.workers, verbose=False)
    if not case.tasks:
        _nothing(case)
        return NOTHING
    write(options.out, json.dumps(learn(case), ensure_ascii=True, indent=1).encode("ascii") + b"\n", options.force)
    if options.out != "-":
        print(f"{len(case.tasks):,} tasks of {show(case.host.get('name').value or 'this host')} written to {show(options.out)}.")
    return READ


def _formats(_: argparse.Namespace) -> int:
    print("Can be opened")
    for row in FORMATS:
        print(f"  {row.name:<26} {row.says}")
    print("\nCan be written (scan)")
    for exporter in EXPORTERS:
        print(f"  --{exporter.option + ' ' + exporter.target:<24} {exporter.says}")
    print("\nLimits")
    for name in DEFAULT.__dataclass_fields__:
        print(f"  {name:<26} {getattr(DEFAULT, name):,}")
    return READ


def _rules(options: argparse.Namespace) -> int:
    if options.json:
        rows = [
            {
                "id": rule.id,
                "severity": rule.severity.value,
                "says": rule.says,
                "benign": rule.benign,
                "next_steps": list(rule.next_steps),
                "attack": list(rule.attack),
            }
            for rule in RULES
        ]
        print(json.dumps({"schema": "triptych.rules/1", "rules_version": RULES_VERSION, "rules": rows}, indent=1))
        return READ
    for rule in RULES:
        print(f"{rule.id:<24} {rule.severity.value:<9} {', '.join(rule.attack)}\n    {rule.says}")
    return READ


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
