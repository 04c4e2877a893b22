"""Times of records: one form, and what counts as the same second."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from singer_outcomes.rejects import RejectedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_YEARS = range(
    1900, 3000
)  # others are mistakes, and too near the ends of what can be reckoned with


def time_of(record: Mapping[str, Any], column: str) -> datetime | None:
    """The time in a column (UTC where it names no offset); None where there is none.

    Raises:
        RejectedError: it is no ISO 8601 time.
    """
    value = record.get(column)
    if value is None or value == "":
        return None
    try:
        read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        at = (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        at = None
    if at is None or at.year not in _YEARS:
        raise RejectedError(f"{column} is no time (ISO 8601)", column=column)
    return at


def second(value: datetime | str) -> datetime:
    """A time to the second: two systems never agree on less."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return read.astimezone(UTC).replace(microsecond=0)


def at_most(value: datetime | str, now: datetime) -> datetime:
    """A time, or now where it lies ahead: clocks differ, and Nevent takes none of the future."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return min(read, now)
