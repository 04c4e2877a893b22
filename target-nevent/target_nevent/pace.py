"""How many sign-ups an hour: Nevent's forms take few, and each may send a mail."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable
    from datetime import datetime

    from target_nevent.memory import Memory

Turn = Literal["now", "waited", "over"]
HOUR = timedelta(hours=1)
TELL_EVERY = 600.0  # seconds between two lines about waiting
ROUNDED = timedelta(seconds=2)  # Nevent's clock is read in whole seconds
MOMENT = timedelta(milliseconds=1)


class Pace:
    """Counts what any run sent within the last hour, and waits until there is room.

    Args:
        per_hour: most of them.
        memory: of all runs.
        logger: told about waiting.
        longest: how long all waits of a run may last.
        now: the time by Nevent's clock.
    """

    def __init__(
        self,
        per_hour: int,
        memory: Memory,
        logger: logging.Logger,
        *,
        longest: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._per_hour = per_hour
        self._memory = memory
        self._logger = logger
        self._longest = longest
        self._until: datetime | None = None  # known once somebody had to wait
        self._now = now
        self._over = threading.Event()

    def turn(self, waiting: Callable[[], int]) -> Turn:
        """Wait for the next turn: whether it is now, was waited for, or the run ends before it.

        Args:
            waiting: how many sign-ups there are, for who watches.
        """
        told = False
        while not self._over.is_set():
            now = self._now()
            sent = self._memory.sent_since(now - HOUR)
            if len(sent) < self._per_hour:
                return "waited" if told else "now"
            if not told:
                told = True
                self._tell(waiting())
            free = sent[-self._per_hour] + HOUR
            self._until = self._until or now + self._longest + ROUNDED
            if free > self._until:
                break
            free += MOMENT
            self._over.wait(min((free - now).total_seconds(), TELL_EVERY))
        return "over"

    def stop(self) -> None:
        """End every wait. Any thread may call."""
        self._over.set()

    def lasts(self, number: int) -> str:
        """How long so many take, in words."""
        hours = number / self._per_hour
        return f"{hours:,.1f} hours" if hours >= 1 else f"{max(round(hours * 60), 1)} minutes"

    def _tell(self, number: int) -> None:
        self._logger.info(
            "%s sign-ups wait for their turn; at %s an hour (subscribes_per_hour) that takes "
            "about %s. Everything else goes on meanwhile.",
            f"{number:,}",
            self._per_hour,
            self.lasts(number),
        )
