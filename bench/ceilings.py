"""How much of what a vendor allows was used: arithmetic over a sandbox's request log, no I/O."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

MOST_BYTES = 5_000_000  # of a request's body, as Klaviyo documents it

_TAKEN = range(200, 300)

Entry = dict[str, Any]  # of `GET /_sandbox/requests`


class Allowed(NamedTuple):
    """What a vendor takes of one operation; `steady` requests a minute, None where it has no limit.

    `items` and `size` (bytes) bound one request. `marked` is a text in the address of those that
    count, where others of the operation do something else.
    """

    operation: str
    steady: int | None
    items: int
    size: int | None = None
    marked: str = ""

    def counts(self, entry: Entry) -> bool:
        """Whether a request is of this operation, and was not refused."""
        mine: bool = entry["operation"] == self.operation and self.marked in entry["path"]
        return mine and entry["status"] in _TAKEN


class Pace(NamedTuple):
    """How one operation went, from its first request to its last.

    The last request opens an interval that nobody waits for the end of, so its items do not count
    for `rate`: n full requests at the steady distance have a share of exactly 1.
    """

    requests: int
    items: int
    seconds: float
    rate: float | None  # items per second; None for a single request
    ceiling: float | None  # items per second that the vendor allows of bodies of this size
    share: float | None  # of the ceiling


def pace(log: list[Entry], allowed: Allowed, items: int | None = None) -> Pace:
    """What the log says of this operation.

    A full request has as many items as the vendor takes, or as many as its bytes allow at the mean
    size of an item as sent, whichever is less. Requests that are half empty, come more often than
    needed, late or twice all lower the share: the items that they should have had are missing.

    Args:
        log: of the sandbox.
        allowed: the operation.
        items: how many there are, where some are read twice; as many as the log says by default.
    """
    taken = sorted(filter(allowed.counts, log), key=_began_at)
    told = sum(each["items"] or 0 for each in taken)
    seconds = _began_at(taken[-1]) - _began_at(taken[0]) if taken else 0.0
    items = told if items is None else items
    rate = (1 - (taken[-1]["items"] or 0) / told) * items / seconds if seconds and told else None
    ceiling = None
    if allowed.steady is not None and items:
        full: float = allowed.items
        if allowed.size is not None:
            full = min(full, allowed.size * told / sum(each["bytes"] for each in taken))
        ceiling = full * allowed.steady / 60
    share = rate / ceiling if rate is not None and ceiling else None
    return Pace(len(taken), items, seconds, rate, ceiling, share)


def _began_at(entry: Entry) -> float:
    """Seconds since 1970; the log tells when a request was answered and how long that took."""
    moment: float = datetime.fromisoformat(entry["at"]).timestamp() - entry["ms"] / 1000
    return moment
