"""Which stretch of time is read by whom: each by one worker, split when others have nothing."""

from __future__ import annotations

import threading
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_WORTH = 700  # events that a stretch should hold to be read on its own
_NARROWEST = 2  # seconds


class Window:
    """Events of one metric in [position, end), read page by page, oldest first."""

    __slots__ = ("density", "end", "metric", "position")

    def __init__(self, metric: int, position: int, end: int) -> None:
        self.metric = metric
        self.position = position
        self.end = end
        self.density = 0.0  # events a second, as of the latest page; 0: none came yet


class Schedule:
    """Hands out windows. One that is dense is split as soon as a worker has nothing to do.

    So a sparse stretch costs one request however long it is, and the pages of a dense one are read
    at the same time, without anybody counting events first. Any thread may use it.

    Args:
        windows: disjoint, of all metrics.
        latest: no window begins later than this, in seconds since 1970.
        uncut: metric and time → that time, or an earlier one at which it may be split.
    """

    def __init__(
        self, windows: Iterable[Window], *, latest: int, uncut: Callable[[int, int], int]
    ) -> None:
        self._pending = deque(windows)
        self._running: set[Window] = set()
        self._latest = latest
        self._uncut = uncut
        self._idle = 0
        self._stopped = False
        self._changed = threading.Condition()

    def take(self) -> Window | None:
        """A window to read, as soon as there is one; None when all are read."""
        with self._changed:
            self._idle += 1
            try:
                while not self._stopped:
                    if not self._pending:
                        self._split()
                    if self._pending:
                        window = self._pending.popleft()
                        self._running.add(window)
                        return window
                    if not self._running:
                        self._changed.notify_all()
                        return None
                    self._changed.wait()
                return None
            finally:
                self._idle -= 1

    def advance(self, window: Window, position: int, density: float) -> int:
        """The window is read up to `position`, by a page of that density; returns where it ends.

        The end may have come nearer: what lies behind it is read by others.
        """
        with self._changed:
            window.density = density
            window.position = min(position, window.end)
            if self._idle:
                self._changed.notify()
            return window.end

    def finish(self, window: Window) -> int:
        """The window is read; returns where it ended."""
        with self._changed:
            self._running.discard(window)
            if not self._running:
                self._changed.notify_all()
            return window.end

    def stop(self) -> None:
        """Hand out no more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _split(self) -> None:
        """Divide the window with most left to read among those who have nothing."""
        window = max(self._running, key=self._left, default=None)
        if window is None:
            return
        until = min(window.end, self._latest)
        parts = min(self._idle + 1, int(self._left(window) / _WORTH))
        width = (until - window.position) // max(parts, 1)
        if parts <= 1 or width < _NARROWEST:
            return
        cuts = {
            self._uncut(window.metric, window.position + width * number)
            for number in range(1, parts)
        }
        ends = [*sorted(each for each in cuts if each > window.position), window.end]
        window.end = ends[0]
        self._pending.extend(Window(window.metric, start, end) for start, end in pairwise(ends))
        if self._pending:
            self._changed.notify_all()

    def _left(self, window: Window) -> float:
        """How many events seem left to read of it."""
        return window.density * (min(window.end, self._latest) - window.position)
