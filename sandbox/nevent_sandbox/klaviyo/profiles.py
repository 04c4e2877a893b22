"""Profiles: read, created, updated, upserted and merged one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo import moments
from nevent_sandbox.klaviyo.calls import Answer, Call
from nevent_sandbox.klaviyo.consent_tables import hand_over, remove
from nevent_sandbox.klaviyo.documents import collection, reference, resource, single
from nevent_sandbox.klaviyo.errors import ApiError, duplicate_profile, invalid, not_found, refused
from nevent_sandbox.klaviyo.filters import Column
from nevent_sandbox.klaviyo.identities import AMONG, IDENTIFIERS
from nevent_sandbox.klaviyo.lists import lists_of
from nevent_sandbox.klaviyo.merging import LOCATION, STANDARD
from nevent_sandbox.klaviyo.paging import Page
from nevent_sandbox.klaviyo.people import People
from nevent_sandbox.klaviyo.person_rules import problems
from nevent_sandbox.klaviyo.subscriptions import predictions, subscriptions

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.errors import Document

# After the two columns that paging needs.
COLUMNS = (
    "p.id, p.email, p.phone_number, p.external_id, p.created, p.updated, p.last_event, "
    "p.attributes, p.n"
)
RELATIONSHIPS = ("lists", "segments", "push-tokens", "conversations")
_NOTHING = Column("NULL")
FILTERS = {
    **{name: Column(f"p.{name}") for name in ("id", "email", "phone_number", "external_id")},
    "_kx": _NOTHING,
    "push_token": _NOTHING,
    "created": Column("p.created", moment=True, past=True),
    "updated": Column("p.updated", moment=True, past=True),
}
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def profile(call: Call, columns: tuple[Any, ...], **more: Any) -> Document:
    """A profile resource of a row of `COLUMNS`.

    `more` are attributes beside the usual ones.
    """
    identifier, email, phone, external, created, updated, last_event, blob, number = columns
    attributes: Document = {
        "email": email,
        "phone_number": phone,
        "external_id": external,
        "created": moments.told(created),
        "updated": moments.told(updated),
        "last_event_date": moments.told(last_event),
        **more,
    }
    wanted = call.query.fields.get("profile")
    if wanted is None or not attributes.keys() >= wanted:  # a thousand stand beside some events
        held = _decode(blob)
        location = held.get("location") or {}
        attributes |= {name: held.get(name) for name in STANDARD}
        attributes["location"] = {name: location.get(name) for name in LOCATION}
        attributes["properties"] = held.get("properties") or {}
    if "subscriptions" in call.query.additional:
        attributes["subscriptions"] = subscriptions(
            call.account.store.reading(), number, email=bool(email), phone=bool(phone)
        )
    if "predictive_analytics" in call.query.additional:
        attributes["predictive_analytics"] = predictions()
    related: Document = {name: [] for name in call.query.include if name in RELATIONSHIPS}
    return resource(call, "profile", identifier, attributes, RELATIONSHIPS, related)


def narrowed(call: Call, number: str) -> tuple[list[str], list[Any]]:
    """Conditions on identifiers as SQL finds them: by the numbers of those who may fit.

    `number` is the SQL expression of a profile's n.
    """
    clauses, values = [], []
    for each in call.query.conditions:
        asked = each.value if isinstance(each.value, list) else [each.value]
        if each.field in IDENTIFIERS and each.op in {"equals", "any"} and None not in asked:
            clauses.append(f"{number} IN {AMONG}")
            found = call.account.store.identities.of(each.field, map(str, asked))
            values.append(msgspec.json.encode(sorted(found)).decode())
    return clauses, values


def get_profile(call: Call) -> Answer:
    """One profile by its id."""
    db = call.account.store.reading()
    made = _by_id(call, db, call.ids["id"], visible=call.account.clock.time())
    included = []
    if "lists" in call.query.include:
        included = lists_of(call, db, call.ids["id"])
        references = [reference("list", each["id"]) for each in included]
        made["relationships"]["lists"]["data"] = references
    return single(call, made, included)


def list_lists_of(call: Call) -> Answer:
    """The lists that a profile is on, all at once."""
    db = call.account.store.reading()
    _by_id(call, db, call.ids["id"], visible=call.account.clock.time())
    return collection(call, lists_of(call, db, call.ids["id"]), Page([]))


def create_profile(call: Call) -> Answer:
    """A new profile; a known identifier is a conflict."""
    row = call.data
    _check(row)
    with call.account.store.writing() as db:
        people = _people(call, db, row)
        known = people.find(row) or _by_external_id(people, row)
        if known is not None:
            raise duplicate_profile(known.id)
        return _saved(call, db, people, row, clears=False)


def import_profile(call: Call) -> Answer:
    """A profile created (201) or updated (200) by its identifiers."""
    _check(call.data)
    with call.account.store.writing() as db:
        people = _people(call, db, call.data)
        return _saved(call, db, people, call.data, clears=True)


def update_profile(call: Call) -> Answer:
    """A profile updated by its id."""
    row = call.data
    if row["id"] != call.ids["id"]:
        raise refused(invalid("The id differs from the one in the path.", "/data/id"))
    _check(row, anonymous=False)
    with call.account.store.writing() as db:
        return _saved(call, db, _people(call, db, row), row, clears=True)


def merge_profiles(call: Call) -> Answer:
    """One profile poured into another, which keeps its own values; the source is gone."""
    target = call.data["id"]
    sources = [each["id"] for each in call.data["relationships"]["profiles"].get("data") or []]
    if len(sources) != 1 or sources[0] == target:
        detail = "Exactly one other profile must be given."
        raise refused(invalid(detail, "/data/relationships/profiles/data"))
    with call.account.store.writing() as db:
        kept, gone = (_known(db, each) for each in (target, sources[0]))
        for table in ("events", "members", "segment_members", "segment_leavers"):
            sql = f"UPDATE OR IGNORE {table} SET profile = ? WHERE profile = ?"  # noqa: S608  # our own names
            db.execute(sql, (kept, gone))
        db.execute(  # an event that the other one has too stays behind, and goes
            "UPDATE touches SET profile = ? WHERE profile = ? "
            "AND (SELECT profile FROM events WHERE n = event) = ?",
            (kept, gone, kept),
        )
        people = People(db, call.account.store.identities, now=call.account.clock.time(), visible=0)
        people.load([{"id": each, "attributes": {}} for each in (target, sources[0])])
        person, source = people.of(target), people.of(sources[0])
        hand_over(db, gone, kept)
        remove(db, gone)
        people.pour(source, person)
        people.save()
    own = f"{call.host}/api/profiles/{target}/"
    made = {"type": "profile", "id": target, "links": {"self": own}}
    return Answer(201, {"data": made, "links": {"self": f"{call.url}/"}}, 1)


def _check(row: Document, *, anonymous: bool = True) -> None:
    found = list(problems(row, "/data", anonymous=anonymous))
    if found:
        raise ApiError(400, found)


def _people(call: Call, db: sqlite3.Connection, row: Document) -> People:
    now = call.account.clock.time()
    people = People(
        db,
        call.account.store.identities,
        now=now,
        visible=now + call.account.knobs.visibility_seconds,
    )
    people.load([row])
    return people


def _by_external_id(people: People, row: Document) -> Any:
    external = row["attributes"].get("external_id")
    only = {"external_id": external}
    return people.find({"attributes": only}) if external else None


def _saved(
    call: Call, db: sqlite3.Connection, people: People, row: Document, *, clears: bool
) -> Answer:
    person, created = people.upsert(row, clears=clears)
    if not any(getattr(person, name) for name in IDENTIFIERS) and not created:
        raise refused(invalid("A profile needs an identifier.", "/data/attributes"))
    people.save()
    return single(call, _by_id(call, db, person.id), status=201 if created else 200)


def _known(db: sqlite3.Connection, identifier: str) -> int:
    row = db.execute("SELECT n FROM profiles WHERE id = ?", (identifier,)).fetchone()
    if row is None:
        raise not_found("profile", identifier)
    return int(row[0])


def _by_id(
    call: Call, db: sqlite3.Connection, identifier: str, visible: float = float("inf")
) -> Document:
    sql = f"SELECT {COLUMNS} FROM profiles p WHERE p.id = ? AND p.visible <= ?"  # noqa: S608  # our own names
    row = db.execute(sql, (identifier, visible)).fetchone()
    if row is None:
        raise not_found("profile", identifier)
    return profile(call, row)


HANDLERS = {
    "GET /api/profiles/{id}": get_profile,
    "GET /api/profiles/{id}/lists": list_lists_of,
    "POST /api/profiles": create_profile,
    "PATCH /api/profiles/{id}": update_profile,
    "POST /api/profile-import": import_profile,
    "POST /api/profile-merge": merge_profiles,
}
