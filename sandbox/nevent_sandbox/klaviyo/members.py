"""Who is on a list: read, added, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from nevent_sandbox.klaviyo.calls import Answer, Call
from nevent_sandbox.klaviyo.documents import collection, reference
from nevent_sandbox.klaviyo.errors import invalid, refused
from nevent_sandbox.klaviyo.filters import Column, where
from nevent_sandbox.klaviyo.lists import join, known_list
from nevent_sandbox.klaviyo.paging import Page, Selection, page
from nevent_sandbox.klaviyo.profile_texts import profile_texts
from nevent_sandbox.klaviyo.profiles import COLUMNS, FILTERS, narrowed
from nevent_sandbox.klaviyo.segments import known_segment

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

_OF_LIST, _OF_SEGMENT = "members", "segment_members"
_GROUPS = {_OF_LIST: "list", _OF_SEGMENT: "segment"}  # table → its column


def list_members(call: Call) -> Answer:
    """One page of profiles on a list, with the time each joined."""
    return _listed(call, _members(call, COLUMNS, _OF_LIST, known_list))


def list_member_ids(call: Call) -> Answer:
    """One page of the ids of profiles on a list."""
    return _ids(call, _members(call, "p.id", _OF_LIST, known_list))


def list_segment_members(call: Call) -> Answer:
    """One page of profiles in a segment, with the time each joined."""
    return _listed(call, _members(call, COLUMNS, _OF_SEGMENT, known_segment))


def list_segment_member_ids(call: Call) -> Answer:
    """One page of the ids of profiles in a segment."""
    return _ids(call, _members(call, "p.id", _OF_SEGMENT, known_segment))


def _listed(call: Call, found: Page) -> Answer:
    rows = [row[3:] for row in found.rows]
    made = profile_texts(call, rows, [row[2] for row in found.rows])
    return collection(call, made, found)


def _ids(call: Call, found: Page) -> Answer:
    return collection(call, [reference("profile", row[3]) for row in found.rows], found)


def add_members(call: Call) -> Answer:
    """Put profiles on a list; consent stays as it is."""
    with call.account.store.writing() as db:
        number, profiles = known_list(db, call.ids["id"]), _profiles(call, db)
        join(db, [number], profiles, call.account.clock.time())
    return Answer(204, items=len(profiles))


def remove_members(call: Call) -> Answer:
    """Take profiles off a list; consent stays as it is."""
    with call.account.store.writing() as db:
        number, profiles = known_list(db, call.ids["id"]), _profiles(call, db)
        sql = "DELETE FROM members WHERE list = ? AND profile = ?"
        db.executemany(sql, [(number, each) for each in profiles])
    return Answer(204, items=len(profiles))


def _members(
    call: Call, columns: str, table: str, known: Callable[[sqlite3.Connection, str], int]
) -> Page:
    db, now = call.account.store.reading(), call.account.clock.time()
    joined = Column("m.joined", moment=True, past=True)
    clauses, values = where(
        list(call.query.conditions),
        {**FILTERS, "profile_id": Column("p.id"), "joined_group_at": joined},
        now,
    )
    near, numbers = narrowed(call, "m.profile")
    selection = Selection(
        f"m.joined, {columns}",
        f"{table} m JOIN profiles p ON p.n = m.profile",
        [f"m.{_GROUPS[table]} = ?", "p.visible <= ?", *clauses, *near],
        [known(db, call.ids["id"]), now, *values, *numbers],
        "m.joined",
        "m.profile",
        descending=(call.query.sort or "").startswith("-"),
    )
    return page(db, selection, call.query)


def _profiles(call: Call, db: sqlite3.Connection) -> list[int]:
    wanted = list(dict.fromkeys(each["id"] for each in call.data))
    sql = "SELECT id, n FROM profiles WHERE id IN (SELECT value FROM json_each(?))"
    known = dict(db.execute(sql, [msgspec.json.encode(wanted).decode()]).fetchall())
    unknown = [each for each in wanted if each not in known]
    if unknown:
        raise refused(invalid(f"Invalid profile IDs: {', '.join(unknown)}", "/data/"))
    return [known[each] for each in wanted]


HANDLERS = {
    "GET /api/lists/{id}/profiles": list_members,
    "GET /api/lists/{id}/relationships/profiles": list_member_ids,
    "GET /api/segments/{id}/profiles": list_segment_members,
    "GET /api/segments/{id}/relationships/profiles": list_segment_member_ids,
    "POST /api/lists/{id}/relationships/profiles": add_members,
    "DELETE /api/lists/{id}/relationships/profiles": remove_members,
}
