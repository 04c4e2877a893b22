"""Who is on a list: read, added, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from nevent_sandbox.klaviyo import moments
from nevent_sandbox.klaviyo.calls import Answer, Call
from nevent_sandbox.klaviyo.documents import collection, reference
from nevent_sandbox.klaviyo.errors import invalid, refused
from nevent_sandbox.klaviyo.filters import Column, where
from nevent_sandbox.klaviyo.lists import join, known_list
from nevent_sandbox.klaviyo.paging import Page, Selection, page
from nevent_sandbox.klaviyo.profiles import COLUMNS, FILTERS, profile

if TYPE_CHECKING:
    import sqlite3


def list_members(call: Call) -> Answer:
    """One page of profiles on a list, with the time each joined."""
    found = _members(call, COLUMNS)
    made = [profile(call, row[3:], joined_group_at=moments.told(row[2])) for row in found.rows]
    return collection(call, made, found)


def list_member_ids(call: Call) -> Answer:
    """One page of the ids of profiles on a list."""
    found = _members(call, "p.id")
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


def _members(call: Call, columns: str) -> Page:
    db, now = call.account.store.reading(), call.account.clock.time()
    joined = Column("m.joined", moment=True, past=True)
    clauses, values = where(
        list(call.query.conditions), {**FILTERS, "joined_group_at": joined}, now
    )
    selection = Selection(
        f"m.joined, {columns}",
        "members m JOIN profiles p ON p.n = m.profile",
        ["m.list = ?", "p.visible <= ?", *clauses],
        [known_list(db, call.ids["id"]), now, *values],
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
    "POST /api/lists/{id}/relationships/profiles": add_members,
    "DELETE /api/lists/{id}/relationships/profiles": remove_members,
}
