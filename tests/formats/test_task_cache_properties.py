"""Properties of the TaskCache layouts over made, cut and changed blobs: nothing is lost, nothing is raised."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from triptych.formats.cursor import Block
from triptych.formats.faults import Faults
from triptych.formats.task_cache import (
    ActionsBlob,
    ComHandlerAction,
    DynamicInfoBlob,
    EventTrigger,
    ExecAction,
    GenericTrigger,
    JobBucket,
    LogonTrigger,
    OptionalSettings,
    ScheduleTrigger,
    SendEmailAction,
    SessionTrigger,
    ShowMessageAction,
    TriggersBlob,
    TsPeriod,
    TsTime,
    UserInfo,
    WnfTrigger,
    decode_actions,
    decode_dynamic_info,
    decode_triggers,
    encode_actions,
    encode_dynamic_info,
    encode_triggers,
)
from triptych.formats.task_cache.tell_actions import context, tell_actions
from triptych.formats.task_cache.tell_triggers import tell_triggers
from triptych.model import codec
from triptych.model.evidence import Reading, RegistryPlace, Span, State

texts = st.text(st.characters(exclude_categories=()), max_size=12)
u16, u32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
u64 = st.integers(0, 0xFFFFFFFFFFFFFFFF)
small = st.integers(0, 255)
times = st.builds(TsTime, small, u64)
periods = st.builds(TsPeriod, u16, u16, u16, u16, u16, u16, u16)
maybe_text = st.none() | texts
pairs = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)

actions = st.one_of(
    st.builds(ExecAction, id=texts, command=texts, arguments=texts, working_directory=texts, flags=u16),
    st.builds(ComHandlerAction, id=texts, class_id=st.binary(min_size=16, max_size=16), data=texts),
    st.builds(
        SendEmailAction,
        id=texts,
        sender=texts,
        to=texts,
        subject=texts,
        attachments=st.lists(texts, max_size=3).map(tuple),
        headers=pairs,
    ),
    st.builds(ShowMessageAction, id=texts, title=texts, body=texts),
)
action_blobs = st.builds(ActionsBlob, version=st.just(3), context=texts, actions=st.lists(actions, max_size=5).map(tuple))

any_user = st.just(UserInfo(skip_user=1))
users = any_user | st.builds(UserInfo, skip_sid=st.just(0), sid_type=u32, sid=st.binary(max_size=28), name=maybe_text)
users |= st.builds(UserInfo, skip_sid=st.just(1), sid_type=st.just(1), sid=st.just(b""), name=maybe_text)
BASE = {
    "start": times, "end": times, "delay": u32, "execution_time_limit": u32, "repetition_interval": u32, "repetition_duration": u32,
    "stop_at_duration_end": small, "enabled": small, "id": texts, "unknown": st.binary(min_size=8, max_size=8),
}  # fmt: skip
triggers = st.one_of(
    st.builds(
        ScheduleTrigger,
        start=times,
        end=times,
        mode=u32,
        data1=u16,
        data2=u16,
        data3=u16,
        random_delay=u32,
        enabled=small,
        id=texts,
    ),
    st.builds(GenericTrigger, magic=st.sampled_from((0xFFFF, 0xEEEE, 0x8888)), **BASE),
    st.builds(LogonTrigger, user=users, **BASE),
    st.builds(SessionTrigger, state=u32, user=users, **BASE),
    st.builds(EventTrigger, subscription=texts, period=u32, occurrences=u32, matching_element=texts, value_queries=pairs, **BASE),
    st.builds(WnfTrigger, state_name=st.binary(min_size=8, max_size=8), data=st.binary(max_size=20), **BASE),
)
optional = st.none() | st.builds(
    OptionalSettings, length=st.just(0x58), idle_duration=u32, priority=u32, privileges=u64, maintenance_period=periods
)
buckets = st.builds(JobBucket, flags=u32, crc=u32, principal_id=maybe_text, display_name=maybe_text, user=users, optional=optional)
trigger_blobs = st.builds(TriggersBlob, version=st.just(0x17), bucket=buckets, triggers=st.lists(triggers, max_size=5).map(tuple))


def block(data: bytes) -> Block:
    return Block(data, RegistryPlace("k", "v"), (Span("f", 16, len(data)),) if data else (), head=Span("f", 0, 1))


def readings(part: Any) -> list[Reading[Any]]:
    found: list[Reading[Any]] = []
    for member in fields(part):
        value = getattr(part, member.name)
        found += [value] if isinstance(value, Reading) else readings(value)
    return found


def check_readings(found: list[Reading[Any]], size: int) -> None:
    """Each reading cites bytes of the blob, and the codec carries it."""
    for reading in found:
        if reading.state is not State.NOT_KEPT:
            assert reading.refs
        for ref in reading.refs:
            assert all(span.offset + span.length <= 16 + max(size, 1) for span in ref.spans)
    assert codec.decode(codec.encode(found)) == found


@given(action_blobs)
def test_actions_survive_the_round_trip(blob: ActionsBlob) -> None:
    faults = Faults("f")
    assert decode_actions(block(encode_actions(blob)), faults) == blob
    assert not len(faults)


@given(trigger_blobs, small)
def test_triggers_survive_the_round_trip_whatever_the_padding(blob: TriggersBlob, pad: int) -> None:
    faults = Faults("f")
    assert decode_triggers(block(encode_triggers(blob, pad)), faults) == blob
    assert not len(faults)


def _told_actions(data: bytes) -> None:
    found = block(data)
    blob = decode_actions(found, Faults("f"))
    told = tell_actions(blob, found)
    check_readings([reading for action in told for reading in readings(action)] + [context(blob, found)], len(data))
    assert len(told) <= 32


def _told_triggers(data: bytes) -> None:
    found, faults = block(data), Faults("f")
    blob = decode_triggers(found, faults)
    told = tell_triggers(blob, found)
    parts = [told.settings, told.principal, *told.triggers]
    check_readings([reading for part in parts for reading in readings(part)], len(data))
    if blob.rest.found:
        assert len(faults)


def _changed(data: bytes, cut: int, at: int, change: bytes) -> bytes:
    kept = data[: len(data) * cut // 100]
    at = at % (len(kept) + 1)
    return kept[:at] + change + kept[at + len(change) :]


@given(action_blobs, st.integers(0, 100), st.integers(0, 5000), st.binary(max_size=8))
def test_cut_and_changed_actions_raise_nothing(blob: ActionsBlob, cut: int, at: int, change: bytes) -> None:
    _told_actions(_changed(encode_actions(blob), cut, at, change))


@given(trigger_blobs, st.integers(0, 100), st.integers(0, 5000), st.binary(max_size=8))
def test_cut_and_changed_triggers_raise_nothing(blob: TriggersBlob, cut: int, at: int, change: bytes) -> None:
    _told_triggers(_changed(encode_triggers(blob), cut, at, change))


@given(st.binary(max_size=300))
def test_any_bytes_raise_nothing(data: bytes) -> None:
    _told_actions(data)
    _told_triggers(data)
    info = decode_dynamic_info(block(data), Faults("f"))
    assert encode_dynamic_info(info) == data


@given(trigger_blobs, st.integers(0, 99))
def test_a_cut_blob_is_never_silent(blob: TriggersBlob, cut: int) -> None:
    """Where bytes that carry a value are gone, there is a problem, or the blob ends between two records."""
    data = encode_triggers(blob)
    kept = data[: len(data) * cut // 100]
    faults = Faults("f")
    found = decode_triggers(block(kept), faults)
    if not len(faults) and len(kept) != 8:
        assert found.bucket == blob.bucket
        assert found.triggers == blob.triggers[: len(found.triggers)]


@given(st.builds(DynamicInfoBlob, created=u64, last_run=u64, state=u32, result=u32, last_success=st.none() | u64))
def test_dynamic_info_survives_the_round_trip(blob: DynamicInfoBlob) -> None:
    assert decode_dynamic_info(block(encode_dynamic_info(blob)), Faults("f")) == blob
