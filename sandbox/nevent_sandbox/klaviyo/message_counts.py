"""How often messages were received, opened, clicked, … and what they led to, counted in SQL.

Everything is counted by when the message was sent, as far as its events are visible.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from nevent_sandbox.klaviyo.attribution import ATTRIBUTED
from nevent_sandbox.klaviyo.figures import Counts
from nevent_sandbox.klaviyo.touching import (
    BOUNCED,
    CLICKED,
    DROPPED,
    OPENED,
    RECEIVED,
    SPAM,
    UNSUBSCRIBED,
)

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.timeframes import Span


class Part(NamedTuple):
    """What is counted by itself: a message to one audience, sent within one interval."""

    owner: int  # the campaign's or flow's number
    message: str
    audience: str | None
    bucket: int


class Asked(NamedTuple):
    """What a report is about."""

    of: str  # "campaign" or "flow"
    metric: str  # id of the one whose events are conversions
    span: Span
    starts: list[int]  # where its intervals begin, in seconds
    audiences: bool  # whether they are told apart
    now: float


def _times(kind: str) -> str:
    return f"total(t.kind = '{kind}')"


def _people(kind: str) -> str:
    return f"count(DISTINCT CASE t.kind WHEN '{kind}' THEN t.profile END)"


_COUNTS = ", ".join(
    [
        _times(RECEIVED),
        *(_times(OPENED), _people(OPENED)),
        *(_times(CLICKED), _people(CLICKED)),
        _times(BOUNCED),
        _times(DROPPED),
        _times(SPAM),
        *(_times(UNSUBSCRIBED), _people(UNSUBSCRIBED)),
    ]
)
_SENT = "t.sent >= :start AND t.sent < :until AND e.visible <= :now"
_TOUCHES = f"touches t JOIN events e ON e.n = t.event WHERE {_SENT}"
_CONVERSIONS = (  # nothing leads to what came before it was sent
    f"{ATTRIBUTED} WHERE x.id = :metric AND e.moment >= :start AND {_SENT}"
)


def counted(db: sqlite3.Connection, asked: Asked) -> dict[Part, Counts]:
    """Counts by message, and by audience and interval as far as they are told apart."""
    db.create_function(
        "bucket", 1, lambda sent: bisect_right(asked.starts, sent) - 1, deterministic=True
    )
    bucket = "bucket(t.sent)" if len(asked.starts) > 1 else "0"
    audience = "t.audience" if asked.audiences else "NULL"
    parts = f"t.{asked.of}, t.message, {audience}, {bucket}"
    start, until = asked.span.seconds
    values = {"start": start, "until": until, "now": asked.now, "metric": asked.metric}

    def rows(columns: str, of: str) -> sqlite3.Cursor:
        sql = (
            f"SELECT {parts}, {columns} FROM {of} "  # noqa: S608  # our own names
            f"AND t.{asked.of} IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        )
        return db.execute(sql, values)

    found = {
        Part(*row[:4]): Counts(*(int(each) for each in row[4:])) for row in rows(_COUNTS, _TOUCHES)
    }
    sums = "count(*), count(DISTINCT e.profile), total(e.value)"
    for *part, conversions, converted, value in rows(sums, _CONVERSIONS):
        key = Part(*part)
        found[key] = found[key]._replace(conversions=conversions, converted=converted, value=value)
    return found
