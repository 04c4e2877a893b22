"""Rows as the API writes them: amounts, times, embedded people, and what `published` leaves out."""

from typing import Any

from msgspec import Raw

from nevent_sandbox.nevent.checkins import CheckIn
from nevent_sandbox.nevent.concerts import Concert
from nevent_sandbox.nevent.instants import iso, iso_or_none
from nevent_sandbox.nevent.likings import Likings
from nevent_sandbox.nevent.newsletters import Subscription
from nevent_sandbox.nevent.orders import MOST_TICKETS, Holder, Order, Ticket
from nevent_sandbox.nevent.rows import Fan
from nevent_sandbox.nevent.store import Store

_NOBODY = {
    "id": None,
    "email": None,
    "phone": None,
    "name": None,
    "surname": None,
    "thirdPartySharing": None,
}
_ASSUMED_OF_FAN = ("tags", "taxId", "thirdPartySharing")


class Wire:
    """Writes rows for one contract: `assumed`, or `published` without the assumed fields."""

    def __init__(self, store: Store, *, published: bool, amounts_in_cents: bool) -> None:
        self._store = store
        self.published = published
        self._cents = amounts_in_cents
        ids = store.identifiers
        self.fan_text = None if published else store.base_fans.text
        self._purchase = ids.prefix("purchase")
        self._ticket = ids.prefix("ticket")
        self._attendance = ids.prefix("attendance")

    def fan(self, row: Fan) -> dict[str, Any]:
        """A User."""
        if not self.published:
            return row
        kept = {key: value for key, value in row.items() if key not in _ASSUMED_OF_FAN}
        kept["communicationPreferences"] = self.preferences(row)
        return kept

    def preferences(self, row: Fan) -> dict[str, Any]:
        """The four published booleans."""
        found = row["communicationPreferences"]
        return {key: value for key, value in found.items() if key.endswith("Enabled")}

    def order(self, row: Order) -> dict[str, Any]:
        """A Purchase."""
        concert = self._store.concerts[row.concert]
        found: dict[str, Any] = {
            "id": f"{self._purchase}{row.number:08x}",
            "userId": row.user_id,
            "eventId": concert.id,
            "totalPrice": self.amount(row.total),
            "currency": row.currency,
            "status": row.state,
            "paymentMethod": row.method,
            "purchasedAt": iso(row.purchased),
            "tickets": [self._ticket_of(ticket) for ticket in row.tickets],
        }
        if not self.published:
            found["updatedAt"] = iso(row.updated)
            found["refundedAmount"] = self.amount(row.refunded)
            found["user"] = self._store.person_text(row.user_id)
            found["event"] = self.summary(concert)
        return found

    def check_in(self, row: CheckIn) -> dict[str, Any]:
        """An attendance."""
        concert = self._store.concerts[row.concert]
        return {
            "id": f"{self._attendance}{row.number:08x}",
            "userId": row.user_id,
            "eventId": concert.id,
            "ticketId": f"{self._ticket}{row.ticket:08x}",
            "ticketTypeName": row.type_name,
            "checkedInAt": iso(row.entered),
            "checkedOutAt": iso_or_none(row.left),
            "status": row.status,
            "updatedAt": iso(row.updated),
            "user": self._store.person_text(row.user_id),
            "event": self.summary(concert),
        }

    def subscription(self, row: Subscription) -> dict[str, Any]:
        """A newsletter subscriber."""
        return {**row, "user": self._store.person_text(row["userId"])}

    def event(self, concert: Concert) -> dict[str, Any]:
        """A concert."""
        now = self._store.now()
        return {
            "id": concert.id,
            "name": concert.name,
            "date": iso(concert.date),
            "endDate": iso(concert.end),
            "venueName": concert.venue,
            "city": concert.city,
            "country": concert.country,
            "status": concert.status(now),
            "onSaleAt": iso(concert.on_sale),
            "currency": concert.currency,
            "genres": concert.genres,
            "updatedAt": iso(concert.changed(now)),
            "createdAt": iso(concert.created),
        }

    def summary(self, concert: Concert) -> dict[str, Any]:
        """The part of a concert that other rows embed."""
        return {
            "id": concert.id,
            "name": concert.name,
            "date": iso(concert.date),
            "venueName": concert.venue,
            "city": concert.city,
        }

    def lineup(self, concert: Concert, likings: Likings) -> dict[str, Any]:
        """Days, stages, sessions and their performers."""
        return {
            "eventId": concert.id,
            "eventName": concert.name,
            "days": [
                {
                    "date": iso(day["date"]),
                    "stages": [
                        {
                            "stage": stage["stage"],
                            "sessions": [
                                self._session(session, likings) for session in stage["sessions"]
                            ],
                        }
                        for stage in day["stages"]
                    ],
                }
                for day in concert.lineup
            ],
        }

    def amount(self, cents: int) -> float | int:
        """Money in the unit this sandbox was told to use."""
        return cents if self._cents else cents / 100

    def _session(self, session: dict[str, Any], likings: Likings) -> dict[str, Any]:
        performer = self._store.artists_by_id[session["performer"]]
        return {
            "name": session["name"],
            "startDateTime": iso(session["start"]),
            "endDateTime": iso(session["end"]),
            "performers": [{"performer": performer, "likeCount": likings.count(performer["id"])}],
        }

    def _ticket_of(self, ticket: Ticket) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": f"{self._ticket}{ticket.number:08x}",
            "ticketTypeName": ticket.type_name,
            "price": self.amount(ticket.price),
            "status": ticket.status,
        }
        if not self.published:
            found["vip"] = ticket.vip
            found["changedAt"] = iso(ticket.changed)
            found["holder"] = None if ticket.holder is None else self._holder(ticket.holder)
        return found

    def _holder(self, holder: Holder) -> dict[str, Any] | Raw:
        if holder.user_id is not None:
            found = self._store.person_text(holder.user_id)
            return _NOBODY if found is None else found
        named = {"email": holder.email, "name": holder.name, "surname": holder.surname}
        return {**_NOBODY, **named}


def order_of_ticket(ticket: int) -> int:
    """The number of the order that a ticket's number belongs to."""
    return ticket // MOST_TICKETS
