"""What the crafted tables, archives, task files and jobs must lead to; the hives have a file of their own."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.bad_inputs_hives import HIVES
from tests.engine import Told

Check = Callable[[Told], None]
CHECKS: dict[str, Check] = dict(HIVES)
BLANK = ("xml/empty.xml", "xml/blank.xml")


def of(*names: str) -> Callable[[Check], Check]:
    def keep(check: Check) -> Check:
        for name in names:
            assert name not in CHECKS
            CHECKS[name] = check
        return check

    return keep


def only(found: Told) -> dict[str, object]:
    (task,) = found.tasks
    return dict(task)


def xml(found: Told) -> dict[str, object]:
    """The file's telling of its one task, which is listed as present."""
    task = only(found)
    assert task["presence"]["xml"] == "present"  # type: ignore[index]  # JSON
    return dict(task["xml"])  # type: ignore[call-overload,no-any-return]  # JSON


def commands(found: Told) -> list[str | None]:
    return [action.get("command") for action in xml(found)["actions"]]  # type: ignore[attr-defined]  # JSON


def read_with(*codes: str) -> Check:
    """The task is listed with its command, and these problems are told."""

    def check(found: Told) -> None:
        assert commands(found) == ["C:\\Tools\\a.exe"]
        assert xml(found)["complete"]
        assert set(codes) <= set(found.codes)
        assert bool(codes) == bool(found.codes)

    return check


@of("xml/empty.xml", "xml/blank.xml")
def _empty(found: Told) -> None:
    assert found.problem("xml.empty")["severity"] == "lost"
    assert only(found)["presence"]["xml"] == "unreadable"  # type: ignore[index]  # JSON


@of(*(f"xml/{name}.xml" for name in ("billion_laughs", "quadratic", "xxe_file", "xxe_net", "xxe_param", "dtd_only")))
def _dtd(found: Told) -> None:
    assert "Windows never writes one" in found.problem("xml.dtd")["what"]
    assert "document type declaration" in found.problem("xml.dtd")["what"]
    task = only(found)
    assert task["presence"]["xml"] == "unreadable"  # type: ignore[index]  # JSON
    (kept,) = [extra["value"] for extra in task["xml"]["extras"] if extra["name"] == "text"]  # type: ignore[index]  # JSON
    assert "<!DOCTYPE" in kept
    assert "root:x:" not in json.dumps(found.tasks)


@of("xml/xinclude.xml")
def _xinclude(found: Told) -> None:
    assert commands(found) == ["C:\\Tools\\a.exe"]
    assert any(extra["name"].endswith("xi:include") for extra in xml(found)["extras"])  # type: ignore[attr-defined]  # JSON
    assert "root:x:" not in json.dumps(found.tasks)


for _name, _codes in {
    "pi": ("xml.instruction",),
    "deep": ("xml.depth",),
    "wide": ("xml.elements",),
    "attributes": ("xml.attributes",),
    "utf16_no_bom": (),
    "surrogate": ("xml.surrogate",),
    "nul": ("xml.control",),
    "control": ("xml.control",),
    "trailing": ("xml.second-root",),
    "namespace": ("xml.namespace",),
    "comment": ("xml.comment",),
    "html": (),
    "mixed": ("xml.bad-bytes",),
    "utf8_as_utf16": ("xml.encoding",),
    "utf16_as_utf8": ("xml.encoding",),
    "numbers": ("xml.value",),
    "dates": ("xml.value",),
    "long_text": ("xml.long-text",),
}.items():
    CHECKS[f"xml/{_name}.xml"] = read_with(*_codes)


def also(name: str) -> Callable[[Check], Check]:
    """A check after the one that stands."""

    def keep(check: Check) -> Check:
        before = CHECKS[name]

        def both(found: Told) -> None:
            before(found)
            check(found)

        CHECKS[name] = both
        return check

    return keep


@also("xml/utf8_as_utf16.xml")
def _declared(found: Told) -> None:
    assert "declared UTF-16, read as UTF-8" in found.problem("xml.encoding")["what"]


@also("xml/mixed.xml")
def _mixed(found: Told) -> None:
    assert "byte 0x" in found.problem("xml.bad-bytes")["where"]
    assert xml(found)["description"] == "caf\xe9 \udce9\udcff"


@also("xml/nul.xml")
def _nul(found: Told) -> None:
    assert xml(found)["description"] == "c\0f\xe9 X"


@also("xml/control.xml")
def _control(found: Told) -> None:
    assert "\x1b[2J" in str(xml(found)["description"])


@also("xml/surrogate.xml")
def _surrogate(found: Told) -> None:
    assert "\ud800" in str(xml(found)["description"])


@also("xml/long_text.xml")
def _long(found: Told) -> None:
    assert "1,500,000" in found.problem("xml.long-text")["what"]
    assert len(str(xml(found)["description"])) == 1 << 20


@also("xml/numbers.xml")
def _numbers(found: Told) -> None:
    raw = {row["field"]: row["raw"] for row in xml(found)["unreadable"]}  # type: ignore[attr-defined]  # JSON
    assert raw["settings.priority"].isdigit()
    assert "settings.execution_time_limit" in raw


@also("xml/dates.xml")
def _dates(found: Told) -> None:
    raw = {row["field"]: row["raw"] for row in xml(found)["unreadable"]}  # type: ignore[attr-defined]  # JSON
    assert raw["triggers[0].start_boundary"].startswith("99999-13")


@also("xml/html.xml")
def _html(found: Told) -> None:
    assert str(xml(found)["description"]).startswith("<img ")


@of("xml/utf16_odd.xml")
def _odd(found: Told) -> None:
    assert commands(found) == ["C:\\Tools\\a.exe"]
    assert not xml(found)["complete"]
    assert {"xml.odd-byte", "xml.malformed"} <= set(found.codes)


@of("xml/truncated.xml")
def _truncated(found: Told) -> None:
    assert xml(found)["description"] == "caf\xe9 X"
    assert not xml(found)["complete"]
    assert "xml.no-actions" in found.codes


@of("xml/two_roots.xml")
def _two_roots(found: Told) -> None:
    assert commands(found) == ["C:\\Tools\\a.exe"]
    extras = {extra["name"]: extra["value"] for extra in xml(found)["extras"]}  # type: ignore[attr-defined]  # JSON
    other = [value for name, value in extras.items() if name.startswith("/Task[2]/Actions") and name.endswith("Command")]
    assert other
    assert other != ["C:\\Tools\\a.exe"]
    assert "second root" in found.problem("xml.second-root")["what"]


@of("xml/case.xml")
def _case(found: Told) -> None:
    (action,) = xml(found)["actions"]  # type: ignore[misc]  # JSON
    assert (action["type"], action["command"]) == ("exec", "C:\\Tools\\a.exe")  # type: ignore[has-type]  # JSON
    assert "exec" in found.problem("xml.unknown-action")["what"]


@of("xml/doubled.xml")
def _doubled(found: Told) -> None:
    assert commands(found)[0] == "C:\\Tools\\a.exe"
    assert len(commands(found)) == 3


@of("xml/cdata.xml")
def _cdata(found: Told) -> None:
    assert xml(found)["actions"][0]["arguments"] == "/q & <b>"  # type: ignore[index]  # JSON
    assert found.codes == []


@of("xml/formula.xml")
def _formula(found: Told) -> None:
    assert xml(found)["description"] == "=cmd|' /c calc'!A0"
    assert commands(found) == ["+C:\\Tools\\a.exe"]


def job_with(code: str, severity: str, words: str = "") -> Check:
    def check(found: Told) -> None:
        assert found.problem(code)["severity"] == severity
        assert words in found.problem(code)["what"]
        read = found.document["evidence"][0]["read"]
        assert (read == "failed") == (code in ("job.too-short", "job.not-a-job"))
        assert any(finding["rule"] == "legacy-job" for finding in found.document["findings"]) == (read != "failed")

    return check


CHECKS |= {
    "job/empty.job": job_with("job.too-short", "lost"),
    "job/not_job.job": job_with("job.not-a-job", "lost"),
    "job/string_length.job": job_with("job.string-count", "doubt", "65535"),
    "job/string_zero.job": job_with("job.string-count", "doubt", "counts 0 characters"),
    "job/app_offset.job": job_with("job.application-offset", "doubt", "C:\\old\\a.exe"),
    "job/triggers.job": job_with("job.triggers", "lost", "room for 1"),
    "job/date.job": job_with("job.date", "doubt", "65535-13-45"),
}


@of("job/utf16.job")
def _job_surrogate(found: Told) -> None:
    assert found.file(".job")["read"] == "whole"
    assert any("\ud800" in json.dumps(finding, ensure_ascii=False) for finding in found.document["findings"])


def table_with(count: int, code: str = "") -> Check:
    def check(found: Told) -> None:
        assert len(found.tasks) >= count
        assert "\\TaskName" not in found.paths
        assert found.document["stores"]["scheduler"]["state"] in ("read", "partly")
        assert (not code) or found.problem(code)

    return check


CHECKS |= {
    "table/formula.csv": table_with(1),
    "table/quote_open.csv": table_with(20, "listing.quote-open"),
    "table/field_big.csv": table_with(20, "listing.field-long"),
    "table/nul.csv": table_with(20, "listing.nul"),
    "table/utf16.csv": table_with(20),
    "table/oem.csv": table_with(20, "listing.encoding"),
    "table/columns.csv": table_with(20, "listing.columns"),
    "table/twice.csv": table_with(20),
    "table/number.json": table_with(1, "listing.json-number"),
    "table/twice.json": table_with(1, "listing.json-twice"),
    "table/surrogate.json": table_with(1),
    "table/truncated.json": table_with(19, "listing.json-broken"),
}


@also("table/quote_open.csv")
@also("table/field_big.csv")
@also("table/nul.csv")
def _twenty_one_rows(found: Told) -> None:
    """Two of the 21 rows name one task: nothing that only one of them says is dropped."""
    assert found.balance["promised"] == found.balance["listed"] == 21
    assert len(found.tasks) == 20


@also("table/field_big.csv")
def _field(found: Told) -> None:
    texts = [found.task("\\T1")["scheduler"]["description"]]
    texts += [extra["value"] for extra in found.task("\\T1")["scheduler"]["extras"] if extra["name"] == "Comment"]
    assert sorted(len(text) for text in texts) == [1, 131_072]


@also("table/nul.csv")
def _both_authors(found: Told) -> None:
    listed = found.task("\\T1")["scheduler"]
    authors = {listed["author"], *(extra["value"] for extra in listed["extras"] if extra["name"] == "Author")}
    assert "maker" in authors
    assert len(authors) == 2


@also("table/twice.csv")
def _forty_rows(found: Told) -> None:
    assert found.balance["promised"] == found.balance["listed"] == 40


@also("table/columns.csv")
def _a_problem_a_line(found: Told) -> None:
    assert found.codes.count("listing.columns") == 2


@also("table/formula.csv")
def _kept_as_data(found: Told) -> None:
    assert any(text.startswith(("=", "+", "-", "@")) for text in texts_of(found))


@also("table/surrogate.json")
def _surrogate_name(found: Told) -> None:
    assert found.paths == ["\\a\ud800b"]


@also("table/twice.json")
def _both_names(found: Told) -> None:
    assert {"A", "B"} <= {text.lstrip("\\") for text in texts_of(found)}


@also("table/number.json")
def _number_as_text(found: Told) -> None:
    assert any(len(text) == 6000 and text.isdigit() for text in texts_of(found))


@of("table/deep.json")
def _deep(found: Told) -> None:
    assert found.problem("listing.json-deep")["severity"] == "lost"
    assert found.file("deep.json")["read"] == "failed"
    assert found.tasks == []


def texts_of(found: Told) -> list[str]:
    """Every text in the telling of the scheduler."""
    texts: list[str] = []

    def gather(value: object) -> None:
        if isinstance(value, str):
            texts.append(value)
        for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            gather(member)

    for task in found.tasks:
        gather(task["scheduler"])
    return texts


def zip_with(*paths: str, codes: tuple[str, ...]) -> Check:
    def check(found: Told) -> None:
        assert sorted(found.paths) == sorted(paths)
        assert set(codes) <= set(found.codes)
        if "\\Good" in paths:
            assert found.task("\\Good")["xml"]["actions"]

    return check


CHECKS |= {
    "zip/slip.zip": zip_with("\\Good", codes=("archive.outside",)),
    "zip/symlink.zip": zip_with("\\Good", codes=("layout.link",)),
    "zip/bomb.zip": zip_with("\\Big", "\\Good", codes=("archive.ratio",)),
    "zip/size_lie.zip": zip_with("\\Good", "\\Lies", codes=("archive.size-lie", "evidence.too-large")),
    "zip/encrypted.zip": zip_with("\\Enc", "\\Good", codes=("archive.encrypted",)),
    "zip/same_name.zip": zip_with("\\Good", "\\Good", codes=("archive.same-name",)),
    "zip/nested.zip": zip_with(codes=("archive.nesting",)),
    "zip/truncated.zip": zip_with("\\B", "\\Good", codes=("archive.directory-lost",)),
    "zip/names.zip": zip_with("\\Good", "\\a\nb\x1b[31m", "\\con", codes=()),
}


@also("zip/slip.zip")
def _both_named(found: Told) -> None:
    assert found.codes.count("archive.outside") == 2


@also("zip/bomb.zip")
@also("zip/encrypted.zip")
def _told_once(found: Told) -> None:
    assert len(found.codes) == len(set(found.codes)) == 1
    assert [file["read"] for file in found.document["evidence"]].count("failed") == 1


@also("zip/same_name.zip")
def _told_apart(found: Told) -> None:
    assert len({file["sha256"] for file in found.document["evidence"]}) == 2


@also("zip/nested.zip")
def _depth(found: Told) -> None:
    assert "depth 3" in found.problem("archive.nesting")["what"]


@of("zip/many.zip")
def _many(found: Told) -> None:
    """A problem a kind: the first hundred by name, the rest counted, each file's fate in the ledger."""
    assert len(found.problems) <= 110
    assert sum(problem["count"] for problem in found.problems if problem["code"] == "xml.empty") == 1_000
    assert [file["read"] for file in found.document["evidence"]] == ["failed"] * 20_000
    assert len(found.document["tasks"]) == 1_000
    assert sum(problem["count"] for problem in found.problems if problem["code"] == "xml.empty-not-listed") == 19_000
