"""What must be equal after a disturbed run and an undisturbed one."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from singer_outcomes.rejects import read_rejects

if TYPE_CHECKING:
    from pathlib import Path

    from nevent_sandbox.handles import KlaviyoHandle

Outcome = dict[str, Counter[str]]
"""Kind of thing → each such thing in canonical JSON → how many there are of it."""

SERVER_OWN = frozenset({"id", "created", "updated", "metric_id", "profile_id", "list_id", "uuid"})
"""Fields that Klaviyo makes up: ids, and the times at which requests happened to come."""
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
    noted = [
        {name: each.get(name) for name in ("stream", "key", "reason", "column")}
        for each in read_rejects(rejects)
    ]
    return {
        "profiles": _counted([_reduced(each, since, names) for each in people]),
        "events": _counted([_reduced(each, since, names) for each in klaviyo.events()]),
        "lists": _counted([_reduced(each, since, names) for each in klaviyo.lists()]),
        "rejects": _counted(noted),
    }


def differences(expected: Outcome, found: Outcome) -> list[str]:
    """One line for each thing that is missing, too many, or there too often."""
    told = []
    for kind in expected:
        for thing, number in sorted((expected[kind] - found[kind]).items()):
            told.append(f"{kind}: missing {number} x {thing}")
        for thing, number in sorted((found[kind] - expected[kind]).items()):
            told.append(f"{kind}: too many, {number} x {thing}")
    return told


def traces(found: Outcome) -> set[str]:
    """The record_ids of which something is to be seen: a mark, an event, or a reject."""
    seen: set[str] = set()
    for profile in map(msgspec.json.decode, found["profiles"]):
        properties = profile["attributes"]["properties"]
        marked = (name for name in properties if name.startswith(("mark_", "seen_")))
        seen.update(properties[name] for name in marked)
    seen.update(msgspec.json.decode(each)["unique_id"] for each in found["events"])
    seen.update(msgspec.json.decode(each)["key"] for each in found["rejects"])
    return seen


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
    return Counter(msgspec.json.encode(each, order="sorted").decode() for each in things)
