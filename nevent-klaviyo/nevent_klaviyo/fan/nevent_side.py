"""What Nevent knows of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_client.fields import CHANNELS, FAN
from nevent_client.rows import MISSING, dig, shaper

from nevent_klaviyo.instants import iso
from nevent_klaviyo.money import amount, told
from nevent_klaviyo.order_states import COMPLETED, LOST
from nevent_klaviyo.sides import NEVENT

if TYPE_CHECKING:
    from nevent_klaviyo.sides import Problems, Sides

Row = dict[str, Any]

_WHO = ("id", "email", "first_name", "last_name", "phone_number", "city", "country", "locale")


class NeventSide:
    """Reads one person's blocks, a request or two for each."""

    def __init__(self, sides: Sides, problems: Problems) -> None:
        self._sides = sides
        self._problems = problems

    def blocks(self, fan: Row) -> Row:
        """All blocks of a fan, by name; None for one that could not be read."""
        read, identifier = self._problems.read, str(fan["id"])
        fields = self._sides.nevent.operation("user").fields or FAN
        flat = shaper(fields)(fan)
        orders = read(NEVENT, "purchases", lambda: self._orders(identifier))
        return {
            "fan": {
                **{column: flat.get(column) for column in _WHO},
                "tags": flat.get("nevent_tags"),
                "created_at": iso(flat.get("created_at")),
                "updated_at": iso(flat.get("updated_at")),
            },
            "third_party_consent": third_party(fan),
            "preferences": preferences(flat),
            "purchases": None if orders is None else [self._purchase(each) for each in orders],
            "concerts": read(NEVENT, "concerts", lambda: self._concerts(identifier)),
            "newsletters": read(NEVENT, "newsletters", lambda: self._newsletters(identifier)),
        }

    def _rows(self, operation: str, identifier: str, **query: Any) -> list[Row]:
        return self._sides.pager.whole(operation, path={"id": identifier}, query=query)

    def _orders(self, identifier: str) -> list[Row]:
        """The fan's orders with their concerts, which a Nevent may tell apart from them."""
        orders = self._rows("user_purchases", identifier)
        if all(each.get("event") for each in orders):
            return orders
        concerts = {
            each.get("id"): each
            for each in self._rows("user_nevent_events", identifier, type="purchased")
        }
        return [
            {**each, "event": each.get("event") or concerts.get(each.get("eventId"))}
            for each in orders
        ]

    def _purchase(self, order: Row) -> Row:
        cents = self._sides.settings.nevent_amounts_in_cents
        shaped = shaper(self._sides.nevent.operation("user_purchases").fields)(order)
        tickets = [
            {
                "id": each.get("id"),
                "ticket_type": each.get("ticketTypeName"),
                "price": told(amount(each.get("price"), cents=cents)),
                "status": each.get("status"),
            }
            for each in order.get("tickets") or ()
        ]
        refunded = shaped["refunded_amount"]
        return {
            "id": shaped["id"],
            "purchased_at": iso(shaped["purchased_at"]),
            "status": shaped["status"],
            "completed": shaped["status"] in COMPLETED,
            "event_name": shaped["event_name"],
            "event_date": iso(dig(order, "event.date")),
            "total_price": told(amount(shaped["total_price"], cents=cents)),
            "refunded_amount": None if refunded is None else told(amount(refunded, cents=cents)),
            "currency": shaped["currency"],
            "tickets": tickets,
            "valid_tickets": sum(each["status"] not in LOST for each in tickets),
        }

    def _concerts(self, identifier: str) -> list[Row]:
        rows = self._rows("user_nevent_events", identifier, type="attended")
        return [
            {
                "id": each.get("id"),
                "name": each.get("name"),
                "date": iso(each.get("date")),
                "venue": each.get("venueName"),
                "city": each.get("city"),
            }
            for each in rows
        ]

    def _newsletters(self, identifier: str) -> list[Row]:
        """A request for all newsletters and one for each: a subscription is told by its list."""
        shape = shaper(self._sides.nevent.operation("subscribers").fields)
        found = []
        for newsletter in self._sides.pager.whole("newsletters"):
            rows = self._rows("subscribers", str(newsletter["id"]), ids=identifier)
            found += [
                {
                    "newsletter_id": newsletter["id"],
                    "name": newsletter.get("name"),
                    "status": row["status"],
                    "subscribed_at": iso(row["subscribed_at"]),
                    "unsubscribed_at": iso(row["unsubscribed_at"]),
                    "consented_at": iso(row["consent_at"]),
                    "source": row["source"],
                }
                for row in map(shape, rows)
                if str(row["fan_id"]) == identifier  # a server may not know `userIds`
            ]
        return found


def third_party(fan: Row) -> Row | None:
    """Consent to pass data on to third parties; None where this Nevent does not tell."""
    value = dig(fan, "thirdPartySharing")
    if value is MISSING:
        return None
    told_of = value if isinstance(value, dict) else {"granted": value}
    return {
        "granted": told_of.get("granted"),
        "consented_at": iso(told_of.get("consentedAt")),
        "withdrawn_at": iso(told_of.get("withdrawnAt")),
        "source": told_of.get("source"),
    }


def preferences(flat: Row) -> Row:
    """Whether each channel is wanted (null: never said) and since when."""
    return {
        channel: {
            "enabled": flat.get(f"{channel}_enabled"),
            "changed_at": iso(flat.get(f"{channel}_changed_at")),
        }
        for channel in CHANNELS
    }
