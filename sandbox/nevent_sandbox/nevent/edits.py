"""Precise changes that tests order; each body names one act."""

from typing import TYPE_CHECKING, Any

from nevent_sandbox.nevent.answers import BadRequestError, MissingError
from nevent_sandbox.nevent.changes import Changes
from nevent_sandbox.nevent.concerts import Concert
from nevent_sandbox.nevent.instants import moment
from nevent_sandbox.nevent.orders import MOST_TICKETS, Holder, Order
from nevent_sandbox.nevent.routing import Side
from nevent_sandbox.nevent.rows import Fan
from nevent_sandbox.nevent.wire import order_of_ticket

if TYPE_CHECKING:
    from collections.abc import Callable

Body = dict[str, Any]
_CONCERT = {
    "name": "name",
    "date": "date",
    "endDate": "end",
    "venueName": "venue",
    "city": "city",
    "status": "fixed_status",
    "onSaleAt": "on_sale",
}
_TIMES = {"date", "end", "on_sale"}


class Edit:
    """One order to change something; `at` in the body dates it, else it happens now."""

    def __init__(self, side: Side, body: Body) -> None:
        self._side = side
        self._store = side.store
        self._body = body
        self._changes = Changes(side.store, moment(body["at"]) if "at" in body else None)

    def run(self) -> Body:
        """Apply it and return what it touched, as the API would write it.

        Raises:
            BadRequestError: no known act in the body, or a value that makes no sense.
            MissingError: what it names does not exist.
        """
        acts: dict[str, Callable[[Any], Body]] = {
            "user": self._user,
            "add_user": self._add_user,
            "event": self._event,
            "purchase": self._purchase,
            "add_purchase": self._add_purchase,
            "ticket": self._ticket,
            "add_attendance": self._add_attendance,
            "attendance": self._attendance,
            "subscription": self._subscription,
            "add_subscription": self._add_subscription,
            "add_property": self._add_property,
            "token": self._token,
        }
        for name, act in acts.items():
            if name in self._body:
                return act(self._body[name])
        raise BadRequestError(f"The body names none of {', '.join(acts)}")

    def _user(self, who: str) -> Body:
        body, fan = self._body, self.fan(who)
        if body.get("erase"):
            self._changes.erase(fan, body.get("reason", "FAN_REQUEST"))
            return self._store.deletions[-1]
        if "consent" in body:
            fan = self._changes.consent(fan, body["consent"])
        if "tags" in body:
            kept = [tag for tag in fan["tags"] if tag not in body["tags"].get("remove", [])]
            added = [tag for tag in body["tags"].get("add", []) if tag not in kept]
            fan = self._changes.set_fan(fan, {"tags": kept + added})
        if "set" in body:
            fan = self._changes.set_fan(fan, body["set"])
        return fan

    def _add_user(self, values: Body) -> Body:
        return self._changes.add_fan(values)

    def _event(self, identifier: str) -> Body:
        concert, values = self.concert(identifier), {}
        for key, value in self._body.get("set", {}).items():
            if key not in _CONCERT:
                raise BadRequestError(f"An event's {key} cannot be set")
            name = _CONCERT[key]
            values[name] = moment(value) if name in _TIMES else value
        if values:
            self._changes.set_concert(concert, **values)
        if "lineup" in self._body:
            names = {artist["name"]: artist["id"] for artist in self._store.artists}
            wanted = [names.get(artist, artist) for artist in self._body["lineup"]]
            if not set(wanted) <= set(self._store.artists_by_id):
                raise MissingError("No such performer")
            self._changes.set_lineup(concert, wanted)
        return self._side.wire.event(concert)

    def _purchase(self, identifier: str) -> Body:
        order = self.order(identifier)
        if "refund" in self._body:
            wanted = self._body["refund"]
            tickets = {self.number("ticket", t) for t in wanted} if wanted is not True else None
            self._changes.refund(order, tickets)
        if "set" in self._body:
            order.state = self._body["set"].get("status", order.state)
            self._changes.put(order)
        return self._side.wire.order(order)

    def _add_purchase(self, values: Body) -> Body:
        kinds = values.get("types") or [values.get("type", "general")] * values.get("tickets", 1)
        holders = values.get("holders")
        concert = self.concert(values["event"])
        if not set(kinds) <= set(concert.types):
            raise BadRequestError(f"Ticket types are {', '.join(concert.types)}")
        bought = values.get("purchasedAt")
        order = self._changes.buy(
            self.fan(values["user"]),
            concert,
            kinds,
            holders=None if holders is None else [self.holder(holder) for holder in holders],
            state=values.get("status", "SUCCEEDED"),
            purchased=None if bought is None else moment(bought),
        )
        return self._side.wire.order(order)

    def _ticket(self, identifier: str) -> Body:
        number = self.number("ticket", identifier)
        order = self.order_of(number)
        if "transfer_to" in self._body:
            self._changes.transfer(order, number, self.holder(self._body["transfer_to"]))
        for ticket in order.tickets:
            if ticket.number == number and "set" in self._body:
                ticket.status, ticket.changed = self._body["set"]["status"], self._changes.at
                self._changes.put(order)
        return self._side.wire.order(order)

    def _add_attendance(self, values: Body) -> Body:
        number = self.number("ticket", values["ticket"])
        entered, left = values.get("checkedInAt"), values.get("checkedOutAt")
        row = self._changes.check_in(
            self.order_of(number),
            number,
            entered=None if entered is None else moment(entered),
            left=None if left is None else moment(left),
            status=values.get("status"),
        )
        return self._side.wire.check_in(row)

    def _attendance(self, identifier: str) -> Body:
        row = self._store.check_ins.get(identifier)
        if row is None:
            raise MissingError("No such attendance")
        values = self._body["set"]
        row.status = values.get("status", row.status)
        if values.get("checkedOutAt"):
            row.left = moment(values["checkedOutAt"])
        row.updated = self._changes.at
        self._store.put_check_in(row)
        return self._side.wire.check_in(row)

    def _subscription(self, identifier: str) -> Body:
        for newsletter, register in enumerate(self._store.subscriptions):
            row = register.get(identifier)
            if row is not None:
                self._changes.set_subscription(newsletter, row, self._body["set"])
                return register.get(identifier) or {}
        raise MissingError("No such subscription")

    def _add_subscription(self, values: Body) -> Body:
        fresh = dict(values)
        newsletter = fresh.pop("newsletter", 0)
        if isinstance(newsletter, str):
            newsletter = self.number("newsletter", newsletter)
        if "user" in fresh:
            fan = self.fan(fresh.pop("user"))
            fresh = {"userId": fan["id"], "email": fan["email"], **fresh}
        if "event" in fresh:
            concert = self.concert(fresh.pop("event"))
            fresh |= {"eventId": concert.id, "eventName": concert.name}
        return self._changes.subscribe(newsletter, fresh)

    def _add_property(self, values: Body) -> Body:
        definitions = self._store.definitions
        row = {
            **definitions[-1],
            "id": self._store.identifiers.make("property", len(definitions)),
            "listValues": [],
            "sensitive": False,
            **values,
        }
        definitions.append(row)
        return row

    def _token(self, act: str) -> Body:
        if act != "expire":
            raise BadRequestError("token can only be told to expire")
        self._side.tokens.expire()
        return {"token": "expired"}

    def fan(self, who: str) -> Fan:
        """A fan by id or e-mail."""
        found = self._store.fan_by_email(who) if "@" in who else self._store.fans.get(who)
        if found is None:
            raise MissingError("No such user")
        return found

    def concert(self, identifier: str) -> Concert:
        """A concert by id."""
        found = self._store.concert(identifier)
        if found is None:
            raise MissingError("No such event")
        return found

    def order(self, identifier: str) -> Order:
        """An order by id."""
        found = self._store.orders.get(identifier)
        if found is None:
            raise MissingError("No such purchase")
        return found

    def order_of(self, ticket: int) -> Order:
        """The order that a ticket belongs to."""
        order = self.order(self._store.identifiers.make("purchase", order_of_ticket(ticket)))
        if ticket % MOST_TICKETS >= len(order.tickets):
            raise MissingError("No such ticket")
        return order

    def number(self, kind: str, identifier: str) -> int:
        """The number behind an id."""
        found = self._store.identifiers.number(kind, identifier)
        if found is None:
            raise MissingError(f"No such {kind}")
        return found

    def holder(self, value: str | Body | None) -> Holder | None:
        """A fan by id or e-mail, an outsider by e-mail and names, or nobody but the buyer."""
        if value is None:
            return None
        if isinstance(value, str):
            return Holder(self.fan(value)["id"])
        return Holder(None, value.get("name"), value.get("surname"), value.get("email"))
