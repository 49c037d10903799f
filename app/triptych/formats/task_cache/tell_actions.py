"""What an Actions value tells, as the actions of a task."""

from __future__ import annotations

from typing import Any

from triptych.formats.cursor import Block
from triptych.formats.task_cache.actions import (
    ActionLayout,
    ActionsBlob,
    ComHandlerAction,
    ExecAction,
    SendEmailAction,
    ShowMessageAction,
)
from triptych.formats.task_cache.tell import Told, guid_text
from triptych.model.evidence import Reading, not_stated, stated
from triptych.model.task import Action

_WORDS: dict[type[ActionLayout], str] = {
    ExecAction: "Exec",
    ComHandlerAction: "ComHandler",
    SendEmailAction: "SendEmail",
    ShowMessageAction: "ShowMessage",
}
_TEXTS: dict[type[ActionLayout], tuple[str, ...]] = {
    ExecAction: ("command", "arguments", "working_directory"),
    ComHandlerAction: ("data",),
    SendEmailAction: ("sender", "to", "cc", "bcc", "reply_to", "server", "subject", "body"),
    ShowMessageAction: ("title", "body"),
}


def tell_actions(blob: ActionsBlob, block: Block) -> tuple[Action, ...]:
    """The actions of a blob that was decoded from `block`, in their order."""
    return tuple(_action(action, Told(block, action, action.spots)) for action in blob.actions)


def context(blob: ActionsBlob, block: Block) -> Reading[str]:
    """The id of the principal that the actions run as."""
    told = Told(block, blob, blob.spots)
    return told.text("context")


def version(blob: ActionsBlob, block: Block) -> Reading[int]:
    return stated(blob.version, block.ref(0, 2))


def _action(action: ActionLayout, told: Told) -> Action:
    found: dict[str, Any] = {name: told.text(name) for name in ("id", *_TEXTS[type(action)])}
    found["type"] = stated(_WORDS[type(action)], told.ref("magic"), raw=f"0x{action.magic:04X}")
    if isinstance(action, ComHandlerAction):
        found["class_id"] = told.missing("class_id") or stated(guid_text(action.class_id), told.ref("class_id"))
    if isinstance(action, SendEmailAction):
        found["attachments"] = _list(told, "attachments", action.attachments)
        found["headers"] = _list(told, "headers", tuple(f"{name}={value}" for name, value in action.headers))
    return Action(**found)


def _list(told: Told, name: str, value: tuple[str, ...]) -> Reading[tuple[str, ...]]:
    return told.missing(name) or (stated(value, told.ref(name)) if value else not_stated((), told.ref(name)))
