"""What a day changed in Nevent, for whom, and what was sent because of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_sandbox.demo.promises import BULK_EVENTS, IMPORT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from nevent_sandbox.demo.audience import Audience
    from nevent_sandbox.nevent_handle import NeventHandle

Row = dict[str, Any]

_KINDS = {
    "purchase": "bought tickets",
    "check_in": "was checked in",
    "refund": "got an order refunded",
    "transfer": "gave a ticket to a friend",
    "event_moved": "concert moved",
    "lineup_changed": "line-up changed",
    "tag_added": "got a tag",
    "tag_removed": "lost a tag",
    "city_changed": "moved to another city",
    "email_changed": "changed the e-mail address",
    "consent_granted": "consented to third parties",
    "consent_withdrawn": "took that consent back",
    "preference_changed": "changed an e-mail preference",
    "subscribed": "subscribed to a newsletter",
    "unsubscribed": "left a newsletter",
    "erased": "was erased",
    "fan_added": "is a new fan",
    "passed": "concert is over",
}
_NO_CONSENT = "nothing: no consent to third parties"
_NOT_YET = {
    "erased": "nothing: erasures are not carried over yet",
    "consent_withdrawn": "nothing: nothing of this fan leaves any more",
}


class Shown(NamedTuple):
    """One line: what changed, for whom, what was sent."""

    what: str
    whom: str
    sent: str


class Sent:
    """What one run wrote to Klaviyo, by fan.

    Args:
        requests: with their bodies.
        known: unique_id of each event that was there before; one sent again counts once.
    """

    def __init__(self, requests: Iterable[Row], known: Collection[str]) -> None:
        self.profiles: set[str] = set()
        self.events: dict[str, Counter[str]] = {}
        self._known = known
        for request in requests:
            attributes = (request.get("body") or {}).get("data", {}).get("attributes", {})
            if request["operation"] == IMPORT:
                items = attributes["profiles"]["data"]
                self.profiles |= {each["attributes"]["external_id"] for each in items}
            elif request["operation"] == BULK_EVENTS:
                for item in attributes["events-bulk-create"]["data"]:
                    self._event(item["attributes"])

    @property
    def fans(self) -> set[str]:
        """Everybody who was sent."""
        return self.profiles | self.events.keys()

    def _event(self, item: Row) -> None:
        fan = item["profile"]["data"]["attributes"]["external_id"]
        counts = self.events.setdefault(fan, Counter())
        for event in item["events"]["data"]:
            metric = event["attributes"]["metric"]["data"]["attributes"]["name"]
            again = event["attributes"]["unique_id"] in self._known
            counts[f"{metric} again (counts once)" if again else metric] += 1


class Concerned:
    """Fans whom a change since some moment touches, read from Nevent's state alone."""

    def __init__(self, nevent: NeventHandle, since: str) -> None:
        now = nevent.now()
        concerts = nevent.events()
        moved = {row["id"] for row in concerts if row["updatedAt"] >= since}
        passed = {row["id"]: row["name"] for row in concerts if since <= row["endDate"] < now}
        self.at_concert: dict[str, set[str]] = {}
        self.fans = {row["id"] for row in nevent.users() if row["updatedAt"] >= since}
        for order in nevent.purchases():
            people = {order["userId"]}
            people |= {each["holder"]["id"] for each in order["tickets"] if each["holder"]}
            self.at_concert.setdefault(order["eventId"], set()).update(people)
            if order["updatedAt"] >= since or order["eventId"] in moved | passed.keys():
                self.fans |= people
        for row in nevent.attendance():
            self.at_concert.setdefault(row["eventId"], set()).add(row["userId"])
            if row["updatedAt"] >= since or row["eventId"] in moved | passed.keys():
                self.fans.add(row["userId"])
        changed = (row for row in nevent.subscriptions() if row["updatedAt"] >= since)
        self.fans |= {row["userId"] for row in changed}
        self.passed = passed


def flat(profiles: Iterable[Row]) -> dict[str, Row]:
    """Fan → every property of the profile by name."""
    found = {}
    for profile in profiles:
        attributes = profile["attributes"]
        location, properties = attributes.get("location") or {}, attributes.get("properties") or {}
        plain = {k: v for k, v in attributes.items() if k not in {"location", "properties"}}
        unlike = ("created", "updated", "last_event_date")
        plain = {name: each for name, each in plain.items() if name not in unlike}
        found[str(attributes.get("external_id"))] = {**plain, **location, **properties}
    return found


class Sides(NamedTuple):
    """Both ends of the third run: Nevent now, Klaviyo's profiles before and after, the rejects."""

    audience: Audience
    before: dict[str, Row]
    after: dict[str, Row]
    rejected: dict[str, str]


def explained(
    changes: Iterable[Row], sent: Sent, concerned: Concerned, sides: Sides
) -> list[Shown]:
    """One line a change, and one for each concert that ended."""
    lines, audience = [], sides.audience
    for change in changes:
        kind = change["kind"]
        if change["fan"] is None:
            name = audience.concerts[change["ids"][0]]["name"]
            lines.append(_concert(kind, name, concerned.at_concert.get(change["ids"][0]), sent))
            continue
        for fan in change.get("fans", [change["fan"]]):
            what = _KINDS[kind] if fan == change["fan"] else "got that ticket"
            told = _NOT_YET.get(kind) or _of_fan(fan, sent, sides)
            lines.append(Shown(what, audience.name(fan), told))
    for concert, name in concerned.passed.items():
        lines.append(_concert("passed", name, concerned.at_concert.get(concert), sent))
    return lines


def _concert(kind: str, name: str, fans: set[str] | None, sent: Sent) -> Shown:
    theirs = (fans or set()) & sent.fans
    told = f"{len(theirs)} profiles" if theirs else "nothing: no consenting fan has a ticket"
    return Shown(_KINDS[kind], name, told)


def _of_fan(fan: str, sent: Sent, sides: Sides) -> str:
    if fan not in sides.audience.fans:
        return _NO_CONSENT
    told = []
    if fan in sent.profiles:
        old, new = sides.before.get(fan, {}), sides.after.get(fan, {})
        names = [name for name in new if old.get(name) != new[name]]
        names += [name for name in old if name not in new]
        known = f"profile: {', '.join(names) or 'the same values'}"
        told.append(known if old else "new profile")
    told += [f"{number} x {metric}" for metric, number in sent.events.get(fan, {}).items()]
    row = sides.audience.fans[fan]
    if not row["email"] and not row["phone"]:
        return "nothing: neither e-mail nor phone"
    if not told and fan in sides.rejected:
        return f"nothing: rejected, {sides.rejected[fan]}"
    return "; ".join(told) or "nothing: not part of what is loaded"
