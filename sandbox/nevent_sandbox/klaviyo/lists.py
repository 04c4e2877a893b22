"""Lists and who is on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo import flows, moments
from nevent_sandbox.klaviyo.documents import collection, resource, single
from nevent_sandbox.klaviyo.errors import not_found
from nevent_sandbox.klaviyo.filters import Column, where
from nevent_sandbox.klaviyo.identifiers import short_id
from nevent_sandbox.klaviyo.paging import Selection, page

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from nevent_sandbox.klaviyo.calls import Answer, Call
    from nevent_sandbox.klaviyo.errors import Document

COLUMNS = "l.id, l.name, l.opt_in_process, l.created, l.updated"
RELATIONSHIPS = ("profiles", "tags", "flow-triggers")
FILTERS = {
    "name": Column("l.name"),
    "id": Column("l.id"),
    "created": Column("l.created", moment=True, past=True),
    "updated": Column("l.updated", moment=True, past=True),
}


def as_list(call: Call, columns: tuple[Any, ...], **more: Any) -> Document:
    """A list resource of a row of `COLUMNS`."""
    identifier, name, opt_in, created, updated = columns
    attributes = {
        "name": name,
        "created": moments.told(created),
        "updated": moments.told(updated),
        "opt_in_process": opt_in,
        **more,
    }
    related = flows.related(call, RELATIONSHIPS, identifier)
    return resource(call, "list", identifier, attributes, RELATIONSHIPS, related)


def lists_of(call: Call, db: sqlite3.Connection, profile_id: str) -> list[Document]:
    """The lists that a profile is on."""
    sql = (
        f"SELECT {COLUMNS} FROM lists l JOIN members m ON m.list = l.n "  # noqa: S608  # our own names
        "JOIN profiles p ON p.n = m.profile WHERE p.id = ? ORDER BY l.n"
    )
    return [as_list(call, row) for row in db.execute(sql, (profile_id,))]


def lists_by_id(call: Call, db: sqlite3.Connection, ids: list[str]) -> list[Document]:
    """Lists as resources, in order of creation."""
    sql = (
        f"SELECT {COLUMNS} FROM lists l WHERE l.id IN (SELECT value FROM json_each(?)) ORDER BY l.n"  # noqa: S608  # our own names
    )
    return [as_list(call, row) for row in db.execute(sql, [msgspec.json.encode(ids).decode()])]


def join(db: sqlite3.Connection, lists: Iterable[int], profiles: list[int], now: float) -> None:
    """Put people on lists; who is there already keeps the time of joining."""
    for each in lists:
        db.executemany(
            "INSERT OR IGNORE INTO members VALUES (?, ?, ?)",
            [(each, profile, int(now)) for profile in profiles],
        )
        db.execute("UPDATE lists SET updated = ? WHERE n = ?", (int(now), each))


def numbers(db: sqlite3.Connection, ids: Iterable[str]) -> dict[str, int]:
    """The numbers of those lists that exist, by id."""
    found = {}
    for each in ids:
        row = db.execute("SELECT n FROM lists WHERE id = ?", (each,)).fetchone()
        if row is not None:
            found[each] = row[0]
    return found


def list_lists(call: Call) -> Answer:
    """One page of lists, at most ten."""
    clauses, values = where(list(call.query.conditions), FILTERS, call.account.clock.time())
    sort = call.query.sort or "n"
    selection = Selection(
        COLUMNS,
        "lists l",
        ["1", *clauses],
        values,
        f"l.{sort.removeprefix('-')}",
        "l.n",
        descending=sort.startswith("-"),
    )
    found = page(call.account.store.reading(), selection, call.query)
    made = [as_list(call, row[2:]) for row in found.rows]
    return collection(call, made, found, flows.triggered(call, made))


def create_list(call: Call) -> Answer:
    """A new, empty list."""
    sent, now = call.data["attributes"], int(call.account.clock.time())
    row = (short_id(6), sent["name"], sent.get("opt_in_process") or "double_opt_in", now, now)
    with call.account.store.writing() as db:
        db.execute(
            "INSERT INTO lists (id, name, opt_in_process, created, updated) VALUES (?,?,?,?,?)", row
        )
    return single(call, as_list(call, row), status=201)


def get_list(call: Call) -> Answer:
    """One list, with its size where asked for."""
    db = call.account.store.reading()
    number = known_list(db, call.ids["id"])
    more = {}
    if "profile_count" in call.query.additional:
        sql = "SELECT count(*) FROM members WHERE list = ?"
        more["profile_count"] = db.execute(sql, (number,)).fetchone()[0]
    row = db.execute(f"SELECT {COLUMNS} FROM lists l WHERE n = ?", (number,)).fetchone()  # noqa: S608  # our own names
    made = as_list(call, row, **more)
    return single(call, made, flows.triggered(call, [made]))


def known_list(db: sqlite3.Connection, identifier: str) -> int:
    """A list's number.

    Raises:
        ApiError: 404, there is none.
    """
    found = numbers(db, [identifier])
    if not found:
        raise not_found("list", identifier)
    return found[identifier]


HANDLERS = {
    "GET /api/lists": list_lists,
    "POST /api/lists": create_list,
    "GET /api/lists/{id}": get_list,
}
