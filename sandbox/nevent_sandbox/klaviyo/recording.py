"""Events on their way in: checked, their people and metrics made, kept once each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from nevent_sandbox.klaviyo.calls import Answer, Call
from nevent_sandbox.klaviyo.errors import ApiError, Document, invalid, refused
from nevent_sandbox.klaviyo.event_rules import MOST_EVENTS, problems
from nevent_sandbox.klaviyo.identifiers import EventIds
from nevent_sandbox.klaviyo.identities import IDENTIFIERS
from nevent_sandbox.klaviyo.metrics import DEFAULT_SERVICE, Metrics
from nevent_sandbox.klaviyo.moments import parsed
from nevent_sandbox.klaviyo.people import People
from nevent_sandbox.klaviyo.person_rules import MOST_BYTES_IN_EVENT
from nevent_sandbox.klaviyo.person_rules import problems as person_problems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

DROPPED = ("@example.com", "@test.com")  # accepted and forgotten
BULK = "/data/attributes/events-bulk-create/data"
_encode = msgspec.json.Encoder().encode


class Happening(NamedTuple):
    """One event of a body and whom it is about."""

    person: Document
    event: Document
    backfill: bool
    pointer: str


def create_event(call: Call) -> Answer:
    """Accept one event."""
    event = call.data["attributes"]
    person = event["profile"]["data"]
    malformed = call.account.faults.malformed(call.operation.name, [person])
    found = list(_person_problems(person, "/data/attributes/profile/data", malformed))
    happening = Happening(person, event, bool(event.get("backfill")), pointer="/data/attributes")
    found += problems(event, happening.pointer, call.account.clock.time())
    if found:
        raise ApiError(400, found)
    _record(call, [happening])
    return Answer(202, items=1)


def create_events(call: Call) -> Answer:
    """Accept up to a thousand events, or refuse them all."""
    entries = call.data["attributes"]["events-bulk-create"]["data"]
    found: list[Document] = []
    happenings: list[Happening] = []
    now = call.account.clock.time()
    malformed = call.account.faults.malformed(
        call.operation.name, (entry["attributes"]["profile"]["data"] for entry in entries)
    )
    for index, entry in enumerate(entries):
        attributes, place = entry["attributes"], f"{BULK}/{index}/attributes"
        person = attributes["profile"]["data"]
        found += _person_problems(person, f"{place}/profile/data", malformed)
        for number, each in enumerate(attributes["events"]["data"]):
            event = each["attributes"]
            backfill = bool(attributes.get("backfill") or event.get("backfill"))
            pointer = f"{place}/events/data/{number}/attributes"
            happenings.append(Happening(person, event, backfill, pointer))
            found += problems(event, pointer, now)
    if len(happenings) > MOST_EVENTS:
        raise refused(invalid(f"At most {MOST_EVENTS} events per request.", BULK))
    found += _repeated(happenings)
    if found:
        raise ApiError(400, found)
    _record(call, happenings)
    return Answer(202, items=len(happenings))


def _person_problems(
    person: Document, pointer: str, malformed: AbstractSet[str]
) -> Iterator[Document]:
    yield from person_problems(person, pointer, most_bytes=MOST_BYTES_IN_EVENT, malformed=malformed)


def _repeated(happenings: list[Happening]) -> Iterator[Document]:
    """A unique_id that stands twice for one person and metric."""
    seen: set[tuple[Any, ...]] = set()
    for each in happenings:
        unique = each.event.get("unique_id")
        if unique is None:
            continue
        attributes = each.person["attributes"]
        identity = each.person.get("id") or tuple(
            [str(attributes.get(name)).lower() for name in IDENTIFIERS]
        )
        key = (identity, _metric(each.event), unique)
        if key in seen:
            detail = f"The unique_id '{unique}' stands twice in this request."
            yield invalid(detail, f"{each.pointer}/unique_id")
        seen.add(key)


def _record(call: Call, happenings: list[Happening]) -> None:
    account = call.account
    now = account.clock.time()
    visible = now + account.knobs.visibility_seconds
    kept = [
        each
        for each in happenings
        if not str(each.person["attributes"].get("email")).lower().endswith(DROPPED)
    ]
    with account.store.writing() as db:
        people = People(db, account.store.identities, now=now, visible=visible)
        people.load([each.person for each in kept])
        metrics, ids = Metrics(db, now), EventIds()
        rows = []
        for each in kept:
            try:
                person, _ = people.upsert(each.person, clears=False)
            except ApiError:
                continue  # an identifier conflict: accepted, as nobody waits for the outcome
            event = each.event
            moment = int(parsed(event["time"])) if event.get("time") else int(now)
            person.last_event = max(person.last_event or 0, moment)
            rows.append(
                (
                    ids.next(),
                    person.n,
                    metrics.number(*_metric(event)),
                    event.get("unique_id") or str(moment),
                    moment,
                    _amount(event.get("value")),
                    event.get("value_currency"),
                    each.backfill,
                    visible,
                    _encode(event["properties"]),
                )
            )
        people.save()
        db.executemany(
            "INSERT OR IGNORE INTO events (id, profile, metric, unique_id, moment, value, "
            "currency, backfill, visible, properties) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )


def _amount(value: float | None) -> float | None:
    """Whole numbers of any size fit a column too."""
    return None if value is None else float(value)


def _metric(event: Document) -> tuple[str, str]:
    sent = event["metric"]["data"]["attributes"]
    return sent["name"], sent.get("service") or DEFAULT_SERVICE


HANDLERS = {
    "POST /api/events": create_event,
    "POST /api/event-bulk-create-jobs": create_events,
}
