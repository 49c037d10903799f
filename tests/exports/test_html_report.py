"""The report: hostile text stays text, nothing is loaded or linked, the document is well formed and prints."""

from __future__ import annotations

from html.parser import HTMLParser

from lxml import html as lxml_html

from tests.exports.made import RUN, poisoned, sound, texts
from triptych.exports.html_report import render
from triptych.exports.markup import element, joined
from triptych.model.case import Case
from triptych.model.display import needs_mark, show

VOID = {"meta", "br", "hr"}
OURS = {
    "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "p", "span", "table", "tr", "th", "td", "section",
    "ol", "li", "code", "strong", "mark", "footer", "br",
}  # fmt: skip


class Strict(HTMLParser):
    """Elements as they open and close, with every attribute; raises where they do not fit into one another."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def test_well_formed_and_of_our_elements_alone() -> None:
    for case in (Case(), sound(), poisoned()):
        read = Strict(render(case, RUN))
        assert read.tags <= OURS
        assert lxml_html.document_fromstring(render(case, RUN).encode("utf-8")).find("body") is not None


def test_nothing_is_loaded_linked_or_run() -> None:
    for case in (sound(), poisoned()):
        read = Strict(render(case, RUN))
        names = {name for _, name, _ in read.attributes}
        assert names <= {"class", "id", "lang", "charset", "name", "content", "http-equiv"}
        style = render(case, RUN).partition("<style>")[2].partition("</style>")[0]
        assert not any(word in style.casefold() for word in ("url(", "@import", "expression", "http:", "https:"))


def test_the_policy_comes_before_anything_else() -> None:
    text = render(poisoned(), RUN)
    policy = "default-src &#x27;none&#x27;; style-src &#x27;unsafe-inline&#x27;"
    assert text.startswith(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
    )
    assert f'content="{policy}"' in text[:300]
    assert text.count("Content-Security-Policy") == 1


def test_hostile_text_is_there_as_text() -> None:
    text = render(poisoned(), RUN)
    read = "\0".join(Strict(text).texts)
    for string in texts():
        assert show(string)[:3000] in read
    assert not any(needs_mark(character) for character in text if character != "\n")


def test_every_finding_and_task_and_problem_has_its_place() -> None:
    case = poisoned()
    document = lxml_html.document_fromstring(render(case, RUN).encode("utf-8"))
    assert len(document.find_class("finding")) == len(case.findings) > 0
    assert len(document.xpath("//table[@class='tasks']/tr")) == len(case.tasks) + 1
    assert len(document.xpath("//table[@class='problems']/tr")) == (len(case.problems) + 1 if case.problems else 0)
    assert len(document.xpath("//table[@class='sources']/tr")) == len(case.files) + 1
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids)) == len(case.findings)


def test_each_finding_cites_its_bytes() -> None:
    case = sound()
    document = lxml_html.document_fromstring(render(case, RUN).encode("utf-8"))
    for section, finding in zip(document.find_class("finding"), case.findings, strict=True):
        told = section.text_content()
        assert show(finding.headline) in told
        assert len(section.xpath(".//ol[@class='evidence']/li")) == len(finding.refs) > 0
        assert f"0x{finding.refs[0].spans[0].offset:X}" in told


def test_the_pages_break_between_findings() -> None:
    style = render(sound(), RUN).partition("<style>")[2].partition("</style>")[0]
    assert "@media print" in style
    assert "break-inside" in style


def test_markup_escapes_what_is_not_markup() -> None:
    made = element("p", "<a href=x>", joined("&", None, element("b", "\u202e")), css='"><script>')
    assert made.text == ('<p class="&quot;&gt;&lt;script&gt;">&lt;a href=x&gt;&amp;<b>\u27e8U+202E\u27e9</b></p>')
