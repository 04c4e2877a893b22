"""One time for both sides of the sandbox: real time, moved ahead by tests."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time plus an offset. Never sleeps; any thread may read it."""

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return datetime.fromtimestamp(self.time(), tz=UTC)

    def time(self) -> float:
        """The moment in seconds since 1970."""
        return time.time() + self._offset

    def advance(self, by: timedelta) -> None:
        """Move ahead.

        Raises:
            ValueError: `by` is negative; neither side can undo what it has told.
        """
        if by < timedelta():
            raise ValueError("The clock moves ahead only; reset the sandbox to start again.")
        self._offset += by.total_seconds()

    def reset(self) -> None:
        """Go back to real time."""
        self._offset = 0.0
