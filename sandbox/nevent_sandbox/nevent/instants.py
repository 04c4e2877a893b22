"""Moments as integers (milliseconds since 1970, UTC) and as the ISO text of the API."""

from datetime import UTC, datetime, timedelta

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTES = [f"T{m // 60:02d}:{m % 60:02d}:" for m in range(1440)]
_SECONDS = [f"{second:02d}." for second in range(60)]  # small tables stay in the processor's cache
_RESTS = [f"{ms:03d}Z" for ms in range(SECOND)]


_BYTES_MINUTES = [text.encode() for text in _MINUTES]
_BYTES_RESTS = [f"{second}{rest}".encode() for second in _SECONDS for rest in _RESTS]


class _Dates(dict[int, str]):
    """The text of every day that was asked for."""

    def __missing__(self, day: int) -> str:
        text = self[day] = (_EPOCH + timedelta(days=day)).date().isoformat()
        return text


class _BytesDates(dict[int, bytes]):
    """The same as bytes."""

    def __missing__(self, day: int) -> bytes:
        text = self[day] = _dates[day].encode()
        return text


_dates, _bytes_dates = _Dates(), _BytesDates()


def date_text(ms: int) -> str:
    """The day of a moment, as `2026-05-01`."""
    return _dates[ms // DAY]


def iso(ms: int) -> str:
    """A moment as `2026-05-01T18:30:00.000Z`."""
    seconds = ms // SECOND
    minutes = seconds // 60
    day = minutes // 1440
    return (
        f"{_dates[day]}{_MINUTES[minutes - day * 1440]}"
        f"{_SECONDS[seconds - minutes * 60]}{_RESTS[ms - seconds * SECOND]}"
    )


def iso_parts(ms: int) -> tuple[bytes, bytes, bytes]:
    """The same in three pieces, for what is put together out of pieces."""
    minutes = ms // MINUTE
    day = minutes // 1440
    return (
        _bytes_dates[day],
        _BYTES_MINUTES[minutes - day * 1440],
        _BYTES_RESTS[ms - minutes * MINUTE],
    )


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
