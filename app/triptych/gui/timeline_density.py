"""How many a pixel: counts by searching the sorted times for the edges of pixels, so that a frame costs by its width alone. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from triptych.analysis.columns import np
from triptych.gui.events_columns import Ints

if TYPE_CHECKING:
    from numpy.typing import NDArray

BIN = 2  # pixels


def edges(start: int, end: int, bins: int) -> Ints:
    """The ticks at which bins begin, and the end of the last; whole numbers, since times of now are beyond exact floats."""
    span = end - start
    return np.array([start + span * number // bins for number in range(bins + 1)], np.int64)


def counts(ticks: Ints, at: Ints) -> Ints:
    """How many of the sorted ticks lie in each bin; the last takes its end as well."""
    places = np.searchsorted(ticks, at)
    places[-1] = np.searchsorted(ticks, at[-1], side="right")
    return np.diff(places)


def heights(count: Ints, high: int, scale: str) -> Ints:
    """Counts as heights of at most `high` pixels by the square root or the logarithm; what happened once is seen."""
    most = int(count.max(initial=0))
    if not most:
        return np.zeros(len(count), np.int64)
    values = np.log1p(count) / np.log1p(most) if scale == "log" else np.sqrt(count / most)
    tall = np.ceil(values * high).astype(np.int64)
    return np.where(count > 0, np.maximum(tall, min(3, high)), 0)


def bars(tall: Ints, high: int, colours: NDArray[np.uint32] | int, width: int) -> NDArray[np.uint32]:
    """A picture (rows, pixels) of bars that stand on its lower edge; colours are 0xAARRGGBB, one or one a bin."""
    ink = np.broadcast_to(np.asarray(colours, np.uint32), tall.shape)
    rows = np.arange(high, 0, -1)[:, None]
    picture = np.where(rows <= tall[None, :], ink[None, :], np.uint32(0))
    return np.repeat(picture, BIN, axis=1)[:, :width]


def clusters(count: Ints, near: int) -> list[tuple[int, int, int]]:
    """Occupied bins nearer than `near` bins as one: (first bin, last bin, how many)."""
    held = np.flatnonzero(count)
    if not len(held):
        return []
    cuts = np.flatnonzero(np.diff(held) >= near) + 1
    starts, ends = np.concatenate([[0], cuts]), np.concatenate([cuts, [len(held)]])
    sums = np.add.reduceat(count[held], starts)
    return [
        (int(held[start]), int(held[end - 1]), int(total))
        for start, end, total in zip(starts.tolist(), ends.tolist(), sums.tolist(), strict=True)
    ]
