"""What must be equal after a disturbed run and an undisturbed one."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from singer_outcomes.rejects import read_rejects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nevent_sandbox.handles import KlaviyoHandle

Thing = dict[str, Any]
Outcome = dict[str, Counter[str]]
"""Kind of thing → each such thing in canonical JSON → how many there are of it."""

SERVER_OWN = frozenset(
    {"id", "created", "updated", "last_updated", "metric_id", "profile_id", "list_id", "uuid"}
)
"""Fields that Klaviyo makes up: ids, and the times at which requests happened to come."""
NEVER = "NEVER_SUBSCRIBED"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")


def outcome(klaviyo: KlaviyoHandle, rejects: Path, *, since: str) -> Outcome:
    """All that runs left: people with lists and consent, events, lists, and the rejects file.

    What is dated after `since` (ISO 8601) was dated by Klaviyo itself, with the time of the
    request, which no two runs share.
    """
    names = {each["id"]: each["name"] for each in klaviyo.lists()}
    people = [
        {**profile, "lists": sorted(names[each] for each in profile["lists"])}
        for profile in klaviyo.profiles()
    ]
    # Klaviyo's own events tell the way, not where it led: who is subscribed, and released again.
    events = [each for each in klaviyo.events() if each["service"] == "API"]
    consents = [each for each in klaviyo.consents() if _says_something(each)]
    noted = [
        {name: each.get(name) for name in ("stream", "key", "reason", "column")}
        for each in read_rejects(rejects)
    ]
    return {
        "profiles": _counted([_reduced(each, since, names) for each in people]),
        "events": _counted([_reduced(each, since, names) for each in events]),
        "consents": _counted([_reduced(each, since, names) for each in consents]),
        "lists": _counted([_reduced(each, since, names) for each in _used(klaviyo.lists())]),
        "rejects": _counted(noted),
    }


def differences(expected: Outcome, found: Outcome) -> list[str]:
    """One line for each thing that is missing, too many, there too often, or another one."""
    told = []
    for kind in expected:
        missing = [*map(_decode, (expected[kind] - found[kind]).elements())]
        for thing in map(_decode, (found[kind] - expected[kind]).elements()):
            same = next((each for each in missing if _identity(each) == _identity(thing)), None)
            if same is None or same == thing:
                told.append(f"{kind}: too many: {_encode(thing)}")
                continue
            missing.remove(same)
            changed = "; ".join(_changes(same, thing))
            told.append(f"{kind}: {_identity(thing)} differs: {changed}")
        told += [f"{kind}: missing: {_encode(each)}" for each in missing]
    return sorted(told)


def _identity(thing: Thing) -> str:
    """Whom or what it is about; empty where it has no name."""
    attributes = thing.get("attributes", thing)
    names = ("unique_id", "key", "name", "email", "phone_number")
    return str(next((attributes[each] for each in names if attributes.get(each)), ""))


def _changes(expected: Any, found: Any, path: str = "") -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in sorted({*expected, *found}):
            yield from _changes(expected.get(name), found.get(name), f"{path}/{name}")
    elif expected != found:
        yield f"{path} {_encode(expected)} became {_encode(found)}"


def traces(found: Outcome) -> set[str]:
    """The record_ids of which something is to be seen: a mark, an event, or a reject."""
    seen: set[str] = set()
    for profile in map(_decode, found["profiles"]):
        properties = profile["attributes"]["properties"]
        marked = (name for name in properties if name.startswith(("mark_", "seen_")))
        seen.update(properties[name] for name in marked)
    seen.update(each["unique_id"] for each in map(_decode, found["events"]))
    seen.update(each["key"] for each in map(_decode, found["rejects"]))
    return seen


def _says_something(consent: Thing) -> bool:
    """Not of someone who was suppressed and released: nothing is left of that but a date."""
    channels = consent["subscriptions"]
    marketing = [channels[channel]["marketing"] for channel in ("email", "sms")]
    return bool(consent["to_confirm"]) or any(
        each["consent"] != NEVER or each.get("suppression") or each.get("list_suppressions")
        for each in marketing
    )


def _used(lists: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without a second, empty list of a name: of two runs that create it at once, both use one."""
    first: dict[str, str] = {}
    for each in lists:
        first.setdefault(each["name"], each["id"])
    return [each for each in lists if each["profile_count"] or first[each["name"]] == each["id"]]


def _reduced(thing: Any, since: str, lists: dict[str, str]) -> Any:
    """Without what is the server's own; ids of lists by name."""
    if isinstance(thing, dict):
        return {
            name: _reduced(each, since, lists)
            for name, each in thing.items()
            if name not in SERVER_OWN or name == "list_id"
        }
    if isinstance(thing, list):
        return [_reduced(each, since, lists) for each in thing]
    if isinstance(thing, str):
        if _MOMENT.match(thing) and thing >= since:
            return "during the runs"
        return lists.get(thing, thing)
    return thing


def _counted(things: list[Any]) -> Counter[str]:
    return Counter(map(_encode, things))


def _encode(thing: Any) -> str:
    return msgspec.json.encode(thing, order="sorted").decode()


def _decode(text: str) -> Thing:
    thing: Thing = msgspec.json.decode(text)
    return thing
