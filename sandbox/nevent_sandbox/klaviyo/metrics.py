"""Metrics: made by the first event of their name, read, never written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo import flows, moments
from nevent_sandbox.klaviyo.documents import collection, resource, single
from nevent_sandbox.klaviyo.errors import not_found
from nevent_sandbox.klaviyo.filters import Column, where
from nevent_sandbox.klaviyo.identifiers import short_id
from nevent_sandbox.klaviyo.operations import METRICS_PAGE
from nevent_sandbox.klaviyo.paging import Selection, page

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.calls import Answer, Call
    from nevent_sandbox.klaviyo.errors import Document

COLUMNS = "x.id, x.name, x.service, x.created, x.updated"
RELATIONSHIPS = ("flow-triggers",)
DEFAULT_SERVICE = "API"
NATIVE_SERVICE = "Klaviyo"  # of events that Klaviyo writes itself
_INTEGRATIONS = {NATIVE_SERVICE: ("0rG4eQ", "Internal")}  # id and category
_OTHERS = ("7FtS4J", "API")
_CATEGORY = f"CASE x.service WHEN '{NATIVE_SERVICE}' THEN 'Internal' ELSE 'API' END"
_FILTERS = {"integration.name": Column("x.service"), "integration.category": Column(_CATEGORY)}


def metric(call: Call, columns: tuple[Any, ...]) -> Document:
    """A metric resource of a row of `COLUMNS`."""
    identifier, name, service, created, updated = columns
    integration, category = _INTEGRATIONS.get(service, _OTHERS)
    attributes = {
        "name": name,
        "created": moments.told(created),
        "updated": moments.told(updated),
        "integration": {
            "object": "integration",
            "id": integration,
            "key": service.lower(),
            "name": service,
            "category": category,
        },
    }
    related = flows.related(call, RELATIONSHIPS, identifier)
    return resource(call, "metric", identifier, attributes, RELATIONSHIPS, related)


class Metrics:
    """Numbers of metrics by name and service, made when missing, inside one transaction."""

    def __init__(self, db: sqlite3.Connection, now: float) -> None:
        self._db = db
        self._now = int(now)
        self._numbers: dict[tuple[str, str], int] = {}

    def number(self, name: str, service: str) -> int:
        """The metric's number."""
        known = self._numbers.get((name, service))
        if known is None:
            self._db.execute(
                "INSERT OR IGNORE INTO metrics (id, name, service, created, updated) "
                "VALUES (?, ?, ?, ?, ?)",
                (short_id(6), name, service, self._now, self._now),
            )
            sql = "SELECT n FROM metrics WHERE name = ? AND service = ?"
            (known,) = self._db.execute(sql, (name, service)).fetchone()
            self._numbers[name, service] = known
        return known


def list_metrics(call: Call) -> Answer:
    """One page of metrics, two hundred."""
    now = call.account.clock.time()
    clauses, values = where(list(call.query.conditions), _FILTERS, now)
    selection = Selection(COLUMNS, "metrics x", ["1", *clauses], values, "x.n", "x.n")
    query = call.query._replace(size=METRICS_PAGE)
    found = page(call.account.store.reading(), selection, query)
    made = [metric(call, row[2:]) for row in found.rows]
    return collection(call, made, found, flows.triggered(call, made))


def get_metric(call: Call) -> Answer:
    """One metric by its id."""
    sql = f"SELECT {COLUMNS} FROM metrics x WHERE x.id = ?"  # noqa: S608  # our own names
    row = call.account.store.reading().execute(sql, (call.ids["id"],)).fetchone()
    if row is None:
        raise not_found("metric", call.ids["id"])
    made = metric(call, row)
    return single(call, made, flows.triggered(call, [made]))


class NewMetric(msgspec.Struct, forbid_unknown_fields=True):
    """A metric as a test puts it into the account, without an event."""

    name: str
    service: str = DEFAULT_SERVICE


def add(account: Account, new: NewMetric) -> str:
    """Make a metric, or find the one there is; its id."""
    with account.store.writing() as db:
        number = Metrics(db, account.clock.time()).number(new.name, new.service)
        (identifier,) = db.execute("SELECT id FROM metrics WHERE n = ?", (number,)).fetchone()
    return str(identifier)


HANDLERS = {"GET /api/metrics": list_metrics, "GET /api/metrics/{id}": get_metric}
