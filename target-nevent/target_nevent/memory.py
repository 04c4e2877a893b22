"""What runs of one tenant must know of each other: its first one, and every sign-up sent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from target_nevent.moments import second

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_outcomes.store import Store

_ALWAYS = "9999"  # later than any time
_TABLE = """
CREATE TABLE IF NOT EXISTS nevent_tenants (
    tenant TEXT PRIMARY KEY, first_run TEXT NOT NULL, erased_until TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS signups (
    tenant TEXT NOT NULL,
    signup TEXT NOT NULL,  -- keyed hash of person, newsletter and time of consent
    sent_at TEXT,  -- null where nothing had to be sent
    done INTEGER NOT NULL,  -- 0 begun, 1 done, 2 sent and its fan not seen yet
    PRIMARY KEY (tenant, signup)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS signups_sent ON signups (tenant, sent_at);
CREATE TABLE IF NOT EXISTS forgotten (files TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS strangers_opt_outs (
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,  -- keyed hash
    at TEXT NOT NULL,  -- the latest; that of an undated one is after all others
    PRIMARY KEY (tenant, person)
) WITHOUT ROWID;
"""


_BEGUN, _DONE, _SENT = range(3)


class Standing(NamedTuple):
    """How far a sign-up is; `sent` is when it was sent, where its fan has not been seen since."""

    done: bool
    sent: datetime | None = None


class Memory:
    """Of one tenant; a dry run reads what there is and leaves it as it is.

    Args:
        planned: whether this is a dry run.
    """

    def __init__(self, store: Store, *, planned: bool) -> None:
        store.define(_TABLE)
        self.tenant = ""  # set once it is known
        self._store = store
        self._planned = planned

    @property
    def _readable(self) -> bool:
        return not self._planned or self._store.exists

    def first_run(self, now: datetime) -> datetime:
        """When the first run against this tenant was; now, if this is it."""
        if not self._planned:
            with self._store.writing() as db:
                db.execute(
                    "INSERT OR IGNORE INTO nevent_tenants VALUES (?, ?, NULL)",
                    (self.tenant, now.isoformat()),
                )
        found = self._one("SELECT first_run FROM nevent_tenants WHERE tenant = ?")
        return datetime.fromisoformat(found) if found else now

    def erased_until(self) -> str | None:
        """Up to which time the feed of erased people was read."""
        return self._one("SELECT erased_until FROM nevent_tenants WHERE tenant = ?")

    def read_erased(self, until: str) -> None:
        """The feed of erased people was read up to this time."""
        with self._store.writing() as db:
            db.execute(
                "UPDATE nevent_tenants SET erased_until = ? WHERE tenant = ?", (until, self.tenant)
            )

    def forgotten(self, files: str) -> int:
        """Up to which tombstone nobody erased is in these files any more."""
        sql = "SELECT number FROM forgotten WHERE files = ?"
        row = self._store.reading().execute(sql, (files,)).fetchone()
        return row[0] if row else 0

    def forget(self, files: str, until: int) -> None:
        """Nobody erased up to this tombstone is in these files any more."""
        with self._store.writing() as db:
            db.execute("INSERT OR REPLACE INTO forgotten VALUES (?, ?)", (files, until))

    def signup(self, email: str, newsletter: str, consented_at: str) -> str:
        """What a sign-up is known by: nobody can tell from it who it is."""
        return self._store.person(f"{email}|{newsletter}|{consented_at}") if self._readable else ""

    def recall(self, signups: Iterable[str]) -> dict[str, Standing]:
        """Of these, those that were begun."""
        if not self._readable:
            return {}
        wanted = msgspec.json.encode(list(signups)).decode()
        sql = (
            "SELECT signup, done, sent_at FROM signups "
            "WHERE tenant = ? AND signup IN (SELECT value FROM json_each(?))"
        )
        rows = self._store.reading().execute(sql, (self.tenant, wanted))
        return {
            signup: Standing(
                done == _DONE, datetime.fromisoformat(sent_at) if done == _SENT else None
            )
            for signup, done, sent_at in rows
        }

    def begin(self, signup: str, at: datetime) -> None:
        """It is about to be sent: whoever is killed now, the next run knows whose fan it is."""
        self._put(signup, at, _BEGUN)

    def sent(self, signup: str, at: datetime) -> None:
        """It was sent, and Nevent does not show its fan yet."""
        self._put(signup, at, _SENT)

    def _put(self, signup: str, at: datetime, done: int) -> None:
        with self._store.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO signups VALUES (?, ?, ?, ?)",
                (self.tenant, signup, at.isoformat(), done),
            )

    def abandon(self, signup: str) -> None:
        """Nevent did not do it: as if it had never begun."""
        with self._store.writing() as db:
            db.execute("DELETE FROM signups WHERE tenant = ? AND signup = ?", (self.tenant, signup))

    def done(self, signup: str, sent_at: datetime | None = None) -> None:
        """Nothing is left to do about it; it was sent then, if it was."""
        if not self._planned:
            with self._store.writing() as db:
                db.execute(
                    "INSERT INTO signups VALUES (?, ?, ?, 1) "
                    "ON CONFLICT (tenant, signup) DO UPDATE SET done = 1",
                    (self.tenant, signup, sent_at.isoformat() if sent_at else None),
                )

    def opt_out(self, email: str, at: datetime | None) -> None:
        """Somebody whom Nevent does not know wants no e-mail, since then."""
        if self._planned:
            return
        told = at.isoformat(timespec="seconds") if at else _ALWAYS
        with self._store.writing() as db:
            db.execute(
                "INSERT INTO strangers_opt_outs VALUES (?, ?, ?) "
                "ON CONFLICT (tenant, person) DO UPDATE SET at = max(at, excluded.at)",
                (self.tenant, self._store.person(email), told),
            )

    def opted_out(self, email: str, consented_at: str) -> bool:
        """Whether this address opted out in the second of this consent, or since."""
        if not self._readable:
            return False
        found = self._one(
            "SELECT at FROM strangers_opt_outs WHERE tenant = ? AND person = ?",
            self._store.person(email),
        )
        return found is not None and found >= second(consented_at).isoformat()

    def sent_since(self, at: datetime) -> list[datetime]:
        """When sign-ups were sent since then, oldest first, by whichever run."""
        sql = "SELECT sent_at FROM signups WHERE tenant = ? AND sent_at > ? ORDER BY sent_at"
        rows = self._store.reading().execute(sql, (self.tenant, at.isoformat()))
        return [datetime.fromisoformat(sent) for (sent,) in rows]

    def _one(self, sql: str, *more: str) -> str | None:
        if not self._readable:
            return None
        row = self._store.reading().execute(sql, (self.tenant, *more)).fetchone()
        return row[0] if row else None
