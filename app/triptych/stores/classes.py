"""COM classes that tasks call: which file or service the registry names for them, for the machine and for each user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from triptych.evidence.layouts import Found, Item
from triptych.evidence.source import EvidenceSource
from triptych.formats.keys import Key, value
from triptych.limits import Limits
from triptych.model.case import Fact
from triptych.model.evidence import Reading, stated
from triptych.model.task import TaskRecord
from triptych.stores import registry_values as values
from triptych.stores.job import Answer, Job, StoreReader
from triptych.stores.registry_cache import Held, hold
from triptych.stores.registry_open import find_key, open_again

NAME = "classes"
MACHINE = (("machine", "Classes\\CLSID"), ("wow64", "Classes\\Wow6432Node\\CLSID"), ("wow64", "Wow6432Node\\Classes\\CLSID"))
_SERVERS = (
    ("InprocServer32", "inproc"),
    ("LocalServer32", "local"),
    ("TreatAs", "treat-as"),
    ("InprocHandler32", "handler"),
    ("ScriptletURL", "scriptlet"),  # what scrobj.dll runs for the class
)
_APP_VALUES = (("DllSurrogate", "surrogate"), ("LocalService", "service"))


def class_ids(records: Iterable[TaskRecord]) -> set[str]:
    """The CLSIDs that tasks call, in braces and upper case."""
    return {action.class_id.value.upper() for record in records for action in record.actions if action.class_id.value}


def machine_classes(root: Key, wanted: Iterable[str], view: str) -> Iterator[Fact]:
    """What HKLM\\SOFTWARE says of classes; nothing of one that it does not have."""
    for place, path in MACHINE:
        top = find_key(root, path)
        for class_id in sorted(wanted) if top else ():
            key = find_key(top, class_id)
            if key is not None:
                yield from servers(key, class_id, place, view)
                yield from _stand_in(top, key, class_id, place, view)
                yield from _application(root, key, class_id, place, view)
    packaged = find_key(root, "Classes\\PackagedCom\\ClassIndex")
    for class_id in sorted(wanted) if packaged else ():
        key = find_key(packaged, class_id)
        for package in key.subkeys() if key else ():
            yield Fact("class", class_id, stated(package.name, package.ref), view, "machine; packaged")


def servers(key: Key, class_id: str, place: str, view: str) -> Iterator[Fact]:
    """The servers of one class: a DLL, a program, another class in its stead, a script; and the code that mscoree.dll loads."""
    for name, word in _SERVERS:
        server = find_key(key, name)
        if server is None:
            continue
        found = value(server, "")
        reading: Reading[str] = values.any_text(found) if found else values.text(hold(server), "")
        yield Fact("class", class_id, reading, view, f"{place}; {word}")
        if word == "inproc" and (code := values.text(hold(server), "CodeBase")).stated:
            yield Fact("class", class_id, code, view, f"{place}; code-base")


def _stand_in(top: Key | None, key: Key, class_id: str, place: str, view: str) -> Iterator[Fact]:
    """The servers of the class that TreatAs names: they serve this one."""
    redirect = find_key(key, "TreatAs")
    named = (values.text(hold(redirect), "").value or "").upper() if redirect else ""
    other = find_key(top, named) if top and named and named != class_id else None
    if other is not None:
        yield from servers(other, class_id, f"{place}, treated as {named}", view)


def _application(root: Key, key: Key, class_id: str, place: str, view: str) -> Iterator[Fact]:
    """The AppID of a class, and the surrogate or service that runs it."""
    app = values.text(hold(key), "AppID")
    if not app.stated or not app.value:
        return
    yield Fact("class", class_id, app, view, f"{place}; app-id")
    application = find_key(root, f"Classes\\AppID\\{app.value}")
    held: Held | None = hold(application) if application else None
    for name, word in _APP_VALUES if held else ():
        found = values.text(held, name) if held else None
        if found is not None and found.stated:
            yield Fact("class", class_id, found, view, f"{place}; {word}")


def user_classes(root: Key, user: str, view: str) -> Iterator[Fact]:
    """Every class that a user's own hive serves: NTUSER.DAT below Software\\Classes, UsrClass.dat below its root."""
    for path in ("CLSID", "Software\\Classes\\CLSID", "Wow6432Node\\CLSID", "Software\\Classes\\Wow6432Node\\CLSID"):
        top = find_key(root, path)
        for key in top.subkeys() if top else ():
            if key.name.startswith("{"):
                yield from servers(key, key.name.upper(), f"user {user}", view)


def jobs_of(found: Found, wanted: Iterable[str]) -> list[Job]:
    """Jobs that look up classes which only task files call, since the registry of Windows 7 keeps no actions.

    An item of these jobs bears the CLSIDs, with blanks between them, as `task`.
    """
    asked = " ".join(sorted(set(wanted)))
    items = [replace(item, task=asked) for item in found.of("software-hive", "reg-export")] if asked else []
    return [Job(NAME, f"the classes in {item.path}", (item.as_row(),), item.size) for item in items]


def _read(job: Job, source: EvidenceSource, limits: Limits) -> Iterator[Answer]:
    """Facts alone: what is wrong with the file, the registry's reader has told already."""
    for row in job.items:
        item = Item.from_row(row)
        opened = open_again(item, source, limits)
        if opened.root is not None:
            with opened.faults.guard(
                "registry.classes", "Classes", tried="look up COM classes", lost="the servers of COM handlers"
            ):
                yield from machine_classes(opened.root, item.task.split(), item.view)


CLASSES = StoreReader(NAME, lambda found: [], _read)
