"""Dates of the old log: read where their order is certain, left as they are where it is not."""

from __future__ import annotations

import pytest

from triptych.formats.job_log_times import day_orders, log_time


@pytest.mark.parametrize(
    ("log", "text", "iso"),
    [
        ("1/20/2008 5:51:43 PM", "11/2/2006 7:35:17 AM", "2006-11-02T07:35:17"),
        ("1/20/2008 5:51:43 PM", "1/2/2006 12:00:00 AM", "2006-01-02T00:00:00"),
        ("14-9-2003 13:11:00", "1-2-2003 23:59:59", "2003-02-01T23:59:59"),
        ("", "2008-01-02 03:04:05", "2008-01-02T03:04:05"),
        ("", "14.9.2003 13:11:00", "2003-09-14T13:11:00"),
    ],
)
def test_certain_orders(log: str, text: str, iso: str) -> None:
    found = log_time(text, day_orders(f"{log}\n{text}"))
    assert found is not None
    assert found.iso == iso


@pytest.mark.parametrize(
    ("log", "text"),
    [
        ("", "1/2/2006 7:35:17 AM"),
        ("13/2/2006 1:00:00 AM\n2/13/2006 1:00:00 AM", "1/2/2006 7:35:17 AM"),
        ("14-9-2003 13:11:00", "1/2/2003 13:11:00"),
        ("", "31.2.2003 10:00:00"),
        ("", "yesterday"),
    ],
)
def test_nothing_is_guessed(log: str, text: str) -> None:
    assert log_time(text, day_orders(f"{log}\n{text}")) is None
