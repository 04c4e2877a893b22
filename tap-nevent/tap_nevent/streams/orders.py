"""Orders and their tickets."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from nevent_client.analytics import groups, where
from nevent_client.errors import NotServedError, RefusedError
from nevent_client.paging import chunked
from nevent_client.rows import day, moment
from typing_extensions import override

from tap_nevent.client import PersonalStream
from tap_nevent.people import identity
from tap_nevent.streams.per_fan import PerFanFallback

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nevent_client.rows import Row
    from singer_sdk.helpers.types import Record

COMPLETED = ("SUCCEEDED", "COMPLETE", "REFUNDED")


class PurchasesStream(PerFanFallback, PersonalStream):
    """Orders of any state, with their buyers."""

    name = "purchases"
    operation = "purchases"

    @override
    def record(self, row: Row, person: Row) -> Record:
        record = super().record(row, person)
        record["total_price"] = self.money(row.get("totalPrice"))
        record["refunded_amount"] = self.money(row.get("refundedAmount"))
        record["status"] = str(row.get("status")).lower()
        record["ticket_count"] = len(row.get("tickets") or ())
        return record


class TicketsStream(PerFanFallback, PersonalStream):
    """Tickets of completed orders, one row each, with their holders if known."""

    name = "tickets"
    operation = "purchases"

    @override
    def records(self, rows: list[Row]) -> Iterator[Record]:
        orders = [row for row in rows if row.get("status") in COMPLETED and row.get("tickets")]
        holders = [
            [ticket.get("holder") or self.person(row) for ticket in row["tickets"]]
            for row in orders
        ]
        consenting = self.run.people.consenting(chain.from_iterable(holders))
        if self.shows("artist_lineup"):
            self.run.concerts.read_lineups(row.get("eventId") for row in orders)
        for row, shown in zip(orders, holders, strict=True):
            order, first = self._order(row), _first(row)
            for ticket, holder in zip(row["tickets"], shown, strict=True):
                if person := consenting.get(holder["id"]) if holder else None:
                    yield self._ticket(order, ticket, person, first=ticket["id"] == first)

    def _order(self, row: Row) -> Record:
        """What the tickets of an order have in common, with every column."""
        concert = row.get("event") or {}
        order: Record = dict.fromkeys(self._columns)
        order["order_id"] = row["id"]
        order["nevent_event_id"] = row.get("eventId")
        order["event_name"] = concert.get("name")
        order["event_date"] = day(concert.get("date"), self.run.zone)
        order["event_city"] = concert.get("city")
        order["venue"] = concert.get("venueName")
        order["currency"] = row.get("currency")
        if self.shows("artist_lineup"):
            order["artist_lineup"] = self.run.concerts.playing(row.get("eventId"))
        order["purchased_at"] = moment(row.get("purchasedAt"))
        order["updated_at"] = moment(row.get("updatedAt"))
        return order

    def _ticket(self, order: Record, ticket: Row, person: Row, *, first: bool) -> Record:
        record = order.copy()
        record.update(identity(person))
        record["id"] = ticket["id"]
        record["first_of_order"] = first
        record["ticket_type"] = ticket.get("ticketTypeName")
        record["vip"] = ticket.get("vip")
        record["price"] = self.money(ticket.get("price"))
        record["status"] = str(ticket.get("status")).lower()
        record["status_changed_at"] = moment(ticket.get("changedAt"))
        return record

    @override
    def rows_of(self, fans: list[str]) -> Iterator[list[Row]]:
        """Orders of these buyers, and those in which they only hold a ticket."""
        buyers = dict.fromkeys(fans)
        try:
            for some in chunked(fans, self.run.session.operation("users").max_ids):
                buyers |= dict.fromkeys(self._buyers_for(some))
        except (NotServedError, RefusedError) as exc:
            self.log(
                "%s Of fans who consent late, only tickets that they bought themselves are told.",
                exc,
                level=30,
            )
        return super().rows_of(list(buyers))

    def _buyers_for(self, holders: tuple[str, ...]) -> Iterator[str]:
        """Ids of the buyers of these people's tickets."""
        session = self.run.session
        filters = [where("user_id", "in", list(holders))]
        held = groups(session, "tickets", by=["purchase_id"], filters=filters)
        for orders in chunked(held, 100):
            filters = [where("purchase_id", "in", [each["purchase_id"] for each in orders])]
            found = groups(session, "purchases", by=["user_id"], filters=filters)
            yield from (each["user_id"] for each in found)


def _first(order: Row) -> str | None:
    """The ticket that stands for its order: the buyer's own first; None if none is left of them."""
    buyer = order.get("userId")
    tickets: list[Row] = order.get("tickets") or []
    own = [each for each in tickets if (each.get("holder") or {"id": buyer})["id"] == buyer]
    return str(own[0]["id"]) if own and buyer else None
