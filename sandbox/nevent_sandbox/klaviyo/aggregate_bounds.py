"""The filters of an aggregate: two bounds in time that must be there, and dimensions."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nevent_sandbox.klaviyo import report_filters
from nevent_sandbox.klaviyo.errors import invalid, refused
from nevent_sandbox.klaviyo.report_shapes import DIMENSIONS
from nevent_sandbox.klaviyo.timeframes import Span, year_after

if TYPE_CHECKING:
    from nevent_sandbox.klaviyo.filters import Condition

_FROM, _BEFORE = "greater-or-equal", "less-than"
_ALLOWED = {"datetime": f"{_FROM} {_BEFORE}", **dict.fromkeys(DIMENSIONS, "equals any")}
_POINTER = report_filters.POINTER
_UNKNOWN_ZONES = frozenset({"Factory", "Europe/Kyiv", "Pacific/Kanton"})


def zone(name: str) -> ZoneInfo:
    """A time zone by its name, whose case counts.

    Raises:
        ApiError: 400, there is none, or Klaviyo does not know it.
    """
    if name not in _UNKNOWN_ZONES:
        with suppress(ValueError, OSError, ZoneInfoNotFoundError):  # told below
            return ZoneInfo(name)
    detail = f"'{name}' is not a valid timezone."
    raise refused(invalid(detail, "/data/attributes/timezone"))


def bounds(filters: list[str], wall: tzinfo) -> tuple[Span, list[Condition]]:
    """From when to before when, on the wall clock asked for, and the other conditions.

    Raises:
        ApiError: 400 without both bounds, for more than a year, for what cannot be filtered by.
    """
    found = [each for text in filters for each in report_filters.conditions(text, _ALLOWED)]
    times = {each.op: _time(each, wall) for each in found if each.field == "datetime"}
    others = [each for each in found if each.field != "datetime"]
    if len(times) < len((_FROM, _BEFORE)) or len(found) - len(others) > len(times):
        detail = "A greater-or-equal and a less-than filter on datetime are required, one each."
        raise refused(invalid(detail, _POINTER))
    start, until = times[_FROM], times[_BEFORE]
    if start >= until:
        raise refused(invalid("The time range ends before it begins.", _POINTER))
    if until > year_after(start):
        raise refused(invalid("The time range may be one year at most.", _POINTER))
    return Span(start, until), report_filters.once(others)


def _time(condition: Condition, wall: tzinfo) -> datetime:
    """One bound; without an offset it is told on the clock that was asked for."""
    try:
        told = datetime.fromisoformat(str(condition.value).strip()).replace(microsecond=0)
    except ValueError:
        raise refused(invalid("Invalid datetime: use ISO 8601.", _POINTER)) from None
    return told.replace(tzinfo=wall) if told.tzinfo is None else told.astimezone(wall)
