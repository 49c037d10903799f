"""Evidence is hostile: whatever it says is shown as text, marked where it would act, and never taken for anything else."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.gui import made
from tests.material import PROJECT, shared
from triptych.gui.display import LIMIT, Prose, copied, escaped_tip, mnemonic_free, plain_label, set_tip, visible
from triptych.gui.main import build
from triptych.gui.settings import Settings
from triptych.model.case import Case, Host, Problem, Weight
from triptych.model.display import needs_mark
from triptych.model.evidence import stated

GUI = PROJECT / "app" / "triptych" / "gui"
DOORS = {"QLabel", "QMessageBox", "QToolTip", "QTextEdit", "QTextBrowser", "QTextDocument", "QErrorMessage", "QInputDialog"}
TIPS = {"setToolTip", "setWhatsThis", "setStatusTip", "showMessage", "setInformativeText", "setDetailedText", "setHtml", "showText"}
OWN = (
    "<img src=file:///etc/hostname>", "<b>bold</b>", "a\u202egpj.exe", "\u2066x\u2069", "\ud800", "a\u0000b", "line1\nline2",
    "&amp;File", "\u200b", "\x1b[2J", "x" * 5000,
)  # fmt: skip


def material() -> tuple[str, ...]:
    texts = json.loads(shared("bad-inputs/text/texts.json").read_text("utf-8"))
    return tuple(str(text) for text in texts)


def calls(path: Path) -> list[tuple[str, ast.Call]]:
    tree = ast.parse(path.read_text("utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = (
                node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
            )
            found.append((name, node))
    return found


def test_only_display_makes_labels_and_message_boxes_and_sets_tips() -> None:
    bad = []
    for path in sorted(GUI.rglob("*.py")):
        if path.name == "display.py":
            continue
        for name, node in calls(path):
            if name in DOORS or (name in TIPS and not all(isinstance(argument, ast.Constant) for argument in node.args)):
                bad.append(f"{path.relative_to(GUI)}:{node.lineno}: {name}")
    assert bad == []


def test_the_guard_sees_what_it_guards_against(tmp_path: Path) -> None:
    sample = tmp_path / "sample.py"
    sample.write_text("QLabel(name)\nbox.setToolTip(text)\nw.setToolTip('fixed')\n", "utf-8")
    assert [name for name, _ in calls(sample)] == ["QLabel", "setToolTip", "setToolTip"]


@pytest.mark.parametrize("text", OWN)
def test_labels_and_tips_show_hostile_text_as_it_is(qtbot: QtBot, text: str) -> None:
    label = plain_label(text)
    qtbot.addWidget(label)
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert not any(needs_mark(character) for character in label.text())
    set_tip(label, text)
    assert "<img" not in label.toolTip()
    assert "<b>" not in label.toolTip()
    assert len(label.text()) <= LIMIT + 60


def test_a_tip_is_markup_that_says_the_text() -> None:
    assert escaped_tip("<b>&</b>\nsecond") == "<qt>&lt;b&gt;&amp;&lt;/b&gt;<br>second</qt>"
    assert escaped_tip("") == ""


def test_copies_are_whole_and_reversible() -> None:
    assert copied("x" * 5000) == "x" * 5000
    assert copied("a\u0000b\ud800") == "a⟨U+0000⟩b⟨U+D800⟩"
    assert mnemonic_free("Tom & Jerry") == "Tom && Jerry"


def test_long_values_say_how_much_is_left_out() -> None:
    assert visible("x" * 5000).endswith("… (3,000 more characters)")


def hostile_case(files: made.Files, texts: tuple[str, ...]) -> Case:
    case = made.case(files)
    tasks = []
    for number, text in enumerate(texts):
        task = made.plain(files, f"\\{text}", text, text, 4000 + number)
        tasks.append(task)
    findings = tuple(
        replace(
            finding,
            summary=text,
            why=text,
            benign=text,
            next_steps=(text,),
            attack=(text,),
            task=task.path,
            guid=task.guid,
            key=f"k{number}",
        )
        for number, (finding, text, task) in enumerate(zip(case.findings * 4, texts, tasks, strict=False))
    )
    problems = tuple(Problem(Weight.LOST, text, text, text, text, text, text, text) for text in texts)
    facts = tuple(replace(fact, reading=stated(texts[0], *fact.reading.refs)) for fact in case.host.facts)
    return case.with_(tasks=tuple(tasks), findings=findings, problems=problems, host=Host(facts))


@pytest.mark.window
@pytest.mark.parametrize("source", ["own", "material"])
def test_a_whole_case_of_hostile_text_is_shown_by_marks(qtbot: QtBot, settings: Settings, files: made.Files, source: str) -> None:
    texts = OWN if source == "own" else material()
    case = hostile_case(files, texts)
    window = build(lambda given, listings: made.work(case, files, given), settings)
    qtbot.addWidget(window)
    window.show()
    window.open((f"/cases/{texts[0]}",))
    qtbot.waitUntil(lambda: window.session.run.state == "done", timeout=5000)
    assert window.tasks.table.rowCount() == len(texts)
    for line in window.session.digest.lines:
        window.session.select_task(line.key)
        for name in window.rooms:
            window.show_room(name)
        assert no_hostile_widget(window) == []
    for row in range(window.tasks.table.rowCount()):
        shown = window.tasks.table.index(row, 1).data()
        assert not any(needs_mark(character) for character in shown)
    assert not window.grab().isNull()
    window.show_tasks()
    window.tasks.view.copy()
    assert window.tasks.table.row(window.tasks.view.currentIndex().row()).task.path
    assert not any(needs_mark(character) for character in QApplication.clipboard().text() if character not in "\n\t")
    window.close()


def no_hostile_widget(window: QWidget) -> list[str]:
    bad = []
    for widget in window.findChildren(QWidget):
        said = [widget.accessibleName(), widget.windowTitle()]
        if isinstance(widget, QLabel):
            said.append(widget.text())
            if widget.textFormat() is not Qt.TextFormat.PlainText and widget.text():
                bad.append(f"guesses rich text: {widget.text()!r}")
        if isinstance(widget, QAbstractButton):
            said.append(widget.text())
        if isinstance(widget, Prose):
            said.append(widget.text)
        if widget.toolTip() and not widget.toolTip().startswith("<qt>"):
            bad.append(f"a tip that Qt guesses about: {widget.toolTip()!r}")
        bad += [repr(text) for text in said if any(needs_mark(character) and character != "\n" for character in text)]
    return bad
