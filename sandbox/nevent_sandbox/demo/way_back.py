"""A week in Klaviyo, and what of it reaches Nevent."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_sandbox.demo.memberships import EVERYBODY
from nevent_sandbox.demo.preferences import EMAIL
from nevent_sandbox.demo.promises import Promise

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle
    from nevent_sandbox.nevent_handle import NeventHandle

Row = dict[str, Any]

CAMPAIGN = "Cartel de otoño"
NEWCOMERS = ("alba.nueva", "iker.nuevo", "noa.nueva")
_OPTING_OUT, _COMPLAINING, _BUYING = 3, 1, 3
_SUBSCRIBED = "SUBSCRIBED"


class Came(NamedTuple):
    """One line: what happened in Klaviyo, how often, and what is in Nevent because of it."""

    what: str
    happened: int
    arrived: str


class Week:
    """People sign up, opt out, complain and read a campaign in Klaviyo; some buy tickets then."""

    def __init__(self, nevent: NeventHandle, klaviyo: KlaviyoHandle) -> None:
        self._nevent = nevent
        self._klaviyo = klaviyo
        self._newcomers = [f"{name}@correo-demo.es" for name in NEWCOMERS]
        self._leaving: list[str] = []
        self._before: set[str] = set()  # ids of touches

    def happen(self) -> None:
        """Let it happen."""
        everybody = next(each["id"] for each in self._klaviyo.lists() if each["name"] == EVERYBODY)
        self._before = {each["id"] for each in self._klaviyo.touches()}
        self._klaviyo.send_campaign(
            CAMPAIGN, lists=[everybody], subject="¡Ya está aquí el cartel!", opens=0.5
        )
        self._buy()
        for email in self._newcomers:
            self._klaviyo.subscribe(email, list_id=everybody)
        mailed = sorted(
            each["email"]
            for each in self._klaviyo.consents()
            if each["email"]
            and each["subscriptions"][EMAIL]["marketing"]["consent"] == _SUBSCRIBED
            and each["email"] not in self._newcomers
            and self._enabled(each["email"])
        )
        self._leaving = mailed[: _OPTING_OUT + _COMPLAINING]
        for email in self._leaving[:_OPTING_OUT]:
            self._klaviyo.unsubscribe(email)
        for email in self._leaving[_OPTING_OUT:]:
            self._klaviyo.complain(email)

    def _buy(self) -> None:
        """Some of those who clicked buy tickets, in Nevent as everybody does."""
        now = self._nevent.now()
        concert = next(each["id"] for each in self._nevent.events() if each["date"] > now)
        clicked = (each for each in self._klaviyo.touches() if each["kind"] == "clicked")
        for fan in list(dict.fromkeys(each["external_id"] for each in clicked))[:_BUYING]:
            self._nevent.edit(add_purchase={"user": fan, "event": concert, "tickets": 2})

    def came(self) -> list[Came]:
        """What is in Nevent by now."""
        fans = sum(self._nevent.user(email) is not None for email in self._newcomers)
        off = sum(not self._enabled(email) for email in self._leaving)
        lines = [
            Came("signed up by a form", len(self._newcomers), f"{fans} new fans"),
            Came("opted out or complained", len(self._leaving), f"{off} get no e-mail any more"),
        ]
        for kind in ("received", "opened", "clicked", "bounced"):
            if happened := self._touches[kind]:
                told = f"{self._interactions[kind]} on the fans' records"
                lines.append(Came(f"{kind} '{CAMPAIGN}'", happened, told))
        return lines

    def promises(self) -> list[Promise]:
        """What must be true of it."""
        new = [self._nevent.user(email) for email in self._newcomers]
        profiles = [self._klaviyo.profile(email) for email in self._newcomers]
        ids = [each and each["attributes"]["external_id"] for each in profiles]
        return [
            Promise(
                "whoever signed up in Klaviyo is a fan, with the consent's own time",
                all(map(self._as_in_klaviyo, self._newcomers, new)),
            ),
            Promise(
                "the new fans' ids are on the same profiles",
                ids == [fan and fan["id"] for fan in new],
            ),
            Promise(
                "whoever opted out in Klaviyo is not mailed by Nevent either",
                not any(map(self._enabled, self._leaving)),
            ),
            Promise(
                f"what fans did with '{CAMPAIGN}' is on their records, each once",
                self._touches == self._interactions,
            ),
        ]

    def _as_in_klaviyo(self, email: str, fan: Row | None) -> bool:
        given = (self._klaviyo.consent(email) or {})[EMAIL]["marketing"]["consent_timestamp"]
        told = (fan or {}).get("communicationPreferences") or {}
        return bool(told.get("emailEnabled")) and told["emailChangedAt"][:19] == given[:19]

    def _enabled(self, email: str) -> bool:
        fan = self._nevent.user(email)
        return bool(fan and fan["communicationPreferences"]["emailEnabled"])

    @cached_property
    def _fans(self) -> set[str]:
        """Who is known to Nevent after the run."""
        return {fan["id"] for fan in self._nevent.users()}

    @cached_property
    def _theirs(self) -> list[Row]:
        """What fans did with the campaign."""
        return [
            each
            for each in self._klaviyo.touches()
            if each["id"] not in self._before and each["external_id"] in self._fans
        ]

    @cached_property
    def _touches(self) -> Counter[str]:
        return Counter(each["kind"] for each in self._theirs)

    @cached_property
    def _interactions(self) -> Counter[str]:
        return Counter(
            str(each["type"]).lower()
            for fan in {each["external_id"] for each in self._theirs}
            for each in self._nevent.interactions(fan)
            if each["campaignName"] == CAMPAIGN
        )
