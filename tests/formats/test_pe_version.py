"""Version data of programs: what a sound one says with its bytes, and what damaged ones cost."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.programs import program
from triptych.formats.faults import Faults
from triptych.formats.pe_version import read_version
from triptych.model.evidence import State

STRINGS = {
    "CompanyName": "Microsoft Corporation",
    "FileDescription": "Windows Command Processor",
    "FileVersion": "10.0.19041.1",
    "OriginalFilename": "Cmd.Exe",
}


def test_the_version_resource_with_its_bytes() -> None:
    data = program(STRINGS, signed=True)
    faults = Faults("P")
    version = read_version(data, "P", faults)
    assert not faults.problems
    assert version.is_program
    assert version.get("company") == "Microsoft Corporation"
    assert version.get("original_name") == "Cmd.Exe"
    assert version.get("description") == "Windows Command Processor"
    assert version.get("file_version") == "10.0.19041.1"
    assert version.get("has_signature") == "yes"
    for name, reading in version.readings:
        (span,) = reading.refs[0].spans
        if reading.state is State.STATED and name != "has_signature":
            assert data[span.offset : span.offset + span.length].decode("utf-16-le") == reading.value
    product = next(reading for name, reading in version.readings if name == "product")
    assert product.state is State.NOT_STATED


def test_a_signature_is_looked_for_and_not_verified() -> None:
    readings = {
        signed: dict(read_version(program({}, signed), "P", Faults("P")).readings)["has_signature"] for signed in (True, False)
    }
    assert (readings[True].value, readings[False].value) == ("yes", "no")
    assert "not verified" in readings[True].note


def test_what_is_no_program_and_what_only_looks_like_one() -> None:
    faults = Faults("P")
    assert not read_version(b"#!/bin/sh", "P", faults).is_program
    assert not faults.problems
    assert read_version(b"MZ" + b"\0" * 100, "P", faults).is_program
    assert [problem.code for problem in faults.problems] == ["pe.unreadable"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1_600), st.binary(min_size=1, max_size=4)), max_size=6), st.integers(0, 1_700))
def test_damaged_programs_never_raise(changes: list[tuple[int, bytes]], cut: int) -> None:
    data = bytearray(program(STRINGS))
    for at, new in changes:
        data[at : at + len(new)] = new
    data = data[: max(len(data) - cut, 0)] if cut < 800 else data
    faults = Faults("P")
    version = read_version(bytes(data), "P", faults)
    for _, reading in version.readings:
        for span in reading.refs[0].spans:
            assert span.offset + span.length <= len(data)
