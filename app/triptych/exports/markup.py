"""HTML that cannot be broken by evidence: every text passes `show` and is escaped; there is no other way to add one."""

from __future__ import annotations

import html
from dataclasses import dataclass

from triptych.model.display import show, show_lines


@dataclass(frozen=True, slots=True)
class Markup:
    """Finished HTML."""

    text: str


Child = Markup | str | None
_VOID = frozenset(("br", "hr", "meta"))


def element(tag: str, *children: Child, css: str = "", **attributes: str) -> Markup:
    """One element; a str child is text of the evidence or ours and is escaped alike. Attribute names lose a trailing `_`."""
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    if css:
        named["class"] = css
    opened = "".join(f' {name}="{html.escape(value, quote=True)}"' for name, value in named.items())
    if tag in _VOID:
        return Markup(f"<{tag}{opened}>")
    return Markup(f"<{tag}{opened}>{joined(*children).text}</{tag}>")


def joined(*children: Child) -> Markup:
    return Markup("".join(_text(child) for child in children if child is not None))


def block(text: str, limit: int = 4000) -> Markup:
    """Text whose line ends stay, cut for display where it is very long."""
    return Markup(html.escape(show_lines(text, limit), quote=False))


def _text(child: Markup | str) -> str:
    return child.text if isinstance(child, Markup) else html.escape(show(child, 4000), quote=False)
