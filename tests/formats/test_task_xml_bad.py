"""Crafted bad XML: each with the outcome that its row of the manifest demands, and mutated files without end."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.test_task_xml import real_files, task
from tests.material import bad_input, bad_inputs
from triptych.formats.faults import Faults
from triptych.formats.task_xml import ParsedTask, read_task
from triptych.limits import DEFAULT, Limits
from triptych.model import codec
from triptych.model.case import Problem
from triptych.model.display import show
from triptych.model.evidence import State
from triptych.model.task import Store, leaves

EVIL = "C:\\Tools\\a.exe"


def read(name: str) -> tuple[ParsedTask, tuple[Problem, ...]]:
    faults = Faults(name)
    return read_task(bad_input(f"xml/{name}.xml").read_bytes(), name, faults, DEFAULT), faults.problems


def codes(problems: tuple[Problem, ...]) -> set[str]:
    return {problem.code for problem in problems}


def listed(parsed: ParsedTask) -> bool:
    """The task is there with its action."""
    return parsed.is_task and [action.command.value for action in parsed.actions][:1] == [EVIL]


def test_the_manifest_is_covered() -> None:
    named = {name.removeprefix("xml/").removesuffix(".xml") for name in bad_inputs("xml")}
    assert named == {*REFUSED, *SOUND, *TOLD, *OTHER}


REFUSED = ("billion_laughs", "quadratic", "xxe_file", "xxe_net", "xxe_param", "dtd_only")
SOUND = ("cdata", "doubled", "html", "formula", "utf16_no_bom", "case", "xinclude")
TOLD = {
    "pi": "xml.instruction",
    "comment": "xml.comment",
    "deep": "xml.depth",
    "wide": "xml.elements",
    "attributes": "xml.attributes",
    "long_text": "xml.long-text",
    "utf8_as_utf16": "xml.encoding",
    "utf16_as_utf8": "xml.encoding",
    "mixed": "xml.bad-bytes",
    "surrogate": "xml.surrogate",
    "nul": "xml.control",
    "control": "xml.control",
    "trailing": "xml.second-root",
    "two_roots": "xml.second-root",
    "namespace": "xml.namespace",
    "numbers": "xml.value",
    "dates": "xml.value",
    "utf16_odd": "xml.odd-byte",
}
OTHER = ("empty", "blank", "truncated")


@pytest.mark.parametrize("name", REFUSED)
def test_a_dtd_is_refused_and_its_text_kept(name: str) -> None:
    parsed, problems = read(name)
    assert not parsed.is_task
    assert parsed.reason == "has a DTD"
    assert codes(problems) == {"xml.dtd"}
    assert "<!DOCTYPE" in (parsed.extras[0].reading.value or "")
    assert "root:" not in json.dumps([extra.reading.value for extra in parsed.extras])


@pytest.mark.parametrize("name", ["empty", "blank"])
def test_an_empty_file_is_no_task(name: str) -> None:
    parsed, problems = read(name)
    assert not parsed.is_task
    assert codes(problems) == {"xml.empty"}
    assert parsed.record(Store.XML, "\\T").presence.refs


@pytest.mark.parametrize("name", [*SOUND, *TOLD])
def test_the_task_is_listed_with_its_action(name: str) -> None:
    parsed, problems = read(name)
    if name == "formula":
        assert parsed.actions[0].command.value == "+" + EVIL
    else:
        assert listed(parsed)
    assert parsed.complete is (name != "utf16_odd")
    if name in TOLD:
        assert TOLD[name] in codes(problems)
    elif name != "case":
        assert not problems


@pytest.mark.parametrize("name", [*SOUND, *TOLD, *OTHER, *REFUSED])
def test_everything_leaves_as_a_frame_and_as_text(name: str) -> None:
    parsed, _ = read(name)
    made = parsed.record(Store.XML, "\\T")
    assert codec.decode(codec.encode([made])) == [made]
    for _, reading in leaves(made):
        if isinstance(reading.value, str):
            show(reading.value[:1_000]).encode("utf-8")


def test_what_is_nested_too_deep_is_kept_as_text() -> None:
    parsed, problems = read("deep")
    assert "nested deeper than" in next(problem.found for problem in problems if problem.code == "xml.depth")
    assert any(extra.name == "deep()" for extra in parsed.extras)


def test_too_many_elements_are_counted_and_the_action_behind_them_found() -> None:
    parsed, problems = read("wide")
    assert "more elements than the limit" in next(problem.found for problem in problems if problem.code == "xml.elements")
    assert len(parsed.extras) < 2_000


def test_comments_do_not_cut_the_command() -> None:
    parsed, problems = read("comment")
    assert parsed.actions[0].command.value == EVIL
    assert sum(extra.name == "comment()" for extra in parsed.extras) == 2
    assert "comment" in parsed.actions[0].command.note
    assert codes(problems) == {"xml.comment"}


def test_cdata_is_joined_markup_stays_text_and_every_action_is_there() -> None:
    assert read("cdata")[0].actions[0].arguments.value == "/q & <b>"
    assert "<" in (read("html")[0].registration.description.value or "")
    assert [action.command.value for action in read("doubled")[0].actions] == [EVIL, "C:\\second.exe", "C:\\second.exe"]


def test_an_action_in_another_case_is_an_unknown_one() -> None:
    parsed, problems = read("case")
    assert parsed.actions[0].type.value == "exec"
    assert "knows no action" in parsed.actions[0].type.note
    assert codes(problems) == {"xml.unknown-action"}


def test_an_action_in_another_namespace_is_shown_too() -> None:
    faults = Faults("T")
    inner = "<Actions><o:Exec xmlns:o='urn:o'><o:Command>b.exe</o:Command><o:Odd>1</o:Odd></o:Exec></Actions>"
    parsed = read_task(task(inner), "T", faults, DEFAULT)
    assert (parsed.actions[0].type.value, parsed.actions[0].command.value) == ("Exec", "b.exe")
    assert "namespace 'urn:o'" in parsed.actions[0].type.note
    assert [extra.reading.value for extra in parsed.extras] == ["1"]
    assert codes(faults.problems) == {"xml.unknown-action"}


def test_xinclude_is_an_unknown_element_and_not_followed() -> None:
    parsed, _ = read("xinclude")
    kept = {extra.name: extra.reading.value for extra in parsed.extras}
    assert kept["/Task/RegistrationInfo/Description/xi:include/@href"] == "/etc/passwd"
    assert parsed.registration.description.value == ""


def test_a_second_root_is_shown_with_its_command() -> None:
    parsed, problems = read("two_roots")
    told = next(problem for problem in problems if problem.code == "xml.second-root")
    assert "evil.exe" in told.found
    assert "C:\\Tools\\evil.exe" in [extra.reading.value for extra in parsed.extras]


def test_bad_characters_are_named_with_their_offset_and_kept() -> None:
    parsed, problems = read("mixed")
    data = bad_input("xml/mixed.xml").read_bytes()
    told = next(problem for problem in problems if problem.code == "xml.bad-bytes")
    assert f"byte 0x{data.index(bytes((0x20, 0xE9))) + 1:X}" in told.where
    assert "\udce9\udcff" in (parsed.registration.description.value or "")
    assert "\ud800" in (read("surrogate")[0].registration.description.value or "")
    assert "\0" in (read("nul")[0].registration.description.value or "")
    assert any("line 2, column" in problem.where for problem in read("nul")[1])


def test_numbers_and_dates_out_of_range_stay_as_text() -> None:
    parsed, _ = read("numbers")
    assert (parsed.settings.priority.state, parsed.settings.priority.raw) == (State.UNREADABLE, "99999999999999999999")
    assert parsed.settings.execution_time_limit.raw == "P9999999999999D"
    parsed, _ = read("dates")
    assert parsed.triggers[0].start_boundary.raw == "99999-13-45T99:99:99"


def test_a_long_text_is_cut_for_view_and_cited_whole() -> None:
    parsed, _ = read("long_text")
    description = parsed.registration.description
    assert len(description.value or "") == DEFAULT.text_kept
    assert description.refs[0].spans[0].length > 1_500_000
    assert "cut" in description.note


def test_what_stands_before_a_cut_is_shown_and_marked_partial() -> None:
    parsed, problems = read("truncated")
    assert parsed.is_task
    assert not parsed.complete
    assert parsed.principal.user_id.value == "S-1-5-18"
    assert {"xml.malformed", "xml.no-actions"} <= codes(problems)
    assert all("line" in problem.where for problem in problems if problem.code == "xml.malformed")


def test_a_comment_without_its_end_is_lost_and_kept_as_text() -> None:
    faults = Faults("T")
    parsed = read_task(task("<Settings/><!-- no end"), "T", faults, DEFAULT)
    assert not parsed.complete
    assert "xml.malformed" in codes(faults.problems)
    assert any("a.exe" in (extra.reading.value or "") for extra in parsed.extras if extra.name == "unread()")


def test_another_document_is_not_a_task() -> None:
    faults = Faults("T")
    parsed = read_task(b"<html><body>hello</body></html>", "T", faults, DEFAULT)
    assert not parsed.is_task
    assert parsed.reason == "its root element is html, not Task"
    assert codes(faults.problems) == {"xml.not-a-task"}


@pytest.mark.parametrize(
    "bomb",
    [
        b"<!--" * 500_000,
        b"<![CDATA[" * 200_000,
        b"<a " * 500_000,
        b'<a "' * 500_000,
        b"<" + b"a" * 2_000_000,
        b"<a " + b"b" * 2_000_000 + b">",
        b"<a " + b" " * 2_000_000 + b">",
        b"<a " + b"b " * 1_000_000 + b">",
        b"<a " + b"b='c' " * 300_000 + b"/>",
        b"</a>" * 500_000,
        b"<Task>" + b"<a>" * 500_000,
        b"<Task>" + b"<a></b>" * 200_000,
        b"<Task><Actions>" + b"<Exec/>" * 400_000,
        b"<" + b"T" * 100_000 + b">" + b"<b/>" * 20_000,
        b"<Task>" + b"&" * 2_000_000,
        b"<Task>" + b"<!-- -->" * 300_000,
        b"<?x ?>" * 300_000,
        b"<a/>" * 500_000,
        b"\r" * 2_000_000,
        b"<Task>" + "\u4e00\U0001f600".encode() * 300_000 + b"<b/>" * 20_000,
    ],
)
def test_bombs_end(bomb: bytes) -> None:
    faults = Faults("T")
    parsed = read_task(bomb, "T", faults, DEFAULT)
    assert faults.problems
    assert len(parsed.extras) <= 1_001


def mutated(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    out = bytearray(data)
    for at, length, new in changes:
        at %= max(len(out), 1)
        out[at : at + length] = new
    return bytes(out)


PIECES = [
    b"<",
    b">",
    b"&",
    b'"',
    b"\0",
    b"\xff",
    b"]]>",
    b"<!--",
    b"-->",
    b"</Exec>",
    b"<Exec>",
    b"\xd8",
    b"<![CDATA[",
    b"&#x1b;",
    b"xmlns='u'",
]
CHANGES = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(0, 40), st.sampled_from(PIECES) | st.binary(max_size=6)), min_size=1, max_size=6
)
SMALL = Limits(xml_elements=200, xml_depth=12, xml_attributes=5, text_kept=400)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10_000), CHANGES, st.booleans())
def test_mutated_files_are_read_as_far_as_they_go(number: int, changes: list[tuple[int, int, bytes]], small: bool) -> None:
    files = real_files()
    data = mutated(files[number % len(files)].read_bytes(), changes)
    faults = Faults("T")
    parsed = read_task(data, "T", faults, SMALL if small else DEFAULT)
    assert parsed.is_task or faults.problems
    for _, reading in leaves(parsed.record(Store.XML, "\\T")):
        for ref in reading.refs:
            for span in ref.spans:
                assert 0 <= span.offset < max(len(data), 1)
                assert span.offset + span.length <= max(len(data), 1)
    assert "xml.two-readings" not in codes(faults.problems)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="<&\r\0", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)


@settings(max_examples=200, deadline=None)
@given(TEXT, TEXT, st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"]))
def test_cited_bytes_decode_to_text_that_holds_the_value(before: str, value: str, encoding: str) -> None:
    text = task(f"<RegistrationInfo><Author>{before}</Author><Description>{value}</Description></RegistrationInfo>").decode()
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    data = mark + text.encode(encoding)
    description = read_task(data, "T", Faults("T"), DEFAULT).registration.description
    assert description.value == value
    (span,) = description.refs[0].spans
    cited = data[span.offset : span.offset + span.length].decode("utf-8" if encoding.startswith("utf-8") else encoding)
    assert cited == f"<Description>{value}</Description>"
