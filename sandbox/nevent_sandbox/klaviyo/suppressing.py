"""Jobs that suppress people by hand, and that lift what was done by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo import moments
from nevent_sandbox.klaviyo.consent_rules import (
    MOST_SUPPRESSED,
    PLACE,
    count_problems,
    identifier_problems,
)
from nevent_sandbox.klaviyo.consents import BY_HAND, Act, Register
from nevent_sandbox.klaviyo.documents import collection, reference, resource, single
from nevent_sandbox.klaviyo.errors import ApiError, invalid, not_found, refused
from nevent_sandbox.klaviyo.filters import Column, where
from nevent_sandbox.klaviyo.identifiers import Ulids
from nevent_sandbox.klaviyo.jobs import WORKING, status
from nevent_sandbox.klaviyo.lists import numbers
from nevent_sandbox.klaviyo.paging import Selection, page
from nevent_sandbox.klaviyo.people import People

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.calls import Answer, Call
    from nevent_sandbox.klaviyo.errors import Document

SUPPRESS = "profile-suppression-bulk-create-job"
UNSUPPRESS = "profile-suppression-bulk-delete-job"
COLUMNS = "id, created, due, finished, seconds, total, skipped, list, segment"
_RELATED = {"list": "lists", "segment": "segments"}
_encode = msgspec.json.encode


def start_job(call: Call) -> Answer:
    """Accept up to a hundred addresses, or the members of one list."""
    emails, related = _asked(call)
    account, kind = call.account, call.data["type"]
    with account.store.writing() as db:
        total = len(emails) if not related else len(_members(db, related))
        stuck = account.faults.take(call.operation.name, "stick")
        now, seconds = account.clock.time(), account.knobs.job_seconds
        due = None if stuck else now + seconds
        sql = (
            "INSERT INTO suppression_jobs (id, kind, created, due, seconds, total, list, segment, "
            "emails) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        places = (related.get("list"), related.get("segment"), _encode(emails).decode())
        row = (Ulids(now).next(), kind, now, due, seconds, total, *places)
        number = int(db.execute(sql, row).lastrowid or 0)
        if due is not None and seconds <= 0:
            finish(account, db, number)
        elif due is not None:
            account.due = min(account.due, due)
        sql = f"SELECT {COLUMNS} FROM suppression_jobs WHERE n = ?"  # noqa: S608  # our own names
        made = db.execute(sql, (number,)).fetchone()
    return single(call, _job(call, kind, made, fresh=True), status=202)._replace(items=total)


def list_jobs(call: Call) -> Answer:
    """One page of jobs of one kind, the newest first unless sorted."""
    now, kind = call.account.clock.time(), call.operation.fields
    working = f"(due IS NULL OR {now!r} - created >= (due - created) * {WORKING})"
    state = f"CASE WHEN finished IS NOT NULL THEN 'complete' WHEN {working} THEN 'processing' ELSE 'queued' END"  # noqa: E501  # one expression of SQL
    columns = {"status": Column(f"({state})"), "list_id": Column("list")}
    columns["segment_id"] = Column("segment")
    clauses, values = where(list(call.query.conditions), columns, now)
    selection = Selection(
        COLUMNS,
        "suppression_jobs",
        ["kind = ?", *clauses],
        [kind, *values],
        "created",
        "n",
        descending=(call.query.sort or "-").startswith("-"),
    )
    query = call.query._replace(size=PAGE)
    found = page(call.account.store.reading(), selection, query)
    return collection(call, [_job(call, kind, row[2:]) for row in found.rows], found)


def get_job(call: Call) -> Answer:
    """One job by its id."""
    kind, identifier = call.operation.fields, call.ids["job_id"]
    sql = f"SELECT {COLUMNS} FROM suppression_jobs WHERE id = ? AND kind = ?"  # noqa: S608  # our own names
    row = call.account.store.reading().execute(sql, (identifier, kind)).fetchone()
    if row is None:
        raise not_found(kind, identifier)
    return single(call, _job(call, kind, row))


def finish(account: Account, db: sqlite3.Connection, number: int) -> None:
    """Bring a job to its end; who needs nothing done is skipped."""
    sql = "SELECT kind, due, list, segment, emails FROM suppression_jobs WHERE n = ?"
    kind, now, of_list, of_segment, emails = db.execute(sql, (number,)).fetchone()
    visible = now + account.knobs.visibility_seconds
    wanted: list[str] = msgspec.json.decode(emails)
    related = {"list": of_list, "segment": of_segment}
    total = len(wanted)
    if of_list or of_segment:
        profiles: list[int] = _members(db, {k: v for k, v in related.items() if v})
        total = len(profiles)  # members may have come and gone since
    elif kind == SUPPRESS:
        profiles = _people(account, db, wanted, now, visible)
    else:
        people = People(db, account.store.identities, now=now, visible=visible)
        rows = [{"attributes": {"email": email}} for email in wanted]
        people.load(rows)
        profiles = [person.n for row in rows if (person := people.find(row)) is not None]
    register = Register(db, Act(now, "API"), visible=visible)
    done = sum(
        register.suppress(profile, BY_HAND, now)
        if kind == SUPPRESS
        else register.lift(profile, BY_HAND) > 0
        for profile in profiles
    )
    db.execute(
        "UPDATE suppression_jobs SET finished = ?, total = ?, skipped = ? WHERE n = ?",
        (now, total, total - done, number),
    )


def attributes(columns: tuple[Any, ...], now: float, *, fresh: bool = False) -> Document:
    """A job's attributes of a row of `COLUMNS`; `fresh` is as the answer that starts it tells."""
    _, created, due, finished, _, total, skipped, *_ = columns
    ended = None if fresh else finished
    return {
        "status": "queued" if fresh else status(created, due, finished, now),
        "created_at": moments.told(created),
        "total_count": total,
        "completed_count": total - skipped if ended is not None else 0,
        "completed_at": moments.told(ended),
        "skipped_count": skipped if ended is not None else 0,
    }


def _job(call: Call, kind: str, columns: tuple[Any, ...], *, fresh: bool = False) -> Document:
    told = attributes(columns, call.account.clock.time(), fresh=fresh)
    related = {
        name: [reference(one, each)] if each else []
        for (one, name), each in zip(_RELATED.items(), columns[-2:], strict=True)
    }
    return resource(call, kind, columns[0], told, _RELATED.values(), related)


def _asked(call: Call) -> tuple[list[str], Document]:
    """Addresses, or one list or segment by id.

    Raises:
        ApiError: 400 for both, for neither, for what does not exist.
    """
    profiles = call.data["attributes"].get("profiles")
    related = {
        name: each["data"]["id"]
        for name, each in call.data.get("relationships", {}).items()
        if each.get("data")
    }
    if (profiles is not None) + len(related) != 1:
        detail = "Exactly one of profiles, a list and a segment must be given."
        raise refused(invalid(detail, "/data"))
    for name, identifier in related.items():
        known = name == "list" and numbers(call.account.store.reading(), [identifier])
        if not known:
            detail = f"A {name} with id {identifier} does not exist."
            raise refused(invalid(detail, f"/data/relationships/{name}/data/id"))
    rows = profiles["data"] if profiles else []
    found = list(count_problems(rows, MOST_SUPPRESSED))
    for i, row in enumerate(rows):
        found += identifier_problems(row, f"{PLACE}/{i}")
    if found:
        raise ApiError(400, found)
    return [row["attributes"]["email"].lower() for row in rows], related


def _members(db: sqlite3.Connection, related: Document) -> list[int]:
    """Those who have an address to suppress."""
    sql = (
        "SELECT profile FROM members JOIN profiles ON n = profile "
        "WHERE list = ? AND email IS NOT NULL ORDER BY profile"
    )
    (number,) = numbers(db, [related["list"]]).values()
    return [each for (each,) in db.execute(sql, (number,))]


def _people(
    account: Account, db: sqlite3.Connection, emails: list[str], now: float, visible: float
) -> list[int]:
    """Profiles of addresses, made when unknown."""
    rows = [{"attributes": {"email": email}} for email in emails]
    people = People(db, account.store.identities, now=now, visible=visible)
    people.load(rows)
    found = {person.n: None for row in rows if (person := people.identified(row)) is not None}
    people.save()
    return list(found)


PAGE = 20  # the vendor names no size
HANDLERS = {
    f"{method} /api/{kind}s{rest}": handler
    for kind in (SUPPRESS, UNSUPPRESS)
    for method, rest, handler in (
        ("POST", "", start_job),
        ("GET", "", list_jobs),
        ("GET", "/{job_id}", get_job),
    )
}
