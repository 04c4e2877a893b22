"""What a day changed in Nevent, for whom, and what was sent because of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_sandbox.demo.audience import address, number
from nevent_sandbox.demo.memberships import PREFIX, Lists
from nevent_sandbox.demo.preferences import EMAIL, SUBSCRIBED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nevent_sandbox.demo.audience import Audience
    from nevent_sandbox.demo.consent import Consents
    from nevent_sandbox.demo.sent import Sent
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
    "moved": "joined or left a segment",
    "shared": "shares an address with the erased",
}
_OF_CONCERTS = {"event_moved", "lineup_changed"}
_OF_CONSENT = {"preference_changed", "subscribed", "unsubscribed"}
_NO_CONSENT = "nothing: no consent to third parties"


class Shown(NamedTuple):
    """One line: what changed, for whom, what was sent."""

    what: str
    whom: str
    sent: str


class Concerned:
    """Fans whom a change since some moment touches, read from Nevent's state alone.

    Who joins or leaves a followed segment is one, though maybe nothing but time has passed; so is
    who shares an address or a number with someone erased.
    """

    def __init__(
        self, nevent: NeventHandle, since: str, segments: Mapping[str, set[str]], now: Audience
    ) -> None:
        moment = nevent.now()
        concerts = nevent.events()
        moved = {row["id"] for row in concerts if row["updatedAt"] >= since}
        passed = {row["id"]: row["name"] for row in concerts if since <= row["endDate"] < moment}
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
        self.erased = [row for row in nevent.deletions() if row["deletedAt"] >= since]
        self.fans |= {row["id"] for row in self.erased} | now.bury(self.erased)
        for name in segments.keys() | now.segments.keys():
            self.fans |= segments.get(name, set()) ^ now.segments.get(name, set())
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


class Side(NamedTuple):
    """Both ends at one moment: Nevent, and Klaviyo's profiles, consents and lists."""

    audience: Audience
    profiles: list[Row]
    consents: Consents
    lists: Lists


class Day:
    """The third run, told change by change.

    Args:
        before: both ends before the day.
        after: both ends after the run.
        rejected: reason by key of the record.
    """

    def __init__(
        self, before: Side, after: Side, sent: Sent, concerned: Concerned, rejected: dict[str, str]
    ) -> None:
        self._before, self._after = before, after
        self._old, self._new = flat(before.profiles), flat(after.profiles)
        self._sent = sent
        self._concerned = concerned
        self._rejected = rejected
        self._names = {**before.audience.names, **after.audience.names}  # the erased had one too

    def explained(self, changes: Iterable[Row]) -> list[Shown]:
        """One line a change, one for each concert that ended and each other move of a segment."""
        lines, told = [], set()
        for change in changes:
            kind = change["kind"]
            if kind in _OF_CONCERTS:
                concert = change["ids"][0]
                name = self._after.audience.concerts[concert]["name"]
                lines.append(self._concert(kind, name, concert))
                continue
            for fan in change.get("fans", [change["fan"]]):
                what = _KINDS[kind] if fan == change["fan"] else "got that ticket"
                lines.append(Shown(what, self._name(fan), self._told(kind, fan, change)))
                told.add(fan)
        for concert, name in self._concerned.passed.items():
            lines.append(self._concert("passed", name, concert))
        for fan in sorted((self._sent.moves.keys() | self._sent.deleted) - told):
            what = _KINDS["shared" if fan in self._sent.deleted else "moved"]
            lines += [Shown(what, self._name(fan), self._of_fan(fan))]
        return lines

    def _name(self, fan: str | None) -> str:
        return self._names.get(fan or "") or "(no name)"

    def _concert(self, kind: str, name: str, concert: str) -> Shown:
        theirs = self._concerned.at_concert.get(concert, set()) & self._sent.fans
        told = f"{len(theirs)} profiles" if theirs else "nothing: no consenting fan has a ticket"
        return Shown(_KINDS[kind], name, told)

    def _told(self, kind: str, fan: str, change: Row) -> str:
        """What was sent for this fan, or why nothing was; of a consent, why not that."""
        told = self._of_fan(fan)
        if kind in _OF_CONSENT and fan in self._after.audience.fans:
            why = None if self._sent.consents.get(fan) else self._why_withheld(kind, fan, change)
            if why:
                told = why if told.startswith("nothing") else f"{told}; {why}"
        return told

    def _of_fan(self, fan: str) -> str:
        sent = self._sent
        if fan in sent.deleted:
            gone = fan not in self._new
            return "deleted, gone from Klaviyo" if gone else "deleted, but still in Klaviyo"
        told = []
        if fan in sent.profiles:
            told.append(self._profile(fan))
        told += [f"{number} x {metric}" for metric, number in sent.events.get(fan, {}).items()]
        told += sent.consents.get(fan, [])
        told += ["suppressed: gets no mail"] if fan in sent.suppressed else []
        told += sent.moves.get(fan, [])
        return "; ".join(dict.fromkeys(told)) or f"nothing: {self._why_nothing(fan)}"

    def _profile(self, fan: str) -> str:
        old, new = self._old.get(fan, {}), self._new.get(fan, {})
        if not old:
            return "new profile"
        names = [name for name in new if old.get(name) != new[name]]
        names += [name for name in old if name not in new]
        return f"profile: {', '.join(names) or 'the same values'}"

    def _why_nothing(self, fan: str) -> str:
        audience = self._after.audience
        was_there = fan in self._before.audience.fans and fan in self._old
        if fan not in audience.fans:
            return "is in Klaviyo no more" if was_there else "no consent to third parties"
        row = audience.fans[fan]
        if not row["email"] and not row["phone"]:
            return "neither e-mail nor phone"
        if fan in self._rejected:
            return f"rejected, {self._rejected[fan]}"
        return "not part of what is loaded"

    def _why_withheld(self, kind: str, fan: str, change: Row) -> str | None:
        audience, before = self._after.audience, self._before
        row = audience.fans[fan]
        email = address(row)
        if email is None:
            return "consent withheld: no e-mail address" if number(row) else None
        held = before.consents.of((EMAIL, email))
        if kind == "unsubscribed":
            name = next(
                audience.newsletters[each["newsletterId"]]
                for each in audience.subscriptions[fan]
                if each["id"] in change["ids"]
            )
            on = email in before.lists.members.get(f"{PREFIX}{name}", set())
            return None if on else f"not on '{name}' in Klaviyo"
        if kind == "preference_changed" and not row["communicationPreferences"]["emailEnabled"]:
            return "opted out in Klaviyo already" if held.opted_out else None
        if held.opted_out:
            return f"consent withheld: opted out in Klaviyo since {held.opted_out[:10]}"
        return "subscribed in Klaviyo already" if held.consent == SUBSCRIBED else None
