"""Bulk import of profiles: a job is queued, works, and comes to an end by the account's clock."""

from __future__ import annotations

import array
import uuid
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from nevent_sandbox.faults import Fault
from nevent_sandbox.klaviyo.errors import ApiError, Document, invalid, refused
from nevent_sandbox.klaviyo.identifiers import job_id
from nevent_sandbox.klaviyo.import_rows import Import, Row
from nevent_sandbox.klaviyo.import_rows import row as read_row
from nevent_sandbox.klaviyo.lists import join, numbers
from nevent_sandbox.klaviyo.newcomers import Newcomers
from nevent_sandbox.klaviyo.people import People
from nevent_sandbox.klaviyo.person_rules import problems

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.calls import Call

KEPT = 7 * 86_400.0  # seconds a job and its errors can be read
POINTER = "/data/attributes/profiles/data"
INJECTED = "The sandbox was told to fail this row."
_FAULT = msgspec.json.Decoder(Fault)
_encode = msgspec.json.encode
_decode = msgspec.json.decode
_raws = msgspec.json.Decoder(list[Raw]).decode


def queue(call: Call) -> int:
    """Check a body, queue its job, and run it at once where jobs take no time; the job's number.

    Raises:
        ApiError: 400 for the whole body when one row or list is wrong.
    """
    account = call.account
    sent = call.body if isinstance(call.body, Import) else _general(call.data)
    lists = list(dict.fromkeys(sent.lists))
    if sent is not call.body or account.faults.pending():
        _check(call, sent.raws)
    with account.store.writing() as db:
        _check_lists(db, lists)
        stuck = account.faults.take(call.operation.name, "stick")
        fault = _row_fault(call, sent.raws)
        now, seconds = account.clock.time(), account.knobs.job_seconds
        due = None if stuck else now + seconds
        sql = (
            "INSERT INTO jobs (id, created, due, seconds, total, lists, fault, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        at_once = due is not None and seconds <= 0
        body = None if at_once else _encode(sent.raws)
        values = (job_id(now), now, due, seconds, len(sent.raws), _encode(lists), fault, body)
        number = int(db.execute(sql, values).lastrowid or 0)
        if at_once:
            _run(account, db, number, sent.raws, now, sent.rows)
        elif due is not None:
            account.due = min(account.due, due)
    return number


def finish(account: Account, db: sqlite3.Connection, number: int) -> None:
    """Bring a job that is due to its end."""
    body, due = db.execute("SELECT body, due FROM jobs WHERE n = ?", (number,)).fetchone()
    _run(account, db, number, _raws(body), due)


def _general(data: Document) -> Import:
    """A body that came as a document: something about it is rare, or wrong."""
    raws = [Raw(_encode(each)) for each in data["attributes"]["profiles"]["data"]]
    asked = data.get("relationships", {}).get("lists", {}).get("data") or []
    return Import(raws, [], [each["id"] for each in asked])


def _check(call: Call, raws: list[Raw]) -> None:
    rows = [_decode(each) for each in raws]
    malformed = call.account.faults.malformed(call.operation.name, rows)
    found = [
        problem
        for index, each in enumerate(rows)
        for problem in problems(each, f"{POINTER}/{index}", malformed=malformed)
    ]
    if found:
        raise ApiError(400, found)


def _run(
    account: Account,
    db: sqlite3.Connection,
    number: int,
    raws: list[Raw],
    now: float,
    rows: Sequence[Row] = (),
) -> None:
    fault_json, lists_json = db.execute(
        "SELECT fault, lists FROM jobs WHERE n = ?", (number,)
    ).fetchone()
    fault = _FAULT.decode(fault_json) if fault_json else None
    identities, visible = account.store.identities, now + account.knobs.visibility_seconds
    imported: dict[int, int] = {}  # by place
    if fault is None:
        newcomers = Newcomers(db, identities, now=now, visible=visible)
        for place, sent in enumerate(rows or map(_read, raws)):
            made = newcomers.take(sent) if sent else None
            if made is not None:
                imported[place] = made
        newcomers.save()
    others = {place: _decode(raw) for place, raw in enumerate(raws) if place not in imported}
    people = People(db, identities, now=now, visible=visible)
    people.load(others.values())
    errors: list[tuple[str, int, bytes]] = []
    for index, row in others.items():
        error = _injected(fault, index, row)
        if error is None:
            try:
                imported[index] = people.upsert(row, clears=False)[0].n
                continue
            except ApiError as refusal:
                error = _error(refusal.errors[0], index)
        errors.append((str(uuid.uuid4()), number, _encode({**error, "original_payload": row})))
    people.save()
    profiles = list(dict.fromkeys(imported[place] for place in sorted(imported)))
    join(db, numbers(db, _decode(lists_json)).values(), profiles, now)
    db.executemany("INSERT INTO import_errors (id, job, error) VALUES (?, ?, ?)", errors)
    db.execute(
        "UPDATE jobs SET finished = ?, failed = ?, profiles = ?, body = NULL WHERE n = ?",
        (now, len(errors), array.array("q", profiles).tobytes(), number),
    )


def _read(raw: Raw) -> Row | None:
    """None where only the general way reads it."""
    try:
        return read_row(raw)
    except msgspec.DecodeError:
        return None


def _check_lists(db: sqlite3.Connection, lists: list[str]) -> None:
    known = numbers(db, lists)
    unknown = [
        invalid(f"A list with id {each} does not exist.", f"/data/relationships/lists/data/{i}/id")
        for i, each in enumerate(lists)
        if each not in known
    ]
    if unknown:
        raise refused(*unknown)


def _row_fault(call: Call, raws: list[Raw]) -> bytes | None:
    if not call.account.faults.pending():
        return None
    emails = {str(_decode(raw)["attributes"].get("email")).lower() for raw in raws}
    fault = call.account.faults.take_rows(call.operation.name, emails, len(raws))
    return _encode(fault) if fault else None


def _injected(fault: Fault | None, index: int, row: Document) -> Document | None:
    if fault is None:
        return None
    email = str(row["attributes"].get("email")).lower()
    if index not in fault.rows and email not in fault.emails:
        return None
    pointer = f"{POINTER}/{index}" if fault.pointer else None
    return {
        "code": "invalid",
        "title": "Invalid input.",
        "detail": INJECTED,
        "source": {"pointer": pointer} if pointer else {},
    }


def _error(problem: Document, index: int) -> dict[str, Any]:
    told = {name: problem[name] for name in ("code", "title", "detail")}
    return {**told, "source": {"pointer": f"{POINTER}/{index}"}}
