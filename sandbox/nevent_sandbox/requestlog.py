"""What was asked of a side of the sandbox, in order."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import msgspec

ENTRIES = 100_000
BODY_BYTES = 64_000_000  # of all bodies kept; the oldest are forgotten first


class Entry(msgspec.Struct, omit_defaults=False):
    """One request and its answer."""

    n: int
    method: str
    path: str  # with its query
    operation: str  # method and path template
    status: int | None  # None: the connection was cut
    items: int | None  # records in the request's body, or in the answer of a read
    bytes: int  # of the body, decompressed
    ms: float
    at: str  # ISO 8601, by the sandbox's clock


class RequestLog:
    """The newest requests, with their bodies as far as memory is set aside for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0  # request that has come in, and the last before a clear
        self.clear()

    def clear(self) -> None:
        """Forget all; numbering starts again at 1."""
        with self._lock:
            self._before = self._last
            self._kept = 0
            self._entries: deque[Entry] = deque(maxlen=ENTRIES)
            self._bodies: dict[int, bytes] = {}

    def next_number(self) -> int:
        """The number of a request that has just come in."""
        with self._lock:
            self._last += 1
            return self._last

    def add(self, entry: Entry, body: bytes) -> None:
        """Note a request that has been answered."""
        with self._lock:
            if entry.n <= self._before:
                return
            entry.n -= self._before
            self._entries.append(entry)
            if body:
                self._bodies[entry.n] = body
                self._kept += len(body)
            while self._kept > BODY_BYTES and len(self._bodies) > 1:
                oldest = next(iter(self._bodies))
                self._kept -= len(self._bodies.pop(oldest))

    def told(self, *, since: int = 0, bodies: bool = False) -> list[dict[str, Any]]:
        """Requests after number `since`, oldest first, with `body` where asked for and kept."""
        with self._lock:
            entries = [entry for entry in self._entries if entry.n > since]
            kept = dict(self._bodies) if bodies else {}
        entries.sort(key=lambda entry: entry.n)
        told = []
        for entry in entries:
            each = msgspec.structs.asdict(entry)
            if bodies:
                each["body"] = _parsed(kept.get(entry.n, b""))
            told.append(each)
        return told


def _parsed(body: bytes) -> Any:
    if not body:
        return None
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body.decode(errors="replace")
