"""Klaviyo's rate limits: fixed windows of a second, a minute and a day per operation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nevent_sandbox.klaviyo.competing import Competitor
from nevent_sandbox.klaviyo.errors import throttled
from nevent_sandbox.klaviyo.operations import EXTRA_LIMITS, OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nevent_sandbox.clock import Clock
    from nevent_sandbox.klaviyo.competing import Competition
    from nevent_sandbox.klaviyo.operation import Operation

SECOND, MINUTE, DAY = 1.0, 60.0, 86_400.0


def window_scale(mode: str) -> float:
    """How many times shorter windows are; 0 for no limits.

    Raises:
        ValueError: not "real", "scaled=N" or "off".
    """
    name, _, number = mode.partition("=")
    if mode == "real":
        return 1.0
    if mode == "off":
        return 0.0
    if name == "scaled" and number.replace(".", "", 1).isdigit() and float(number) > 0:
        return float(number)
    raise ValueError(f"limits is '{mode}'; it takes real, scaled=N (such as scaled=60) or off.")


class Window:
    """So many requests per so many seconds, counted from the first one."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self._since = -math.inf
        self._count = 0

    def left(self, now: float) -> int:
        """Requests that are still allowed."""
        return self.most if now - self._since >= self.seconds else self.most - self._count

    def reset(self, now: float) -> float:
        """Seconds until the window ends."""
        return max(0.0, self._since + self.seconds - now) if self._count else self.seconds

    def count(self, now: float) -> None:
        """Note a request."""
        if now - self._since >= self.seconds:
            self._since, self._count = now, 0
        self._count += 1


class Limits:
    """The counters of one account. Used from the event loop only."""

    def __init__(self, clock: Clock, mode: str) -> None:
        self._clock = clock
        self._scale = window_scale(mode)
        self._windows: dict[str, list[Window]] = {}
        self._competitors: dict[str, list[Competitor]] = {}

    @property
    def limited(self) -> bool:
        """Whether there are any."""
        return bool(self._scale)

    def forget(self) -> None:
        """Start all windows afresh, and alone."""
        self._windows.clear()
        self.alone()

    def compete(self, order: Competition) -> None:
        """Let another client take its share of an operation's windows from now on."""
        competitor = Competitor(order, self._clock.time())
        self._competitors.setdefault(order.operation, []).append(competitor)

    def alone(self) -> None:
        """End all competition."""
        self._competitors.clear()

    def competitors(self) -> list[Competitor]:
        """All of them, with what they have done by now."""
        for name in self._competitors:
            self._count_others(OPERATIONS[name], self._clock.time())
        return [each for several in self._competitors.values() for each in several]

    def admit(self, operation: Operation, query: Mapping[str, str]) -> dict[str, str]:
        """Count a request, and give the RateLimit-* headers of its steady window.

        Raises:
            ApiError: 429 with the seconds until the fullest window ends.
        """
        if not self._scale:
            return {}
        now = self._clock.time()
        own = self._of(operation.name, operation.burst, operation.steady, operation.daily)
        if operation.name in self._competitors:
            self._count_others(operation, now)
        windows = list(own)
        for extra in EXTRA_LIMITS:
            elsewhere = extra.operation not in {None, operation.name}
            if not elsewhere and extra.value in query.get(extra.parameter, "").split(","):
                name = f"{extra.parameter}={extra.value}"
                windows += self._of(name, extra.burst, extra.steady, None)
        full = [window.reset(now) for window in windows if window.left(now) <= 0]
        if full:
            raise throttled(max(1, math.ceil(max(full))))
        for window in windows:
            window.count(now)
        steady = own[1]
        return {
            "RateLimit-Limit": str(steady.most),
            "RateLimit-Remaining": str(steady.left(now)),
            "RateLimit-Reset": str(math.ceil(steady.reset(now))),
        }

    def _count_others(self, operation: Operation, now: float) -> None:
        windows = self._of(operation.name, operation.burst, operation.steady, operation.daily)
        for competitor in self._competitors[operation.name]:
            competitor.count(windows, now)

    def _of(self, name: str, burst: int, steady: int, daily: int | None) -> list[Window]:
        windows = self._windows.get(name)
        if windows is None:
            windows = [
                Window(burst, SECOND / self._scale),
                Window(steady, MINUTE / self._scale),
            ]
            if daily is not None:
                windows.append(Window(daily, DAY / self._scale))
            self._windows[name] = windows
        return windows
