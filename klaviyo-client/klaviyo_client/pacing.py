"""Requests paced to Klaviyo's windows, so that none is refused for coming too fast.

Klaviyo counts in fixed windows of one second and one minute whose beginnings are not known. No
more than the limit in *any* second and *any* minute is within them wherever they begin.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from klaviyo_client.limits import Operation

# Requests leave at one distance and arrive at another; the windows are kept this much longer.
SECOND = 1.05
MINUTE = 60.5


class _Window:
    """When the latest requests of one operation left, and until when it must be quiet."""

    def __init__(self, operation: Operation) -> None:
        self.sent: deque[float] = deque(maxlen=operation.steady)
        self.quiet_until = 0.0


class Pacer:
    """Gives each request its moment. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, _Window] = {}

    def reserve(self, operation: Operation) -> float:
        """Take the next free moment; returns the seconds until it."""
        with self._lock:
            window = self._windows.setdefault(operation.name, _Window(operation))
            sent, now = window.sent, time.monotonic()
            at = max(now, window.quiet_until)
            if len(sent) >= operation.burst:
                at = max(at, sent[-operation.burst] + SECOND)
            if len(sent) == operation.steady:
                at = max(at, sent[0] + MINUTE)
            sent.append(at)
            return at - now

    def told(self, operation: Operation, *, remaining: int, reset: int) -> None:
        """Klaviyo's own count (RateLimit-Remaining, RateLimit-Reset in seconds).

        It falls below ours when something else uses the same account: at none left we wait for
        the window to end instead of running into a refusal.
        """
        if remaining <= 0:
            self.quiet(operation, reset)

    def quiet(self, operation: Operation, seconds: float) -> None:
        """Send nothing of this operation for a while."""
        with self._lock:
            window = self._windows.setdefault(operation.name, _Window(operation))
            window.quiet_until = max(window.quiet_until, time.monotonic() + seconds)
