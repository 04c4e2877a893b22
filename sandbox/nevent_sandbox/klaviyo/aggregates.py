"""Events of one metric counted by the time they happened, and by what they were about."""

from __future__ import annotations

import uuid
from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from nevent_sandbox.klaviyo import moments
from nevent_sandbox.klaviyo.aggregate_bounds import bounds, zone
from nevent_sandbox.klaviyo.aggregate_dimensions import column, tables, told
from nevent_sandbox.klaviyo.calls import Answer
from nevent_sandbox.klaviyo.documents import sparse
from nevent_sandbox.klaviyo.errors import invalid, refused
from nevent_sandbox.klaviyo.query import REPORT_CURSOR, skip_text, skipped
from nevent_sandbox.klaviyo.report_shapes import MEASUREMENTS
from nevent_sandbox.klaviyo.timeframes import buckets

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.calls import Call
    from nevent_sandbox.klaviyo.errors import Document
    from nevent_sandbox.klaviyo.filters import Condition
    from nevent_sandbox.klaviyo.timeframes import Span

_POINTER = "/data/attributes"
_SQL = {"count": "count(*)", "sum_value": "total(e.value)", "unique": "count(DISTINCT e.profile)"}
_DECIMALS = 6
_SHOWN = frozenset({"data", "dates"})
_Measured = dict[str, list[float]]


class Metric(NamedTuple):
    """Whose events are counted."""

    number: int
    name: str


def aggregate(call: Call) -> Answer:
    """Counts, sums of values and people, by interval and dimension."""
    asked = call.data["attributes"]
    call.account.store.index("events")
    db = call.account.store.reading()
    metric = _metric(db, asked["metric_id"])
    wanted, conditions = bounds(asked["filter"], zone(asked.get("timezone") or "UTC"))
    dates = buckets(wanted, asked.get("interval") or "day")
    by = list(dict.fromkeys(asked.get("by") or []))
    starts = [int(each.timestamp()) for each in dates]
    found = _measured(call, metric, by, _Within(wanted, starts, conditions))
    if not by and not found:
        found[()] = _nothing(len(dates))
    names = list(dict.fromkeys(asked["measurements"]))
    rows = [
        {"dimensions": list(dimensions), "measurements": {name: row[name] for name in names}}
        for dimensions, row in _sorted(found, asked.get("sort"), by)
    ]
    return _answer(call, [str(moments.told(each)) for each in starts], rows)


class _Within(NamedTuple):
    """Which events, and where their intervals begin."""

    span: Span
    starts: list[int]
    conditions: list[Condition]


def _metric(db: sqlite3.Connection, identifier: str) -> Metric:
    row = db.execute("SELECT n, name FROM metrics WHERE id = ?", (identifier,)).fetchone()
    if row is None:
        detail = f"A metric with id {identifier} does not exist."
        raise refused(invalid(detail, f"{_POINTER}/metric_id"))
    return Metric(*row)


def _measured(
    call: Call, metric: Metric, by: list[str], within: _Within
) -> dict[tuple[str, ...], _Measured]:
    db = call.account.store.reading()
    db.create_function(
        "bucket", 1, lambda at: bisect_right(within.starts, at) - 1, deterministic=True
    )
    start, until = within.span.seconds
    values: Document = {
        "metric": metric.number,
        "start": start,
        "until": until,
        "now": call.account.clock.time(),
    }
    used = [*by, *(each.field for each in within.conditions)]
    where = [
        "e.metric = :metric AND e.moment >= :start AND e.moment < :until AND e.visible <= :now"
    ]
    for number, each in enumerate(within.conditions):
        wanted = each.value if isinstance(each.value, list) else [each.value]
        marks = [f":c{number}_{n}" for n in range(len(wanted))]
        values |= {mark[1:]: value for mark, value in zip(marks, wanted, strict=True)}
        where.append(f"{column(each.field)} IN ({', '.join(marks)})")
    columns = [*(column(each) for each in by), "bucket(e.moment)"]
    sql = (
        f"SELECT {', '.join(columns)}, {', '.join(_SQL.values())} "  # noqa: S608  # our own names
        f"FROM events e {tables(used)} WHERE {' AND '.join(where)} "
        f"GROUP BY {', '.join(str(n) for n in range(1, len(columns) + 1))}"
    )
    found: dict[tuple[str, ...], _Measured] = defaultdict(lambda: _nothing(len(within.starts)))
    for *dimensions, bucket, count, value, people in db.execute(sql, values):
        row = found[tuple(told(each) for each in dimensions)]
        row["count"][bucket] += count
        row["sum_value"][bucket] += round(value, _DECIMALS)
        row["unique"][bucket] += people
    return found


def _nothing(length: int) -> _Measured:
    return {name: [0.0] * length for name in MEASUREMENTS}


def _sorted(
    found: dict[tuple[str, ...], _Measured], sort: str | None, by: list[str]
) -> list[tuple[tuple[str, ...], _Measured]]:
    rows = sorted(found.items())
    if sort is None:
        return rows
    name = sort.removeprefix("-")
    if name not in {*by, *MEASUREMENTS}:
        detail = f"'{name}' is neither in 'by' nor a measurement."
        raise refused(invalid(detail, f"{_POINTER}/sort"))

    def key(row: tuple[tuple[str, ...], _Measured]) -> Any:
        return sum(row[1][name]) if name in MEASUREMENTS else row[0][by.index(name)]

    return sorted(rows, key=key, reverse=sort.startswith("-"))


def _answer(call: Call, dates: list[str], rows: list[Document]) -> Answer:
    asked = call.data["attributes"]
    size = asked.get("page_size") or 500
    skip = skipped(asked["page_cursor"]) if "page_cursor" in asked else 0
    kept = rows[skip : skip + size]
    wanted = call.query.fields.get("metric-aggregate")
    fields = asked.get("return_fields")
    if fields is not None:
        _check_fields(fields)
        wanted = frozenset(fields)
    attributes: Document = {"dates": dates, "data": kept}
    own = {"self": f"{call.url}/"}
    following = None
    if kept and skip + size < len(rows):
        following = f"{call.url}/?{urlencode({REPORT_CURSOR: skip_text(skip + size)})}"
    data = {
        "type": "metric-aggregate",
        "id": str(uuid.uuid4()),
        "attributes": attributes if wanted is None else sparse(attributes, wanted),
        "links": own,
    }
    return Answer(200, {"data": data, "links": {**own, "next": following}}, len(kept))


def _check_fields(fields: list[str]) -> None:
    for each in fields:
        if each not in _SHOWN:
            detail = f"'{each}' is not an allowed field."
            raise refused(invalid(detail, f"{_POINTER}/return_fields"))


HANDLERS = {"POST /api/metric-aggregates": aggregate}
