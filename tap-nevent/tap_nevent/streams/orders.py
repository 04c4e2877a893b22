"""Orders and their tickets."""

from __future__ import annotations

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
        completed = [row for row in rows if row.get("status") in COMPLETED]
        pairs = [(row, ticket) for row in completed for ticket in row.get("tickets") or ()]
        persons = [ticket.get("holder") or self.person(row) for row, ticket in pairs]
        consenting = self.run.people.consenting(persons)
        if self.shows("artist_lineup"):
            self.run.concerts.read_lineups(row.get("eventId") for row, _ in pairs)
        for (row, ticket), shown in zip(pairs, persons, strict=True):
            person = consenting.get(shown["id"]) if shown else None
            if person:
                yield self._ticket(row, ticket, person)

    def _ticket(self, row: Row, ticket: Row, person: Row) -> Record:
        concert = row.get("event") or {}
        lineup = self.shows("artist_lineup")
        return {
            "id": ticket["id"],
            "order_id": row["id"],
            **identity(person),
            "first_of_order": ticket["id"] == _first(row),
            "nevent_event_id": row.get("eventId"),
            "event_name": concert.get("name"),
            "event_date": day(concert.get("date"), self.run.zone),
            "event_city": concert.get("city"),
            "venue": concert.get("venueName"),
            "ticket_type": ticket.get("ticketTypeName"),
            "vip": ticket.get("vip"),
            "price": self.money(ticket.get("price")),
            "currency": row.get("currency"),
            "artist_lineup": [each.name for each in self.run.concerts.lineup(row.get("eventId"))]
            if lineup
            else None,
            "purchased_at": moment(row.get("purchasedAt")),
            "status": str(ticket.get("status")).lower(),
            "status_changed_at": moment(ticket.get("changedAt")),
            "updated_at": moment(row.get("updatedAt")),
        }

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
