"""Statements of consent dealt with before: an unchanged one is not looked up or sent again."""

from __future__ import annotations

from datetime import datetime  # a NamedTuple's field
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_outcomes.store import Store

_TABLE = """
CREATE TABLE IF NOT EXISTS consents (
    account TEXT NOT NULL,
    person TEXT NOT NULL,  -- keyed hash
    channel TEXT NOT NULL,
    list TEXT NOT NULL,
    subscribed INTEGER NOT NULL,
    at TEXT NOT NULL,
    action TEXT NOT NULL,
    PRIMARY KEY (account, person, channel, list)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS loaded_accounts (account TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class Dealt(NamedTuple):
    """One statement and what was done about it; `person` is hashed."""

    person: str
    channel: str
    list_id: str
    subscribed: bool
    at: datetime
    action: str


class Memory:
    """What was done about the latest statement of each person, channel and list of one account."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.define(_TABLE)

    def recall(self, account: str, people: Iterable[str]) -> dict[tuple[str, str, str], Dealt]:
        """What is known of these (hashed) people, by person, channel and list."""
        sql = (
            "SELECT person, channel, list, subscribed, at, action FROM consents "
            "WHERE account = ? AND person IN (SELECT value FROM json_each(?))"
        )
        wanted = msgspec.json.encode(list(people)).decode()
        found = {}
        for row in self._store.reading().execute(sql, (account, wanted)):
            person, channel, list_id, subscribed, at, action = row
            dealt = Dealt(
                person, channel, list_id, bool(subscribed), datetime.fromisoformat(at), action
            )
            found[person, channel, list_id] = dealt
        return found

    def keep(self, account: str, dealt: Iterable[Dealt]) -> None:
        """Remember what was done."""
        rows = [
            (account, *each[:3], int(each.subscribed), each.at.isoformat(), each.action)
            for each in dealt
        ]
        if rows:
            with self._store.writing() as db:
                db.executemany("INSERT OR REPLACE INTO consents VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def claim(self, account: str, dealt: Iterable[Dealt]) -> list[Dealt]:
        """Remember these at once, but for those that another run has: returns those remembered."""
        mine = []
        with self._store.writing() as db:
            for each in dealt:
                place = (account, each.person, each.channel, each.list_id)
                row = db.execute(
                    "SELECT subscribed, at FROM consents WHERE account = ? AND person = ? "
                    "AND channel = ? AND list = ?",
                    place,
                ).fetchone()
                if row == (int(each.subscribed), each.at.isoformat()):
                    continue
                mine.append(each)
                db.execute(
                    "INSERT OR REPLACE INTO consents VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*place, int(each.subscribed), each.at.isoformat(), each.action),
                )
        return mine

    def loaded(self, account: str) -> bool:
        """Whether an earlier run loaded something into this account."""
        sql = "SELECT 1 FROM loaded_accounts WHERE account = ?"
        return self._store.reading().execute(sql, (account,)).fetchone() is not None

    def load(self, account: str) -> None:
        """A run has loaded something into this account."""
        with self._store.writing() as db:
            db.execute("INSERT OR IGNORE INTO loaded_accounts VALUES (?)", (account,))

    def forget(self, people: Iterable[str]) -> None:
        """Forget these (hashed) people: what Klaviyo knows of them has changed."""
        with self._store.writing() as db:
            db.executemany("DELETE FROM consents WHERE person = ?", [(each,) for each in people])
