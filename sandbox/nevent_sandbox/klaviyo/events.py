"""Events as resources: listed with filters, read, with the profile and metric of each."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo import metrics, moments, profiles
from nevent_sandbox.klaviyo.attribution import attributions
from nevent_sandbox.klaviyo.documents import collection, reference, resource, single
from nevent_sandbox.klaviyo.errors import not_found
from nevent_sandbox.klaviyo.filters import Column, where
from nevent_sandbox.klaviyo.paging import Selection, page
from nevent_sandbox.klaviyo.people import AMONG

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.calls import Answer, Call
    from nevent_sandbox.klaviyo.errors import Document

COLUMNS = (
    "e.n, e.id, e.moment, e.unique_id, e.value, e.currency, e.properties, p.id, x.id, "
    "e.profile, e.metric"
)
TABLES = "events e JOIN profiles p ON p.n = e.profile JOIN metrics x ON x.n = e.metric"
_FILTERS = {
    "metric_id": Column("x.id"),
    "profile_id": Column("p.id"),
    "profile": Column("e.profile"),
    "metric": Column("e.metric"),
    "datetime": Column("e.moment", moment=True, past=True),
    "timestamp": Column("e.moment", moment=True, past=True),
}
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def list_events(call: Call) -> Answer:
    """One page of events, the newest first unless sorted."""
    now = call.account.clock.time()
    clauses, values = where(list(call.query.conditions), _FILTERS, now)
    selection = Selection(
        COLUMNS,
        TABLES,
        ["e.visible <= ?", *clauses],
        [now, *values],
        "e.moment",
        "e.n",
        descending=(call.query.sort or "-").startswith("-"),
    )
    db = call.account.store.reading()
    found = page(db, selection, call.query)
    rows = [row[2:] for row in found.rows]
    made, included = _told(call, db, rows)
    return collection(call, made, found, included)


def get_event(call: Call) -> Answer:
    """One event by its id."""
    db = call.account.store.reading()
    sql = f"SELECT {COLUMNS} FROM {TABLES} WHERE e.id = ? AND e.visible <= ?"  # noqa: S608  # our own names
    row = db.execute(sql, (call.ids["id"], call.account.clock.time())).fetchone()
    if row is None:
        raise not_found("event", call.ids["id"])
    (made,), included = _told(call, db, [row])
    return single(call, made, included)


def event_properties(columns: tuple[Any, ...]) -> Document:
    """What was sent, with `$event_id`, `$value` and `$currency_code` as Klaviyo keeps them."""
    _, _, _, unique_id, value, currency, properties, *_ = columns
    own: Document = {**_decode(properties), "$event_id": unique_id}
    if value is not None:
        own["$value"] = value
    if currency is not None:
        own["$currency_code"] = currency
    return own


def _told(
    call: Call, db: sqlite3.Connection, rows: list[tuple[Any, ...]]
) -> tuple[list[Document], list[Document]]:
    """Resources of rows of `COLUMNS`, and what is included with them."""
    owed: dict[int, Document] = {}
    if "attributions" in call.query.include:
        owed = attributions(call, db, _numbers(rows, 0))
    made = [_event(call, row, owed.get(row[0])) for row in rows]
    return made, [*_included(call, db, rows), *owed.values()]


def _event(call: Call, columns: tuple[Any, ...], owed: Document | None) -> Document:
    number, identifier, moment, *_ = columns
    attributes = {
        "timestamp": moment,
        "event_properties": event_properties(columns),
        "datetime": moments.told(moment),
        "uuid": str(uuid.UUID(int=moment << 64 | number)),
    }
    related: Document = {
        "profile": reference("profile", columns[7]),
        "metric": reference("metric", columns[8]),
    }
    if "attributions" in call.query.include:
        related["attributions"] = [reference("attribution", owed["id"])] if owed else []
    return resource(
        call, "event", identifier, attributes, ("profile", "metric", "attributions"), related
    )


def _included(call: Call, db: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> list[Document]:
    """Each profile and metric of the page once."""
    plain = call._replace(query=call.query._replace(include=()))
    included = []
    if "profile" in call.query.include:
        sql = f"SELECT {profiles.COLUMNS} FROM profiles p WHERE p.n IN {AMONG}"  # noqa: S608  # our own names
        found = db.execute(sql, (_numbers(rows, 9),))
        included += [profiles.profile(plain, row) for row in found]
    if "metric" in call.query.include:
        sql = f"SELECT {metrics.COLUMNS} FROM metrics x WHERE x.n IN {AMONG}"  # noqa: S608  # our own names
        found = db.execute(sql, (_numbers(rows, 10),))
        included += [metrics.metric(plain, row) for row in found]
    return included


def _numbers(rows: list[tuple[Any, ...]], column: int) -> str:
    return msgspec.json.encode(sorted({row[column] for row in rows})).decode()


HANDLERS = {"GET /api/events": list_events, "GET /api/events/{id}": get_event}
