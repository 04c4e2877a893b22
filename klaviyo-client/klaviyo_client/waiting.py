"""Pauses of a session: counted, per thread too, and all ended by one stop."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import tenacity

from klaviyo_client.answers import RetryError

if TYPE_CHECKING:
    from collections.abc import Iterator

_TURN = 1.0  # seconds: Python sees a signal that comes just before a wait only when that ends
_BACKOFF = tenacity.wait_exponential(multiplier=0.5, max=60) + tenacity.wait_random(0, 1)


class Waits:
    """Where threads wait for limits and retries. Any thread may use it."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._here = threading.local()
        self.seconds = 0.0  # of all threads together

    @property
    def stopped(self) -> bool:
        """Whether no wait is allowed any more."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End every wait, those to come included."""
        self._stopped.set()

    def wait(self, seconds: float) -> None:
        """Wait, or less where it is stopped; what was waited is counted."""
        if seconds <= 0:
            return
        begun = time.monotonic()
        self._stopped.wait(seconds)
        self._count(begun)

    @contextmanager
    def behind(self, gate: threading.Lock) -> Iterator[None]:
        """Hold a gate, after those who came before; the wait for it is counted."""
        if not gate.acquire(blocking=False):
            begun = time.monotonic()
            while not gate.acquire(timeout=_TURN):
                pass
            self._count(begun)
        try:
            yield
        finally:
            gate.release()

    def pause(self, seconds: float) -> None:
        """Wait without counting it."""
        self._stopped.wait(seconds)

    def here(self) -> float:
        """Seconds that this thread has waited so far."""
        return getattr(self._here, "seconds", 0.0)

    def _count(self, begun: float) -> None:
        waited = time.monotonic() - begun
        self._here.seconds = self.here() + waited
        with self._lock:
            self.seconds += waited


def pause(state: tenacity.RetryCallState) -> float:
    """Seconds until a request is tried again; none where the pacer holds back its operation."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RetryError) and error.seconds is not None:
        return 0.0
    return _BACKOFF(state)
