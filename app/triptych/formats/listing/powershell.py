"""`Get-ScheduledTask` as JSON, CSV or CLIXML: CIM objects of MSFT_ScheduledTask (WIN32 names; enumerations by number)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from triptych.formats.listing.listed import Listed, moment, with_leading
from triptych.model.evidence import EvidenceRef, Reading, not_stated, stated
from triptych.model.task import Action, Extra, Principal, Registration, RunState, Settings

_STATES = {"0": "Unknown", "1": "Disabled", "2": "Queued", "3": "Ready", "4": "Running"}
_RUN_LEVELS = {"0": "LeastPrivilege", "1": "HighestAvailable", "limited": "LeastPrivilege", "highest": "HighestAvailable"}
_LOGON_TYPES = {
    "1": "Password",
    "2": "S4U",
    "3": "InteractiveToken",
    "4": "Group",
    "5": "ServiceAccount",
    "6": "InteractiveTokenOrPassword",
    "interactive": "InteractiveToken",
    "serviceaccount": "ServiceAccount",
    "interactiveorpassword": "InteractiveTokenOrPassword",
}
_FLAGS = {
    "hidden": "Hidden",
    "disallow_start_if_on_batteries": "DisallowStartIfOnBatteries",
    "stop_if_going_on_batteries": "StopIfGoingOnBatteries",
    "start_when_available": "StartWhenAvailable",
    "run_only_if_network_available": "RunOnlyIfNetworkAvailable",
    "wake_to_run": "WakeToRun",
    "run_only_if_idle": "RunOnlyIfIdle",
    "enabled": "Enabled",
    "allow_start_on_demand": "AllowDemandStart",
    "allow_hard_terminate": "AllowHardTerminate",
}
_READ = {"TaskName", "TaskPath", "Actions", "Author", "Date", "Description", "Documentation", "Principal", "SecurityDescriptor"}
_READ |= {"Settings", "Source", "Triggers", "URI", "Version", "State", "PSComputerName"}


def is_task(value: dict[str, Any]) -> bool:
    """Whether an object looks like Get-ScheduledTask's (the name at least)."""
    return isinstance(value.get("TaskName"), str)


def from_object(value: dict[str, Any], ref_of: Callable[[str], EvidenceRef]) -> Listed:
    """One CIM object. `ref_of` cites a member by name (the object's bytes where they cannot be told apart)."""

    def text(source: dict[str, Any], name: str, words: dict[str, str] | None = None) -> Reading[str]:
        found = source.get(name)
        if found is None or found == "" or isinstance(found, dict | list):
            return not_stated(None, ref_of(name))
        plain = str(found)
        return stated((words or {}).get(plain.casefold(), plain), ref_of(name), raw=plain)

    folder = value.get("TaskPath")
    uri = value.get("URI")
    name = value["TaskName"]
    path = (
        f"{folder.rstrip(chr(92))}\\{name}" if isinstance(folder, str) and folder else uri if isinstance(uri, str) and uri else name
    )
    principal = _object(value.get("Principal"))
    settings = _object(value.get("Settings"))
    actions = _actions(value.get("Actions"), ref_of)
    return Listed(
        path=with_leading(path),
        ref=ref_of("TaskName"),
        registration=Registration(
            uri=text(value, "URI"),
            author=text(value, "Author"),
            date=moment(text(value, "Date")),
            source=text(value, "Source"),
            description=text(value, "Description"),
            documentation=text(value, "Documentation"),
            version=text(value, "Version"),
            security_descriptor=text(value, "SecurityDescriptor"),
        ),
        principal=_principal(principal, text) if principal else Principal(),
        settings=_settings(settings, ref_of) if settings else Settings(),
        actions=actions or (),
        has_actions=actions is not None,
        run=RunState(state=text(value, "State", _STATES)),
        extras=tuple(
            Extra(name, stated(str(member), ref_of(name)))
            for name, member in value.items()
            if name not in _READ and isinstance(member, str | int | float) and member != "" and not name.startswith(("Cim", "PS"))
        ),
        host=str(value.get("PSComputerName") or ""),
    )


def _object(value: Any) -> dict[str, Any]:
    """A nested CIM object; one that ConvertTo-Json cut at its depth is a text and says nothing."""
    if isinstance(value, dict):
        properties = value.get("CimInstanceProperties")
        return value if len(value) > 1 or not isinstance(properties, list) else {}
    return {}


def _principal(source: dict[str, Any], text: Callable[..., Reading[str]]) -> Principal:
    return Principal(
        id=text(source, "Id"),
        user_id=text(source, "UserId"),
        group_id=text(source, "GroupId"),
        display_name=text(source, "DisplayName"),
        logon_type=text(source, "LogonType", _LOGON_TYPES),
        run_level=text(source, "RunLevel", _RUN_LEVELS),
    )


def _settings(source: dict[str, Any], ref_of: Callable[[str], EvidenceRef]) -> Settings:
    flags: dict[str, Any] = {
        field: stated(found, ref_of(name)) for field, name in _FLAGS.items() if isinstance(found := source.get(name), bool)
    }
    return replace(Settings(), **flags)


def _actions(value: Any, ref_of: Callable[[str], EvidenceRef]) -> tuple[Action, ...] | None:
    """The actions in order; None where the export was cut before them."""
    members = value if isinstance(value, list) else [value] if isinstance(value, dict) else []
    if not members or not all(isinstance(member, dict) and ({"Execute", "ClassId"} & set(member)) for member in members):
        return None
    return tuple(_action(member, ref_of("Actions")) for member in members)


def _action(member: dict[str, Any], ref: EvidenceRef) -> Action:
    def text(name: str) -> Reading[str]:
        found = member.get(name)
        return stated(str(found), ref) if found not in (None, "") else not_stated(None, ref)

    if member.get("ClassId"):
        return Action(type=stated("ComHandler", ref), id=text("Id"), class_id=text("ClassId"), data=text("Data"))
    return Action(
        type=stated("Exec", ref),
        id=text("Id"),
        command=text("Execute"),
        arguments=text("Arguments"),
        working_directory=text("WorkingDirectory"),
    )
