"""Times as Klaviyo writes and reads them. Inside they are whole seconds since 1970, UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

_LOST_PLUS = re.compile(r"(\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d:?\d\d)$")


def told(seconds: float | None) -> str | None:
    """ISO 8601 with offset, to the second."""
    return None if seconds is None else _told(int(seconds))


@lru_cache(maxsize=65_536)  # pages repeat moments: of creation, of one sending
def _told(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat()


@lru_cache(maxsize=65_536)  # what is checked is read again when it is applied
def parsed(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 time; missing parts are 0, a missing offset is UTC.

    Also takes a date alone, a space for the T, and a plus that a query string turned into a space.

    Raises:
        ValueError: it is none, a Unix stamp for instance.
    """
    text = text.strip()
    if text.replace(".", "", 1).isdigit():
        raise ValueError(text)
    moment = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text) if " " in text else text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
