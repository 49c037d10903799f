"""Every command of the window, once: the menus, the buttons and the keys all come from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenuBar, QWidget


@dataclass(frozen=True, slots=True)
class Command:
    """`needs` says when it can be used: "" always, `case` with evidence open, `reading` while it is read."""

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    needs: str = ""
    checkable: bool = False


COMMANDS: tuple[Command, ...] = (
    Command("open-folder", "&File", "&Open folder…", ("Ctrl+O",)),
    Command("open-file", "&File", "Open &file…", ("Ctrl+Shift+O",)),
    Command("open-example", "&File", "Open the &example host", ("Ctrl+Shift+E",)),
    Command("add-listing", "&File", "Add scheduler &listing…", needs="case"),
    Command("export", "&File", "&Export…", ("Ctrl+E",), "case"),
    Command("rescan", "&File", "&Read again", ("F5",), "case"),
    Command("cancel", "&File", "&Cancel reading", ("Ctrl+.",), "reading"),
    Command("start", "&File", "&Start page", ("Ctrl+W",), "case"),
    Command("quit", "&File", "&Quit", ("Ctrl+Q",)),
    Command("find", "&Edit", "&Search tasks", ("Ctrl+F",), "case"),
    Command("copy-citation", "&Edit", "Copy c&itation of the bytes", ("Ctrl+Shift+C",), "case"),
    Command("go-tasks", "&View", "&Tasks", ("Ctrl+1",), "case"),
    Command("go-compare", "&View", "&Comparison", ("Ctrl+2",), "case"),
    Command("go-bytes", "&View", "&Bytes", ("Ctrl+3",), "case"),
    Command("go-timeline", "&View", "T&imeline", ("Ctrl+4",), "case"),
    Command("go-events", "&View", "&Events", ("Ctrl+5",), "case"),
    Command("go-findings", "&View", "All &findings", ("Ctrl+Shift+F",), "case"),
    Command("go-problems", "&View", "&Problems", (), "case"),
    Command("go-sources", "&View", "S&ources", (), "case"),
    Command("next-room", "&View", "&Next room", ("F6",), "case"),
    Command("previous-room", "&View", "Pre&vious room", ("Shift+F6",), "case"),
    Command("mark", "&Edit", "&Mark the task", ("Ctrl+B", "B"), "case"),
    Command("only-differences", "&View", "Only &differences", ("Ctrl+D",), "case"),
    Command("next-finding", "&View", "Next finding", ("F8", "J"), "case"),
    Command("previous-finding", "&View", "Previous finding", ("Shift+F8", "K"), "case"),
    Command("clock-utc", "&View", "Times in &UTC", checkable=True),
    Command("clock-here", "&View", "Times in the &zone of this computer", checkable=True),
    Command("clock-machine", "&View", "Times in the zone of the evidence &machine", checkable=True),
    Command("theme-system", "&View", "Theme of the s&ystem", checkable=True),
    Command("theme-dark", "&View", "Dar&k theme", checkable=True),
    Command("theme-light", "&View", "&Light theme", checkable=True),
    Command("palette", "&Help", "All &commands", ("Ctrl+K",)),
    Command("keys", "&Help", "&Keys", ("F1",)),
    Command("about", "&Help", "&About Triptych"),
)
_RULED = frozenset(
    (
        "rescan",
        "start",
        "quit",
        "go-findings",
        "next-room",
        "only-differences",
        "next-finding",
        "clock-utc",
        "theme-system",
        "about",
    )
)


def actions(parent: QWidget, bar: QMenuBar, does: dict[str, Callable[[], None]]) -> dict[str, QAction]:
    """An action for every command that `does` something, in its menu. Raises KeyError for a name that is no command."""
    unknown = set(does) - {command.name for command in COMMANDS}
    if unknown:
        raise KeyError(f"no such command: {', '.join(sorted(unknown))}")
    made: dict[str, QAction] = {}
    titles = dict.fromkeys(command.menu for command in COMMANDS if command.name in does)
    menus = {title: bar.addMenu(title) for title in titles}
    for command in COMMANDS:
        if command.name not in does:
            continue
        action = QAction(command.text, parent)
        action.setShortcuts([QKeySequence(key) for key in command.keys])
        action.setCheckable(command.checkable)
        action.triggered.connect(lambda _=False, act=does[command.name]: act())
        if command.name in _RULED and menus[command.menu].actions():
            menus[command.menu].addSeparator()
        menus[command.menu].addAction(action)
        parent.addAction(action)
        made[command.name] = action
    return made


def key_sheet(made: dict[str, QAction]) -> str:
    """Every key and what it does, as text."""
    lines = [
        f"{', '.join(command.keys)}: {command.text.replace('&', '').rstrip('…')}"
        for command in COMMANDS
        if command.keys and command.name in made
    ]
    lines += [
        "Enter: the bytes of a cell, a finding, a task",
        "Ctrl+C: copy what is selected",
        "Space: mark a task; fold a section or a finding; Right and Left unfold and fold a finding step by step",
        "Esc: back",
        "Letters in the list: search",
        "In the timeline: arrows move and choose, + and - zoom, Home and End, 0 all, A around the chosen entry, T this task or all",
    ]
    return "\n".join(lines)
