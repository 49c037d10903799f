"""docs/events.md lists every kind of event that is read, as resources/words/event_kinds.json has them."""

from __future__ import annotations

from collections.abc import Iterator

from tests.material import PROJECT
from triptych.logs.event_kinds import EventKind, kinds
from triptych.resources import table

HEAD = "## Every kind of event that is kept\n"
OTHERS = "beside others"


def cells(kind: EventKind) -> str:
    return f"| {kind.event_id} | `{kind.kind}` | {kind.words} | {kept(kind)} |"


def kept(kind: EventKind) -> str:
    """When an event is kept, in words."""
    said = [_condition(name, texts) for name, texts in kind.keep]
    if kind.context:
        said.append(OTHERS)
    return "; ".join(said) or "always"


def _condition(name: str, texts: tuple[str, ...]) -> str:
    if texts == ("",):
        return f"with {name}"
    return f"{name or 'any value'} holds {', '.join(f'`{text}`' for text in texts)}"


def page() -> Iterator[str]:
    """The part of the page that is made from the table."""
    yield (
        f"Made from `resources/words/event_kinds.json`. *Kept*: always, or where its data hold one of these texts; *{OTHERS}*: context, "
        "shown in the timeline where something leads to it.\n"
    )
    for channel, entry in table("words/event_kinds.json")["channels"].items():
        yield f"### {channel}\nLane `{entry['lane']}`.\n"
        yield "| EventID | kind | what happened | kept |\n|---|---|---|---|"
        yield "\n".join(cells(kinds()[channel.casefold(), int(number)]) for number in sorted(entry["events"], key=int)) + "\n"


def test_the_page_lists_every_kind_as_the_table_has_it() -> None:
    _, found, listed = (PROJECT / "docs/events.md").read_text(encoding="utf-8").partition(HEAD)
    assert found
    assert listed.strip() == "\n".join(page()).strip(), (
        "write anew: python -m tests.test_events_page >> docs/events.md, below its text"
    )


def test_the_table_tells_of_every_channel_that_is_wanted() -> None:
    text = "\n".join(page())
    assert text.count("\n### ") == len({kind.channel for kind in kinds().values()})
    assert sum(line.startswith("| ") and line[2].isdigit() for line in text.splitlines()) == len(kinds())


if __name__ == "__main__":
    print(HEAD, *page(), sep="\n")
