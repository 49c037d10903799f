"""Rebuilds resources/baselines from the collated list of stock tasks: facts and their sources, nobody's sentences.

    python packaging/build_baselines.py STOCK_TASKS.json [FOLDER]

Deterministic: the same list gives the same bytes. One task a line, so that a change shows as one line.
"""

from __future__ import annotations

import importlib
import itertools
import json
import re
import sys
from pathlib import Path
from typing import Any

patterns = importlib.import_module("re._parser")  # the standard library's own reading of a pattern: there is no public one
FOLDER = Path(__file__).resolve().parents[1] / "resources" / "baselines"
ABOUT_STOCK = (
    "Tasks that Windows ships, by path, as sources state them: every action, principal and version that any of them names. "
    "A missing field is one that no source states; arguments or data of null are not stated, not empty. Letters and numbers "
    "name sources. A path that is absent here proves nothing against a task; one that is present proves nothing for it "
    "unless program, account and settings agree too. 'unconfirmed' are paths that only scripts name."
)
ABOUT_VENDORS = (
    "Tasks of common vendors: an anchored pattern over the whole path (case ignored), with folders, programs, classes and "
    "accounts where a source states them."
)


def _lean(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    """The named fields that say something."""
    return {name: entry[name] for name in names if entry.get(name) not in (None, [], "")}


def _action(entry: dict[str, Any]) -> dict[str, Any]:
    kept = _lean(entry, "type", "command", "class_id", "module")
    text = "arguments" if entry["type"] == "Exec" else "data"
    if entry.get(text) != "":
        kept[text] = entry.get(text)
    return kept | {"sources": entry["sources"]}


def _task(entry: dict[str, Any]) -> dict[str, Any]:
    kept = _lean(
        entry, "path", "product", "windows", "builds", "principals", "hidden", "author", "triggers", "maintenance", "sources"
    )
    actions = sorted((_action(action) for action in entry["actions"]), key=lambda action: json.dumps(action, sort_keys=True))
    return kept | {"actions": actions}


def _vendor(entry: dict[str, Any]) -> dict[str, Any]:
    names = ("vendor", "product", "pattern", "command_directories", "executables", "class_ids", "principals", "sources")
    return _lean(entry, *names) | {"names": examples(str(entry["pattern"]))}


def examples(pattern: str) -> list[str]:
    """The paths that a pattern stands for, every alternative written out; what varies (digits, GUIDs) is left out."""
    found = set()
    for text in _texts(patterns.parse(pattern)):
        folder, slash, leaf = text.rpartition("\\")
        folder = re.sub(r"\{?----\}?", "<guid>", folder.replace("S-1-5-21----", "<sid>"))
        leaf = re.sub(r"[\s_\-]*(?:S-1-5-21----|\{----\}).*$", "", leaf).rstrip(" _-")
        found.add(folder + slash + leaf)
    return sorted(text for text in found if len(text.rpartition("\\")[2]) > 3)


def _texts(parsed: Any) -> list[str]:
    pieces: list[list[str]] = []
    for kind, value in parsed:
        name = str(kind)
        if name == "LITERAL":
            pieces.append([chr(value)])
        elif name == "SUBPATTERN":
            pieces.append(_texts(value[3]))
        elif name == "BRANCH":
            pieces.append([text for branch in value[1] for text in _texts(branch)])
        elif name == "MAX_REPEAT" and value[:2] == (0, 1) and not _varies(value[2]):
            pieces.append(["", *_texts(value[2])])
        else:
            pieces.append([""])
    return ["".join(choice) for choice in itertools.product(*pieces)]


def _varies(parsed: Any) -> bool:
    return any(
        str(kind) not in ("LITERAL", "SUBPATTERN", "BRANCH") or (str(kind) == "SUBPATTERN" and _varies(value[3]))
        for kind, value in parsed
    )


def _written(head: dict[str, Any], name: str, entries: list[dict[str, Any]]) -> str:
    top = json.dumps(head, ensure_ascii=False, indent=1, sort_keys=True)[:-2]
    lines = ",\n".join("  " + json.dumps(entry, ensure_ascii=False, sort_keys=True) for entry in entries)
    return f'{top},\n "{name}": [\n{lines}\n ]\n}}\n'


def build(collated: dict[str, Any]) -> dict[str, str]:
    """The files by name."""
    tasks = sorted((_task(entry) for entry in collated["tasks"]), key=lambda task: str(task["path"]).casefold())
    vendors = sorted((_vendor(entry) for entry in collated["vendors"]), key=lambda entry: (entry["vendor"], entry["pattern"]))
    unconfirmed = sorted(str(entry["path"]) for entry in collated["unconfirmed"])
    sources = collated["sources"]
    stock = {"about": ABOUT_STOCK, "schema": "triptych.stock/1", "sources": sources, "unconfirmed": unconfirmed}
    makers = {"about": ABOUT_VENDORS, "schema": "triptych.vendors/1", "sources": sources}
    return {"stock.json": _written(stock, "tasks", tasks), "vendors.json": _written(makers, "vendors", vendors)}


def main(arguments: list[str]) -> int:
    if not 1 <= len(arguments) <= 2:
        print(__doc__)
        return 2
    folder = Path(arguments[1]) if len(arguments) > 1 else FOLDER
    for name, text in build(json.loads(Path(arguments[0]).read_text("utf-8"))).items():
        (folder / name).write_text(text, "utf-8")
        print(f"{name}: {len(text):,} characters")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
