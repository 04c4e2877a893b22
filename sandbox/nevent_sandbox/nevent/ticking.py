"""The clock as the Nevent side needs it."""

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The sandbox's time: real time plus an offset which tests move."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""

    def advance(self, by: timedelta) -> None:
        """Move forward."""
