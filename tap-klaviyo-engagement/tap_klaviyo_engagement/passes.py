"""What flows sent to whom, gathered from events."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client.flow_status import Received

from tap_klaviyo_engagement.events import FOREVER, Event
from tap_klaviyo_engagement.reading import Reading, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klaviyo_client.own_metrics import Metric

    from tap_klaviyo_engagement.events import Happening
    from tap_klaviyo_engagement.run import Run

Row = tuple[str | None, str, int, str | None]

_TABLES = """
PRAGMA journal_mode = OFF;
CREATE TABLE received (flow TEXT, profile TEXT, at INTEGER, message TEXT);
CREATE TABLE people (profile TEXT PRIMARY KEY, external_id TEXT, email TEXT) WITHOUT ROWID;
"""
_ALL = """
SELECT flow, profile, at, message, external_id, email
FROM received LEFT JOIN people USING (profile) ORDER BY flow, profile
"""


class Passage(NamedTuple):
    """Everything that one person received of one flow, and who that is, as last told."""

    flow: str
    profile: str
    received: list[Received]
    external_id: str | None
    email: str | None


class Passes:
    """Messages of flows by flow and person; everybody else's mail is let go at once.

    They come in no order, and a first run reads years of them. So they are sorted by SQLite, in a
    nameless file that is gone with the run, however it ends.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("")
        self._db.executescript(_TABLES)

    def read(self, run: Run, metrics: list[Metric], since: int) -> None:
        """Gather what was received since then, in seconds since 1970."""
        wanted = [Wanted(each, [(since, FOREVER)], uncut=lambda at: at) for each in metrics]
        now = int(run.started.timestamp())
        concurrency = run.config["concurrency"]
        with Reading(run.session, wanted, concurrency=concurrency, now=now) as spans:
            for span in spans:
                self.take(span.happenings)

    def take(self, happenings: list[Happening]) -> None:
        """Gather what of these a flow sent."""
        messages: list[Row] = []
        people: dict[str, tuple[str, str | None, str | None]] = {}
        for happening in happenings:
            event = happening.event
            person = event.relationships.profile.data
            told = event.attributes.event_properties if isinstance(event, Event) else None
            if person is None or told is None or told.flow is None:
                continue
            row = (_whole(told.flow), person.id, happening.at, _whole(told.message))
            messages.append(row)
            if happening.profile is not None:
                known = happening.profile.attributes
                identity = (_whole(known.external_id), _whole(known.email))
                people[person.id] = (person.id, *identity)
        self._db.executemany("INSERT INTO received VALUES (?, ?, ?, ?)", messages)
        self._db.executemany("INSERT OR REPLACE INTO people VALUES (?, ?, ?)", people.values())

    def all(self) -> Iterator[Passage]:
        """Flow by flow."""
        for (flow, profile), rows in groupby(self._db.execute(_ALL), itemgetter(0, 1)):
            told = list(rows)
            received = [Received(datetime.fromtimestamp(at, UTC), m) for _, _, at, m, *_ in told]
            yield Passage(flow, profile, received, *told[0][4:])

    def close(self) -> None:
        """Let go of all of it."""
        self._db.close()


def _whole(value: Any) -> str | None:
    """Its text, with a question mark for half an emoji, where it was cut: SQLite takes none."""
    return None if value is None else str(value).encode(errors="replace").decode()
