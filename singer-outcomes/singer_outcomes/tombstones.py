"""People who were erased and must stay so: hashes, asked for with every record."""

from __future__ import annotations

import threading
import time
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from singer_outcomes.store import Store

LOOK_EVERY = 1.0  # seconds after which what another process erased is known here
HOT_PEOPLE = 16_384  # whose hashes are remembered

_TABLE = """
CREATE TABLE IF NOT EXISTS tombstones (
    number INTEGER PRIMARY KEY AUTOINCREMENT, person TEXT NOT NULL UNIQUE, at TEXT NOT NULL
);
"""


class Tombstones:
    """Who was erased, by any process that shares the store.

    Identifiers are e-mail addresses, E.164 numbers, or `id:` with an external id.
    """

    def __init__(self, store: Store) -> None:
        store.define(_TABLE)
        self._store = store
        self._lock = threading.Lock()
        self._hashes: set[str] = set()
        self._last = 0  # number of the latest tombstone that is known here
        self._look_at = 0.0
        self._hash = lru_cache(HOT_PEOPLE)(store.person)

    def add(self, people: Iterable[str], *, at: datetime) -> None:
        """These identifiers belong to someone erased; on disk when this returns."""
        rows = [(self._store.person(each), at.isoformat(timespec="seconds")) for each in people]
        with self._store.writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO tombstones (person, at) VALUES (?, ?)", rows
            )
        self._hashes.update(person for person, _ in rows)

    @property
    def any(self) -> bool:
        """Whether anybody was erased at all."""
        if time.monotonic() >= self._look_at:
            self._look()
        return bool(self._hashes)

    def covers(self, people: Iterable[str]) -> bool:
        """Whether any of these identifiers belongs to someone erased."""
        return self.any and any(self._hash(each) in self._hashes for each in people)

    @property
    def latest(self) -> int:
        """Number of the latest tombstone, by whichever process; they only grow."""
        self._look()
        return self._last

    def _look(self) -> None:
        """Learn what other processes added; they write in turn, so numbers only grow."""
        with self._lock:
            if self._store.exists:
                added = self._store.reading().execute(
                    "SELECT number, person FROM tombstones WHERE number > ? ORDER BY number",
                    (self._last,),
                )
                for number, person in added:
                    self._hashes.add(person)
                    self._last = number
            self._look_at = time.monotonic() + LOOK_EVERY


def theirs_alone(people: tuple[str, ...]) -> tuple[str, ...]:
    """Identifiers that nobody shares: a family may have one phone; its e-mails differ."""
    alone = tuple(each for each in people if not each.startswith("+"))
    return alone or people
