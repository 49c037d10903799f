"""The one door to the files of resources/: beside app/ in a checkout, inside the package once it is built."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any


@cache
def _root() -> Traversable:
    built = files("triptych").joinpath("_resources")
    if built.is_dir():
        return built
    return Path(__file__).resolve().parents[2] / "resources"


def data(name: str) -> bytes:
    """The bytes of one resource; `name` uses `/`. Raises FileNotFoundError."""
    return _root().joinpath(*name.split("/")).read_bytes()


def text(name: str) -> str:
    """The text of one resource, UTF-8."""
    return data(name).decode("utf-8")


@cache
def table(name: str) -> Any:
    """A JSON resource, parsed once; callers must not change it."""
    return json.loads(data(name))


def names(folder: str) -> tuple[str, ...]:
    """The names of the files directly in a folder of resources/, sorted."""
    return tuple(sorted(entry.name for entry in _root().joinpath(*folder.split("/")).iterdir() if entry.is_file()))
