"""What no schema says about bodies of subscribing, unsubscribing, suppressing and deleting."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from nevent_sandbox.klaviyo.errors import invalid
from nevent_sandbox.klaviyo.identifiers import is_email, is_phone
from nevent_sandbox.klaviyo.moments import parsed
from nevent_sandbox.klaviyo.person_rules import BAD_PHONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nevent_sandbox.klaviyo.errors import Document

PLACE = "/data/attributes/profiles/data"
MOST_SUBSCRIBED = 1_000
MOST_UNSUBSCRIBED = 100
MOST_SUPPRESSED = 100
# Which identifier a channel needs. Push has its tokens.
_NEEDS = {"email": "email", "sms": "phone_number", "whatsapp": "phone_number"}
_UNDATED = "open_tracking"  # takes no consented_at
_WHOLE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def count_problems(rows: list[Document], most: int) -> Iterator[Document]:
    """More people than one request may name."""
    if len(rows) > most:
        yield invalid(f"At most {most} profiles per request.", PLACE)


def identifier_problems(row: Document, pointer: str) -> Iterator[Document]:
    """An address or number that is none."""
    attributes = row["attributes"]
    email, phone = attributes.get("email"), attributes.get("phone_number")
    if email is not None and not is_email(email):
        yield invalid("Invalid email address", f"{pointer}/attributes/email")
    if phone is not None and not is_phone(phone):
        yield invalid(BAD_PHONE, f"{pointer}/attributes/phone_number")


def channel_problems(
    row: Document, pointer: str, known: Mapping[str, Document]
) -> Iterator[Document]:
    """No channel, one without the identifier that it needs, or nobody.

    `known` are the identifiers of the profiles that the body names by id.
    """
    attributes, identifier = row["attributes"], row.get("id")
    if identifier and identifier not in known:
        yield invalid(f"Invalid profile IDs: {identifier}", f"{pointer}/id")
        return
    asked = {name: uses for name, uses in attributes["subscriptions"].items() if uses}
    if not asked:
        place = f"{pointer}/attributes/subscriptions"
        yield invalid("At least one channel must be given.", place)
    held = known.get(identifier, {}) if identifier else {}
    for channel in asked:
        need = _NEEDS.get(channel)
        if need and not (attributes.get(need) or held.get(need)):
            detail = f"The {channel} channel needs the profile's {need}."
            yield invalid(detail, f"{pointer}/attributes/{need}")
    push = asked.get("push", {})
    nameless = not (identifier or attributes.get("email") or attributes.get("phone_number"))
    if (
        asked.keys() == {"push"}
        and nameless
        and not (push.get("tokens") or push.get("anonymous_id"))
    ):
        yield invalid("At least one identifier is required.", f"{pointer}/attributes")


def date_problems(
    row: Document, pointer: str, *, historical: bool, now: float
) -> Iterator[Document]:
    """`consented_at` goes with a historical import, and only with it."""
    attributes = row["attributes"]
    place = f"{pointer}/attributes/subscriptions"
    for channel, uses in attributes["subscriptions"].items():
        for use, given in uses.items():
            if use == _UNDATED or not isinstance(given, dict):
                continue
            where = f"{place}/{channel}/{use}/consented_at"
            yield from _date_problem(given, where, historical=historical, now=now)
    born = attributes.get("age_gated_date_of_birth")
    if born is not None and not _is_date(born):
        yield invalid(
            "Invalid date: use YYYY-MM-DD.", f"{pointer}/attributes/age_gated_date_of_birth"
        )


def _date_problem(
    given: dict[str, Any], pointer: str, *, historical: bool, now: float
) -> Iterator[Document]:
    at = given.get("consented_at")
    if at is None:
        if historical:
            yield invalid("consented_at is required in a historical import.", pointer)
        return
    if not historical:
        yield invalid("consented_at is only allowed in a historical import.", pointer)
        return
    try:
        moment = parsed(at) if _WHOLE.fullmatch(at) else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        yield invalid("Invalid datetime: use ISO 8601 with time and offset.", pointer)
    elif moment > now:
        yield invalid("consented_at must be in the past.", pointer)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
