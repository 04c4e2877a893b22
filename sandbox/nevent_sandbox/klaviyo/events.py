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
_KEPT = re.compile(rb'"\$(?:event_id|value|currency_code)"')
_BARE = ("moment", "properties")  # parts of an event that stand in its JSON without quotes
_PARTS = (*_BARE, "id", "datetime", "uuid", "profile", "metric")
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


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


def _told(
    call: Call, db: sqlite3.Connection, rows: list[tuple[Any, ...]]
) -> tuple[list[Any], list[Document]]:
    """Resources of rows of `COLUMNS`, and what is included with them."""
    owed: dict[int, Document] = {}
    if "attributions" in call.query.include:
        owed = attributions(call, db, _numbers(rows, 0))
    template = _template(call)
    every = "%(uuid)s" in template or "%(datetime)s" in template
    made = [
        _event(call, _parts(row, _properties(row)), owed[row[0]])
        if row[0] in owed
        else msgspec.Raw(template % _parts(row, _spliced(row), every=every))
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


def _template(call: Call) -> str:
    """An event's JSON with a place for each of its parts: a thousand of them stand on a page."""
    text = _encode(_event(call, {name: f"@{name}@" for name in _PARTS}, None)).decode()
    text = text.replace("%", "%%")
    for name in _BARE:
        text = text.replace(f'"@{name}@"', f"%({name})s")
    for name in _PARTS:
        text = text.replace(f"@{name}@", f"%({name})s")
    return text


def _parts(columns: tuple[Any, ...], properties: Any, *, every: bool = True) -> Document:
    """What a template needs; without `every` neither datetime nor uuid."""
    number, identifier, moment, _, _, _, _, profile, metric, _, _ = columns
    parts = {
        "id": identifier,
        "moment": moment,
        "properties": properties,
        "profile": profile,
        "metric": metric,
    }
    if every:
        uuid = f"{moment:016x}{number:016x}"
        parts["datetime"] = moments.told(moment)
        parts["uuid"] = f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
    return parts


def _properties(columns: tuple[Any, ...]) -> Document:
    """What was sent, and what Klaviyo keeps with it."""
    return {**_decode(columns[6]), **_kept(columns)}


def _kept(columns: tuple[Any, ...]) -> Document:
    _, _, _, unique_id, value, currency, *_ = columns
    kept: Document = {"$event_id": unique_id}
    if value is not None:
        kept["$value"] = value
    if currency is not None:
        kept["$currency_code"] = currency
    return kept


def _spliced(columns: tuple[Any, ...]) -> str:
    """The same as JSON."""
    sent: bytes = columns[6]
    if len(sent) <= len(b"{}") or _KEPT.search(sent):
        return _encode(_properties(columns)).decode()
    _, _, _, unique_id, value, currency, *_ = columns
    if value is None and currency is None:
        return f'{sent[:-1].decode()},"$event_id":{_encode(unique_id).decode()}}}'
    return f"{sent[:-1].decode()},{_encode(_kept(columns))[1:].decode()}"


def _included(call: Call, db: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> list[Document]:
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


def _numbers(rows: list[tuple[Any, ...]], column: int) -> str:
    return msgspec.json.encode(sorted({row[column] for row in rows})).decode()


HANDLERS = {"GET /api/events": list_events, "GET /api/events/{id}": get_event}
