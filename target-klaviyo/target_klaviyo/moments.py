"""Times as records and Klaviyo write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def moment(value: Any) -> datetime:
    """ISO 8601 in whole seconds of UTC; without an offset it is taken as UTC.

    Raises:
        TypeError, ValueError, OverflowError: it is none; an offset may lead out of the calendar.
    """
    time = datetime.fromisoformat(value)
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return time.replace(microsecond=0)


def told(value: Any) -> datetime | None:
    """A time as Klaviyo tells one, or None where it tells none."""
    return moment(value) if value else None
