"""How many reports may still be asked for today.

Klaviyo gives 225 a day of each kind to the whole account, people included, so the tap keeps to a
share of them and counts across runs, in its state.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from singer_outcomes.bookmark import moment, written

if TYPE_CHECKING:
    from collections.abc import Callable


class Budget:
    """Requests of one kind of report, by day (UTC).

    Args:
        state: where the day, what was spent of it, and a wait ordered by Klaviyo are kept.
        per_day: how many the tap may make.
        now: Klaviyo's clock.
    """

    def __init__(self, state: dict[str, Any], per_day: int, now: Callable[[], datetime]) -> None:
        self._state = state
        self._now = now
        self.per_day = per_day

    @property
    def left(self) -> int:
        """Requests that may still be made today; none while Klaviyo wants us to wait."""
        until = moment(self._state.get("not_before"))
        if until and written(self._now()) < until:
            return 0
        return max(self.per_day - self._spent, 0)

    @property
    def until(self) -> str:
        """When there are some again (UTC)."""
        ordered = moment(self._state.get("not_before")) or ""
        if self._spent < self.per_day:
            return ordered
        midnight = self._now().replace(hour=0, minute=0, second=0) + timedelta(days=1)
        return max(ordered, written(midnight))

    def spend(self, requests: int) -> None:
        """Count what was asked."""
        spent = self._spent + requests
        self._state.update(day=self._today, spent=spent)

    def wait(self, seconds: float) -> None:
        """Klaviyo's own count is used up for so long: by people, or by other programs."""
        self._state["not_before"] = written(self._now() + timedelta(seconds=seconds))

    @property
    def _today(self) -> str:
        return self._now().date().isoformat()

    @property
    def _spent(self) -> int:
        return int(self._state.get("spent") or 0) if self._state.get("day") == self._today else 0
