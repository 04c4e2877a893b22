"""Reports of segments: how many people are in them, came and went."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from nevent_sandbox.klaviyo import report_filters
from nevent_sandbox.klaviyo.errors import invalid, refused
from nevent_sandbox.klaviyo.identities import holding
from nevent_sandbox.klaviyo.message_reports import ZONE
from nevent_sandbox.klaviyo.report_pages import report, series_limits
from nevent_sandbox.klaviyo.timeframes import POINTER, Span, buckets, span

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.calls import Answer, Call
    from nevent_sandbox.klaviyo.errors import Document

FIRST_DAY = (2023, 6, 1)  # "Data is unavailable before"
_FILTERS = {"segment_id": "equals any"}
_MOVES = """
SELECT s.id, m.joined, NULL FROM segment_members m JOIN segments s ON s.n = m.segment
UNION ALL
SELECT s.id, l.joined, l.gone FROM segment_leavers l JOIN segments s ON s.n = l.segment
"""


class Leaving(msgspec.Struct, forbid_unknown_fields=True):
    """People who are in a segment no more; seconds, now unless told."""

    segment: str
    emails: list[str]
    at: float | None = None


def segment_values(call: Call) -> Answer:
    """Figures of segments over the whole timeframe."""
    return _reported(call)


def segment_series(call: Call) -> Answer:
    """Figures of segments by hour, day, week or month."""
    return _reported(call)


def leave(account: Account, leaving: Leaving) -> Document:
    """Take people out of a segment; how many are left.

    Raises:
        ValueError: one who is not in it.
    """
    at = int(account.clock.time() if leaving.at is None else leaving.at)
    whose = f"SELECT n FROM profiles WHERE {holding('email')}"  # noqa: S608  # our own names
    sql = (
        "DELETE FROM segment_members WHERE segment = (SELECT n FROM segments WHERE id = ?2) "  # noqa: S608  # the same
        f"AND profile = ({whose}) RETURNING segment, profile, joined"
    )
    with account.store.writing() as db:
        for email in leaving.emails:
            row = db.execute(sql, (email.lower(), leaving.segment)).fetchone()
            if row is None:
                raise ValueError("There is no such segment, or somebody is not in it.")
            db.execute("INSERT INTO segment_leavers VALUES (?, ?, ?, ?)", (*row, at))
        size = "SELECT count(*) FROM segment_members WHERE segment = n"
        (left,) = db.execute(
            f"UPDATE segments SET profile_count = ({size}) WHERE id = ? RETURNING profile_count",  # noqa: S608  # our own names
            (leaving.segment,),
        ).fetchone()
    return {"members": left}


def _reported(call: Call) -> Answer:
    asked = call.data["attributes"]
    conditions = report_filters.once(report_filters.conditions(asked.get("filter"), _FILTERS))
    wanted = span(asked["timeframe"], call.account.clock.time(), ZONE)
    if (wanted.start.year, wanted.start.month, wanted.start.day) < FIRST_DAY:
        raise refused(invalid("Data is unavailable before June 1st, 2023.", POINTER))
    interval = asked.get("interval")
    starts = buckets(wanted, interval) if interval else [wanted.start]
    if interval:
        series_limits(wanted, interval)
    spans = _spans(wanted, starts)
    names = list(dict.fromkeys(asked["statistics"]))
    results = []
    for segment, moves in _moves(call.account.store.reading()).items():
        if all(report_filters.holds(each, segment) for each in conditions):
            told = [_figures(moves, *each) for each in spans]
            figures: Document = {name: [each[name] for each in told] for name in names}
            if not interval:
                figures = {name: each[0] for name, each in figures.items()}
            results.append({"groupings": {"segment_id": segment}, "statistics": figures})
    return report(call, results, len(results), starts if interval else None)


def _spans(wanted: Span, starts: list[datetime]) -> list[tuple[int, int]]:
    """From when to before when each interval counts, in seconds."""
    start, until = wanted.seconds
    edges = [start, *(int(each.timestamp()) for each in starts[1:]), until]
    return list(pairwise(edges))


def _moves(db: sqlite3.Connection) -> dict[str, list[tuple[int, int | None]]]:
    """When people came to each segment, and when they went."""
    found: dict[str, list[tuple[int, int | None]]] = {
        segment: [] for (segment,) in db.execute("SELECT id FROM segments ORDER BY n")
    }
    for segment, joined, gone in db.execute(_MOVES):
        found[segment].append((joined, gone))
    return found


def _figures(moves: list[tuple[int, int | None]], start: int, until: int) -> Document:
    added = sum(start <= joined < until for joined, _ in moves)
    removed = sum(gone is not None and start <= gone < until for _, gone in moves)
    inside = sum(joined < until and (gone is None or gone >= until) for joined, gone in moves)
    return {
        "members_added": added,
        "members_removed": removed,
        "net_members_changed": added - removed,
        "total_members": inside,
    }


HANDLERS = {
    "POST /api/segment-values-reports": segment_values,
    "POST /api/segment-series-reports": segment_series,
}
