"""Deletion of a person for good, as data protection law demands it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevent_sandbox.klaviyo.calls import Answer, Call
from nevent_sandbox.klaviyo.consent_rules import identifier_problems
from nevent_sandbox.klaviyo.consent_tables import remove
from nevent_sandbox.klaviyo.effects import schedule
from nevent_sandbox.klaviyo.errors import ApiError, invalid, refused
from nevent_sandbox.klaviyo.identities import holding

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.errors import Document

POINTER = "/data/attributes/profile/data"


def request_deletion(call: Call) -> Answer:
    """Accept the deletion of whoever has an identifier; exactly one must be given."""
    row = call.data["attributes"]["profile"]["data"]
    given = _given(row)
    if len(given) != 1:
        detail = "Exactly one of id, email and phone_number must be given."
        raise refused(invalid(detail, POINTER))
    found = list(identifier_problems(row, POINTER))
    if found:
        raise ApiError(400, found)
    schedule(call.account, delete, given)
    return Answer(202, items=1)


def delete(
    _account: Account, db: sqlite3.Connection, given: Document, _accepted: float, _now: float
) -> None:
    """Remove the profile with its events, memberships and consents; nobody is no error."""
    ((name, value),) = given.items()
    found = f"{name} = ?1" if name == "id" else holding(name)
    sql = f"SELECT n FROM profiles WHERE {found}"  # noqa: S608  # our own names
    for (number,) in db.execute(sql, (value,)).fetchall():
        remove(db, number)


def _given(row: Document) -> Document:
    attributes = row["attributes"]
    email = attributes.get("email")
    every = {
        "id": row.get("id"),
        "email": email and email.lower(),
        "phone_number": attributes.get("phone_number"),
    }
    return {name: value for name, value in every.items() if value}


HANDLERS = {"POST /api/data-privacy-deletion-jobs": request_deletion}
