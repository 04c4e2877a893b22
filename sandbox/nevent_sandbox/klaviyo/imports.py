"""Bulk import of profiles: a job is queued, works, and comes to an end by the account's clock."""

from __future__ import annotations

import array
import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.faults import Fault
from nevent_sandbox.klaviyo.errors import ApiError, Document, invalid, refused
from nevent_sandbox.klaviyo.identifiers import job_id
from nevent_sandbox.klaviyo.lists import join, numbers
from nevent_sandbox.klaviyo.people import People
from nevent_sandbox.klaviyo.person_rules import problems

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.calls import Call

KEPT = 7 * 86_400.0  # seconds a job and its errors can be read
POINTER = "/data/attributes/profiles/data"
INJECTED = "The sandbox was told to fail this row."
_FAULT = msgspec.json.Decoder(Fault)
_encode = msgspec.json.encode
_decode = msgspec.json.decode


def queue(call: Call) -> int:
    """Check a body, queue its job, and run it at once where jobs take no time; the job's number.

    Raises:
        ApiError: 400 for the whole body when one row or list is wrong.
    """
    account = call.account
    rows: list[Document] = call.data["attributes"]["profiles"]["data"]
    asked = call.data.get("relationships", {}).get("lists", {}).get("data") or []
    lists = list(dict.fromkeys(each["id"] for each in asked))
    malformed = account.faults.malformed(call.operation.name, rows)
    found = [
        problem
        for index, row in enumerate(rows)
        for problem in problems(row, f"{POINTER}/{index}", malformed=malformed)
    ]
    if found:
        raise ApiError(400, found)
    with account.store.writing() as db:
        _check_lists(db, lists)
        stuck = account.faults.take(call.operation.name, "stick")
        fault = _row_fault(call, rows)
        now, seconds = account.clock.time(), account.knobs.job_seconds
        due = None if stuck else now + seconds
        sql = (
            "INSERT INTO jobs (id, created, due, seconds, total, lists, fault, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        at_once = due is not None and seconds <= 0
        body = None if at_once else _encode(rows)
        values = (job_id(now), now, due, seconds, len(rows), _encode(lists), fault, body)
        number = int(db.execute(sql, values).lastrowid or 0)
        if at_once:
            _run(account, db, number, rows, now)
        elif due is not None:
            account.due = min(account.due, due)
    return number


def finish(account: Account, db: sqlite3.Connection, number: int) -> None:
    """Bring a job that is due to its end."""
    body, due = db.execute("SELECT body, due FROM jobs WHERE n = ?", (number,)).fetchone()
    _run(account, db, number, _decode(body), due)


def _run(
    account: Account, db: sqlite3.Connection, number: int, rows: list[Document], now: float
) -> None:
    fault_json, lists_json = db.execute(
        "SELECT fault, lists FROM jobs WHERE n = ?", (number,)
    ).fetchone()
    fault = _FAULT.decode(fault_json) if fault_json else None
    people = People(
        db, account.store.identities, now=now, visible=now + account.knobs.visibility_seconds
    )
    people.load(rows)
    imported: dict[int, None] = {}
    errors: list[tuple[str, int, bytes]] = []
    for index, row in enumerate(rows):
        error = _injected(fault, index, row)
        if error is None:
            try:
                imported[people.upsert(row, clears=False)[0].n] = None
                continue
            except ApiError as refusal:
                error = _error(refusal.errors[0], index)
        errors.append((str(uuid.uuid4()), number, _encode({**error, "original_payload": row})))
    people.save()
    profiles = list(imported)
    join(db, numbers(db, _decode(lists_json)).values(), profiles, now)
    db.executemany("INSERT INTO import_errors (id, job, error) VALUES (?, ?, ?)", errors)
    db.execute(
        "UPDATE jobs SET finished = ?, failed = ?, profiles = ?, body = NULL WHERE n = ?",
        (now, len(errors), array.array("q", profiles).tobytes(), number),
    )


def _check_lists(db: sqlite3.Connection, lists: list[str]) -> None:
    known = numbers(db, lists)
    unknown = [
        invalid(f"A list with id {each} does not exist.", f"/data/relationships/lists/data/{i}/id")
        for i, each in enumerate(lists)
        if each not in known
    ]
    if unknown:
        raise refused(*unknown)


def _row_fault(call: Call, rows: list[Document]) -> bytes | None:
    emails = {str(row["attributes"].get("email")).lower() for row in rows}
    fault = call.account.faults.take_rows(call.operation.name, emails, len(rows))
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
