"""Task files as other programs, damage and collectors leave them, against an honest registry."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.hands import told
from tests.machines import small
from tests.scanning import scan_of
from triptych.lessons.deviations.hand import VICTIM
from triptych.lessons.machine import task_file
from triptych.lessons.task_xml import xml_text
from triptych.model.finding import Severity
from triptych.model.task import Store

TASK = small().task(VICTIM)
TEXT = xml_text(TASK.definition, TASK.xml_order)
COMMAND = re.compile("<Command>(.*?)</Command>")


def utf16(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le")


def with_file(data: bytes) -> dict[str, Severity]:
    """What is said of the machine with this task file; that its Hash is another says nothing here."""
    found = told(small().with_file(task_file(VICTIM), data))
    found.pop("hash-differs", None)
    return found


def command(text: str) -> str:
    return COMMAND.sub(lambda match: f"<Command>{text.format(match[1])}</Command>", TEXT)


ENTITIES = "".join(f"&#x{ord(letter):x};" for letter in COMMAND.search(TEXT)[1])  # type: ignore[index]  # it is there
SECTIONS = re.split(r"(?m)^  (?=<(?:RegistrationInfo|Triggers|Principals|Settings|Actions)\b)", TEXT.replace("</Task>", ""))


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + TEXT.replace("UTF-16", "UTF-8").encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode(),
        TEXT.encode("utf-16-le"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        utf16(SECTIONS[0] + "".join(reversed(SECTIONS[1:])) + "</Task>"),
        utf16(command("<!-- a -->{}<!-- b -->")),
        utf16(command("<![CDATA[{}]]>")),
        utf16(command(ENTITIES)),
        utf16(command("\r\n        {}\r\n      ")),
        utf16(command('"{}"')),
        utf16(command("{}").replace("backup.exe", "BACKUP.EXE")),
        utf16(TEXT.replace(">true<", ">1<").replace(">false<", ">0<")),
        utf16(TEXT.replace("P3D", "PT72H")),
        utf16(TEXT.replace("P3D", "PT259200S")),
        utf16(re.sub(r"(?s)<Principals>.*?</Principals>", "", TEXT)),
    ],
    ids=[
        "utf-8", "utf-8 that lies", "no mark", "utf-16 without mark", "big endian", "other order", "comments", "cdata", "entities",
        "indented", "quoted", "capitals", "numbers for flags", "hours", "seconds", "no principal",
    ],
)  # fmt: skip
def test_other_spellings_of_the_same_task(data: bytes) -> None:
    assert with_file(data) == {}


@pytest.mark.parametrize(
    "user",
    [
        "SYSTEM", "NT AUTHORITY\\SYSTEM", "NT-AUTORIT\u00c4T\\SYSTEM", "AUTORITE NT\\Syst\u00e8me", "LocalSystem", "s-1-5-18",
        ".\\SYSTEM", f"{small().name}\\SYSTEM",
    ],
)  # fmt: skip
def test_names_of_system(user: str) -> None:
    assert with_file(utf16(TEXT.replace("<UserId>S-1-5-18<", f"<UserId>{user}<"))) == {}


@pytest.mark.parametrize("user", ["S-1-5-19", "NT AUTHORITY\\Local Service", "CORP\\j.ortiz"])
def test_another_account_differs(user: str) -> None:
    assert with_file(utf16(TEXT.replace("<UserId>S-1-5-18<", f"<UserId>{user}<"))) == {"principal-differs": Severity.HIGH}


@pytest.mark.parametrize("share", [0.2, 0.4, 0.5, 0.6, 0.8, 0.95])
def test_a_file_that_was_cut_accuses_nobody(share: float) -> None:
    whole = utf16(TEXT)
    data = whole[: int(len(whole) * share)]
    assert with_file(data) == {}
    problems = scan_of(small().with_file(task_file(VICTIM), data)).case.problems
    assert any(problem.file == task_file(VICTIM) for problem in problems)


def test_what_a_damaged_file_does_state_is_compared() -> None:
    data = utf16(command("C:\\Windows\\System32\\other.exe").replace("</Task>", ""))
    assert with_file(data) == {"action-differs": Severity.CRITICAL}


def test_a_second_section_is_kept_and_told() -> None:
    more = "<Actions><Exec><Command>evil.exe</Command></Exec></Actions></Task>"
    case = scan_of(small().with_file(task_file(VICTIM), utf16(TEXT.replace("</Task>", more)))).case
    assert [problem.code for problem in case.problems if problem.file == task_file(VICTIM)] == ["xml.section-twice"]
    task = case.task(VICTIM)
    assert task is not None
    record = task.record(Store.XML)
    assert record is not None
    assert "evil.exe" in [extra.reading.value for extra in record.extras]
