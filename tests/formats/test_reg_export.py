"""Text exports: real ones against the hive they were made of, every form of a value, broken lines, hostile ones."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.material import shared
from triptych.formats import keys
from triptych.formats.faults import Faults
from triptych.formats.hive import open_hive
from triptych.formats.keys import Key
from triptych.formats.reg_export import is_export, read_export, read_exports
from triptych.formats.reg_keys import RegKey
from triptych.formats.reg_lines import lines
from triptych.limits import Limits
from triptych.model.case import Weight
from triptych.model.times import Zone

LAB = "data/reg-exports/win7sp1-dorkbot-lab/Schedule-subset-A-M"
HEAD = "Windows Registry Editor Version 5.00\r\n\r\n"
KEY = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\X]\r\n"
Told = dict[str, dict[str, tuple[int, bytes]]]


def told(key: Key) -> Told:
    found: Told = {}
    waiting = [key]
    while waiting:
        top = waiting.pop()
        found[top.path.casefold()] = {value.name: (value.kind, value.block.data) for value in top.values()}
        waiting.extend(top.subkeys())
    return found


def read(text: str, encoding: str = "utf-16", head: str = HEAD) -> tuple[RegKey, Faults, bytes]:
    data = (head + text).encode(encoding)
    faults = Faults("x.reg")
    return read_export(data, "x.reg", faults), faults, data


def values(text: str, encoding: str = "utf-16", head: str = HEAD) -> dict[str, tuple[int, bytes]]:
    root, faults, _ = read(KEY + text, encoding, head)
    key = keys.find(root, "Microsoft\\X")
    assert key is not None
    assert faults.problems == ()
    return {value.name: (value.kind, value.block.data) for value in key.values()}


def sz(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le", "surrogatepass")


# -- real exports -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [".reg", ".regedit-text.txt"])
def test_both_exports_of_a_real_machine_say_what_its_hive_says(name: str) -> None:
    hive = open_hive(shared("data/hives/win7sp1-dorkbot-lab/SOFTWARE-schedule-A-M").read_bytes(), "S", Faults("S"))
    assert hive.root is not None
    path = shared(LAB + name)
    faults = Faults(path.name)
    root = read_export(path.read_bytes(), path.name, faults)
    assert faults.problems == ()
    assert (root.hive, root.mount) == ("SOFTWARE", "HKEY_LOCAL_MACHINE\\SOFTWARE")
    theirs, ours = told(hive.root), told(root)
    assert ours.keys() <= theirs.keys()
    assert sum(len(found) for found in ours.values()) >= 290
    stated = [path for path, found in ours.items() if found]
    assert [path for path in stated if ours[path] != theirs[path]] == []


def test_the_times_of_a_text_export_are_local_and_to_the_minute() -> None:
    hive = open_hive(shared("data/hives/win7sp1-dorkbot-lab/SOFTWARE-schedule-A-M").read_bytes(), "S", Faults("S"))
    path = shared(LAB + ".regedit-text.txt")
    data = path.read_bytes()
    root = read_export(data, path.name, Faults(path.name))
    key = keys.find(root, "Microsoft\\Windows NT\\CurrentVersion\\Schedule")
    assert key is not None
    assert key.written is not None
    assert (key.written.iso, key.written.zone, key.written.digits) == ("2010-11-21T04:39:00", Zone.LOCAL, 0)
    (span,) = key.written_ref.spans
    assert "11/21/2010 - 4:39 AM" in data[span.offset : span.offset + span.length].decode("utf-16-le")
    checked = 0
    for stated in hive.walk(hive.find("Microsoft\\Windows NT\\CurrentVersion\\Schedule")):
        exported = keys.find(root, stated.path)
        assert exported is not None
        if stated.written and exported.written:
            away = (exported.written.ticks - stated.written.ticks) / 36_000_000_000
            assert away in (1.0, 2.0)  # the machine's zone, with and without summer time
            checked += 1
    assert checked > 150


def test_an_export_that_deletes_and_makes_again() -> None:
    path = shared("data/reg-exports/danielwuaustralia__Optimized_OEM_Pack/ScheduledTasks.reg")
    faults = Faults(path.name)
    root = read_export(path.read_bytes(), path.name, faults)
    tree = keys.find(root, "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree")
    assert tree is not None
    value = keys.value(tree, "SD")
    assert value is not None
    assert value.block.data[:4] == b"\x01\x00\x04\x94"
    assert [(problem.code, problem.severity) for problem in faults.problems] == [("reg.deletes-key", Weight.NOTE)]
    assert "line 3" in faults.problems[0].where


def test_every_form_of_a_real_test_file() -> None:
    path = shared("data/reg-exports/fox-it__dissect.target/regflex.reg")
    faults = Faults(path.name)
    roots = {root.hive: root for root in read_exports(path.read_bytes(), path.name, faults)}
    assert set(roots) == {"NTUSER", "CLASSES", "?"}
    assert faults.problems == ()
    found = {value.name: (value.kind, value.block.data) for value in roots["?"].values()}
    assert found["String"] == (1, sz("a"))
    assert found["Dword"] == (4, b"\1\0\0\0")
    assert found["Binary"] == (3, bytes(8))
    assert found["None"] == (0, b"\0\1\2\4")
    assert found["Hex String"][1].decode("utf-16-le") == "abcd\0"


# -- forms ------------------------------------------------------------------------------------------------------------


def test_every_form_of_a_value() -> None:
    found = values(
        '@="default"\r\n"a \\"b\\" \\\\c"="say \\"x\\" \\\\ y"\r\n"d"=dword:0000000A\r\n"q"=hex(b):01,00,00,00,00,00,00,00\r\n'
        '"h"=hex:01,02,\\\r\n  03,\\\r\n  04\r\n"e"=hex:\r\n"m"=hex(7):41,00,00,00,\\\r\n  00,00\r\n"odd"=hex(ffff0012):aa ; note\r\n'
        '; a comment\r\n"n"=""\r\n'
    )
    assert found == {
        "": (1, sz("default")),
        'a "b" \\c': (1, sz('say "x" \\ y')),
        "d": (4, b"\x0a\0\0\0"),
        "q": (11, b"\1" + bytes(7)),
        "h": (3, b"\1\2\3\4"),
        "e": (3, b""),
        "m": (7, b"A\0\0\0\0\0"),
        "odd": (0xFFFF0012, b"\xaa"),
        "n": (1, sz("")),
    }


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8", "utf-8-sig"])
def test_every_encoding(encoding: str) -> None:
    text = '"Zadání 一二 𝒳"="žluť 一 𝒴"\r\n"b"=dword:1\r\n'
    assert values(text, encoding) == {"Zadání 一二 𝒳": (1, sz("žluť 一 𝒴")), "b": (4, b"\1\0\0\0")}


def test_version_4_is_in_the_code_page() -> None:
    found = values('"é"="ü"\r\n"x"=hex(2):25,54,e9,00\r\n"m"=hex(7):41,00,42,00,00\r\n"b"=hex:e9\r\n', "cp1252", "REGEDIT4\r\n\r\n")
    assert found == {"é": (1, sz("ü")), "x": (2, sz("%Té")), "m": (7, sz("A\0B\0")), "b": (3, b"\xe9")}


def test_a_string_over_several_lines() -> None:
    assert values('"a"="one\r\n[two]\r\n\\"three\\""\r\n"b"="x"\r\n') == {
        "a": (1, sz('one\r\n[two]\r\n"three"')),
        "b": (1, sz("x")),
    }


@pytest.mark.parametrize(
    ("path", "hive", "below"),
    [
        ("HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\X", "SOFTWARE", "Microsoft\\X"),
        ("HKLM\\Software\\Microsoft\\X", "SOFTWARE", "Microsoft\\X"),
        ("HKEY_LOCAL_MACHINE\\OFFLINE_SOFTWARE\\Microsoft\\X", "SOFTWARE", "Microsoft\\X"),
        ("HKEY_LOCAL_MACHINE\\mounted\\Microsoft\\Windows NT", "SOFTWARE", "Microsoft\\Windows NT"),
        ("HKEY_LOCAL_MACHINE\\mounted\\ControlSet001\\Services", "SYSTEM", "ControlSet001\\Services"),
        ("HKEY_LOCAL_MACHINE\\SYSTEM\\Select", "SYSTEM", "Select"),
        ("HKEY_LOCAL_MACHINE\\SAM\\SAM", "SAM", "SAM"),
        ("HKEY_USERS\\S-1-5-21-1-2-3-1001\\Software\\X", "NTUSER", "Software\\X"),
        ("HKEY_USERS\\S-1-5-21-1-2-3-1001_Classes\\CLSID", "USRCLASS", "CLSID"),
        ("HKEY_CURRENT_USER\\Software", "NTUSER", "Software"),
    ],
)
def test_paths_are_those_of_the_hive(path: str, hive: str, below: str) -> None:
    root, faults, _ = read(f'[{path}]\r\n"a"="b"\r\n')
    assert root.hive == hive
    key = keys.find(root, below)
    assert key is not None
    assert key.path == below
    assert faults.problems == ()


def test_several_hives_in_one_file() -> None:
    text = '[HKEY_LOCAL_MACHINE\\SYSTEM\\Select]\r\n"Current"=dword:1\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft]\r\n"a"="b"\r\n'
    root, _, data = read(text)
    assert root.hive == "SOFTWARE"
    assert [found.hive for found in read_exports(data, "x.reg", Faults("x.reg"))] == ["SYSTEM", "SOFTWARE"]


def test_spans_are_the_lines_that_state_the_value() -> None:
    root, _, data = read(KEY + '"first"="1"\r\n"𝒳"=hex:01,\\\r\n  02\r\n"last"=dword:1')
    key = keys.find(root, "Microsoft\\X")
    assert key is not None
    (span,) = key.ref.spans
    assert data[span.offset : span.offset + span.length].decode("utf-16-le") == KEY
    value = keys.value(key, "𝒳")
    assert value is not None
    assert not value.block.exact
    for start, length in ((0, None), (1, 1)):
        (span,) = value.block.spans(start, length)
        assert data[span.offset : span.offset + span.length].decode("utf-16-le") == '"𝒳"=hex:01,\\\r\n  02\r\n'
    last = keys.value(key, "last")
    assert last is not None
    (span,) = last.ref.spans
    assert span.offset + span.length == len(data)


# -- deletions and broken lines ---------------------------------------------------------------------------------------


def test_deletions_are_accepted_and_noted() -> None:
    root, faults, _ = read(
        KEY
        + '"a"="1"\r\n"b"="2"\r\n"a"=-\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Y\\Z]\r\n[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Y]\r\n"c"="3"\r\n'
    )
    assert told(root) == {"": {}, "microsoft": {}, "microsoft\\x": {"b": (1, sz("2"))}}
    assert [problem.code for problem in faults.problems] == ["reg.deletes-value", "reg.deletes-key", "reg.line"]
    assert "line 6," in faults.problems[0].where
    assert "a value without a key" in faults.problems[2].found


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        '"a',
        '"a"=',
        '"a"="not closed',
        '"a"="closed" and more',
        '"a"=dword:xyz',
        '"a"=dword:123456789',
        '"a"=hex:1g',
        '"a"=hex:123',
        '"a"=hex(zz):00',
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Z",
        '[HKEY_NOWHERE\\X]\r\n"lost"="1"\r\n' + KEY.strip(),
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\\\X]\r\n" + KEY.strip(),
    ],
)
def test_a_broken_line_costs_itself(line: str) -> None:
    root, faults, _ = read(KEY + '"before"="1"\r\n' + line + "\r\n" + KEY + '"after"="2"\r\n')
    key = keys.find(root, "Microsoft\\X")
    assert key is not None
    assert [value.name for value in key.values()] == ["before", "after"]
    problem = faults.problems[0]
    assert (problem.code, problem.severity) == ("reg.line", Weight.LOST)
    assert "line 5," in problem.where


def test_a_value_stated_twice() -> None:
    root, faults, _ = read(KEY + '"a"="1"\r\n"A"="2"\r\n')
    assert told(root)["microsoft\\x"] == {"A": (1, sz("2"))}
    assert [problem.code for problem in faults.problems] == ["reg.value-twice"]


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"hello", b"\0" * 100, "Key Nome: x".encode("utf-16")])
def test_what_is_no_export(data: bytes) -> None:
    faults = Faults("x")
    root = read_export(data, "x", faults)
    assert list(root.subkeys()) == []
    assert [problem.code for problem in faults.problems] == ["reg.head"]
    assert read_exports(data, "x", Faults("x")) == ()
    assert not is_export(data)
    assert root.ref.spans[0].length >= 1


def test_an_export_is_known_by_its_first_line() -> None:
    assert is_export((HEAD + KEY).encode("utf-16")[:200])
    assert is_export(b"REGEDIT4\r\n")
    assert is_export(shared(LAB + ".regedit-text.txt").read_bytes()[:400])


def test_strings_that_never_end_are_read_once() -> None:
    text = KEY + '"a"="\r\n' * 20_000
    root, faults, _ = read(text)
    assert told(root)["microsoft\\x"] == {}
    assert sum(problem.count for problem in faults.problems) == 20_000


def test_a_string_longer_than_the_limit_ends_with_its_line() -> None:
    data = (HEAD + KEY + '"a"="' + "x\r\n" * 1000 + '"b"="2"\r\n').encode("utf-16")
    faults = Faults("x")
    root = read_export(data, "x", faults, Limits(value=500))
    assert told(root)["microsoft\\x"] == {"b": (1, sz("2"))}
    assert sum(problem.count for problem in faults.problems) == 1000


def test_a_path_of_many_thousand_names() -> None:
    root, faults, _ = read("[HKEY_LOCAL_MACHINE\\SOFTWARE" + "\\a" * 5000 + "]\r\n" + KEY)
    assert set(told(root)) == {"", "microsoft", "microsoft\\x"}
    assert [problem.code for problem in faults.problems] == ["reg.line"]


# -- regedit's text ---------------------------------------------------------------------------------------------------


def text_export(*blocks: str) -> str:
    return "".join(blocks).replace("\n", "\r\n")


def block(path: str, written: str, *stated: tuple[str, str, str]) -> str:
    head = f"Key Name:          {path}\nClass Name:        <NO CLASS>\nLast Write Time:   {written}\n"
    made = [
        f"Value {n}\n  Name:            {a}\n  Type:            {b}\n  Data:            {c}\n\n"
        for n, (a, b, c) in enumerate(stated)
    ]
    return head + "".join(made) + "\n"


def test_values_of_a_text_export() -> None:
    text = text_export(
        block(
            "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\ X ",
            "8/9/2017 - 11:32 PM",
            ("<NO NAME>", "REG_SZ", "Completed"),
            (" lead", "REG_DWORD", "0x1f"),
            ("q", "REG_QWORD", "0x100000000"),
            ("m", "REG_MULTI_SZ", "one\ntwo"),
            ("s", "REG_SZ", "first\nsecond"),
            (
                "b",
                "REG_BINARY",
                "\n00000000   41 42 43 44 45 46 47 48 - 49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP\n00000010   00 01 -  ..",
            ),
            ("t", "REG_EXPAND_SZ", "%x%"),
            ("bad", "REG_BINARY", "zz"),
            ("odd", "REG_WHAT", "1"),
            ("n", "REG_DWORD", "twelve"),
        )
    )
    faults = Faults("x")
    root = read_export(text.encode("utf-16"), "x", faults)
    found = told(root)["microsoft\\ x "]
    assert found == {
        "": (1, sz("Completed")),
        " lead": (4, struct.pack("<I", 0x1F)),
        "q": (11, struct.pack("<Q", 1 << 32)),
        "m": (7, sz("one\0two\0")),
        "s": (1, sz("first\r\nsecond")),
        "b": (3, b"ABCDEFGHIJKLMNOP\0\1"),
        "t": (2, sz("%x%")),
    }
    assert [problem.code for problem in faults.problems] == ["reg.line"] * 3


@pytest.mark.parametrize(
    ("times", "told_first", "problems"),
    [
        (["8/9/2017 - 11:32 PM", "8/24/2017 - 1:00 AM"], "2017-08-09T23:32:00", 0),
        (["8/9/2017 - 11:32", "24/8/2017 - 1:00"], "2017-09-08T11:32:00", 0),
        (["08.09.2017 - 11:32", "24.08.2017 - 01:00"], "2017-09-08T11:32:00", 0),
        (["2017-08-09 - 11:32", "2017-08-24 - 01:00"], "2017-08-09T11:32:00", 0),
        (["8/9/2017 - 11:32", "8/9/2017 - 1:00"], "2017-08-09T11:32:00", 1),
        (["8/9/2017 - 12:00 AM", "8/24/2017 - 12:00 PM"], "2017-08-09T00:00:00", 0),
        (["8/9/2017 - 11:32 PM", "a while ago"], "2017-08-09T23:32:00", 1),
        (["8/9/2017 - 11:32 PM", "13/32/2017 - 13:00 PM"], None, 2),
    ],
)
def test_dates_are_read_as_the_whole_file_shows(times: list[str], told_first: str | None, problems: int) -> None:
    text = text_export(*(block(f"HKEY_LOCAL_MACHINE\\SOFTWARE\\K{n}", time) for n, time in enumerate(times)))
    faults = Faults("x")
    key = keys.find(read_export(text.encode("utf-16"), "x", faults), "K0")
    assert key is not None
    if told_first is not None:
        assert key.written is not None
        assert key.written.iso == told_first
        assert len(faults.problems) == problems
    assert all(problem.severity is Weight.DOUBT for problem in faults.problems)


# -- anything ---------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\A]", "[-HKLM\\SOFTWARE\\A]", "[", "]", '"a"=', '"', "\\", "hex:", "hex(2):", "01,", "\\\r\n",
        "\r\n", "\n", "dword:", "@=", "-", ";", "\0", "\ud800", "Key Name:          HKEY_USERS\\x", "Value 0", "  Name:            ",
        "  Type:            REG_BINARY", "  Data:            ", "00000000   00 01", "Last Write Time:   1/1/2017 - 1:00 AM",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([HEAD, "REGEDIT4\r\n", "Key Name:          HKEY_LOCAL_MACHINE\\SOFTWARE\r\n"]), st.lists(PIECES, max_size=40)
)
def test_any_pieces_raise_nothing_and_have_spans_in_the_file(head: str, pieces: list[str]) -> None:
    data = (head + "".join(pieces)).encode("utf-16-le", "surrogatepass")
    faults = Faults("x")
    for root in read_exports(data, "x", faults):
        waiting = [root]
        while waiting:
            key = waiting.pop()
            waiting.extend(key.subkeys())
            for ref in (key.ref, key.written_ref, *(value.ref for value in key.values())):
                assert all(span.offset + span.length <= len(data) for span in ref.spans)
    assert "reg.file" not in {problem.code for problem in faults.problems}


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_lines_cover_the_file(data: bytes) -> None:
    found = list(lines(data))
    assert all(one.stop == two.start for one, two in itertools.pairwise(found))
    assert not found or found[-1].stop == len(data)
    read_exports(data, "x", Faults("x"))
