"""autorunsc: CSV (a banner and an empty row a location come along) and `-x` XML. Rows of Task Scheduler only."""

from __future__ import annotations

from triptych.formats.listing.csv_rows import Csv
from triptych.formats.listing.listed import Listed, merged, switched, with_leading
from triptych.formats.listing.table import Row
from triptych.model.task import Extra, Settings

_KEPT = (
    "Launch String",
    "Image Path",
    "Description",
    "Company",
    "Signer",
    "Publisher",
    "Version",
    "Profile",
    "MD5",
    "SHA-1",
    "SHA-256",
)
_HOST = "PSComputerName"


def is_autoruns(header: tuple[str, ...]) -> bool:
    names = {name.casefold() for name in header}
    return {"entry location", "entry", "launch string"} <= names


def from_csv(csv: Csv) -> list[Listed]:
    """The tasks; an empty row that opens a location, and other locations, are not tasks."""
    return merged([listed for row in csv.rows if (listed := from_row(row)) is not None])


def from_row(row: Row) -> Listed | None:
    category, location, entry = row.text("Category"), row.text("Entry Location"), row.text("Entry")
    if not entry or (category.casefold() != "tasks" and location.casefold() != "task scheduler"):
        return None
    return Listed(
        path=with_leading(entry),
        ref=row.ref("Entry"),
        settings=Settings(enabled=switched(row.reading("Enabled"))),
        extras=tuple(Extra(_named(name), row.reading(name)) for name in _KEPT if row.text(name)),
        host=row.text(_HOST),
    )


def _named(column: str) -> str:
    return "Task To Run" if column == "Launch String" else column
