"""What a demonstration promises, and whether it was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_sandbox.demo.audience import METRICS

if TYPE_CHECKING:
    from collections import Counter

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


def everybody_arrived(audience: Audience, profiles: list[Row], rejects: list[Row]) -> Promise:
    """Whoever consents and was not rejected is in Klaviyo; nobody without consent is."""
    refused = {each["key"] for each in rejects if each["stream"].startswith("profiles")}
    consenting = {_address(row) for row in audience.fans.values()}
    wanted = {_address(row) for fan, row in audience.fans.items() if fan not in refused} - {""}
    there = {each["attributes"].get("email") or "" for each in profiles} - {""}
    text = "every consenting fan who was not rejected is in Klaviyo, and nobody without consent"
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


def writes(requests: list[Row]) -> list[Row]:
    """Requests that changed something."""
    return [each for each in requests if each["method"] != "GET"]


def nothing_sent(requests: list[Row]) -> Promise:
    """A run with nothing changed writes nothing."""
    number = len(writes(requests))
    return Promise(f"second run, nothing changed: {number} requests that write", number == 0)


def only_the_changed(sent: set[str], concerned: set[str]) -> Promise:
    """Nobody but those whose data changed was sent."""
    strangers = len(sent - concerned)
    text = f"third run: {len(sent)} people sent, all concerned by a change"
    if strangers:
        text = f"third run: {strangers} of {len(sent)} people sent are not concerned by a change"
    return Promise(text, not strangers)


def _address(row: Row) -> str:
    return (row["email"] or "").strip().lower()
