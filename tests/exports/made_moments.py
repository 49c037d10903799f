"""A made timeline: UTC and local times, a record of a log with its columns, times that are no dates, hostile texts."""

from __future__ import annotations

import struct

from triptych.model.case import Case, Fact, Host
from triptych.model.event import TEXTS, EventBlock, Link, Moment
from triptych.model.evidence import EventPlace, EvidenceFile, EvidenceRef, FilePlace, Place, RegistryPlace, Span, stated
from triptych.model.finding import Confidence, Finding, Severity, finding_key
from triptych.model.times import Instant, Zone, parse_iso

HIVE, LOG, FILE = "C/config/SOFTWARE#replayed", "C/Security.evtx", "C/Tasks/Evil"
TREE = "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree\\Evil"


def ref(file: str, place: Place, offset: int = 64, length: int = 8) -> EvidenceRef:
    return EvidenceRef(place, (Span(file, offset, length),))


KEY = ref(HIVE, RegistryPlace(TREE))
RECORD = ref(LOG, EventPlace("Security", 77), 4096, 900)
WHOLE = ref(FILE, FilePlace(FILE), 0, 100)


def moment(
    time: Instant, text: str, kind: str = "tree-key-written", source: str = "registry", at: EvidenceRef = KEY, task: str | None = "\\Evil",
    account: str | None = None, links: tuple[Link, ...] = (),
) -> Moment:  # fmt: skip
    return Moment(time, source, kind, task, text, (at,), account, links=links)


def finding(rule: str, severity: Severity, at: EvidenceRef, *, task: str | None = "\\Evil", time: Instant | None = None) -> Finding:
    return Finding(
        finding_key(rule, task, None, "x"), rule, severity, Confidence.CERTAIN, task, None, f"Summary of {rule}", "Why", "Benign",
        ("Next",), ("T1053.005", "T1564"), (at,), time,
    )  # fmt: skip


def block() -> EventBlock:
    """Two records: number 76 at 2048 and number 77 at 4096."""
    strings = ("", "\\Evil", "CORP\\eve", "Microsoft-Windows-Security-Auditing", "WS-9", "S-1-5-21-1", "Security", "0x3e7")
    told = {"task": 1, "account": 2, "provider": 3, "computer": 4, "user": 5, "channel": 6, "logon_id": 7}
    columns = tuple(struct.pack("<2i", 0, told.get(name, 0)) for name in TEXTS)
    return EventBlock(
        LOG, "", 2, struct.pack("<2q", 1, 2), struct.pack("<2q", 76, 77), struct.pack("<2q", 2048, 4096), struct.pack("<2i", 800, 900),
        struct.pack("<2H", 0, 1), struct.pack("<2q", -1, 4242), struct.pack("<2q", -1, -1), bytes(2), columns, strings,
        (("Security", 4624, 2, "security", "logon", "Logon"), ("Security", 4698, 1, "security", "task-created", "Task created")),
    )  # fmt: skip


UTC = parse_iso("2026-03-14T02:17:03.1234567Z")
LOCAL = parse_iso("2026-03-14T03:30:00")
NO_DATE = Instant(0x7FFFFFFFFFFFFFF0)


def case(*, bias: str | None = "-60", extra: tuple[Moment, ...] = ()) -> Case:
    facts = (Fact("name", "", stated("WS-1", WHOLE)), *((Fact("bias", "", stated(bias, WHOLE)),) if bias is not None else ()))
    timeline = (
        moment(parse_iso("1999-12-31T23:59:59Z"), "Task File Modified: \\Old", "file-modified", "file", WHOLE, "\\Old"),
        moment(UTC, "TaskCache Tree Key Last Written: \\Evil", links=(Link(2, "same task"), Link(0, "other"))),
        moment(LOCAL, "XML Registration Date: \\Evil", "registration-date", "xml", WHOLE),
        moment(
            parse_iso("2026-03-14T02:40:00Z"), "4698 Task created \\Evil", "task-created", "security", RECORD, account="CORP\\eve"
        ),
        *extra,
    )
    findings = (
        finding("sd-missing", Severity.CRITICAL, KEY, time=UTC),
        finding("created-remotely", Severity.MEDIUM, RECORD, time=parse_iso("2026-03-14T02:40:00Z")),
        finding("log-cleared", Severity.MEDIUM, RECORD, task=None),
        finding("not-in-baseline", Severity.INFO, WHOLE),
    )
    files = tuple(EvidenceFile(name, "file", 100, None, f"{at:02x}" * 32) for at, name in enumerate((HIVE, LOG, FILE)))
    return Case(host=Host(facts), files=files, timeline=timeline, findings=findings, events=(block(),), complete=True)


def hostile(strings: tuple[str, ...]) -> Case:
    """Moments that bear a string each as text, task and account."""
    rows = tuple(
        moment(Instant(UTC.ticks + at, Zone.LOCAL if at % 3 == 0 else Zone.UTC), text, "file-modified", "file",
               ref(f"C/{text}", FilePlace(text)), text, text)
        for at, text in enumerate(strings)
    )  # fmt: skip
    return case(bias=None).with_(timeline=rows, findings=())
