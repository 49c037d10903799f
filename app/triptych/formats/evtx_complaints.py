"""What is wrong with a log, in words: its header, a chunk, a record, a value. Nothing is decided here, only told."""

from __future__ import annotations

from collections.abc import Iterator

from triptych.formats.evtx_balance import in_order, numbers
from triptych.formats.evtx_binxml import Element
from triptych.formats.evtx_event import Fields, odd_names
from triptych.formats.evtx_layout import CHUNK, Chunk, Layout, Slot
from triptych.formats.faults import Faults, FormatFault
from triptych.model.case import Weight


def tell_chunk(chunk: Chunk, layout: Layout, lost: int, gaps: list[tuple[int, int]], dirty: bool, faults: Faults) -> None:
    """Everything that is wrong with a chunk and the headers of its records; `lost` of them, with the numbers in `gaps`."""
    for code, found, advice in _complaints(chunk, layout):
        weight = Weight.NOTE if dirty and code == "evtx.checksum" else Weight.DOUBT
        faults.add(weight, code, place(chunk), tried="read the chunk", found=found, advice=advice)
    if lost:
        _tell_lost(chunk, layout, lost, gaps, faults)
    for slot in () if layout.plain else layout.slots:
        if slot.mend:
            faults.add(
                Weight.DOUBT, f"evtx.record-{slot.mend}", record_place(chunk, slot), tried="read the record's header",
                found=_stated(chunk, slot), advice="the record is listed and marked: look at its bytes before relying on it",
            )  # fmt: skip


def _tell_lost(chunk: Chunk, layout: Layout, lost: int, gaps: list[tuple[int, int]], faults: Faults) -> None:
    where = f"record numbers {numbers(gaps)}" if gaps else "their numbers are not known"
    cut = f"the file ends inside of the chunk, at 0x{chunk.offset + chunk.size:X}" if chunk.cut else ""
    holes = ", ".join(f"0x{chunk.offset + hole.at:X} to 0x{chunk.offset + hole.at + hole.length:X}" for hole in layout.holes[:3])
    faults.add(
        Weight.LOST, "evtx.records-lost", place(chunk), tried="list the records that the chunk promises",
        found=cut or (f"no record at {holes}" if holes else "fewer records than its header counts"),
        lost=f"{lost} {'record' if lost == 1 else 'records'}: {where}",
        advice="look for another copy of the log (shadow copy, forwarder)",
    )  # fmt: skip


def tell_twice(chunk: Chunk, same: int, earlier: int, faults: Faults) -> None:
    faults.add(
        Weight.NOTE, "evtx.chunk-twice", place(chunk), tried="read its records",
        found=f"the same {same} records as in chunk {earlier}; they are listed once",
        advice="nothing: a log that goes in circles can leave such a copy",
    )  # fmt: skip


def tell_unchecked(chunk: Chunk, slot: Slot, fault: FormatFault, faults: Faults) -> None:
    """A record that the bulk reader took and whose texts the second reader could not check."""
    faults.add(
        Weight.DOUBT, "evtx.record-doubt", record_place(chunk, slot), tried="check it against its bytes",
        found=f"{fault.found} at {fault.where}", advice="look at its bytes before relying on its texts",
    )  # fmt: skip


def tell_unreadable(chunk: Chunk, slot: Slot, fault: FormatFault, faults: Faults) -> None:
    faults.add(
        Weight.LOST, "evtx.record-unreadable", record_place(chunk, slot), tried=f"{fault.tried} at {fault.where}",
        found=fault.found, lost=f"what record {slot.number} says; its bytes are kept",
        advice="look at its bytes: texts in them may still be read",
    )  # fmt: skip


def tell_odd_values(chunk: Chunk, slot: Slot, event: Element, faults: Faults) -> None:
    for name, at, odd in _odd_pieces(event):
        faults.add(
            Weight.DOUBT, "evtx.value-odd", f"{record_place(chunk, slot)}, {name} at 0x{chunk.offset + at:X}",
            tried="read the value", found=odd, advice="the value is shown as it stands: look at its bytes",
        )  # fmt: skip


def tell_odd_names(chunk: Chunk, slot: Slot, fields: Fields, faults: Faults) -> None:
    """An event without an EventID, and names that are markup: nothing of either is taken for an element."""
    if fields.event_id is None:
        faults.add(
            Weight.DOUBT, "evtx.no-event-id", record_place(chunk, slot), tried="read its EventID",
            found="none where one must stand", advice="somebody made this record by hand: it is listed without a kind",
        )  # fmt: skip
    for name in odd_names(fields.data)[:1]:
        faults.add(
            Weight.DOUBT, "evtx.name-odd", record_place(chunk, slot), tried="read the names of its values",
            found=f"{name[:80]!a}, which is no name", advice="somebody made this record by hand: it is shown as it stands",
        )  # fmt: skip


def _complaints(chunk: Chunk, layout: Layout) -> Iterator[tuple[str, str, str]]:
    """Code, what was found, advice for each thing that is wrong with a chunk as such."""
    header = layout.header
    if not chunk.signed:
        yield (
            "evtx.chunk-header",
            f"its signature is {chunk.data[:8].hex(' ')}; its records were found by their own",
            "they are marked",
        )
        return
    if chunk.cut:
        where = f"the file ends at 0x{chunk.offset + chunk.size:X}, {CHUNK - chunk.size:,} bytes before the chunk's end"
        yield "evtx.chunk-cut", where, "compare with another copy"
    if not header.sound:
        yield (
            "evtx.checksum",
            "the checksum of the chunk's header is wrong",
            "its records are listed; the header was changed or not written",
        )
    if layout.data_sound is False:
        yield (
            "evtx.checksum",
            "the checksum of the chunk's records is wrong",
            "its records are listed and marked: bytes of them were changed",
        )
    if layout.behind:
        text = f"{layout.behind} records after the free-space offset (0x{header.free:X}) that go on with the live ones"
        yield "evtx.free-space", text, "other readers do not show them: the offset was moved, or not written in time"
    elif header.free != layout.end and not chunk.cut:
        yield "evtx.free-space", f"a free-space offset of 0x{header.free:X}; the records end at 0x{layout.end:X}", "nothing"
    if header.count is not None and len(layout.slots) - layout.behind > header.count:
        text = f"{len(layout.slots)} records, more than the {header.count} that the chunk's header counts"
        yield "evtx.records-more", text, "other readers may stop before the last ones: somebody may have hidden them"
    if not layout.plain and not in_order(layout):
        yield "evtx.numbers-order", "record numbers not in order", "the log was made or changed by hand; each record is listed"


def _odd_pieces(element: Element) -> Iterator[tuple[str, int, str]]:
    """Name, place in the chunk and what is odd of every value, elements in order."""
    stack = [element]
    while stack:
        found = stack.pop()
        name = found.attribute("Name") if found.name == "Data" and found.attribute("Name") else found.name
        attributes = [(f"{name}/@{key}", piece) for key, pieces in found.attributes for piece in pieces]
        for label, piece in (*attributes, *((name, piece) for piece in found.pieces)):
            if piece.odd:
                yield label, piece.at, piece.odd
        stack += reversed(found.children)


def _stated(chunk: Chunk, slot: Slot) -> str:
    size = int.from_bytes(chunk.data[slot.at + 4 : slot.at + 8], "little")
    return {
        "signature": f"the signature {chunk.data[slot.at : slot.at + 4].hex(' ')}",
        "size": f"a size of {size:,}; it takes {slot.length:,}",
        "time": f"the time 0x{slot.ticks:016X}, which no calendar has",
    }.get(slot.mend, "a whole record inside of another one")


def place(chunk: Chunk) -> str:
    return f"chunk {chunk.number} at 0x{chunk.offset:X}"


def record_place(chunk: Chunk, slot: Slot) -> str:
    return f"record {slot.number} at 0x{chunk.offset + slot.at:X}"
