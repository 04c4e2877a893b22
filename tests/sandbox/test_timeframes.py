"""Which stretch of time a report's timeframe is, on the account's clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from nevent_sandbox.klaviyo.timeframes import KEYS, buckets, span

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 3, 31, 1, 30, 15, tzinfo=MADRID)  # a Tuesday
UNTIL_NOW = "2026-03-31T01:30:16+02:00"


@pytest.mark.parametrize(
    ("key", "start", "until"),
    [
        ("today", "2026-03-31T00:00:00+02:00", UNTIL_NOW),
        ("yesterday", "2026-03-30T00:00:00+02:00", "2026-03-31T00:00:00+02:00"),
        ("this_week", "2026-03-30T00:00:00+02:00", UNTIL_NOW),
        ("last_week", "2026-03-23T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        ("this_month", "2026-03-01T00:00:00+01:00", UNTIL_NOW),
        ("last_month", "2026-02-01T00:00:00+01:00", "2026-03-01T00:00:00+01:00"),
        ("this_year", "2026-01-01T00:00:00+01:00", UNTIL_NOW),
        ("last_year", "2025-01-01T00:00:00+01:00", "2026-01-01T00:00:00+01:00"),
        ("last_7_days", "2026-03-25T00:00:00+01:00", UNTIL_NOW),
        ("last_30_days", "2026-03-02T00:00:00+01:00", UNTIL_NOW),
        ("last_90_days", "2026-01-01T00:00:00+01:00", UNTIL_NOW),
        ("last_365_days", "2025-04-01T00:00:00+02:00", UNTIL_NOW),
        ("last_3_months", "2025-12-31T00:00:00+01:00", UNTIL_NOW),
        ("last_12_months", "2025-03-31T00:00:00+02:00", UNTIL_NOW),
    ],
)
def test_a_key_is_a_stretch_of_the_accounts_time(key: str, start: str, until: str) -> None:
    """From a midnight, today included; closed ones end at one."""
    found = span({"key": key}, NOW.timestamp(), MADRID)
    assert (found.start.isoformat(), found.until.isoformat()) == (start, until)


def test_every_key_is_known() -> None:
    """None of the vendor's is left out."""
    for key in KEYS:
        found = span({"key": key}, NOW.timestamp(), MADRID)
        assert found.start < found.until


def test_offsets_mean_nothing() -> None:
    """The account's clock is meant, whatever is written behind a time."""
    told = {"start": "2026-01-01T00:00:00-08:00", "end": "2026-07-01T12:00:00Z"}
    found = span(told, NOW.timestamp(), MADRID)
    assert found.start.isoformat() == "2026-01-01T00:00:00+01:00"
    assert found.until.isoformat() == "2026-07-01T12:00:01+02:00"


@pytest.mark.parametrize(
    ("interval", "dates"),
    [
        ("weekly", ["2026-03-23T00:00:00+01:00", "2026-03-30T00:00:00+02:00"]),
        ("monthly", ["2026-03-01T00:00:00+01:00"]),
        (
            "daily",
            [
                "2026-03-28T00:00:00+01:00",
                "2026-03-29T00:00:00+01:00",
                "2026-03-30T00:00:00+02:00",
            ],
        ),
    ],
)
def test_intervals_begin_on_the_accounts_clock(interval: str, dates: list[str]) -> None:
    """Weeks on Monday; the night when clocks go forward makes a day shorter, not another one."""
    found = span({"start": "2026-03-28T10:00", "end": "2026-03-30T10:00"}, 0, MADRID)
    assert [each.isoformat() for each in buckets(found, interval)] == dates


def test_the_hour_that_clocks_leave_out_is_no_interval() -> None:
    """After 01:00 in winter time comes 03:00 in summer time; back again, 02:00 comes twice."""
    spring = span({"start": "2026-03-29T01:00", "end": "2026-03-29T03:59"}, 0, MADRID)
    assert [f"{each:%H%z}" for each in buckets(spring, "hourly")] == ["01+0100", "03+0200"]
    autumn = span({"start": "2026-10-25T01:00", "end": "2026-10-25T03:59"}, 0, MADRID)
    told = [f"{each:%H%z}" for each in buckets(autumn, "hourly")]
    assert told == ["01+0200", "02+0200", "02+0100", "03+0100"]
