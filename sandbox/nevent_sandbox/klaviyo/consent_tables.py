"""Tables of consent and suppression. Nobody has a row until somebody acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

# Moments are whole seconds; `list` is a list's id, `profile` a profile's n.
TABLES = """
CREATE TABLE consents (
    profile INTEGER NOT NULL,
    channel TEXT NOT NULL,  -- "email.marketing", "sms.marketing", "sms.transactional"
    consent TEXT NOT NULL,
    consented INTEGER,
    updated INTEGER NOT NULL,
    method TEXT,
    detail TEXT,
    custom TEXT,
    double_optin INTEGER,
    PRIMARY KEY (profile, channel)
) WITHOUT ROWID;
CREATE TABLE suppressions (
    profile INTEGER NOT NULL,
    reason TEXT NOT NULL,
    moment INTEGER NOT NULL,
    PRIMARY KEY (profile, reason)
) WITHOUT ROWID;
CREATE INDEX suppressions_moment ON suppressions (moment, profile);
CREATE INDEX suppressions_reason ON suppressions (reason, moment, profile);
CREATE INDEX suppressions_whose ON suppressions (reason, profile);
CREATE TABLE list_suppressions (
    profile INTEGER NOT NULL,
    list TEXT NOT NULL,
    reason TEXT NOT NULL,
    moment INTEGER NOT NULL,
    PRIMARY KEY (profile, list)
) WITHOUT ROWID;
CREATE INDEX list_suppressions_moment ON list_suppressions (moment, profile);
CREATE INDEX list_suppressions_list ON list_suppressions (list, moment, profile);
CREATE INDEX list_suppressions_whose ON list_suppressions (list, profile);
CREATE TABLE confirmations (  -- opt-ins that wait for a click
    profile INTEGER NOT NULL,
    list TEXT NOT NULL,  -- "" without one
    channel TEXT NOT NULL,
    asked INTEGER NOT NULL,
    custom TEXT,
    PRIMARY KEY (profile, list, channel)
) WITHOUT ROWID;
CREATE TABLE effects (  -- accepted, not yet in effect
    n INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    accepted REAL NOT NULL,
    due REAL NOT NULL,
    body BLOB NOT NULL  -- JSON
);
CREATE TABLE suppression_jobs (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,  -- the resource's type
    created REAL NOT NULL,
    due REAL,  -- NULL: it sticks
    finished REAL,
    seconds REAL NOT NULL,
    total INTEGER NOT NULL,
    skipped INTEGER NOT NULL DEFAULT 0,
    list TEXT,
    segment TEXT,
    emails TEXT NOT NULL  -- JSON
);
CREATE TABLE gone (  -- numbers of profiles that were deleted or merged away: never used again
    profile INTEGER PRIMARY KEY
);
"""
_PERSONAL = ("consents", "suppressions", "list_suppressions", "confirmations")
_HAPPENED = ("touches", "events", "members", "segment_members", "segment_leavers")


def remove(db: sqlite3.Connection, profile: int) -> None:
    """Take a profile and all that hangs on it away, for good."""
    for table, column in (
        *((table, "profile") for table in (*_HAPPENED, *_PERSONAL)),
        ("profiles", "n"),
    ):
        db.execute(f"DELETE FROM {table} WHERE {column} = ?", (profile,))  # noqa: S608  # our own names
    db.execute("INSERT INTO gone VALUES (?)", (profile,))


def hand_over(db: sqlite3.Connection, source: int, target: int) -> None:
    """Give a profile what another one has and it lacks: consents, suppressions, opt-ins."""
    db.execute(  # a row that only dates a suppression is no consent
        "DELETE FROM consents WHERE profile = ? AND consent = 'NEVER_SUBSCRIBED' AND channel IN "
        "(SELECT channel FROM consents WHERE profile = ?)",
        (target, source),
    )
    for table in _PERSONAL:
        sql = f"UPDATE OR IGNORE {table} SET profile = ? WHERE profile = ?"  # noqa: S608  # our own names
        db.execute(sql, (target, source))


def numbered(db: sqlite3.Connection) -> int:
    """The highest number that a profile has or had."""
    sql = "SELECT max(coalesce((SELECT max(n) FROM profiles), 0), coalesce((SELECT max(profile) FROM gone), 0))"  # noqa: E501  # one expression of SQL
    return int(db.execute(sql).fetchone()[0])
