"""Segments: read with their definitions. Nobody is ever computed into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo import flows, moments
from nevent_sandbox.klaviyo.definitions import check_segment
from nevent_sandbox.klaviyo.documents import collection, resource, single
from nevent_sandbox.klaviyo.errors import not_found
from nevent_sandbox.klaviyo.filters import BOOLEANS, Column, where
from nevent_sandbox.klaviyo.identifiers import short_id
from nevent_sandbox.klaviyo.identities import holding
from nevent_sandbox.klaviyo.paging import Selection, page

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.calls import Answer, Call
    from nevent_sandbox.klaviyo.errors import Document

COLUMNS = (
    "s.id, s.name, s.is_active, s.is_starred, s.is_processing, s.profile_count, s.created, "
    "s.updated, s.definition"
)
RELATIONSHIPS = ("profiles", "tags", "flow-triggers")
_FILTERS = {
    "id": Column("s.id"),
    "name": Column("s.name"),
    "created": Column("s.created", moment=True, past=True),
    "updated": Column("s.updated", moment=True, past=True),
    "is_active": Column("s.is_active", only=BOOLEANS),
    "is_starred": Column("s.is_starred", only=BOOLEANS),
}


class NewSegment(msgspec.Struct, forbid_unknown_fields=True):
    """A segment as a test puts it into the account; `profile_count` is told as it is given."""

    name: str
    definition: dict[str, Any]
    is_active: bool = True
    is_starred: bool = False
    is_processing: bool = False
    profile_count: int = 0


class Joining(msgspec.Struct, forbid_unknown_fields=True):
    """People who are in a segment from some moment on; seconds, now unless told."""

    segment: str
    emails: list[str]
    at: float | None = None


def segment(call: Call, columns: tuple[Any, ...]) -> Document:
    """A segment resource of a row of `COLUMNS`."""
    identifier, name, active, starred, processing, size, created, updated, definition = columns
    attributes = {
        "name": name,
        "definition": msgspec.json.decode(definition),
        "created": moments.told(created),
        "updated": moments.told(updated),
        "is_active": bool(active),
        "is_processing": bool(processing),
        "is_starred": bool(starred),
    }
    if "profile_count" in call.query.additional:
        attributes["profile_count"] = size
    related = flows.related(call, RELATIONSHIPS, identifier)
    return resource(call, "segment", identifier, attributes, RELATIONSHIPS, related)


def list_segments(call: Call) -> Answer:
    """One page of segments, at most ten."""
    clauses, values = where(list(call.query.conditions), _FILTERS, call.account.clock.time())
    sort = call.query.sort or "n"
    selection = Selection(
        COLUMNS,
        "segments s",
        ["1", *clauses],
        values,
        f"s.{sort.removeprefix('-')}",
        "s.n",
        descending=sort.startswith("-"),
    )
    found = page(call.account.store.reading(), selection, call.query)
    made = [segment(call, row[2:]) for row in found.rows]
    return collection(call, made, found, flows.triggered(call, made))


def get_segment(call: Call) -> Answer:
    """One segment by its id."""
    sql = f"SELECT {COLUMNS} FROM segments s WHERE s.id = ?"  # noqa: S608  # our own names
    row = call.account.store.reading().execute(sql, (call.ids["id"],)).fetchone()
    if row is None:
        raise not_found("segment", call.ids["id"])
    made = segment(call, row)
    return single(call, made, flows.triggered(call, [made]))


def known_segment(db: sqlite3.Connection, identifier: str) -> int:
    """A segment's number.

    Raises:
        ApiError: 404, there is none.
    """
    row = db.execute("SELECT n FROM segments WHERE id = ?", (identifier,)).fetchone()
    if row is None:
        raise not_found("segment", identifier)
    return int(row[0])


def add(account: Account, new: NewSegment) -> str:
    """Put a segment into the account; its id.

    Raises:
        DefinitionError: Klaviyo would refuse the definition.
    """
    now, identifier = int(account.clock.time()), short_id(6)
    with account.store.writing() as db:
        check_segment(db, new.definition)
        db.execute(
            "INSERT INTO segments (id, name, is_active, is_starred, is_processing, profile_count, "
            "created, updated, definition) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                identifier,
                new.name,
                new.is_active,
                new.is_starred,
                new.is_processing,
                new.profile_count,
                now,
                now,
                msgspec.json.encode(new.definition),
            ),
        )
    return identifier


def join(account: Account, joining: Joining) -> Document:
    """Put people into a segment; how many there were.

    Raises:
        ValueError: a segment or person that there is not.
    """
    at = int(account.clock.time() if joining.at is None else joining.at)
    whose = f"SELECT n FROM profiles WHERE {holding('email')}"  # noqa: S608  # our own names
    with account.store.writing() as db:
        row = db.execute("SELECT n FROM segments WHERE id = ?", (joining.segment,)).fetchone()
        people = [db.execute(whose, (email.lower(),)).fetchone() for email in joining.emails]
        if row is None or None in people:
            raise ValueError("There is no such segment or person.")
        db.executemany(
            "INSERT OR IGNORE INTO segment_members VALUES (?, ?, ?)",
            [(row[0], person[0], at) for person in people],
        )
        db.execute(
            "UPDATE segments SET profile_count = (SELECT count(*) FROM segment_members "
            "WHERE segment = n) WHERE n = ?",
            row,
        )
    return {"members": len(people)}


def dump(_: Account, db: sqlite3.Connection, query: dict[str, str]) -> list[Document]:
    """Id, name and definition of each, for the control plane."""
    sql = "SELECT id, name, definition FROM segments ORDER BY n LIMIT ? OFFSET ?"
    rows = db.execute(sql, (int(query.get("limit", -1)), int(query.get("offset", 0))))
    return [
        {"id": identifier, "name": name, "definition": msgspec.json.decode(definition)}
        for identifier, name, definition in rows
    ]


HANDLERS = {"GET /api/segments": list_segments, "GET /api/segments/{id}": get_segment}
