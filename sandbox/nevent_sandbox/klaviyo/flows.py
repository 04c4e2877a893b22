"""Flows: read with their definitions. None is ever run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from nevent_sandbox.klaviyo import moments
from nevent_sandbox.klaviyo.definitions import check_flow, numbered, renamed, temporary_ids
from nevent_sandbox.klaviyo.documents import collection, reference, resource, single
from nevent_sandbox.klaviyo.errors import not_found
from nevent_sandbox.klaviyo.filters import BOOLEANS, Column, where
from nevent_sandbox.klaviyo.flow_definition import TRIGGER_TYPES, UNCONFIGURED
from nevent_sandbox.klaviyo.identifiers import number_id, short_id
from nevent_sandbox.klaviyo.paging import Selection, page

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.calls import Answer, Call
    from nevent_sandbox.klaviyo.errors import Document

COLUMNS = "f.id, f.name, f.status, f.archived, f.trigger_type, f.created, f.updated, f.definition"
RELATIONSHIPS = ("flow-actions", "tags")
TRIGGERS = "flow-triggers"
_MEMBERS = (("members", "lists", "list"), ("segment_members", "segments", "segment"))
_FILTERS = {
    "id": Column("f.id"),
    "name": Column("f.name"),
    "status": Column("f.status"),
    "archived": Column("f.archived", only=BOOLEANS),
    "created": Column("f.created", moment=True),
    "updated": Column("f.updated", moment=True),
    "trigger_type": Column("f.trigger_type", only=(*TRIGGER_TYPES.values(), UNCONFIGURED)),
}


class NewFlow(msgspec.Struct, forbid_unknown_fields=True):
    """A flow as a test puts it into the account, its definition as for creating one."""

    name: str
    definition: dict[str, Any]
    status: Literal["draft", "manual", "live"] = "draft"
    archived: bool = False


def flow(call: Call, columns: tuple[Any, ...]) -> Document:
    """A flow resource of a row of `COLUMNS`."""
    identifier, name, status, archived, trigger_type, created, updated, blob = columns
    attributes = {
        "name": name,
        "status": status,
        "archived": bool(archived),
        "created": moments.told(created),
        "updated": moments.told(updated),
        "trigger_type": trigger_type,
    }
    definition = msgspec.json.decode(blob)
    if "definition" in call.query.additional:
        attributes["definition"] = definition
    related: Document = {each: [] for each in call.query.include if each in RELATIONSHIPS}
    if "flow-actions" in related:
        actions = definition["actions"]
        related["flow-actions"] = [reference("flow-action", each["id"]) for each in actions]
    return resource(call, "flow", identifier, attributes, RELATIONSHIPS, related)


def list_flows(call: Call) -> Answer:
    """One page of flows, archived ones too."""
    clauses, values = where(list(call.query.conditions), _FILTERS, call.account.clock.time())
    sort = call.query.sort or "n"
    selection = Selection(
        COLUMNS,
        "flows f",
        ["1", *clauses],
        values,
        f"f.{sort.removeprefix('-')}",
        "f.n",
        descending=sort.startswith("-"),
    )
    found = page(call.account.store.reading(), selection, call.query)
    rows = [row[2:] for row in found.rows]
    included = [action for row in rows for action in _actions(call, row)]
    return collection(call, [flow(call, row) for row in rows], found, included)


def get_flow(call: Call) -> Answer:
    """One flow by its id, with its definition where asked for."""
    sql = f"SELECT {COLUMNS} FROM flows f WHERE f.id = ?"  # noqa: S608  # our own names
    row = call.account.store.reading().execute(sql, (call.ids["id"],)).fetchone()
    if row is None:
        raise not_found("flow", call.ids["id"])
    return single(call, flow(call, row), list(_actions(call, row)))


def known_flow(call: Call) -> None:
    """Make sure that the flow of the path exists.

    Raises:
        ApiError: 404, there is none.
    """
    if not by_id(call, call.ids["id"]):
        raise not_found("flow", call.ids["id"])


def by_id(call: Call, identifier: str) -> list[Document]:
    """The flow of this id as a resource; none where there is none."""
    sql = f"SELECT {COLUMNS} FROM flows f WHERE f.id = ?"  # noqa: S608  # our own names
    rows = call.account.store.reading().execute(sql, (identifier,))
    return [flow(call, row) for row in rows]


def _actions(call: Call, columns: tuple[Any, ...]) -> Iterable[Document]:
    """A flow's actions as resources, where they are to be included."""
    if "flow-actions" not in call.query.include:
        return
    identifier, *_, created, updated, blob = columns
    for action in msgspec.json.decode(blob)["actions"]:
        attributes = {
            "created": moments.told(created),
            "updated": moments.told(updated),
            "definition": action,
        }
        yield resource(
            call,
            "flow-action",
            action["id"],
            attributes,
            ("flow", "flow-messages"),
            {"flow": reference("flow", identifier)},
        )


def related(call: Call, names: Iterable[str], identifier: str) -> Document:
    """`data` of what is included with a list, metric or segment: the flows that it starts."""
    made: Document = {name: [] for name in call.query.include if name in names}
    if TRIGGERS in made:
        sql = "SELECT id FROM flows WHERE started_by = ? ORDER BY n"
        rows = call.account.store.reading().execute(sql, (identifier,))
        made[TRIGGERS] = [reference("flow", each) for (each,) in rows]
    return made


def triggered(call: Call, made: list[Document]) -> list[Document]:
    """The flows that these resources start, where they are to be included."""
    if TRIGGERS not in call.query.include:
        return []
    ids = msgspec.json.encode([each["id"] for each in made]).decode()
    sql = (
        f"SELECT {COLUMNS} FROM flows f WHERE f.started_by IN (SELECT value FROM json_each(?)) "  # noqa: S608  # our own names
        "ORDER BY f.n"
    )
    return [flow(call, row) for row in call.account.store.reading().execute(sql, (ids,))]


def add(account: Account, new: NewFlow) -> str:
    """Put a flow into the account; its id.

    Raises:
        DefinitionError: Klaviyo would refuse the definition.
    """
    now, identifier = int(account.clock.time()), short_id(6)
    with account.store.writing() as db:
        check_flow(db, new.definition)
        ids = {each: number_id(8) for each in temporary_ids(new.definition)}
        triggers = new.definition["triggers"]
        started_by = triggers[0].get("id") if triggers else None
        number = db.execute(
            "INSERT INTO flows (id, name, status, archived, trigger_type, started_by, created, "
            "updated, definition, last_event) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
            "(SELECT coalesce(max(n), 0) FROM events))",
            (
                identifier,
                new.name,
                new.status,
                new.archived,
                TRIGGER_TYPES[triggers[0]["type"]] if triggers else UNCONFIGURED,
                started_by,
                now,
                now,
                msgspec.json.encode(numbered(renamed(new.definition, ids))),
            ),
        ).lastrowid
        for members, groups, column in _MEMBERS:
            db.execute(
                f"INSERT INTO flow_bystanders SELECT ?, m.profile, m.joined FROM {members} m "  # noqa: S608  # our own names
                f"JOIN {groups} g ON g.n = m.{column} WHERE g.id = ?",
                (number, started_by),
            )
    return identifier


def dump(_: Account, db: sqlite3.Connection, query: dict[str, str]) -> list[Document]:
    """Id, name, status, trigger type and definition of each, for the control plane."""
    sql = (
        "SELECT id, name, status, archived, trigger_type, definition FROM flows "
        "ORDER BY n LIMIT ? OFFSET ?"
    )
    rows = db.execute(sql, (int(query.get("limit", -1)), int(query.get("offset", 0))))
    return [
        {
            "id": identifier,
            "name": name,
            "status": status,
            "archived": bool(archived),
            "trigger_type": trigger_type,
            "definition": msgspec.json.decode(definition),
        }
        for identifier, name, status, archived, trigger_type, definition in rows
    ]


HANDLERS = {"GET /api/flows": list_flows, "GET /api/flows/{id}": get_flow}
