"""What a demonstration promises, and whether it was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_sandbox.demo.audience import METRICS, number

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection

    from nevent_sandbox.demo.audience import Audience
    from nevent_sandbox.demo.sync import Sync

Row = dict[str, Any]

IMPORT = "POST /api/profile-bulk-import-jobs"
BULK_EVENTS = "POST /api/event-bulk-create-jobs"


class Promise(NamedTuple):
    """One sentence, and whether it is true."""

    text: str
    kept: bool


def ended_well(name: str, sync: Sync) -> Promise:
    """The command exited with 0."""
    return Promise(f"{name} run: exit code {sync.exit_code}", sync.exit_code == 0)


def everybody_arrived(audience: Audience, profiles: list[Row]) -> Promise:
    """Whoever consents and has an address or number is in Klaviyo; nobody without consent is."""
    wanted = set(audience.reachable().values())
    consenting = wanted.union(filter(None, map(number, audience.fans.values())))
    attributes = [each["attributes"] for each in profiles]
    there = {each["email"] or each["phone_number"] for each in attributes}
    text = "every consenting fan who can be reached is in Klaviyo, and nobody without consent"
    missing, many = len(wanted - there), len(there - consenting)
    if missing or many:
        text += f" ({missing} missing, {many} too many)"
    return Promise(text, not missing and not many)


def events_agree(
    audience: Audience, there: Counter[str], streams: dict[str, dict[str, Any]]
) -> list[Promise]:
    """Per metric: what Nevent holds of consenting fans is in Klaviyo or among the rejects."""
    found = []
    for metric, expected in audience.events().items():
        rejected = streams.get(METRICS[metric], {}).get("rejected", 0)
        text = f"{metric}: {there[metric]} in Klaviyo"
        text += f" and {rejected} rejected" if rejected else ""
        found.append(
            Promise(f"{text} of {expected} in Nevent", there[metric] + rejected == expected)
        )
    return found


_ASKING = ("/segments/execute", "/analytics/query", "/auth/refresh", "-reports")


def writes(requests: list[Row]) -> list[Row]:
    """Requests that changed something; some that only ask have a body too."""
    return [
        each
        for each in requests
        if each["method"] != "GET" and not each["operation"].endswith(_ASKING)
    ]


def nothing_sent(name: str, requests: list[Row]) -> Promise:
    """A run with nothing changed writes nothing, on neither side."""
    number = len(writes(requests))
    return Promise(f"{name} run, nothing changed: {number} requests that write", number == 0)


def only_the_changed(sent: Collection[frozenset[str]], concerned: set[str]) -> Promise:
    """Nobody but those whom a change touches was sent; each with the fans that it may be."""
    strangers = sum(each.isdisjoint(concerned) for each in sent)
    text = f"third run: {len(sent)} people sent, all concerned by a change"
    if strangers:
        text = f"third run: {strangers} of {len(sent)} people sent are not concerned by a change"
    return Promise(text, not strangers)
