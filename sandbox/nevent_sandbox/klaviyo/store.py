"""The account's data in SQLite: a temporary file, one writer, readers that never wait for it."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nevent_sandbox.klaviyo.consent_tables import TABLES as OF_CONSENT
from nevent_sandbox.klaviyo.engagement_tables import TABLES as OF_ENGAGEMENT
from nevent_sandbox.klaviyo.identities import Identities
from nevent_sandbox.klaviyo.marketing_tables import TABLES as OF_MARKETING

if TYPE_CHECKING:
    from collections.abc import Iterator

# `n` is the order of creation. Moments are whole seconds; `visible` is when reads may see a row.
TABLES = """
CREATE TABLE profiles (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    email TEXT,  -- unique, as the other identifiers are meant to be: see Identities
    phone_number TEXT,
    external_id TEXT,
    anonymous_id TEXT,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    last_event INTEGER,
    visible REAL NOT NULL,
    attributes BLOB NOT NULL  -- JSON: names, location, properties
);
CREATE TABLE lists (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    opt_in_process TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);
CREATE TABLE members (
    list INTEGER NOT NULL,
    profile INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    PRIMARY KEY (list, profile)
) WITHOUT ROWID;
CREATE INDEX members_joined ON members (list, joined, profile);
CREATE INDEX members_profile ON members (profile);
CREATE TABLE metrics (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    service TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    UNIQUE (name, service)
);
CREATE TABLE events (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    profile INTEGER NOT NULL,
    metric INTEGER NOT NULL,
    unique_id TEXT NOT NULL,
    moment INTEGER NOT NULL,
    value REAL,
    currency TEXT,
    backfill INTEGER NOT NULL,
    visible REAL NOT NULL,
    properties BLOB NOT NULL,  -- JSON
    UNIQUE (profile, metric, unique_id)
);
CREATE TABLE jobs (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created REAL NOT NULL,
    due REAL,  -- NULL: it sticks
    finished REAL,
    seconds REAL NOT NULL,
    total INTEGER NOT NULL,
    failed INTEGER NOT NULL DEFAULT 0,
    lists TEXT NOT NULL,  -- JSON: list ids
    fault BLOB,  -- JSON: rows to fail
    body BLOB,  -- profiles to import, until it is finished
    profiles BLOB  -- 8 bytes per n of an imported profile
);
CREATE TABLE import_errors (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    job INTEGER NOT NULL,
    error BLOB NOT NULL  -- JSON: attributes of the resource
);
CREATE INDEX import_errors_job ON import_errors (job, n);
"""
# Made when somebody first reads by them: most of what a load writes is never read.
INDEXES = {
    "events": (
        "CREATE UNIQUE INDEX IF NOT EXISTS events_id ON events (id)",
        "CREATE INDEX IF NOT EXISTS events_moment ON events (moment, n)",
        "CREATE INDEX IF NOT EXISTS events_metric ON events (metric, moment, n)",
    ),
    "profiles": (
        "CREATE INDEX IF NOT EXISTS profiles_updated ON profiles (updated, n)",
        "CREATE INDEX IF NOT EXISTS profiles_created ON profiles (created, n)",
    ),
}
PRAGMAS = """
PRAGMA page_size = 8192;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -65536;
PRAGMA wal_autocheckpoint = 8000;
"""


class Store:
    """One account's tables. Any thread may use it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="klaviyo-sandbox-")
        self._path = Path(self._folder.name) / "account.sqlite"
        self._lock = threading.RLock()
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self.identities = Identities()
        self._indexed: set[str] = set()
        self._writer = self._connect()
        self._writer.executescript(TABLES + OF_CONSENT + OF_MARKETING + OF_ENGAGEMENT)

    def close(self) -> None:
        """Let go of the file and remove it."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._folder.cleanup()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; rolled back when it raises."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    def index(self, table: str) -> None:
        """Have events found by id and moment, or profiles by their dates, from now on."""
        if table not in self._indexed:
            with self.writing() as db:
                for index in INDEXES[table]:
                    db.execute(index)
            self._indexed.add(table)

    def reading(self) -> sqlite3.Connection:
        """This thread's own connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
        return connection

    def empty(self) -> None:
        """Forget every row."""
        with self.writing() as db:
            for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
                db.execute(f"DELETE FROM {table}")  # noqa: S608  # our own names
            self.identities.clear()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.executescript(PRAGMAS)
        self.identities.serve(connection)
        with self._lock:
            self._connections.append(connection)
        return connection
