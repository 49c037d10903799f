"""Security descriptors: bytes and text both ways, who is let in, what is broken, and SIDs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.formats.cursor import Block
from triptych.formats.faults import Faults, FormatFault
from triptych.formats.sddl import parse_sddl, rights_text, sddl
from triptych.formats.security_descriptor import (
    ADMINISTRATOR_TOKEN,
    DACL_PROTECTED,
    DELETE,
    FILE_ALL,
    READ,
    SELF_RELATIVE,
    SYSTEM_TOKEN,
    USER_TOKEN,
    WRITE,
    WRITE_DAC,
    WRITE_OWNER,
    Ace,
    SecurityDescriptor,
    decode_sd,
    encode_sd,
    grants,
)
from triptych.formats.sid import is_sid, service_sid, sid_bytes, sid_name, sid_text, task_sid
from triptych.model.evidence import RegistryPlace, Span

# Owner Administrators, group SYSTEM, a DACL without entries: what GhostTask writes, put together by hand from [MS-DTYP].
GHOST = bytes.fromhex(
    "0100 0480 14000000 24000000 00000000 300000000102 000000000005 20000000 200200000101 000000000005 120000000200 0800 0000 0000"
)
STOCK = "O:BAG:SYD:P(A;;FA;;;SY)(A;;FA;;;BA)(A;OICIIO;GR;;;WD)(A;;0x1200a9;;;S-1-5-87-1-2-3-4-5)"
DOMAIN_USER = "S-1-5-21-1-2-3-1001"


def block(data: bytes, at: int = 100) -> Block:
    return Block(data, RegistryPlace("Tree\\X", "SD"), (Span("f", at, len(data)),) if data else (), head=Span("f", 0, 1))


def decoded(text: str) -> SecurityDescriptor:
    """Through the bytes: text, descriptor, bytes, descriptor."""
    made, faults = parse_sddl(text), Faults("f")
    sd = decode_sd(block(encode_sd(made.owner, made.group, made.dacl, made.control)), faults)
    assert not len(faults), faults.problems
    return sd


def test_an_empty_list_lets_nobody_in() -> None:
    faults = Faults("f")
    sd = decode_sd(block(GHOST), faults)
    assert not len(faults)
    assert (sd.owner, sd.group, sd.dacl, sd.fault) == ("S-1-5-32-544", "S-1-5-18", (), "")
    assert sddl(sd) == "O:BAG:SYD:"
    assert encode_sd(sd.owner, sd.group, sd.dacl) == GHOST
    refused = grants(sd, SYSTEM_TOKEN, READ)
    assert not refused
    assert refused.why == "the DACL is empty: nobody is let in"


def test_spans_are_those_of_the_bytes() -> None:
    sd = decode_sd(block(GHOST), Faults("f"))
    assert sd.owner_ref is not None
    assert sd.group_ref is not None
    assert sd.dacl_ref is not None
    assert sd.owner_ref.spans == (Span("f", 120, 16),)
    assert sd.group_ref.spans == (Span("f", 136, 12),)
    assert sd.dacl_ref.spans == (Span("f", 148, 8),)
    for ace in decoded(STOCK).dacl or ():
        assert ace.ref is not None
        (span,) = ace.ref.spans
        assert span.length == 8 + len(sid_bytes(ace.sid))


def test_text_comes_back() -> None:
    for text in (STOCK, "O:BAG:SYD:", "D:AI(A;ID;FR;;;AU)(D;;FW;;;BU)", "O:SYD:NO_ACCESS_CONTROL", "G:SYD:PARAI(A;CI;CCDC;;;IU)"):
        assert sddl(decoded(text)) == text
    assert decoded(STOCK).control & DACL_PROTECTED


@pytest.mark.parametrize(
    "text", ["", "nonsense", "O:BA:", "D:(A;;FA;;)", "D:(A;;QQ;;;SY)", "D:(A;ZZ;FA;;;SY)", "D:(A;;FA;;;QQ)", "D:X(A;;FA;;;SY)"]
)
def test_what_is_no_descriptor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="SDDL"):
        parse_sddl(text)


@pytest.mark.parametrize(
    ("text", "right", "system", "administrators", "user"),
    [
        (STOCK, READ, True, True, False),
        ("D:NO_ACCESS_CONTROL", WRITE, True, True, True),
        ("O:BAG:SYD:", WRITE_DAC, True, True, False),  # the owner may always mend the list
        ("O:BAG:SYD:", WRITE_OWNER, False, False, False),
        ("O:BAD:(A;;FR;;;OW)", WRITE_DAC, False, False, False),  # unless OWNER RIGHTS says else
        ("D:(D;;FR;;;BA)(A;;FA;;;SY)(A;;FA;;;BA)", READ, False, False, False),
        ("D:(A;;FA;;;SY)(D;;FR;;;BA)(A;;FA;;;BA)", READ, True, False, False),
        ("D:(A;;FA;;;BA)(D;;FR;;;BA)", READ, True, True, False),  # the order decides
        ("D:(A;OICIIO;FA;;;WD)", READ, False, False, False),
        ("D:(D;IO;FA;;;WD)(A;;GR;;;BU)(A;;GA;;;SY)", READ, True, True, True),
        ("D:(A;;GW;;;AU)", WRITE, True, True, True),
        ("D:(A;;GW;;;AU)", DELETE, False, False, False),
        ("D:(A;;SD;;;BU)", DELETE, False, True, True),
        ("D:(D;;FW;;;BA)(A;;FA;;;BA)", READ, True, True, False),  # what is denied is writing alone
    ],
)
def test_who_is_let_in(text: str, right: int, system: bool, administrators: bool, user: bool) -> None:
    sd = decoded(text)
    found = tuple(bool(grants(sd, token, right)) for token in (SYSTEM_TOKEN, ADMINISTRATOR_TOKEN, USER_TOKEN))
    assert found == (system, administrators, user)


def test_accounts_that_every_domain_has_its_own_of() -> None:
    sd = parse_sddl("D:(A;;FA;;;LA)(A;;0x001200a9;;;LW)")
    assert [ace.sid for ace in sd.dacl or ()] == ["S-1-5-21-domain-500", "S-1-16-4096"]
    assert sid_name("S-1-5-21-domain-500") == "Administrator (built-in)"


def test_the_entry_that_decides_is_named() -> None:
    sd = decoded("D:(A;;FA;;;SY)(D;;FR;;;WD)")
    assert grants(sd, ADMINISTRATOR_TOKEN, READ).ace == (sd.dacl or ())[1]
    assert grants(sd, {DOMAIN_USER}, READ).why == "no entry allows it"


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:19],
        lambda data: b"\2" + data[1:],
        lambda data: data[:2] + b"\4\0" + data[4:],  # not self-relative
        lambda data: data[:4] + b"\xff\xff\xff\xff" + data[8:],
        lambda data: data[:16] + b"\x01\0\0\0" + data[20:],
        lambda data: data[:-8] + b"\2\0\xff\xff\0\0\0\0",  # the list is longer than the bytes
        lambda data: data[:-8] + b"\2\0\x08\0\5\0\0\0",  # it promises entries that are not there
        lambda data: data[:-8] + b"\x63\0\x08\0\0\0\0\0",
    ],
)
def test_broken_descriptors_say_why(change: object) -> None:
    assert callable(change)
    faults = Faults("f")
    sd = decode_sd(block(change(GHOST)), faults)
    assert sd.fault
    assert len(faults) == 1
    assert faults.problems[0].lost == "a part of the access rights"


def test_what_could_be_read_of_a_broken_descriptor_is_there() -> None:
    sd = decode_sd(block(GHOST[:-1]), Faults("f"))
    assert (sd.owner, sd.group, sd.dacl) == ("S-1-5-32-544", "S-1-5-18", None)
    assert sd.fault


def test_entries_with_objects_and_conditions() -> None:
    guid = bytes(range(16))
    aces = (
        Ace(5, 0, 0x100, "S-1-5-11", b"\1\0\0\0" + guid),
        Ace(9, 0, FILE_ALL, "S-1-1-0", b"artx1234"),
        Ace(0, 0, READ, "S-1-5-18"),
    )
    data = encode_sd("S-1-5-18", None, aces)
    sd = decode_sd(block(data), Faults("f"))
    assert [(ace.type, ace.sid, ace.data) for ace in sd.dacl or ()] == [(ace.type, ace.sid, ace.data) for ace in aces]
    assert encode_sd(sd.owner, sd.group, sd.dacl) == data
    text = sddl(sd)
    assert "(OA;;CR;03020100-0504-0706-0809-0a0b0c0d0e0f;;AU)" in text
    assert "(XA;;FA;;;WD;(0x6172747831323334))" in text
    assert not grants(sd, USER_TOKEN, READ), "a condition that nobody can check here grants nothing"


sids = st.builds(
    lambda authority, parts: "-".join(("S-1", str(authority), *map(str, parts))),
    st.integers(0, 0xFFFFFFFF),
    st.lists(st.integers(0, 0xFFFFFFFF), min_size=1, max_size=15),
)
aces = st.builds(Ace, st.sampled_from((0, 1)), st.integers(0, 0xFF), st.integers(0, 0xFFFFFFFF), sids)


@given(st.none() | sids, st.none() | sids, st.none() | st.lists(aces, max_size=6).map(tuple))
def test_made_descriptors_come_back(owner: str | None, group: str | None, dacl: tuple[Ace, ...] | None) -> None:
    faults = Faults("f")
    data = encode_sd(owner, group, dacl)
    sd = decode_sd(block(data), faults)
    assert not len(faults), faults.problems
    assert (sd.owner, sd.group, sd.fault) == (owner, group, "")
    assert encode_sd(sd.owner, sd.group, sd.dacl) == data
    again = parse_sddl(sddl(sd))
    assert (again.owner, again.group) == (owner, group)
    kept = [(ace.type, ace.flags & 0xDF, ace.mask, ace.sid) for ace in again.dacl or ()]
    assert kept == [(ace.type, ace.flags & 0xDF, ace.mask, ace.sid) for ace in dacl or ()]


@given(
    st.binary(max_size=200) | st.builds(lambda a, b: GHOST[:a] + b + GHOST[a + len(b) :], st.integers(0, 56), st.binary(max_size=6))
)
def test_any_bytes_raise_nothing(data: bytes) -> None:
    faults = Faults("f")
    sd = decode_sd(block(data), faults)
    assert bool(sd.fault) == any(problem.lost == "a part of the access rights" for problem in faults.problems)
    grants(sd, SYSTEM_TOKEN, READ)
    sddl(sd)


def test_masks_are_spelled_as_windows_does() -> None:
    assert [rights_text(mask) for mask in (FILE_ALL, 0x120089, 0x120116, 0x1200A0, 0x10000000, 0x3, 0x1301BF, 0)] == [
        "FA", "FR", "FW", "FX", "GA", "CCDC", "0x1301bf", "",
    ]  # fmt: skip


# -- SIDs ----------------------------------------------------------------------------------------------------------------


@given(sids)
def test_sids_come_back(text: str) -> None:
    assert sid_text(sid_bytes(text)) == text
    assert is_sid(text)


@pytest.mark.parametrize("data", [b"", b"\1\1\0\0", b"\2\1" + bytes(10), b"\1\x10" + bytes(100), b"\1\5" + bytes(10)])
def test_what_is_no_sid_is_refused(data: bytes) -> None:
    with pytest.raises(FormatFault):
        sid_text(data)


def test_names() -> None:
    assert sid_name("s-1-5-18") == "NT AUTHORITY\\SYSTEM"
    assert sid_name("S-1-5-21-1-2-3-500") == "Administrator (built-in)"
    assert sid_name("S-1-5-21-1-2-3-1001") == ""
    assert not is_sid("S-1-5-18-")


def test_sids_of_services_and_tasks() -> None:
    assert sid_name(service_sid("trustedinstaller")) == "NT SERVICE\\TrustedInstaller"
    assert task_sid("\\A\\B") == task_sid("a-b")
    real = "S-1-5-87-2912274048-3994893941-1669128114-1310430903-1263774323"  # in a 4702 event of that task
    assert task_sid("\\Microsoft\\Windows\\SoftwareProtectionPlatform\\SvcRestartTask") == real


def test_a_made_control_word_says_that_a_list_is_there() -> None:
    assert int.from_bytes(encode_sd(None, None, ())[2:4], "little") == SELF_RELATIVE | 4
