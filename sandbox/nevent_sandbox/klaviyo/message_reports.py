"""Reports of campaigns and flows: figures by message, and by audience or interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from nevent_sandbox.klaviyo import report_filters
from nevent_sandbox.klaviyo.account import ATTRIBUTES
from nevent_sandbox.klaviyo.documents import reference
from nevent_sandbox.klaviyo.errors import invalid, refused
from nevent_sandbox.klaviyo.figures import Counts, statistics
from nevent_sandbox.klaviyo.message_counts import Asked, Part, counted
from nevent_sandbox.klaviyo.message_labels import TEXT, Labels, labels
from nevent_sandbox.klaviyo.report_pages import report, series_limits
from nevent_sandbox.klaviyo.timeframes import buckets, span

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from nevent_sandbox.klaviyo.calls import Answer, Call
    from nevent_sandbox.klaviyo.errors import Document

ZONE = ZoneInfo(str(ATTRIBUTES["timezone"]))
_REQUIRED = {
    "campaign": ("campaign_id", "campaign_message_id"),
    "flow": ("flow_id", "flow_message_id"),
}
_SCALAR, _LISTED = "equals contains-any", "contains-any contains-all"
_SHARED = {
    **dict.fromkeys(
        ("send_channel", "text_message_format", "variation", "variation_name"), _SCALAR
    ),
    **dict.fromkeys(("tag_id", "tag_name"), _LISTED),
}
_FILTERS = {
    "campaign": {
        **dict.fromkeys(("campaign_id", "campaign_message_id", "campaign_message_name"), _SCALAR),
        **_SHARED,
    },
    "flow": {
        **dict.fromkeys(("flow_id", "flow_name", "flow_message_id", "flow_message_name"), _SCALAR),
        **_SHARED,
    },
}
_POINTER = "/data/attributes"


class _Row(NamedTuple):
    """One result before it is told: its names, and its counts by interval."""

    labels: Labels
    counts: dict[int, Counts]


def campaign_values(call: Call) -> Answer:
    """Figures of campaigns over the whole timeframe."""
    return _reported(call, "campaign")


def flow_values(call: Call) -> Answer:
    """Figures of flows over the whole timeframe."""
    return _reported(call, "flow")


def flow_series(call: Call) -> Answer:
    """Figures of flows by hour, day, week or month."""
    return _reported(call, "flow")


def _reported(call: Call, of: str) -> Answer:
    asked = call.data["attributes"]
    db, now = call.account.store.reading(), call.account.clock.time()
    groups = _groups(asked.get("group_by"), of)
    conditions = report_filters.once(report_filters.conditions(asked.get("filter"), _FILTERS[of]))
    wanted = span(asked["timeframe"], now, ZONE)
    interval = asked.get("interval")
    starts = buckets(wanted, interval) if interval else [wanted.start]
    if interval:
        series_limits(wanted, interval)
    _check_metric(db, asked["conversion_metric_id"])
    about = Asked(
        of,
        asked["conversion_metric_id"],
        wanted,
        [int(each.timestamp()) for each in starts],
        audiences=not {"group", "group_name"}.isdisjoint(groups),
        now=now,
    )
    named = labels(db, of)
    rows = [
        row
        for row in _rows(counted(db, about), named)
        if all(report_filters.holds(each, row.labels[each.field]) for each in conditions)
    ]
    dates = starts if interval else None
    kept = rows[call.query.skip : call.query.skip + call.account.knobs.report_rows]
    results = [_result(call, row, groups, dates) for row in kept]
    return report(call, results, len(rows), dates, _relationships(of, kept))


def _groups(asked: list[str] | None, of: str) -> list[str]:
    required = _REQUIRED[of]
    if asked is None:
        return [*required, "send_channel"]
    missing = [name for name in required if name not in asked]
    if missing:
        detail = f"The following group by attributes are required: {', '.join(missing)}."
        raise refused(invalid(detail, f"{_POINTER}/group_by"))
    return asked


def _check_metric(db: sqlite3.Connection, identifier: str) -> None:
    if not db.execute("SELECT 1 FROM metrics WHERE id = ?", (identifier,)).fetchone():
        detail = f"A metric with id {identifier} does not exist."
        raise refused(invalid(detail, f"{_POINTER}/conversion_metric_id"))


def _rows(found: dict[Part, Counts], named: Any) -> list[_Row]:
    """One row for each message and audience, in order of campaigns or flows."""
    rows: dict[Part, _Row] = {}
    for part, counts in found.items():
        whole = part._replace(bucket=0)
        rows.setdefault(whole, _Row(named(whole), {})).counts[part.bucket] = counts
    return list(rows.values())


def _result(call: Call, row: _Row, groups: list[str], dates: list[datetime] | None) -> Document:
    names = list(dict.fromkeys(call.data["attributes"]["statistics"]))
    text, divisor = row.labels["send_channel"] == TEXT, call.account.knobs.revenue_divisor
    told = [
        statistics(names, row.counts.get(bucket, Counts()), text=text, revenue_divisor=divisor)
        for bucket in range(len(dates) if dates else 1)
    ]
    return {
        "groupings": {name: row.labels[name] for name in groups},
        "statistics": {name: [each[name] for each in told] for name in names} if dates else told[0],
    }


def _relationships(of: str, rows: list[_Row]) -> Document:
    names = {"campaigns": ("campaign", "campaign_id")}
    if of == "flow":
        names = {"flows": ("flow", "flow_id"), "flow-messages": ("flow-message", "flow_message_id")}
    return {
        name: {
            "data": [
                reference(kind, str(each))
                for each in dict.fromkeys(row.labels[column] for row in rows)
            ]
        }
        for name, (kind, column) in names.items()
    }


HANDLERS = {
    "POST /api/campaign-values-reports": campaign_values,
    "POST /api/flow-values-reports": flow_values,
    "POST /api/flow-series-reports": flow_series,
}
