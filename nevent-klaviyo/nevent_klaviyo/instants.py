"""Times in the one form that this command shows: UTC, ISO 8601, to the second."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def instant(value: Any) -> datetime | None:
    """A time of either side as a moment in UTC, cut to the second; None if it is none."""
    if isinstance(value, datetime):
        read = value
    elif isinstance(value, str) and value:
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            return None
    elif isinstance(value, int) and not isinstance(value, bool):
        read = datetime.fromtimestamp(value, UTC)
    else:
        return None
    aware = read if read.tzinfo else read.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0)


def iso(value: Any) -> str | None:
    """The same as text, `2026-01-31T12:00:00+00:00`."""
    read = instant(value)
    return None if read is None else read.isoformat()
