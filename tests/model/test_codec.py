"""Frames: whatever goes in comes out equal, hostile text included; anything else is refused."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

import triptych.model.case
import triptych.model.event
import triptych.model.evidence
import triptych.model.finding
import triptych.model.task
import triptych.model.times
from triptych.model import codec
from triptych.model.evidence import EvidenceRef, Excerpt, RegistryPlace, Span, XmlPlace, kept_not, stated
from triptych.model.task import Presence, Store, TaskRecord, Trigger

TEXTS = st.text(st.characters(), max_size=20) | st.sampled_from(["\ud800", "a\x00b", "\u202e", "\udc80"])
SPANS = st.builds(Span, TEXTS, st.integers(0, 2**60), st.integers(1, 2**40))
PLACES = st.builds(XmlPlace, st.integers(1, 10**6), TEXTS) | st.builds(RegistryPlace, TEXTS, st.none() | TEXTS)
REFS = st.builds(EvidenceRef, PLACES, st.lists(SPANS, min_size=1, max_size=3).map(tuple))


@given(st.lists(st.builds(lambda text, refs: stated(text, *refs), TEXTS, st.lists(REFS, max_size=3)), max_size=5))
def test_readings_come_through(readings: list[object]) -> None:
    assert codec.decode(codec.encode(readings)) == readings


@given(st.binary(max_size=50))
def test_bytes_come_through(data: bytes) -> None:
    assert codec.decode(codec.encode([Excerpt("f", 0, data, len(data))])) == [Excerpt("f", 0, data, len(data))]


def test_a_record_comes_through_and_shares_what_no_store_keeps() -> None:
    ref = EvidenceRef(XmlPlace(1, "/Task"), (Span("a", 0, 4),))
    record = TaskRecord(Store.XML, "\\a", stated(Presence.PRESENT, ref), triggers=(Trigger(enabled=stated(True, ref)),))
    (back,) = codec.decode(codec.encode([record]))
    assert back == record
    assert back.registration.author is kept_not()


def test_frames_are_ascii_without_pickle() -> None:
    frame = codec.encode([stated("\ud800é", EvidenceRef(XmlPlace(1, "/"), (Span("a", 0, 1),)))])
    assert frame.isascii()
    json.loads(frame)


@pytest.mark.parametrize("frame", [b"", b"{}", b"[]", b'{"refs":[],"items":[[999]]}', b'{"refs":[],"items":[[0]]}', b"\x80\x04."])
def test_what_is_no_frame_is_refused(frame: bytes) -> None:
    with pytest.raises(codec.CodecError):
        codec.decode(frame)


def test_what_the_model_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError):
        codec.encode([object()])


def test_every_noun_of_the_model_is_in_the_table() -> None:
    model = triptych.model
    modules = (model.case, model.event, model.evidence, model.finding, model.task, model.times)
    nouns = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__ and (is_dataclass(value) or issubclass(value, Enum))
    }
    assert nouns == set(codec.TYPES)
    assert all(fields(kind) for kind in nouns if is_dataclass(kind))
