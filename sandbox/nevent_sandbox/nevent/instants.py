"""Moments as integers (milliseconds since 1970, UTC) and as the ISO text of the API."""

from datetime import UTC, datetime, timedelta

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTES = [f"T{m // 60:02d}:{m % 60:02d}:" for m in range(1440)]
_SECONDS = [f"{s:02d}." for s in range(60)]
_MILLIS = [f"{ms:03d}Z" for ms in range(1000)]
_dates: dict[int, str] = {}


def date_text(ms: int) -> str:
    """The day of a moment, as `2026-05-01`."""
    day = ms // DAY
    text = _dates.get(day)
    if text is None:
        text = _dates[day] = (_EPOCH + timedelta(days=day)).date().isoformat()
    return text


def iso(ms: int) -> str:
    """A moment as `2026-05-01T18:30:00.000Z`."""
    minute, rest = divmod(ms % DAY, MINUTE)
    second, milli = divmod(rest, SECOND)
    return date_text(ms) + _MINUTES[minute] + _SECONDS[second] + _MILLIS[milli]


def iso_or_none(ms: int | None) -> str | None:
    """The same for a moment that may not have come."""
    return None if ms is None else iso(ms)


def moment(text: str) -> int:
    """Read ISO 8601, with or without zone (then UTC), or a bare date.

    Raises:
        ValueError: the text is not a time.
    """
    parsed = datetime.fromisoformat(text.replace(" ", "+"))
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return of_datetime(parsed)


def of_datetime(when: datetime) -> int:
    """An aware datetime as milliseconds."""
    return (when - _EPOCH) // timedelta(milliseconds=1)
