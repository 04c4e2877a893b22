"""Opt-outs that one target sent, so that another one knows them when they come back.

What Nevent tells Klaviyo is read again from Klaviyo by the way back. An opt-out sent there because
somebody withdrew consent to third parties is no wish about Nevent's own messages.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from singer_outcomes.store import Store

BEFORE = timedelta(minutes=1)  # two clocks differ
WITHIN = timedelta(hours=1)  # the vendor applies what it accepted
_TABLE = """
CREATE TABLE IF NOT EXISTS sent_opt_outs (
    person TEXT NOT NULL,  -- keyed hash
    channel TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (person, channel, at)
) WITHOUT ROWID;
"""


class Echoes:
    """Shared by all targets of one store; people are hashed."""

    def __init__(self, store: Store) -> None:
        store.define(_TABLE)
        self._store = store

    def sent(self, people: Iterable[tuple[str, str]], *, at: datetime) -> None:
        """These opt-outs, person and channel, are about to be sent."""
        moment = at.isoformat(timespec="seconds")
        rows = [(self._store.person(each), channel, moment) for each, channel in people]
        if rows:
            with self._store.writing() as db:
                db.executemany("INSERT OR IGNORE INTO sent_opt_outs VALUES (?, ?, ?)", rows)

    def covers(
        self, people: Iterable[str], channel: str, at: datetime, *, since: datetime | None = None
    ) -> bool:
        """Whether an opt-out of this time is one of those, by any identifier of the person.

        What was sent before `since`, when they last said yes where it came from, is over.
        """
        if not self._store.exists:
            return False
        begin = at - WITHIN if since is None else max(at - WITHIN, since)
        first, last = (each.isoformat(timespec="seconds") for each in (begin, at + BEFORE))
        sql = (
            "SELECT 1 FROM sent_opt_outs "
            "WHERE person = ? AND channel = ? AND at BETWEEN ? AND ? LIMIT 1"
        )
        db = self._store.reading()
        return any(
            db.execute(sql, (self._store.person(each), channel, first, last)).fetchone()
            for each in people
        )
