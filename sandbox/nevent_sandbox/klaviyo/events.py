"""Events as resources: listed with filters, read, with the profile and metric of each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo import metrics, moments, profiles
from nevent_sandbox.klaviyo.attribution import attributions
from nevent_sandbox.klaviyo.documents import collection, reference, resource, single
from nevent_sandbox.klaviyo.errors import not_found
from nevent_sandbox.klaviyo.filters import Column, where
from nevent_sandbox.klaviyo.identities import AMONG
from nevent_sandbox.klaviyo.paging import Selection, page
from nevent_sandbox.klaviyo.profile_texts import profile_texts
from nevent_sandbox.klaviyo.templates import Template, instead, within

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.calls import Answer, Call
    from nevent_sandbox.klaviyo.errors import Document

Row = tuple[Any, ...]
COLUMNS = (
    "e.n, e.id, e.moment, e.unique_id, e.value, e.currency, e.properties, p.id, x.id, "
    "e.profile, e.metric"
)
_RAW = re.sub(r"\b([epx]\.id)\b", r"CAST(\1 AS BLOB)", COLUMNS)  # ids as they are sent
TABLES = "events e JOIN profiles p ON p.n = e.profile JOIN metrics x ON x.n = e.metric"
_FILTERS = {
    "metric_id": Column("x.id"),
    "profile_id": Column("p.id"),
    "profile": Column("e.profile"),
    "metric": Column("e.metric"),
    "datetime": Column("e.moment", moment=True, past=True),
    "timestamp": Column("e.moment", moment=True, past=True),
}
_PARTS = ("moment", "properties", "id", "profile", "metric", "datetime", "uuid")
_PLACES: Document = {name: within(name) for name in _PARTS}
_PLACES |= {name: instead(name) for name in ("moment", "properties")}
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


def list_events(call: Call) -> Answer:
    """One page of events, the newest first unless sorted."""
    call.account.store.index("events")
    now = call.account.clock.time()
    clauses, values = where(list(call.query.conditions), _FILTERS, now)
    selection = Selection(
        _RAW,
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
    call.account.store.index("events")
    db = call.account.store.reading()
    sql = f"SELECT {_RAW} FROM {TABLES} WHERE e.id = ? AND e.visible <= ?"  # noqa: S608  # our own names
    row = db.execute(sql, (call.ids["id"], call.account.clock.time())).fetchone()
    if row is None:
        raise not_found("event", call.ids["id"])
    (made,), included = _told(call, db, [row])
    return single(call, made, included)


def _told(call: Call, db: sqlite3.Connection, rows: list[Row]) -> tuple[list[Any], list[Document]]:
    """Resources of rows of `_RAW`, and what is included with them."""
    owed: dict[int, Document] = {}
    if "attributions" in call.query.include:
        owed = attributions(call, db, _numbers(rows, 0))
    template = Template(_event(call, _PLACES, None))
    fill = template.filler(_PARTS)
    dated = not {"datetime", "uuid"}.isdisjoint(template.names)
    made = [
        _event(call, _parts(row), owed[row[0]])
        if row[0] in owed
        else fill((*_texts(row), *_dates(row)) if dated else _texts(row))
        for row in rows
    ]
    return made, [*_included(call, db, rows), *owed.values()]


def _event(call: Call, parts: Document, owed: Document | None) -> Document:
    attributes = {
        "timestamp": parts["moment"],
        "event_properties": parts["properties"],
        "datetime": parts["datetime"],
        "uuid": parts["uuid"],
    }
    related: Document = {
        "profile": reference("profile", parts["profile"]),
        "metric": reference("metric", parts["metric"]),
    }
    if "attributions" in call.query.include:
        related["attributions"] = [reference("attribution", owed["id"])] if owed else []
    return resource(
        call, "event", parts["id"], attributes, ("profile", "metric", "attributions"), related
    )


def _parts(row: Row) -> Document:
    """What an event is made of."""
    told, uuid = _dates(row)
    return {
        "moment": row[2],
        "properties": {**_decode(row[6]), **_kept(row)},
        "id": row[1].decode(),
        "profile": row[7].decode(),
        "metric": row[8].decode(),
        "datetime": told.decode(),
        "uuid": uuid.decode(),
    }


def _texts(row: Row) -> tuple[bytes, ...]:
    """The first of these parts as JSON."""
    _, identifier, moment, unique_id, value, currency, sent, profile, metric, _, _ = row
    if len(sent) <= len(b"{}") or b'"$e' in sent or b'"$v' in sent or b'"$c' in sent:
        properties = _encode({**_decode(sent), **_kept(row)})
    elif value is None and currency is None:
        properties = b'%b,"$event_id":%b}' % (sent[:-1], _encode(unique_id))
    else:
        properties = b"%b,%b" % (sent[:-1], _encode(_kept(row))[1:])
    return b"%d" % moment, properties, identifier, profile, metric


def _dates(row: Row) -> tuple[bytes, bytes]:
    """The rest of them: datetime and uuid."""
    number, _, moment, *_ = row
    uuid = f"{moment:016x}{number:016x}"
    uuid = f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
    return str(moments.told(moment)).encode(), uuid.encode()


def _kept(row: Row) -> Document:
    """What Klaviyo keeps with the properties that were sent."""
    _, _, _, unique_id, value, currency, *_ = row
    kept: Document = {"$event_id": unique_id}
    if value is not None:
        kept["$value"] = value
    if currency is not None:
        kept["$currency_code"] = currency
    return kept


def _included(call: Call, db: sqlite3.Connection, rows: list[Row]) -> list[Document]:
    """Each profile and metric of the page once."""
    plain = call._replace(query=call.query._replace(include=()))
    included = []
    if "profile" in call.query.include:
        sql = f"SELECT {profiles.COLUMNS} FROM profiles p WHERE p.n IN {AMONG}"  # noqa: S608  # our own names
        found = db.execute(sql, (_numbers(rows, 9),))
        included += profile_texts(plain, found.fetchall())
    if "metric" in call.query.include:
        sql = f"SELECT {metrics.COLUMNS} FROM metrics x WHERE x.n IN {AMONG}"  # noqa: S608  # our own names
        found = db.execute(sql, (_numbers(rows, 10),))
        included += [metrics.metric(plain, row) for row in found]
    return included


def _numbers(rows: list[Row], column: int) -> str:
    return msgspec.json.encode(sorted({row[column] for row in rows})).decode()


HANDLERS = {"GET /api/events": list_events, "GET /api/events/{id}": get_event}
