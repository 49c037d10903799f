import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.made import USER, host
from triptych.analysis import accounts
from triptych.model.case import Host


@pytest.mark.parametrize(
    ("text", "sid"),
    [
        ("S-1-5-18", "S-1-5-18"),
        (" s-1-5-18 ", "S-1-5-18"),
        ("SYSTEM", "S-1-5-18"),
        ("LocalSystem", "S-1-5-18"),
        ("NT AUTHORITY\\SYSTEM", "S-1-5-18"),
        ("NT-AUTORITÄT\\SYSTEM", "S-1-5-18"),
        ("AUTORITE NT\\Système", "S-1-5-18"),
        ("LOCAL SERVICE", "S-1-5-19"),
        ("NT AUTHORITY\\NETWORK SERVICE", "S-1-5-20"),
        ("BUILTIN\\Administrators", "S-1-5-32-544"),
        ("VORDEFINIERT\\Benutzer", "S-1-5-32-545"),
        ("NT SERVICE\\TrustedInstaller", "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"),
        ("", None),
        ("S-1-5-", None),
        ("CORP\\Users", None),
        ("nobody at all", None),
    ],
)
def test_well_known_accounts(text: str, sid: str | None) -> None:
    assert accounts.sid_of(text, Host()) == sid


def test_names_come_from_the_host() -> None:
    here = host(accounts={USER: "j.ortiz", "S-1-5-21-9-9-9-1105": "CORP\\svc"}, name="WS-FIN-07")
    assert accounts.sid_of("J.Ortiz", here) == USER
    assert accounts.sid_of("ws-fin-07\\j.ortiz", here) == USER
    assert accounts.sid_of(".\\j.ortiz", here) == USER
    assert accounts.sid_of("corp\\svc", here) == "S-1-5-21-9-9-9-1105"
    assert accounts.sid_of("OTHER\\j.ortiz", here) is None  # an account of another domain that bears the same name
    assert accounts.name_of(USER, here) == "j.ortiz"
    assert accounts.sid_of("j.ortiz", Host()) is None


def test_a_name_of_two_accounts_resolves_to_neither() -> None:
    here = host(accounts={USER: "admin", "S-1-5-21-9-9-9-500": "admin"})
    assert accounts.sid_of("admin", here) is None


def test_names_for_people() -> None:
    assert accounts.name_of("S-1-5-18", Host()) == "SYSTEM"
    assert accounts.name_of("S-1-5-21-1-2-3-4", Host()) == "S-1-5-21-1-2-3-4"
    assert accounts.name_of("not a sid", Host()) == "not a sid"


def test_privileged() -> None:
    service = accounts.service_sid("TrustedInstaller")
    for sid in ("S-1-5-18", "S-1-5-19", "S-1-5-20", "S-1-5-32-544", service, "S-1-5-21-1-2-3-500", "S-1-5-21-1-2-3-512"):
        assert accounts.is_privileged(sid), sid
    for sid in (USER, "S-1-5-32-545", "S-1-5-11", "S-1-1-0"):
        assert not accounts.is_privileged(sid), sid


@given(st.text(max_size=40))
def test_any_text_is_answered(text: str) -> None:
    sid = accounts.sid_of(text, Host())
    assert sid is None or accounts.canonical_sid(sid) == sid
