"""What Nevent holds, read from the sandbox's own state: the measure of what should arrive."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import phonenumbers

from nevent_sandbox.klaviyo.identifiers import is_email

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nevent_sandbox.nevent_handle import NeventHandle

Row = dict[str, Any]

HOME = "ES"  # where numbers without a country are taken to be
FOLLOWED = "ACTIVE"
COMPLETED = frozenset({"SUCCEEDED", "COMPLETE", "REFUNDED"})
METRICS = {
    "Purchased Ticket": "events__ticket",
    "Refunded Ticket": "events__refund",
    "Transferred Ticket": "events__transfer",
    "Attended Event": "events__attendance",
    "Newsletter Subscribed": "events__newsletter",
}
"""Metric → the loader's stream that brings it."""


class Audience:
    """Fans who consent to third parties, with all they did; nobody else is here."""

    def __init__(self, nevent: NeventHandle) -> None:
        self.everybody: dict[str, Row] = {row["id"]: row for row in nevent.users()}
        self.known = len(self.everybody)
        self.names = {fan: _name(row) for fan, row in self.everybody.items()}
        self.fans = {fan: row for fan, row in self.everybody.items() if _consents(row)}
        self.concerts: dict[str, Row] = {row["id"]: row for row in nevent.events()}
        self.newsletters: dict[str, str] = {row["id"]: row["name"] for row in nevent.newsletters()}
        self.segments: dict[str, set[str]] = {
            row["name"]: set(row["members"])
            for row in nevent.segments()
            if row["status"] == FOLLOWED
        }
        self.buried: set[str] = set()  # addresses and numbers of the erased
        self.orders: defaultdict[str, list[Row]] = defaultdict(list)
        self.tickets: defaultdict[str, list[tuple[Row, Row]]] = defaultdict(list)
        self.check_ins: defaultdict[str, list[Row]] = defaultdict(list)
        self.subscriptions: defaultdict[str, list[Row]] = defaultdict(list)
        for order in nevent.purchases():
            if order["status"] in COMPLETED:
                self._order(order)
        for row in nevent.attendance():
            if row["userId"] in self.fans and row["status"] != "VOIDED":
                self.check_ins[row["userId"]].append(row)
        for row in nevent.subscriptions():
            if row["userId"] in self.fans and row["status"] != "PENDING":
                self.subscriptions[row["userId"]].append(row)

    def name(self, fan: str | None) -> str:
        """A fan as people call one."""
        return self.names.get(fan or "") or "(no name)"

    def bury(self, erased: Iterable[Row]) -> set[str]:
        """Fans who share an address or a number with these: nothing of it is sent any more."""
        self.buried = {each for row in erased for each in (address(row), number(row)) if each}
        return {
            fan
            for fan, row in self.everybody.items()
            if not self.buried.isdisjoint({address(row), number(row)})
        }

    def reachable(self) -> dict[str, str]:
        """Consenting fan → the address, else the number, by which Klaviyo can know one."""
        found = {}
        for fan, row in self.fans.items():
            email, phone = address(row), number(row)
            who = email if row["email"] else phone
            if who is not None and self.buried.isdisjoint({email, phone}):
                found[fan] = who
        return found

    def shared_addresses(self) -> int:
        """How many addresses belong to fans with different numbers."""
        numbers: defaultdict[str, set[str | None]] = defaultdict(set)
        for fan, each in self.reachable().items():
            numbers[each].add(number(self.fans[fan]))
        return sum(len(some) > 1 for some in numbers.values())

    def attended(self, fan: str) -> list[Row]:
        """Concerts a fan was at, oldest first, each once."""
        there = {row["eventId"] for row in self.check_ins.get(fan, ())}
        return sorted((self.concerts[each] for each in there), key=lambda row: row["date"])

    def spent(self, fan: str, currency: str = "EUR") -> float:
        """Completed orders minus refunds, of one currency."""
        orders = [row for row in self.orders.get(fan, ()) if row["currency"] == currency]
        amounts: list[float] = [row["totalPrice"] - row["refundedAmount"] for row in orders]
        return round(sum(amounts), 2)

    def events(self) -> Counter[str]:
        """How many events of each metric these fans amount to."""
        tickets = [ticket for some in self.tickets.values() for _, ticket in some]
        states = Counter(ticket["status"] for ticket in tickets)
        return Counter(
            {
                # One passed on before the first load is told as that only.
                "Purchased Ticket": len(tickets) - states["TRANSFERRED"],
                "Refunded Ticket": states["REFUNDED"],
                "Transferred Ticket": states["TRANSFERRED"],
                "Attended Event": sum(len(self.attended(fan)) for fan in self.check_ins),
                "Newsletter Subscribed": sum(map(len, self.subscriptions.values())),
            }
        )

    def _order(self, order: Row) -> None:
        if order["userId"] in self.fans:
            self.orders[order["userId"]].append(order)
        for ticket in order["tickets"]:
            holder = ticket["holder"]["id"] if ticket["holder"] else order["userId"]
            if holder in self.fans:
                self.tickets[holder].append((order, ticket))


def address(row: Row) -> str | None:
    """A fan's e-mail as Klaviyo keeps it; None where there is none, or none that can be."""
    email = (row["email"] or "").strip().lower()
    return email if is_email(email) else None


def number(row: Row) -> str | None:
    """A fan's phone number as Klaviyo keeps it; None where there is none, or none that can be."""
    country = str(row.get("country") or "").upper()
    region = country if country in phonenumbers.SUPPORTED_REGIONS else HOME
    try:
        found = phonenumbers.parse(row["phone"] or "", region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(found):
        return None
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def _name(row: Row) -> str:
    return " ".join(filter(None, (row["name"], row["surname"])))


def _consents(row: Row) -> bool:
    return bool((row["thirdPartySharing"] or {}).get("granted"))
