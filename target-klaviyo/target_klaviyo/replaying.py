"""Rows made again of what Klaviyo refused, as it stands in the rejects file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from singer_outcomes.rejects import RejectedError

from target_klaviyo import consents, payloads
from target_klaviyo.shipments import decode, encode

if TYPE_CHECKING:
    from singer_outcomes.queues import Row

Payload = dict[str, Any]


class Again(NamedTuple):
    """What a row is made of."""

    identity: str
    people: tuple[str, ...]
    body: bytes
    group: str


def payload_of(row: Row) -> Payload:
    """A row as the rejects file keeps it: its body, and its group where it has one."""
    body: Payload = decode(row.body)
    return {"group": row.group, "item": body} if row.group else body


def again(kind: str, payload: Payload) -> Again:
    """A row of what `payload_of` made, or of what an import error echoes.

    Raises:
        RejectedError: it is neither; someone changed it in the file.
    """
    try:
        group, item = payload.get("group", ""), payload.get("item", payload)
        identity, people = _IDENTITIES[kind](item, group)
    except (KeyError, TypeError, IndexError, ValueError, AttributeError):
        raise RejectedError("the payload in the rejects file is not of its stream's form") from None
    return Again(identity, people, encode(item), group)


def _people(attributes: Payload) -> tuple[str, ...]:
    found = payloads.identity(attributes)
    external = [f"id:{found.pop('external_id')}"] if "external_id" in found else []
    return (*map(str, found.values()), *external)


def _profile(item: Payload, group: str) -> tuple[str, tuple[str, ...]]:
    people = _people(item["attributes"])
    list_id = group.partition(":")[2]
    return f"{people[0]}|{list_id}" if list_id else people[0], people


def _event(item: Payload, _: str) -> tuple[str, tuple[str, ...]]:
    people = _people(item["attributes"]["profile"]["data"]["attributes"])
    event = item["attributes"]["events"]["data"][0]["attributes"]
    metric = event["metric"]["data"]["attributes"]["name"]
    return f"{people[0]}|{metric}|{event['unique_id']}", people


def _statement(item: Payload, _: str) -> tuple[str, tuple[str, ...]]:
    said = consents.decode(encode(item))
    people = tuple(each for each in (said.email, said.phone_number) if each)
    if not people:
        raise ValueError
    return consents.identity(said.email, said.phone_number, said.list_id), people


def _person(item: Payload, _: str) -> tuple[str, tuple[str, ...]]:
    own = [f"profile:{item['id']}"] if item.get("id") else []
    people = (*_people(item), *own)
    return people[0], people


_IDENTITIES = {
    "profiles": _profile,
    "events": _event,
    "subscriptions": _statement,
    "suppressions": _profile,
    "list_members": _profile,
    "deletions": _person,
}
