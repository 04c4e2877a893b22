"""Requests paced so that all of Klaviyo's quota is used, and none is refused for coming too fast.

Klaviyo counts each operation in fixed windows of one second and one minute, for all who use the
account together. Each answer tells what the minute has left, so what others take is known too.

- Requests leave evenly, as many a minute as are allowed. What was missed is made up for, at half of
  what a second allows: the other half is somebody else's.
- As long as no answer has told anything, no minute holds more than allowed wherever it begins.
- What is left of a minute is spread over its rest. So several of us slow down alike, and nobody
  runs dry. Against others who do not slow down, half of the quota is ours: where they emptied a
  minute early, our half is asked for as early in the next one.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from klaviyo_client.limits import Operation

SECOND = 1.0
MINUTE = 60.0
_LONGER = 1.05, 60.5 / 60  # a second, a minute: what leaves at one distance arrives at another
_MISSED = 1 / 4  # of a minute's requests that may be made up for
_NOISE = 0.03  # of a minute's requests: answers overtake each other; more is somebody else
_OVERTAKING = 8  # answers, of which the one that tells least is believed
_KEPT = 0.02  # of a minute's requests, left alone where others may take them at the same moment
_EARLY = 0.1  # of a minute: running dry in its last tenth is no hurry of anybody's
_PATIENT = 0.9  # of the pace: how soon after another a request may leave where others leave too
_AFTER = 0.0005  # of a minute: how far the end of one must have passed, for clocks differ
_RELAXED = 1.1  # how much later than last time a minute is expected to run dry


class _Told(NamedTuple):
    """A minute as answers tell it: when it ends, and our first request in it.

    `last`: the number of ours that would be its last one, if nobody else took any more.
    """

    ends: float
    first: int
    last: int


class Quota:
    """One operation's requests. Moments are seconds of one clock that never falls."""

    def __init__(self, operation: Operation) -> None:
        self._most = operation.steady
        self._even = MINUTE / operation.steady
        self._half = max(1, operation.burst // 2)
        self._second = SECOND * _LONGER[0] * min(1, 2 * self._half / operation.burst)
        self._missed = max(MINUTE * _MISSED, self._even)
        self._noise = max(3, round(operation.steady * _NOISE))
        self._kept = max(1, round(operation.steady * _KEPT))
        self._number = 0  # of the latest request
        self._sent: deque[float] = deque(maxlen=operation.steady)
        self._next = self._quiet_until = -MINUTE
        self._told: _Told | None = None
        self._lasts: deque[int] = deque(maxlen=_OVERTAKING)
        self._share: float | None = None  # seconds between two requests; None: all is ours
        self._dry: float | None = None  # seconds after which this minute ran out
        self._hurried = False  # whether the one before did

    def due(self, now: float) -> float:
        """When the next request may leave."""
        at = max(now, self._quiet_until)
        if len(self._sent) >= self._half:
            at = max(at, self._sent[-self._half] + self._second)
        if self._told is None:
            full = len(self._sent) == self._most
            return max(at, self._sent[0] + MINUTE * _LONGER[1]) if full else at
        told, shared, interval = self._present(now), self._shared, self._interval(now)
        if told and self._left(told) <= (self._kept if shared else 0):
            self._run_dry(told.ends - now)
            return max(at, told.ends)
        if not shared:
            return max(at, self._next - self._missed)
        return max(at, self._sent[-1] + _PATIENT * interval, self._next - interval)

    def take(self, now: float) -> int:
        """Note a request that leaves now; returns its number."""
        interval = self._interval(now)
        behind = interval if self._shared else self._missed
        self._next = max(self._next, now - behind) + interval
        self._sent.append(now)
        self._number += 1
        return self._number

    def told(self, number: int, now: float, *, remaining: int, reset: float) -> None:
        """What the answer to a request said: left of the minute, and seconds until its end."""
        # Whatever stands between may tell a moment instead, which would be waited for in vain.
        ends, last = now + min(reset, MINUTE) + MINUTE * _AFTER, number + remaining
        told = self._told
        if told is None or ends > told.ends + MINUTE / 2:
            self._plan(now)
            self._told = _Told(ends, number, last)
            self._lasts.clear()
            self._lasts.append(last)
        elif ends > told.ends - MINUTE / 2:  # else it is about a minute that has passed
            alone = not self._shared
            self._lasts.append(last)
            self._told = _Told(min(ends, told.ends), min(number, told.first), min(self._lasts))
            if alone and self._shared:  # what was sent ahead is not to be waited for
                self._next = min(self._next, now + self._interval(now))

    def quiet(self, now: float, seconds: float) -> None:
        """Send nothing for a while: a request was refused."""
        self._quiet_until = max(self._quiet_until, now + seconds)
        self._run_dry(seconds)

    @property
    def _others(self) -> int:
        """Requests of the told minute that were not ours."""
        told = self._told
        return max(0, told.first - 1 + self._most - told.last) if told else 0

    @property
    def _shared(self) -> bool:
        """Whether somebody else uses the operation."""
        return self._share is not None or self._others > self._noise

    def _present(self, now: float) -> _Told | None:
        """The minute that answers told, unless it has passed."""
        return self._told if self._told and now < self._told.ends else None

    def _left(self, told: _Told) -> int:
        return told.last - self._number

    def _interval(self, now: float) -> float:
        """Seconds from one request to the next."""
        told, pace = self._present(now), self._share or self._even
        if told is None or self._hurried:
            return pace
        left = self._left(told) - (self._kept if self._shared else 0)
        return max(pace, (told.ends - now) / max(left, 1))

    def _run_dry(self, before: float) -> None:
        """Nothing is left of the minute, so many seconds before its end."""
        if self._shared and self._dry is None and MINUTE * _EARLY < before < MINUTE:
            self._dry = MINUTE - before

    def _plan(self, now: float) -> None:
        """Share out a new minute by what others took of the one before."""
        told, others = self._told, self._others
        dry, self._dry = self._dry, None
        if told is None or others <= self._noise or now > told.ends + MINUTE:
            self._share, self._hurried = None, False
            return
        self._hurried = dry is not None
        long = min(MINUTE, _RELAXED * dry) if dry is not None else MINUTE
        self._share = max(self._even, long / max(self._most - others, self._most / 2))


class Pacer:
    """Lets requests of all operations go when they are due. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._quotas: dict[str, Quota] = {}
        self._gates: dict[str, threading.Lock] = {}

    def gate(self, operation: Operation) -> threading.Lock:
        """Held by the one thread that waits for the operation's next moment.

        Moments given away in advance could not be taken back when an answer tells of others.
        """
        with self._lock:
            return self._gates.setdefault(operation.name, threading.Lock())

    def take(self, operation: Operation) -> tuple[float, int]:
        """Seconds until a request may leave, or 0 and its number: then it leaves now."""
        with self._lock:
            quota, now = self._quota(operation), time.monotonic()
            seconds = quota.due(now) - now
            return (seconds, 0) if seconds > 0 else (0.0, quota.take(now))

    def told(self, operation: Operation, number: int, *, remaining: int, reset: int) -> None:
        """Klaviyo's own count (RateLimit-Remaining, RateLimit-Reset in seconds)."""
        with self._lock:
            quota = self._quota(operation)
            quota.told(number, time.monotonic(), remaining=remaining, reset=reset)

    def quiet(self, operation: Operation, seconds: float) -> None:
        """Send nothing of this operation for a while."""
        with self._lock:
            self._quota(operation).quiet(time.monotonic(), seconds)

    def _quota(self, operation: Operation) -> Quota:
        quota = self._quotas.get(operation.name)
        if quota is None:
            quota = self._quotas[operation.name] = Quota(operation)
        return quota
