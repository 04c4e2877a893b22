"""One input with every kind of bad record in it, a good one of each kind among them."""

# ruff: noqa: E501  # a row a record
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from singer_messages import Message, record, state

NOW = datetime.now(tz=UTC)
GOOD = "ana@nevent-demo.es"
EVENT: Message = {"email": GOOD, "metric": "Visited", "time": NOW.isoformat()}
NESTED: Any = 1
for _ in range(11):
    NESTED = {"deeper": NESTED}


class Bad(NamedTuple):
    """One record and the beginning of the reason that the rejects file gives."""

    stream: str
    values: Message
    reason: str
    where: str = ""  # column, or the end of Klaviyo's pointer


BAD = [
    Bad("profiles", {"email": "ana(at)nevent-demo.es"}, "email is not an address", "email"),
    Bad("profiles", {"email": f"{'a' * 90}@nevent-demo.es"}, "email is not an address", "email"),
    Bad("profiles", {"email": "ana@nevent-demo..es"}, "email is not an address", "email"),
    Bad("profiles", {"email": None, "external_id": "7"}, "no usable email or phone_number"),
    Bad("profiles", {"email": None, "phone_number": "12"}, "no usable email or phone_number"),
    Bad("profiles", {"email": GOOD, "external_id": "7" * 256}, "external_id is over 255"),
    Bad("profiles", {"email": "b1@nevent-demo.es", "points": "many"}, "schema: type", "points"),
    Bad("profiles", {"email": "b2@nevent-demo.es", "first_name": [1]}, "Klaviyo: invalid", "/first_name"),
    Bad("profiles", {"email": "b3@nevent-demo.es", "latitude": True}, "Klaviyo: invalid", "/latitude"),
    Bad("profiles", {"email": "b4@nevent-demo.es", "bio": "ñ" * 60_000}, "the profile is over 100,000"),
    Bad("profiles", {"external_id": "8"}, "schema: the key is missing", "email"),
    Bad("events", {**EVENT, "id": "1", "metric": None}, "an event needs a metric name", "metric"),
    Bad("events", {**EVENT, "id": "2", "metric": "x" * 128}, "an event needs a metric", "metric"),
    Bad("events", {**EVENT, "id": "3", "time": None}, "an event needs a time", "time"),
    Bad("events", {**EVENT, "id": "4", "time": "yesterday"}, "time is not ISO 8601", "time"),
    Bad("events", {**EVENT, "id": "5", "time": "1999-12-31T23:59:59Z"}, "time is before 2000", "time"),
    Bad("events", {**EVENT, "id": "6", "time": (NOW + timedelta(days=400)).isoformat()}, "time is", "time"),
    Bad("events", {**EVENT, "id": None}, "an event needs a unique_id"),
    Bad("events", {**EVENT, "id": "7", "value": "85 €"}, "value is not a number", "value"),
    Bad("events", {**EVENT, "id": "8", "value": True}, "value is not a number", "value"),
    Bad("events", {**EVENT, "id": "9", "backfill": "maybe"}, "backfill is neither", "backfill"),
    Bad("events", {**EVENT, "id": "x" * 256}, "an event needs a unique_id of 1 to 255", "unique_id"),
    Bad("events", {**EVENT, "id": "10", "value": 1, "value_currency": "euros"}, "Klaviyo: invalid", "/value_currency"),
    Bad("events", {**EVENT, "id": "11", "seats": list(range(4_001))}, "Klaviyo: invalid", "/seats"),
    Bad("events", {**EVENT, "id": "12", "deep": NESTED}, "Klaviyo: invalid", "/deeper"),
    Bad("events", {**EVENT, "id": "13", **{f"p{n}": n for n in range(400)}}, "more than 400 event"),
    Bad("events", {**EVENT, "id": "14", "email": None}, "no usable email or phone_number"),
    Bad("subscriptions", {"email": GOOD, "email_consent": "maybe"}, "email_consent is neither", "email_consent"),
    Bad("subscriptions", {"email": GOOD, "email_consent": True, "email_consented_at": "now"}, "email_consented_at is not", "email_consented_at"),
    Bad("suppressions", {"email": None}, "Klaviyo suppresses by email", "email"),
    Bad("suppressions", {"email": GOOD, "suppressed": "perhaps"}, "suppressed is neither", "suppressed"),
    Bad("list_members", {"email": GOOD}, "no list: neither list_id nor list_name"),
    Bad("list_members", {"email": None, "list_name": "Nevent - VIP"}, "nobody is named"),
    Bad("list_members", {"email": None, "external_id": "99", "list_name": "Nevent - VIP"}, "no profile in Klaviyo has"),
    Bad("list_members", {"email": GOOD, "list_name": "Nevent - VIP", "member": "no"}, "member is neither", "member"),
    Bad("deletions", {"email": None}, "nobody is named"),
]  # fmt: skip
KEYS = {"events": ["id"]}
RIGHT: dict[str, Message] = {
    "profiles": {"email": GOOD, "first_name": "Ñandú 🎉 \u202eبث\u0000", "points": 3},
    "events": {**EVENT, "id": "good"},
    "subscriptions": {"email": GOOD, "email_consent": True,
                      "email_consented_at": (NOW - timedelta(days=9)).isoformat()},
    "list_members": {"email": GOOD, "list_name": "Nevent - VIP"},
    "suppressions": {"email": "eva@nevent-demo.es"},
    "deletions": {"email": "gone@nevent-demo.es"},
}  # fmt: skip


def messages() -> list[Message]:
    """A good record of each kind among the bad ones, and a STATE at the end."""
    found: list[Message] = []
    for stream, right in RIGHT.items():
        rows = [each.values for each in BAD if each.stream == stream]
        columns = {name for row in (right, *rows) for name in row}
        properties: Message = {name: {} for name in sorted(columns)}
        if "points" in properties:
            properties["points"] = {"type": ["integer", "null"]}
        keys = KEYS.get(stream, ["email"])
        schema = {"type": "object", "properties": properties}
        found.append({"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": keys})
        middle = len(rows) // 2
        found += [record(stream, **row) for row in (*rows[:middle], right, *rows[middle:])]
    return [*found, state("late")]
