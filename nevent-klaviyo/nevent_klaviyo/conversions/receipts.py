"""Who received which campaign: Klaviyo's events, put down on disk."""

from __future__ import annotations

import sqlite3
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client.limits import GET_EVENTS, MAX_EVENTS_PAGE

from nevent_klaviyo.conversions.arithmetic import Receipt
from nevent_klaviyo.instants import instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from klaviyo_client import KlaviyoSession

Resource = dict[str, Any]

_PORTION = 2000
_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE people (n INTEGER PRIMARY KEY, profile TEXT UNIQUE, fan TEXT, email TEXT);
CREATE TABLE received (person INTEGER, at INTEGER, campaign INTEGER,
                       PRIMARY KEY (person, at, campaign)) WITHOUT ROWID;
"""


class Recipient(NamedTuple):
    """A profile that received something; `fan` is the id that Klaviyo has of Nevent's."""

    number: int
    fan: str | None
    email: str | None


class Receipts:
    """Receipts of everybody, in a temporary file that ends with the process.

    In memory are a page of events while they are read and one person's receipts afterwards, however
    many recipients there are; the file takes some 100 bytes for each recipient and mail.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("")  # a file of SQLite's own, deleted when it is closed
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Delete all."""
        self._db.close()

    def add(self, events: Iterable[tuple[int, int, str, str | None, str | None]]) -> None:
        """Put events down: time, campaign, and the profile with its fan's id and e-mail.

        An event met twice is there once.
        """
        rows = list(events)
        people = dict.fromkeys(row[2:] for row in rows)
        self._db.executemany(
            "INSERT OR IGNORE INTO people (profile, fan, email) VALUES (?, ?, ?)", people
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO received SELECT n, ?, ? FROM people WHERE profile = ?",
            [(at, campaign, profile) for at, campaign, profile, *_ in rows],
        )

    def linked(self, *, to_fan: bool, most: int | None = None) -> Iterator[list[Recipient]]:
        """Recipients with a fan's id, or those with an e-mail address alone, some at a time.

        Between two portions their links may change.
        """
        which = "fan IS NOT NULL" if to_fan else "fan IS NULL AND email IS NOT NULL"
        sql = f"SELECT n, fan, email FROM people WHERE n > ? AND {which} ORDER BY n LIMIT ?"  # noqa: S608  # our own words
        last, left = 0, most
        while left is None or left > 0:
            size = _PORTION if left is None else min(_PORTION, left)
            found = [Recipient(*row) for row in self._db.execute(sql, (last, size))]
            if not found:
                return
            yield found
            last, left = found[-1].number, None if left is None else left - len(found)

    def nameless(self) -> int:
        """How many have an e-mail address, but no fan."""
        sql = "SELECT count(*) FROM people WHERE fan IS NULL AND email IS NOT NULL"
        return int(self._db.execute(sql).fetchone()[0])

    def link(self, found: Iterable[tuple[int, str | None]]) -> None:
        """Set, or take away, the fans of recipients by their numbers."""
        rows = [(fan, number) for number, fan in found]
        self._db.executemany("UPDATE people SET fan = ? WHERE n = ?", rows)

    def of_fans(self) -> Iterator[tuple[str, list[Receipt]]]:
        """Each fan with all they received, whichever of their profiles it went to."""
        sql = (
            "SELECT p.fan, r.at, r.campaign FROM people p JOIN received r ON r.person = p.n "
            "WHERE p.fan IS NOT NULL ORDER BY p.fan"
        )
        for fan, rows in groupby(self._db.execute(sql), lambda row: row[0]):
            yield str(fan), [Receipt(at, campaign) for _, at, campaign in rows]

    def recipients(self, *, unlinked: bool = False) -> dict[int, int]:
        """How many people each campaign reached; only those without a fan, if so asked."""
        sql = (
            "SELECT r.campaign, count(DISTINCT r.person) FROM received r "
            "JOIN people p ON p.n = r.person WHERE ? OR p.fan IS NULL GROUP BY r.campaign"
        )
        return dict(self._db.execute(sql, (not unlinked,)))


def events(
    session: KlaviyoSession,
    metric_id: str,
    since: datetime,
    until: datetime | None,
    campaign: Callable[[str], int],
) -> Iterator[list[tuple[int, int, str, str | None, str | None]]]:
    """Arrivals of campaigns by one metric, a page at a time, as `Receipts.add` takes them.

    Args:
        session: with Klaviyo.
        metric_id: one that Klaviyo writes when something is received.
        since: the first moment.
        until: one after the last; None for all.
        campaign: which campaign a message belongs to.
    """
    bounds = [f'equals(metric_id,"{metric_id}")', f"greater-or-equal(datetime,{_told(since)})"]
    if until is not None:
        bounds.append(f"less-than(datetime,{_told(until)})")
    asked = {
        "filter": f"and({','.join(bounds)})",
        "sort": "datetime",
        "include": "profile",
        "fields[event]": "timestamp,event_properties",
        "fields[profile]": "email,external_id",
        "page[size]": str(MAX_EVENTS_PAGE),
    }
    for page in session.pages(GET_EVENTS, **asked):
        people = {each["id"]: each["attributes"] for each in page.get("included") or ()}
        found = []
        for event in page["data"]:
            about, person = event["attributes"], event["relationships"]["profile"].get("data")
            told = about.get("event_properties") or {}
            at, message = instant(about.get("timestamp")), told.get("$message")
            if not (person and message and at) or told.get("$flow"):
                continue
            known = people.get(person["id"]) or {}
            found.append(
                (
                    int(at.timestamp()),
                    campaign(str(message)),
                    str(person["id"]),
                    known.get("external_id") or None,
                    known.get("email") or None,
                )
            )
        yield found


def _told(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
