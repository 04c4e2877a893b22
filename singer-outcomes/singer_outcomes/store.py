"""What must be known from one run to the next, in one SQLite file for its owner's eyes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import sqlite3
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY = 30.0  # seconds that one process waits for another to end its transaction

_BASE = """
CREATE TABLE IF NOT EXISTS store_facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""
_DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
_HELD = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

# Closing any descriptor of a file lets go of all locks that this process has on it, SQLite's as
# well (https://www.sqlite.org/howtocorrupt.html, 2.2): a file is made before anyone opens it.
_making = threading.Lock()


class StoreError(Exception):
    """The store cannot be used; its text says why and what to do."""


class Store:
    """Tables of several modules in one file, from any thread and any process.

    The file (mode 0600, its folder with it) is made when something is first read or written.
    People are kept as keyed hashes only; the key never leaves the file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._definitions = [_BASE]
        self._writers = threading.RLock()  # SQLite would poll where threads can wait in line
        self._threads = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._ready = False
        self._salt = b""

    @property
    def exists(self) -> bool:
        """Whether anything was ever kept; reading what is not there would make the file."""
        return self._ready or self.path.exists()

    def person(self, identifier: str) -> str:
        """Keyed hash of an e-mail address, an E.164 number, or `id:` with an external id."""
        if not self._salt:
            self._salt = self._fact("salt", secrets.token_bytes(32))
        known = identifier if identifier.startswith("id:") else identifier.lower()
        return hashlib.blake2b(known.encode(), digest_size=16, key=self._salt).hexdigest()

    def define(self, sql: str) -> None:
        """Create tables; idempotent statements (IF NOT EXISTS), run when the file is opened."""
        with self._writers:
            self._definitions.append(sql)
            if self._ready:
                self._define(self._connection(), sql)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, all or nothing; inside another one of this thread a part of it.

        Raises:
            StoreError: the file is damaged, held by another process or cannot be written.
        """
        with self._writers, self._explained():
            connection = self._connection()
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def reading(self) -> sqlite3.Connection:
        """This thread's connection; each statement sees all that was written before it.

        Raises:
            StoreError: as for `writing`.
        """
        with self._explained():
            return self._connection()

    def close(self) -> None:
        """Let go of the file; used again, it is opened again."""
        with self._writers:
            self._threads = threading.local()
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._ready = False

    def explain(self, error: sqlite3.Error) -> StoreError:
        """What SQLite's complaint about this file means to a person."""
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF  # the rest is detail
        if code in _DAMAGED:
            return StoreError(
                f"The store {self.path} is damaged ({error}). Restore it from a backup. Without "
                "one move it away: the next run makes a new one, which knows nothing of people "
                "erased, consents sent and earlier runs."
            )
        if code in _HELD:
            return StoreError(
                f"The store {self.path} is held by another process for over {BUSY:.0f} s. End "
                "that process, or give this one a store_path of its own."
            )
        return StoreError(
            f"The store {self.path} cannot be used ({error}). Its folder must be writable and "
            "its disk must have room; store_path names another place."
        )

    def _fact(self, name: str, value: bytes) -> bytes:
        """A value made once and kept: this one, unless another process was first."""
        with self.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO store_facts VALUES (?, ?)", (name, value))
            found = connection.execute("SELECT value FROM store_facts WHERE name = ?", (name,))
            return bytes(found.fetchone()[0])

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            with self._writers:
                connection = self._opened()
                self._connections.append(connection)
                if not self._ready:
                    _use_wal(connection)
                    for sql in self._definitions:
                        self._define(connection, sql)
                    self._ready = True
                self._threads.connection = connection
        return connection

    def _opened(self) -> sqlite3.Connection:
        with _making:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(FileExistsError):  # another process was faster
                    os.close(os.open(self.path, os.O_CREAT | os.O_EXCL, 0o600))
            except OSError as error:
                raise StoreError(
                    f"The store {self.path} cannot be made ({error.strerror}). Give a store_path "
                    "in a folder that can be written."
                ) from error
            return sqlite3.connect(
                self.path, timeout=BUSY, isolation_level=None, check_same_thread=False
            )

    def _define(self, connection: sqlite3.Connection, sql: str) -> None:
        with self._explained():
            try:
                connection.executescript(f"BEGIN IMMEDIATE; {sql}; COMMIT;")
            except BaseException:
                connection.rollback()
                raise

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise  # about what is written, not about the file
        except sqlite3.Error as error:
            raise self.explain(error) from error


def _use_wal(connection: sqlite3.Connection) -> None:
    """Readers and one writer at once. SQLite does not wait for others to change the mode."""
    deadline = time.monotonic() + BUSY
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in _HELD or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
