"""Stretches of time on a wall clock: those that reports are asked for, and their intervals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from nevent_sandbox.klaviyo.errors import invalid, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.klaviyo.errors import Document

KEYS = (
    *("last_12_months", "last_30_days", "last_365_days", "last_3_months", "last_7_days"),
    *("last_90_days", "last_month", "last_week", "last_year", "this_month", "this_week"),
    *("this_year", "today", "yesterday"),
)
POINTER = "/data/attributes/timeframe"
_DAY, _SECOND, _WEEK = timedelta(days=1), timedelta(seconds=1), timedelta(days=7)
_MONTHS = 12


class Span(NamedTuple):
    """From `start` to before `until`, on one wall clock."""

    start: datetime
    until: datetime

    @property
    def seconds(self) -> tuple[int, int]:
        """Both in seconds since 1970."""
        return int(self.start.timestamp()), int(self.until.timestamp())

    @property
    def days(self) -> float:
        """How long it is on that clock: a day is a day although clocks are changed in it."""
        return (self.until.replace(tzinfo=None) - self.start.replace(tzinfo=None)) / _DAY


def span(told: Document, now: float, zone: tzinfo) -> Span:
    """The timeframe of a report, by its key or by two times whose offsets mean nothing.

    Raises:
        ApiError: 400 for a time that is none, an end before the start, more than a year.
    """
    if "key" in told:
        return _keyed(told["key"], datetime.fromtimestamp(int(now), zone))
    start, end = (_time(told[name], f"{POINTER}/{name}", zone) for name in ("start", "end"))
    found = Span(start, end + _SECOND)  # the end belongs to it
    if start >= end:
        raise refused(invalid("The end must be after the start.", POINTER))
    if end > year_after(start):
        raise refused(invalid("The time frame may be one year at most.", POINTER))
    return found


def year_after(start: datetime) -> datetime:
    """The same day a year later; of a 29 February, the 1 March."""
    try:
        return start.replace(year=start.year + 1)
    except ValueError:
        return start.replace(year=start.year + 1, month=3, day=1)


def buckets(found: Span, interval: str) -> list[datetime]:
    """Where its hours, days, weeks (from Monday) or months begin; the first may begin before it."""
    first, following = _STEPS[interval[:1]]
    made = [first(found.start)]
    while (at := following(made[-1])) < found.until:
        made.append(at)
    return made


def _time(text: str, pointer: str, zone: tzinfo) -> datetime:
    try:
        return datetime.fromisoformat(text.strip()).replace(microsecond=0, tzinfo=zone)
    except ValueError:
        raise refused(invalid("Invalid datetime: use ISO 8601.", pointer)) from None


def _keyed(key: str, now: datetime) -> Span:
    today = _midnight(now)
    monday, month = _monday(now), _first(now)
    year = month.replace(month=1)
    closed = {
        "yesterday": (today - _DAY, today),
        "last_week": (monday - _WEEK, monday),
        "last_month": (_months_on(month, -1), month),
        "last_year": (year.replace(year=year.year - 1), year),
    }
    if key in closed:
        return Span(*closed[key])
    begun = {"today": today, "this_week": monday, "this_month": month, "this_year": year}
    if key not in begun:
        _, number, unit = key.split("_")  # last_30_days: today is the thirtieth
        back = today - _DAY * (int(number) - 1)
        begun[key] = back if unit == "days" else _same_day(today, -int(number))
    return Span(begun[key], now + _SECOND)


def _same_day(today: datetime, months: int) -> datetime:
    """The same day of another month, or its last one."""
    first = _months_on(today.replace(day=1), months)
    last = _months_on(first, 1) - _DAY
    return first.replace(day=min(today.day, last.day))


def _months_on(first: datetime, months: int) -> datetime:
    years, month = divmod(first.month - 1 + months, _MONTHS)
    return first.replace(year=first.year + years, month=month + 1)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _midnight(at: datetime) -> datetime:
    return datetime.combine(date(at.year, at.month, at.day), datetime.min.time(), at.tzinfo)


def _monday(at: datetime) -> datetime:
    return _midnight(at) - _DAY * at.weekday()


def _first(at: datetime) -> datetime:
    return _midnight(at).replace(day=1)


def _next_hour(at: datetime) -> datetime:
    """An hour has sixty minutes, also where the clock is changed."""
    return (at.astimezone(UTC) + timedelta(hours=1)).astimezone(at.tzinfo)


_STEPS: dict[str, tuple[Callable[[datetime], datetime], Callable[[datetime], datetime]]] = {
    "h": (_hour, _next_hour),
    "d": (_midnight, lambda at: at + _DAY),
    "w": (_monday, lambda at: at + _WEEK),
    "m": (_first, lambda at: _months_on(at, 1)),
}
