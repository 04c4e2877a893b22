"""Which segments are read in a run: those that may have changed, and all of them now and then.

Nevent tells neither when somebody joined or left a segment nor who did: its members have to be
read, a hundred a request, all of them. One request shows how many there are, and who, if they are
few.
"""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from nevent_client.rows import Page, Row

SOON = 20_000  # members read in a run because they are others: 200 requests here, and of a loader


class Reading(TypedDict):
    """What is kept of the last time that all members of a segment were read."""

    at: str  # UTC, by Nevent's clock
    seen: str  # hash of what one request showed
    defined: str  # hash of what decides who is a member


class Look(NamedTuple):
    """A segment as it shows now, beside its last reading, if there was one."""

    row: Row
    page: Page
    last: Reading | None


def common(kept: Iterable[Mapping[str, Reading]]) -> dict[str, Reading]:
    """The readings that all of these streams have told; a run cut short has told some of them."""
    first, *others = kept
    return {
        key: last for key, last in first.items() if all(each.get(key) == last for each in others)
    }


def defined(segment: Row, rule: str) -> str:
    """A hash of a segment's definition and name, and of the `rule` of whose data may leave."""
    return _hash([segment.get("name"), segment.get("definition"), rule])


def seen(page: Page) -> str:
    """A hash of how many members there are, and of who they are if all are on this first page."""
    return _hash([page.total, sorted(each["fan_id"] for each in page.rows) if page.last else None])


def are_due(kept: Iterable[Reading], *, now: str, every: timedelta) -> bool:
    """Whether all segments are to be read: one of them was not for so long."""
    moment = datetime.fromisoformat(now)
    return not every or any(moment - datetime.fromisoformat(each["at"]) >= every for each in kept)


def others_now(looks: Iterable[Look], most: int = SOON) -> list[Row]:
    """Segments that show other members than when they were read, the smallest first.

    Beyond `most` members they wait until they are due: else one fan who joins would cost as much as
    a million do.
    """
    found = []
    for row, page, last in sorted(looks, key=lambda look: look.page.total or 0):
        if last and last["seen"] != seen(page) and (page.total or 0) <= most:
            most -= page.total or 0
            found.append(row)
    return found


def _hash(told: Any) -> str:
    return blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=8).hexdigest()
