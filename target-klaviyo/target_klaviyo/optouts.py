"""The account's e-mail opt-outs, listed once and kept current, for loads too large to look up."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from klaviyo_client.limits import GET_PROFILES, MAX_PAGE

from target_klaviyo.valve import UNSUBSCRIBE, Known, OptOut, known_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from klaviyo_client import KlaviyoSession
    from singer_outcomes.store import Store

_TABLES = """
CREATE TABLE IF NOT EXISTS opt_outs (
    account TEXT NOT NULL,
    person TEXT NOT NULL,  -- keyed hash
    list TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT,
    PRIMARY KEY (account, person, list, reason)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS opt_outs_listed (account TEXT PRIMARY KEY, until TEXT NOT NULL);
"""
_MARKETING = "subscriptions.email.marketing"
_KINDS = (f"{_MARKETING}.suppression.timestamp", f"{_MARKETING}.list_suppressions.timestamp")
EVER = "2000-01-01T00:00:00+00:00"
OVERLAP = timedelta(hours=1)  # read again, for what shows late
TOGETHER = 1_000

logger = logging.getLogger("target-klaviyo")


class OptOuts:
    """Opt-outs of one account in the local store, by hashed person.

    Someone who has subscribed again since stays here: that can only withhold, never send.
    """

    def __init__(self, session: KlaviyoSession, store: Store) -> None:
        self._session = session
        self._store = store
        store.define(_TABLES)

    def refresh(self, account: str, *, now: datetime) -> None:
        """List every opt-out of the account, or those since the last time."""
        row = self._store.reading().execute(
            "SELECT until FROM opt_outs_listed WHERE account = ?", (account,)
        )
        listed = row.fetchone()
        since = EVER if listed is None else listed[0]
        logger.info("Reading the account's opt-outs since %s.", since[:10])
        count = 0
        for rows in self._listed(account, since):
            with self._store.writing() as db:
                db.executemany("INSERT OR REPLACE INTO opt_outs VALUES (?, ?, ?, ?, ?)", rows)
            count += len(rows)
        with self._store.writing() as db:
            until = (now - OVERLAP).isoformat(timespec="seconds")
            db.execute("INSERT OR REPLACE INTO opt_outs_listed VALUES (?, ?)", (account, until))
        logger.info("%s opt-outs read.", f"{count:,}")

    def add(self, account: str, said: Iterable[tuple[str, str | None]], *, at: datetime) -> None:
        """Note opt-outs that were just sent: addresses, each with its list, if it is of one."""
        rows = [
            (account, self._store.person(address), list_id or "", UNSUBSCRIBE, at.isoformat())
            for address, list_id in said
        ]
        with self._store.writing() as db:
            db.executemany("INSERT OR REPLACE INTO opt_outs VALUES (?, ?, ?, ?, ?)", rows)

    def of(self, account: str, addresses: Iterable[str]) -> dict[str, Known]:
        """What the list says of these addresses; who is not here has not opted out."""
        by_hash = {self._store.person(each): each for each in addresses}
        sql = (
            "SELECT person, list, reason, at FROM opt_outs "
            "WHERE account = ? AND person IN (SELECT value FROM json_each(?))"
        )
        wanted = msgspec.json.encode(list(by_hash)).decode()
        found: dict[str, list[OptOut]] = {}
        for person, list_id, reason, at in self._store.reading().execute(sql, (account, wanted)):
            since = datetime.fromisoformat(at) if at else None
            opt_out = OptOut(reason, since, list_id or None)
            found.setdefault(by_hash[person], []).append(opt_out)
        return {
            address: Known(opt_outs=tuple(each), fresh=False) for address, each in found.items()
        }

    def _listed(self, account: str, since: str) -> Iterator[list[tuple[Any, ...]]]:
        rows: list[tuple[Any, ...]] = []
        for field in _KINDS:
            params: dict[str, Any] = {
                "filter": f"greater-or-equal({field},{since})",
                "sort": field,
                "page[size]": MAX_PAGE,
                "fields[profile]": "email,subscriptions",
                "additional-fields[profile]": "subscriptions",
            }
            for page in self._session.pages(GET_PROFILES, **params):
                for profile in page["data"]:
                    rows += self._rows(account, profile["attributes"])
                if len(rows) >= TOGETHER:
                    yield rows
                    rows = []
        yield rows

    def _rows(self, account: str, attributes: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
        if not attributes.get("email"):
            return
        person = self._store.person(attributes["email"].lower())
        for each in known_of("email", attributes.get("subscriptions") or {}).opt_outs:
            at = each.at.isoformat() if each.at else None
            yield account, person, each.list_id or "", each.reason, at
