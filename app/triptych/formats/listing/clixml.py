"""PowerShell's CLIXML (`Export-Clixml`): objects as nested names and values, the shape that JSON has."""

from __future__ import annotations

from typing import Any

from lxml import etree

from triptych.formats.faults import Faults
from triptych.model.case import Weight

_NAMESPACE = "{http://schemas.microsoft.com/powershell/2004/04}"
_DEPTH = 40


def is_clixml(text: str) -> bool:
    return "<Objs" in text[:400] and "schemas.microsoft.com/powershell" in text[:800]


def read_clixml(text: str, faults: Faults) -> list[tuple[dict[str, Any], int]]:
    """The top-level objects with the line each begins at. References to earlier objects are followed by number, once."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    body = text[text.find("<Objs") :]
    if "<!DOCTYPE" in text[:2000]:
        faults.add(
            Weight.LOST,
            "listing.dtd",
            "line 1",
            tried="read CLIXML",
            found="has a DTD",
            lost="the listing",
            advice="PowerShell writes none",
        )
        return []
    root = etree.fromstring(body.encode("utf-8", "replace"), parser)
    if root is None:
        faults.add(Weight.LOST, "listing.clixml", "line 1", tried="read CLIXML", found="no element", lost="the listing")
        return []
    if parser.error_log:
        first = parser.error_log[0]
        faults.add(
            Weight.DOUBT,
            "listing.clixml",
            f"line {first.line}",
            tried="read CLIXML",
            found=first.message[:200],
            lost="what stands there",
            advice="export the listing again",
        )
    skipped = text[: text.find("<Objs")].count("\n")
    known: dict[str, Any] = {}
    children: list[Any] = list(root)
    return [(value, (child.sourceline or 1) + skipped) for child in children if isinstance(value := _value(child, known, 0), dict)]


def _value(element: Any, known: dict[str, Any], depth: int) -> Any:
    """An element of CLIXML as a Python value (MS-PSRP 2.2.5)."""
    kind = str(element.tag).removeprefix(_NAMESPACE)
    if depth > _DEPTH or kind == "Nil":
        return None
    if kind == "Ref":
        return known.get(element.get("RefId") or "")
    if kind == "Obj":
        return _object(element, known, depth)
    content = element.text or ""
    if kind == "B":
        return content == "true"
    if kind in ("I32", "U32", "I64", "U64", "By", "I16", "U16") and content.lstrip("-").isdigit() and len(content) <= 20:
        return int(content)
    return content


def _object(element: Any, known: dict[str, Any], depth: int) -> Any:
    made: dict[str, Any] = {}
    members: list[Any] | None = None
    for child in element:
        kind = str(child.tag).removeprefix(_NAMESPACE)
        if kind in ("Props", "MS"):
            for member in child:
                made.setdefault(member.get("N") or "", _value(member, known, depth + 1))
        elif kind in ("LST", "IE", "QUE"):
            members = [_value(member, known, depth + 1) for member in child]
        elif kind == "ToString" and not made:
            made.setdefault("ToString", child.text or "")
    whole: Any = members if members is not None and len(made) <= 1 else made
    known[element.get("RefId") or ""] = whole
    return whole
