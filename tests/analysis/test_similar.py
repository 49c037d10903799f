import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.material import shared
from triptych.analysis.baseline import load
from triptych.analysis.similar import deceptive, edits, lookalike, skeleton

BASELINE = load()


@pytest.mark.parametrize(
    ("path", "meant", "reason"),
    [
        ("\\Microsoft\\Windows\\Defrag\\ScheduledDefrog", "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag", "1 character"),
        ("\\Microsoft\\Windows\\Defrag\\SchedueldDefrag", "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag", "1 character"),
        ("\\Anything\\QueueReportings", "\\Microsoft\\Windows\\Windows Error Reporting\\QueueReporting", "1 character"),
        ("\\ScheduledDefrag", "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag", "another folder"),
        ("\\Microsoft\\Windows\\UPnP\\UPnPHostConf1g", "\\Microsoft\\Windows\\UPnP\\UPnPHostConfig", "other characters"),
        ("\\Microsoft\\Windows\\UPnP\\UPnPHоstConfig", "\\Microsoft\\Windows\\UPnP\\UPnPHostConfig", "other characters"),
        ("\\GoogleUpdateTaskMachineCare", "\\GoogleUpdateTaskMachineCore", "1 character"),
        ("\\MicrosoftEdgeUpdateTaskMachlneCore", "\\MicrosoftEdgeUpdateTaskMachineCore", "other characters"),
        ("\\OneDrlve Reporting Task-S-1-5-21-1-2-3-4", "\\OneDrive Reporting Task", "other characters"),
        ("\\Micr0soft\\Windows\\x", "\\Microsoft\\Windows\\x", "folder"),
        ("\\Microsoft\\Wind\u043ews\\Update", "\\Microsoft\\Windows\\Update", "folder"),
        ("\\Microsoft\\Windows\\UpdateOrchestrater\\Go", "\\Microsoft\\Windows\\UpdateOrchestrator\\Go", "folder"),
    ],
)
def test_what_wants_to_be_taken_for_another(path: str, meant: str, reason: str) -> None:
    found = lookalike(path, BASELINE)
    assert found is not None
    assert found[0] == meant
    assert reason in found[1]


@pytest.mark.parametrize(
    "path",
    [
        "\\Microsoft\\Windows\\CertificateServicesClient\\UserTask",
        "\\Microsoft\\Windows\\CertificateServicesClient\\UserTask-Roam",
        "\\Microsoft\\Windows\\Device Information\\Device User",
        "\\Microsoft\\Windows\\UpdateOrchestrator\\Schedule Work",
        "\\GoogleUpdateTaskMachineCore1d9abcdef012345",
        "\\GoogleUpdateTaskMachineUA{0A1B2C3D-0000-1111-2222-333344445555}",
        "\\OneDrive Reporting Task-S-1-5-21-1-2-3-4",
        "\\Microsoft\\Windows\\Windows Defender\\Windows Defender Scheduled Scan 2",
        "\\Backup",
        "\\Scheduled",
        "\\Vendor\\Proxy",
        "\\Vendor\\Sync",
        "\\Acme\\Nightly database export",
        "\\",
        "",
    ],
)
def test_what_is_like_nothing(path: str) -> None:
    assert lookalike(path, BASELINE) is None


def test_no_stock_task_is_like_another() -> None:
    for task in BASELINE.stock:
        assert lookalike(task.path, BASELINE) is None
    for path in BASELINE.unconfirmed:
        assert lookalike(path, BASELINE) is None


def test_the_tasks_of_a_real_desktop_are_like_nothing() -> None:
    root = shared("data/tasks-xml/Bluscream-Windows-Tasks")
    paths = ["\\" + str(file.relative_to(root).with_suffix("")).replace("/", "\\") for file in root.rglob("*.xml")]
    assert len(paths) > 100
    assert [path for path in paths if lookalike(path, BASELINE)] == []


def _plain_edits(one: str, other: str) -> int:
    """Every cell of the table, for comparison."""
    table = [[at + to for to in range(len(other) + 1)] for at in range(len(one) + 1)]
    for at in range(1, len(one) + 1):
        for to in range(1, len(other) + 1):
            cost = table[at - 1][to - 1] + (one[at - 1] != other[to - 1])
            cost = min(cost, table[at - 1][to] + 1, table[at][to - 1] + 1)
            if at > 1 and to > 1 and one[at - 1] == other[to - 2] and one[at - 2] == other[to - 1]:
                cost = min(cost, table[at - 2][to - 2] + 1)
            table[at][to] = cost
    return table[-1][-1]


@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.integers(0, 3))
def test_edits(one: str, other: str, most: int) -> None:
    assert edits(one, other, most) == min(_plain_edits(one, other), most + 1)


@given(st.sampled_from([task.path for task in BASELINE.stock]), st.integers(0, 60), st.sampled_from("qxz"))
def test_one_letter_more_is_seen(path: str, at: int, letter: str) -> None:
    folder, _, leaf = path.rpartition("\\")
    at = min(at, len(leaf))
    changed = f"{folder}\\{leaf[:at]}{letter}{leaf[at:]}"
    stripped = "".join(c for c in leaf if c.isalpha())
    if len(stripped) >= 8 and not BASELINE.is_known_name(changed) and leaf[-1:].isalpha() and at < len(leaf):
        assert lookalike(changed, BASELINE) is not None


@given(st.text(max_size=60))
def test_any_path_is_answered(path: str) -> None:
    found = lookalike(path, BASELINE)
    assert found is None or (found[0] and found[1])
    for character, words in deceptive(path):
        assert character in path
        assert words


def test_an_eye_takes_them_for_one() -> None:
    assert skeleton("Micrоsоft") == skeleton("MICR0SOFT") == skeleton("ｍicrosoft")
    assert skeleton("modem") != skeleton("model")


@pytest.mark.parametrize(
    ("name", "characters"),
    [
        ("\\Upd\u202etxt.exe", "\u202e"),
        ("\\Upd\u200bate", "\u200b"),
        ("\\Up\ufeffdate", "\ufeff"),
        ("\\Up\u2066date\u2069", "\u2066\u2069"),
        ("\\Up\u200ddate", "\u200d"),
        ("\\Up\0date", "\0"),
        ("\\Up\u0007date", "\u0007"),
        ("\\Update ", " "),
        ("\\ Update", " "),
        ("\\Folder \\Update", " "),
        ("\\Update\u00a0", "\u00a0"),
        ("\\Up\u2003date", "\u2003"),
        ("\\Up\u3164date", "\u3164"),
        ("\\Up\udc00date", "\udc00"),
        ("\\Up\u00addate", "\u00ad"),
    ],
)
def test_characters_that_deceive(name: str, characters: str) -> None:
    assert [character for character, _ in deceptive(name)] == list(characters)


@pytest.mark.parametrize(
    "name",
    [
        "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag",
        "\\\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian with a joiner it needs
        "\\\u0915\u094d\u200d\u0937",  # an Indic conjunct
        "\\\u05e9\u05dc\u05d5\u05dd\u200f",  # Hebrew with its mark
        "\\\u05d2\u05d9\u05d1\u05d5\u05d9 \u200f(A)",  # the same before a bracket
        "\\\U0001f468\u200d\U0001f469\u200d\U0001f467 Backup",  # a family of emoji
        "\\M\u00fcll \u00e4 \u00f1 \u0142",
        "\\\u5b9a\u671f\u5099\u4efd",
        "\\.leading dot",
    ],
)
def test_names_of_other_languages_are_no_deception(name: str) -> None:
    assert deceptive(name) == ()


def test_no_stock_name_deceives() -> None:
    for entry in json.loads(shared("data/stock-tasks.json").read_text("utf-8"))["tasks"]:
        assert deceptive(entry["path"]) == ()
