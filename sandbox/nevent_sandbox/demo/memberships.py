"""Klaviyo's lists beside Nevent's segments, and people who must not be there any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_sandbox.demo.audience import address, number
from nevent_sandbox.demo.preferences import SMS, SUBSCRIBED
from nevent_sandbox.demo.promises import Promise

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from nevent_sandbox.demo.audience import Audience
    from nevent_sandbox.demo.consent import Consents

Row = dict[str, Any]

PREFIX = "Nevent - "
EVERYBODY = f"{PREFIX}All Contacts"


class Lists:
    """Klaviyo's lists by name, each with the addresses (else numbers) of its members.

    `everybody` holds those of all profiles.
    """

    def __init__(self, lists: Iterable[Row], profiles: Iterable[Row]) -> None:
        self.names: dict[str, str] = {each["id"]: each["name"] for each in lists}
        self.members: dict[str, set[str]] = {name: set() for name in self.names.values()}
        self.everybody: set[str] = set()
        for each in profiles:
            attributes = each["attributes"]
            who = attributes["email"] or attributes["phone_number"]
            self.everybody.add(who)
            for list_id in each["lists"]:
                self.members[self.names[list_id]].add(who)

    def short(self, list_id: str | None) -> str:
        """A list's name without what all of them begin with."""
        return self.names.get(list_id or "", "").removeprefix(PREFIX)


def mirrored(audience: Audience, lists: Lists) -> Promise:
    """Each followed segment is a list of exactly its members who may be there."""
    reachable = audience.reachable()
    wrong = []
    for name, fans in audience.segments.items():
        wanted = {reachable[fan] for fan in fans if fan in reachable}
        if lists.members.get(f"{PREFIX}{name}") != wanted:
            wrong.append(name)
    text = f"{len(audience.segments)} lists hold exactly the consenting members of their segments"
    return Promise(f"{text} (not '{', '.join(wrong)}')" if wrong else text, not wrong)


def erased_are_gone(
    erased: Collection[Row], audience: Audience, profiles: Iterable[Row]
) -> Promise:
    """No profile has an id, an address or a number of an erased fan, unless another fan has it."""
    others = {each for row in audience.everybody.values() for each in (address(row), number(row))}
    theirs = {row["id"] for row in erased}
    theirs |= {each for row in erased for each in (address(row), number(row))} - others - {None}
    there = [
        each
        for each in profiles
        if not theirs.isdisjoint(
            each["attributes"][name] for name in ("external_id", "email", "phone_number")
        )
    ]
    text = f"erased in Nevent: {len(erased)}, gone from Klaviyo"
    return Promise(f"{text} ({len(there)} profiles are left)" if there else text, not there)


def withdrawn_are_left_alone(
    withdrawn: Collection[Row], audience: Audience, consents: Consents, lists: Lists
) -> Promise:
    """Who took consent back gets no mail and no text message, and is on no list of an audience.

    An address that a consenting fan has too stays that fan's.
    """
    others = {each for row in audience.fans.values() for each in (address(row), number(row))}
    audiences = (EVERYBODY, *(f"{PREFIX}{name}" for name in audience.segments))
    members = set().union(*(lists.members.get(name, set()) for name in audiences))
    wrong = 0
    for row in withdrawn:
        email, phone = address(row), number(row)
        mailed = email in lists.everybody and consents.may_mail(email or "")
        called = consents.of((SMS, phone or "")).consent == SUBSCRIBED
        listed = not members.isdisjoint({email, phone} - {None})
        wrong += others.isdisjoint({email, phone} - {None}) and (mailed or called or listed)
    text = f"consent taken back: {len(withdrawn)}, whom nothing reaches and no audience holds"
    return Promise(f"{text} (not so for {wrong})" if wrong else text, not wrong)
