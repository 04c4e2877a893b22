"""Events that Klaviyo writes itself: somebody subscribed, unsubscribed, bounced, complained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from nevent_sandbox.klaviyo.identifiers import EventIds
from nevent_sandbox.klaviyo.metrics import NATIVE_SERVICE, Metrics

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.errors import Document

JOINED = "Subscribed to List"
LEFT = "Unsubscribed from List"
BOUNCED = "Bounced Email"
COMPLAINED = "Marked Email as Spam"
# Text messages were called SMS in these names until July 2026. Transactional ones have none.
SUBSCRIBED = {
    "email.marketing": "Subscribed to Email Marketing",
    "sms.marketing": "Subscribed to Text Messaging Marketing",
}
UNSUBSCRIBED = {
    "email.marketing": "Unsubscribed from Email Marketing",
    "sms.marketing": "Unsubscribed from Text Messaging Marketing",
}


class Natives:
    """Native events of one transaction, written in one go.

    Args:
        now: seconds; becomes the profiles' `updated`.
        visible: from when reads see the events.
    """

    def __init__(self, db: sqlite3.Connection, *, now: float, visible: float) -> None:
        self._db = db
        self._now = int(now)
        self._visible = visible
        self._metrics = Metrics(db, now)
        self._events: list[tuple[int, str, int, Document, bool]] = []

    def add(
        self, profile: int, metric: str, moment: float, properties: Document, *, backfill: bool
    ) -> None:
        """One event of a profile."""
        self._events.append((profile, metric, int(moment), properties, backfill))

    def save(self) -> None:
        """Write them, and date the profiles they are about."""
        ids = EventIds()
        self._db.executemany(
            "INSERT INTO events (id, profile, metric, unique_id, moment, backfill, visible, "
            "properties) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    (identifier := ids.next()),
                    profile,
                    self._metrics.number(metric, NATIVE_SERVICE),
                    identifier,
                    moment,
                    backfill,
                    self._visible,
                    msgspec.json.encode(properties),
                )
                for profile, metric, moment, properties, backfill in self._events
            ],
        )
        latest: dict[int, int] = {}
        for profile, _, moment, _, _ in self._events:
            latest[profile] = max(moment, latest.get(profile, moment))
        self._db.executemany(
            "UPDATE profiles SET last_event = max(coalesce(last_event, 0), ?) WHERE n = ?",
            [(moment, profile) for profile, moment in latest.items()],
        )
        self._db.executemany(  # apart: few are not new, and an index is written anew in any case
            "UPDATE profiles SET updated = ?1 WHERE n = ?2 AND updated < ?1",
            [(self._now, profile) for profile in latest],
        )
        self._events.clear()
