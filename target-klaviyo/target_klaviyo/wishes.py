"""Statements of consent, channel by channel, on their way from decision to request."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from target_klaviyo.consents import Stated
from target_klaviyo.knowledge import NOBODY, Found
from target_klaviyo.shipments import encode
from target_klaviyo.valve import Decision, decide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from singer_outcomes.queues import Origin, Row

    from target_klaviyo.consents import Channel, Statement

SENT = frozenset({"subscribe", "unsubscribe"})


class Wish:
    """One channel of one row: what it states, what Klaviyo knows, what is decided.

    A moment in the future is taken as now: clocks differ, and Klaviyo takes none ahead of its own.
    """

    __slots__ = (
        "channel",
        "decision",
        "found",
        "identifier",
        "list_id",
        "row",
        "said",
        "stated",
        "unsure",
    )

    def __init__(
        self, row: Row, said: Statement, channel: Channel, *, list_id: str | None, now: datetime
    ) -> None:
        self.row = row
        self.said = said
        self.channel = channel
        self.list_id = list_id
        self.identifier = said.identifier(channel)
        stated = said.channels[channel]
        self.stated = Stated(stated.subscribed, min(stated.at, now))
        self.found = NOBODY
        self.decision = Decision("withhold", "")
        self.unsure = False  # a killed run may have sent it; it has had time to show

    @property
    def names_list(self) -> bool:
        """Whether the record itself is about one list."""
        return self.said.list_id is not None

    def decide(self, found: Found, *, member: bool) -> None:
        """Decide, given what Klaviyo knows."""
        self.found = found
        known = found.known._replace(member=member or not self.names_list)
        self.decision = decide(self.stated, known, list_id=self.list_id)


class Terms(NamedTuple):
    """What all items of one request have in common."""

    action: str
    list_id: str | None
    historical: bool
    custom_source: str

    @property
    def attributes(self) -> dict[str, Any]:
        """What the request says besides its items."""
        own: dict[str, Any] = {"custom_source": self.custom_source} if self.custom_source else {}
        return {**own, "historical_import": True} if self.historical else own


class Ask(NamedTuple):
    """One item of a request: one or both channels of a row."""

    wishes: list[Wish]
    body: bytes

    @property
    def origins(self) -> list[Origin]:
        """The records behind it."""
        return self.wishes[0].row.origins


def grouped(wishes: Iterable[Wish], terms_of: Callable[[Wish], Terms]) -> dict[Terms, list[Ask]]:
    """Items by what their request has in common; both channels of one profile are one item."""
    by_terms: defaultdict[Terms, dict[int, list[Wish]]] = defaultdict(dict)
    for wish in wishes:
        by_terms[terms_of(wish)].setdefault(id(wish.row), []).append(wish)
    return {
        terms: [
            Ask(part, _body(part, terms))
            for some in rows.values()
            for part in ([some] if _one_profile(some) else [[wish] for wish in some])
        ]
        for terms, rows in by_terms.items()
    }


def _one_profile(wishes: list[Wish]) -> bool:
    """Whether e-mail and phone are known to be of one profile; else Klaviyo might refuse both."""
    if len(wishes) == 1:
        return True
    by_channel = {wish.channel: wish for wish in wishes}
    return by_channel["email"].found.phone_number == by_channel["sms"].identifier


def _body(wishes: list[Wish], terms: Terms) -> bytes:
    attributes: dict[str, Any] = {"subscriptions": {}}
    for wish in wishes:
        attributes["email" if wish.channel == "email" else "phone_number"] = wish.identifier
        marketing = {"consent": f"{terms.action.upper()}D"}
        if terms.historical:
            marketing["consented_at"] = wish.stated.at.isoformat()
        attributes["subscriptions"][wish.channel] = {"marketing": marketing}
    return encode({"type": "profile", "attributes": attributes})
