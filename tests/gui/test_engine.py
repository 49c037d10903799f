"""The window's way to the engine: the example host is read to its end, and every citation of a finding has its bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.material import PROJECT
from triptych import resources
from triptych.gui import engine
from triptych.model.case import Case


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(engine, "user_cache_path", lambda *_, **__: tmp_path)
    return engine.example()


def test_the_example_is_laid_out_as_it_is_shipped(example: str) -> None:
    assert Path(example).read_bytes() == resources.data(engine.EXAMPLE)


def test_the_example_is_read_and_what_its_findings_cite_can_be_shown(example: str) -> None:
    work = engine.open_work((example,), ())
    cases = [item for item in work.scan() if isinstance(item, Case)]
    case = cases[-1]
    assert case.complete
    assert case.findings
    spans = [span for finding in case.findings for ref in finding.refs for span in ref.spans]
    assert spans
    for span in spans[::5]:
        assert len(work.fetch(span.file, span.offset, span.length)) == span.length, span


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("a.zip",), "zip collection"),
        (("a.reg",), "registry export"),
        (("x", "y"), "2 pieces of evidence"),
        (("SOFTWARE",), "single file"),
        ((str(PROJECT),), "folder"),
    ],
)
def test_kind_in_words(arguments: tuple[str, ...], kind: str) -> None:
    assert engine.kind_words(arguments) == kind


def test_one_reader_process_serves_every_question_for_bytes(example: str) -> None:
    work = engine.open_work((example,), ())
    case = [item for item in work.scan() if isinstance(item, Case)][-1]
    proofs = work.fetch
    assert isinstance(proofs, engine.Bytes)
    span = case.findings[0].refs[0].spans[0]
    before = proofs.ready().pids
    for _ in range(3):
        assert len(work.fetch(span.file, span.offset, span.length)) == span.length
    assert proofs.ready().pids == before
    assert len(before) == 1
