"""From the bytes of an XML file to elements with their places, and a problem for everything that is not as it should be.

Two readers look at each text: our own scan gives elements with offsets, lxml says whether the text is well-formed and, where
it is, whether both saw the same elements and the same characters.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from triptych.formats.cursor import Block
from triptych.formats.faults import Faults
from triptych.formats.xml_scan import Attribute, Element, Expected, Remark, Tree, scan
from triptych.formats.xml_text import Decoded, Offsets, decode, encoded
from triptych.limits import Limits
from triptych.model.case import Weight
from triptych.model.display import show
from triptych.model.evidence import EvidenceRef, XmlPlace

# Characters that no XML 1.0 document may hold; bytes that are no text stand as U+DC80 and up.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BAD = re.compile("[\udc80-\udcff]")
_DECLARATION = re.compile(r"\s{0,64}<\?xml\s[^>]{0,500}\?>")
_BROKEN = ("open", "stray-end", "tag", "unread")
_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
)


class Places:
    """References to characters of a text: to the bytes of the file that it was decoded from, or to a block that carries it."""

    def __init__(self, decoded: Decoded, file: str, block: Block | None = None) -> None:
        self.text = decoded.text
        self._file, self._block = file, block
        self._exact = block is None or block.data[: decoded.size] == encoded(decoded.text, decoded.codec)
        self._offsets = Offsets(decoded.text, decoded.codec, decoded.mark, decoded.size)
        self._lines: list[int] | None = None

    def line(self, at: int) -> int:
        """The line (from 1) that a character stands in."""
        if self._lines is None:
            self._lines = [match.start() for match in re.finditer("\n", self.text)]
        return bisect_left(self._lines, at) + 1

    def column(self, at: int) -> int:
        return at - self.text.rfind("\n", 0, at)

    def byte(self, at: int) -> int:
        return self._offsets.byte(at)

    def spot(self, at: int) -> str:
        """A place in words: line, column and byte."""
        return f"line {self.line(at)}, column {self.column(at)}, byte 0x{self.byte(at):X}"

    def span(self, start: int, stop: int, path: str) -> EvidenceRef:
        """A citation of the characters from `start` to `stop`; of one byte at least."""
        if self._block is not None:
            return self._in_block(self._block, start, stop)
        first = self._offsets.byte(start)
        length = max(self._offsets.byte(stop) - first, 1)
        return EvidenceRef.to(XmlPlace(self.line(start), path), self._file, first, length)

    def _in_block(self, block: Block, start: int, stop: int) -> EvidenceRef:
        if not self._exact:
            return block.ref()
        first = self._offsets.byte(start)
        return block.ref(first, self._offsets.byte(stop) - first)

    def element(self, element: Element) -> EvidenceRef:
        """The whole element, from the `<` of its start tag to the `>` of its end tag."""
        return self.span(element.start, element.stop, element.path)

    def head(self, element: Element) -> EvidenceRef:
        """The element's start tag alone."""
        return self.span(element.start, element.head, element.path)

    def attribute(self, element: Element, attribute: Attribute) -> EvidenceRef:
        return self.span(attribute.start, attribute.stop, f"{element.path}/@{attribute.name}")


@dataclass(frozen=True, slots=True)
class Document:
    """A text that was read. `root` is None where it holds no element or has a DTD; `whole` is False where parts are lost.

    `others` are further root elements (no sound document has any), `remarks` everything that is no element.
    """

    decoded: Decoded
    places: Places
    root: Element | None
    others: tuple[Element, ...] = ()
    remarks: tuple[Remark, ...] = ()
    whole: bool = True
    reason: str = ""

    def everything(self) -> EvidenceRef:
        """A citation of the whole text."""
        return self.places.span(0, len(self.decoded.text), "/")


def read_document(data: bytes, file: str, faults: Faults, limits: Limits, expected: Expected) -> Document:
    """Read a file's bytes. Never raises; `reason` says why there is no root."""
    decoded = decode(data)
    return _read(decoded, Places(decoded, file), faults, limits, expected)


def read_text(text: str, block: Block, codec: str, faults: Faults, limits: Limits, expected: Expected) -> Document:
    """Read XML that another file carries; `block` holds it, encoded as `codec` says from its first byte on ("": somehow)."""
    body = encoded(text, codec) if codec else b""
    decoded = Decoded(text, codec or "utf-8", 0, 0, "", len(body) if codec else len(encoded(text, "utf-16-le")))
    if not codec:
        block = Block(block.data, block.place, block.pieces, exact=False, head=block.head)
    return _read(decoded, Places(decoded, block.pieces[0].file, block), faults, limits, expected)


def _read(decoded: Decoded, places: Places, faults: Faults, limits: Limits, expected: Expected) -> Document:
    text = decoded.text
    _encoding_problems(decoded, places, faults)
    if not text.strip(" \t\r\n\0\ufeff"):
        found = "the file is empty" if not text else f"{len(text):,} characters, all of them white space or NUL"
        _refuse(faults, "xml.empty", found)
        return Document(decoded, places, None, reason="empty" if not text else "blank")
    tree = scan(text, limits, expected)
    if tree.dtd is not None:
        _refuse(faults, "xml.dtd", f"a document type declaration at {places.spot(tree.dtd)}: Windows never writes one")
        return Document(decoded, places, None, reason="has a DTD")
    if not tree.roots:
        _refuse(faults, "xml.not-xml", f"no element; it begins with {show(text[:40])}")
        return Document(decoded, places, None, remarks=tuple(tree.remarks), reason="no XML")
    _remark_problems(tree, places, faults)
    whole = not tree.of(*_BROKEN) and not decoded.odd
    _judge(tree, text, faults, whole)
    tree.roots[0].path = f"/{tree.roots[0].name[:64]}"
    return Document(decoded, places, tree.roots[0], tuple(tree.roots[1:]), tuple(tree.remarks), whole)


def _refuse(faults: Faults, code: str, found: str) -> None:
    advice = "look at its bytes; the registry and the logs may tell what the task is"
    faults.add(
        Weight.LOST, code, "the whole file", tried="read it as a task", found=found, lost="this telling of the task", advice=advice
    )


def _encoding_problems(decoded: Decoded, places: Places, faults: Faults) -> None:
    if decoded.lie:
        faults.add(Weight.NOTE, "xml.encoding", "the XML declaration", tried="read it as it declares", found=decoded.lie)
    if decoded.odd:
        where = f"byte 0x{decoded.mark + decoded.size:X}"
        found = "one byte at the end that is half a character"
        faults.add(Weight.DOUBT, "xml.odd-byte", where, tried="read UTF-16", found=found, lost="that byte, and what followed it")
    if _FORBIDDEN.search(decoded.text):
        _forbidden_problems(decoded, places, faults)


def _forbidden_problems(decoded: Decoded, places: Places, faults: Faults) -> None:
    """Name bytes that are no text, and characters that XML has no room for; both stay in the values."""
    text, wide = decoded.text, decoded.codec.startswith("utf-16")
    advice = "the text is shown with each of them marked; a strict reader refuses the file"
    if not wide and (first := _BAD.search(text)):
        found = f"bytes that are no text: {_BAD.subn('', text)[1]:,}, the first 0x{ord(first.group()) - 0xDC00:02X}"
        faults.add(Weight.DOUBT, "xml.bad-bytes", places.spot(first.start()), tried="read UTF-8", found=found, advice=advice)
        text = _BAD.sub(" ", text)
    if first := _FORBIDDEN.search(text):
        found = f"characters that XML has no room for: {_FORBIDDEN.subn('', text)[1]:,}, the first U+{ord(first.group()):04X}"
        code = "xml.surrogate" if "\ud800" <= first.group() <= "\udfff" else "xml.control"
        faults.add(Weight.DOUBT, code, places.spot(first.start()), tried="read characters", found=found, advice=advice)


_WORDS = {
    "comment": (Weight.NOTE, "xml.comment", "a comment", "nothing"),
    "instruction": (Weight.NOTE, "xml.instruction", "a processing instruction, ignored", "nothing"),
    "attributes": (Weight.DOUBT, "xml.attributes", "more attributes than the limit", "the attributes beyond it, kept as one text"),
    "open": (
        Weight.DOUBT,
        "xml.malformed",
        "an element without its end tag",
        "nothing that stands there; what should follow is missing",
    ),
    "stray-end": (Weight.DOUBT, "xml.malformed", "an end tag that ends nothing", "nothing"),
    "tag": (Weight.DOUBT, "xml.malformed", "a `<` that begins no tag", "the structure of what follows it"),
    "unread": (Weight.LOST, "xml.malformed", "a comment, CDATA or instruction without its end", "everything from there on"),
    "outside": (Weight.NOTE, "xml.trailing", "text outside the root element", "nothing"),
}


def _remark_problems(tree: Tree, places: Places, faults: Faults) -> None:
    for remark in tree.remarks:
        where = places.spot(remark.start)
        if remark.kind == "deep":
            found = "elements nested deeper than the limit (64 unless set otherwise)"
            faults.add(
                Weight.LOST, "xml.depth", where, tried="read an element", found=found, lost="what stands inside, kept as text"
            )
        elif remark.kind == "crowd":
            found = f"more elements than the limit; {remark.count:,} were passed over"
            faults.add(Weight.LOST, "xml.elements", where, tried="read all elements", found=found, lost="what those elements say")
        else:
            weight, code, found, lost = _WORDS[remark.kind]
            text = show(remark.text, 200)
            found = f"{found}: {text}" if text else found
            found = f"{found} (and {remark.count - 1:,} more)" if remark.count > 1 else found
            faults.add(weight, code, where, tried="read XML", found=found, lost=lost)
    for root in tree.roots[1:]:
        found = f"a second root element: {show(places.text[root.start : root.stop], 2_000)}"
        faults.add(
            Weight.DOUBT, "xml.second-root", places.spot(root.start), tried="find the end of the file", found=found,
            advice="the first one is compared; this one is kept beside it",
        )  # fmt: skip


def _judge(tree: Tree, text: str, faults: Faults, whole: bool) -> None:
    """Ask lxml whether the text is well-formed, and whether it saw what we saw."""
    bare = _DECLARATION.sub(lambda match: " " * len(match.group()), text.lstrip("\ufeff"), count=1).rstrip("\0")
    try:
        root = etree.fromstring(bare.encode("utf-8", "surrogatepass"), _PARSER)
    except (etree.XMLSyntaxError, ValueError, LookupError, OSError) as error:
        found = f"a strict reader refuses it: {show(str(error), 200)}"
        lost = "nothing that stands there" if whole else "what the other problems of this file name"
        faults.add(Weight.DOUBT, "xml.not-well-formed", "the whole file", tried="read it strictly", found=found, lost=lost)
        return
    if tree.of("deep", "crowd", "attributes"):
        return
    elements = list(walk(tree.roots[0]))
    names = [f"{{{element.namespace}}}{element.local}" if element.namespace else element.local for element in elements]
    ours = sum([len(piece) for element in elements for piece in element.pieces])
    theirs = sum(map(len, root.itertext()))
    if names != [element.tag for element in root.iter()] or ours != theirs:
        found = f"{len(names):,} elements with {ours:,} characters here, {theirs:,} characters in the other reader, or other names"
        faults.add(Weight.DOUBT, "xml.two-readings", "the whole file", tried="read it with two readers", found=found)


def walk(element: Element) -> Iterator[Element]:
    """An element and all below it, in the order of the text."""
    stack = [element]
    while stack:
        element = stack.pop()
        yield element
        if element.children:
            stack.extend(reversed(element.children))
