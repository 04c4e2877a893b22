"""What can happen to the audience, one act at a time; each bumps the right `updatedAt`."""

from copy import deepcopy
from typing import Any

from nevent_sandbox.nevent.answers import BadRequestError
from nevent_sandbox.nevent.checkins import MOST_SCANS, CheckIn
from nevent_sandbox.nevent.concerts import Concert, lineup
from nevent_sandbox.nevent.instants import iso
from nevent_sandbox.nevent.newsletters import Subscription
from nevent_sandbox.nevent.orders import MOST_TICKETS, Holder, Order, Ticket
from nevent_sandbox.nevent.rows import Fan
from nevent_sandbox.nevent.store import TENANT_ID, Store

_CHANNELS = ("email", "push", "sms", "whatsapp")


class Changes:
    """Acts on one store at one moment: now, or a time that `at` was set to."""

    def __init__(self, store: Store, at: int | None = None) -> None:
        self.store = store
        self.at = store.now() if at is None else at

    def add_fan(self, values: dict[str, Any]) -> Fan:
        """A new fan; what is not given is empty, and nobody asked for consent."""
        number = self.store.next_number("user", self.store.fans_at_start)
        nothing = {f"{channel}Enabled": False for channel in _CHANNELS}
        never = {f"{channel}ChangedAt": None for channel in _CHANNELS}
        keys = ("email", "name", "surname", "phone", "birthDate", "gender", "language", "country")
        more = ("city", "address", "postalCode", "profileImage", "taxId")
        row: Fan = {
            "id": self.store.identifiers.make("user", number),
            **dict.fromkeys((*keys, *more)),
            "role": "USER",
            "tenantId": TENANT_ID,
            "memberOf": [],
            "customFieldValues": [],
            "communicationPreferences": {**nothing, **never},
            "tags": [],
            "thirdPartySharing": None,
            "createdAt": iso(self.at),
            "updatedAt": iso(self.at),
        }
        self.store.put_fan(row)
        return self.set_fan(row, values) if values else row

    def set_fan(self, fan: Fan, values: dict[str, Any]) -> Fan:
        """Change fields of a fan; preferences are merged and dated, custom values go by name."""
        row = deepcopy(fan)
        row["updatedAt"] = iso(self.at)
        for key, value in values.items():
            if key == "communicationPreferences":
                self._prefer(row, value)
            elif key == "custom":
                self._customise(row, value)
            elif key in row:
                row[key] = value
            else:
                raise BadRequestError(f"A user has no {key}")
        self.store.put_fan(row)
        return row

    def consent(self, fan: Fan, act: str) -> Fan:
        """Grant, withdraw, refuse or forget the consent to share with third parties."""
        told = iso(self.at)
        known = fan["thirdPartySharing"] or {"consentedAt": None, "textVersion": "2025-02"}
        fresh = {"source": "app", "textVersion": known["textVersion"]}
        values: dict[str, dict[str, Any] | None] = {
            "grant": {"granted": True, "consentedAt": told, "withdrawnAt": None, **fresh},
            "withdraw": {
                "granted": False,
                "consentedAt": known["consentedAt"],
                "withdrawnAt": told,
                **fresh,
            },
            "refuse": {"granted": False, "consentedAt": None, "withdrawnAt": None, **fresh},
            "forget": None,
        }
        if act not in values:
            raise BadRequestError(f"consent is one of {', '.join(values)}")
        return self.set_fan(fan, {"thirdPartySharing": values[act]})

    def erase(self, fan: Fan, reason: str = "FAN_REQUEST") -> None:
        """Remove a fan and his subscriptions; his orders and scans stay, without the person."""
        store = self.store
        for newsletter, register in enumerate(store.subscriptions):
            for row in store.subscriptions_of(newsletter, fan["id"]):
                register.remove(row["id"])
        store.fans.remove(fan["id"])
        kept = {key: fan[key] for key in ("id", "email", "phone")}
        store.deletions.append({**kept, "deletedAt": iso(self.at), "reason": reason})

    def set_concert(self, concert: Concert, **values: Any) -> None:
        """Change a concert: its date moves its end and its line-up with it."""
        moved = values.get("date", concert.date) - concert.date
        for key, value in values.items():
            setattr(concert, key, value)
        if moved:
            concert.end += 0 if "end" in values else moved
            for day in concert.lineup:
                day["date"] += moved
                for stage in day["stages"]:
                    for session in stage["sessions"]:
                        session["start"] += moved
                        session["end"] += moved
        concert.updated = self.at

    def set_lineup(self, concert: Concert, performers: list[str]) -> None:
        """Bill other artists, by id."""
        billed = [self.store.artists_by_id[identifier] for identifier in performers]
        concert.lineup = lineup(concert.date, concert.days, billed)
        concert.genres = list(dict.fromkeys(genre for a in billed for genre in a["genres"]))
        concert.updated = self.at

    def buy(
        self,
        fan: Fan,
        concert: Concert,
        kinds: list[str],
        *,
        holders: list[Holder | None] | None = None,
        state: str = "SUCCEEDED",
        purchased: int | None = None,
    ) -> Order:
        """A new order of tickets of these kinds: general, early, vip, free."""
        if not 0 < len(kinds) <= MOST_TICKETS:
            raise BadRequestError(f"An order has 1 to {MOST_TICKETS} tickets")
        number = self.store.next_number("purchase", self.store.base_orders.size)
        when = self.at if purchased is None else purchased
        tickets = []
        for place, kind in enumerate(kinds):
            chosen = concert.types[kind]
            tickets.append(
                Ticket(
                    number * MOST_TICKETS + place,
                    chosen.name,
                    chosen.vip,
                    chosen.price,
                    "ACTIVE",
                    when,
                    holders[place] if holders else None,
                )
            )
        method = "CARD" if any(ticket.price for ticket in tickets) else "FREE"
        order = Order(
            number,
            fan["id"],
            concert.index,
            state,
            concert.currency,
            method,
            when,
            self.at,
            0,
            tickets,
        )
        self.store.put_order(order)
        return order

    def refund(self, order: Order, tickets: set[int] | None = None) -> None:
        """Pay an order back, or some of its tickets."""
        for ticket in order.tickets:
            if tickets is None or ticket.number in tickets:
                ticket.status, ticket.changed = "REFUNDED", self.at
        back = [ticket for ticket in order.tickets if ticket.status == "REFUNDED"]
        order.refunded = sum(ticket.price for ticket in back)
        if len(back) == len(order.tickets):
            order.state = "REFUNDED"
        self.put(order)

    def transfer(self, order: Order, number: int, holder: Holder | None) -> None:
        """Give a ticket to somebody else, or back to the buyer."""
        for ticket in order.tickets:
            if ticket.number == number:
                ticket.status = "TRANSFERRED" if holder else "ACTIVE"
                ticket.holder, ticket.changed = holder, self.at
        self.put(order)

    def put(self, order: Order) -> None:
        """Store an order that was changed."""
        order.updated = self.at
        self.store.put_order(order)

    def check_in(
        self,
        order: Order,
        number: int,
        *,
        entered: int | None = None,
        left: int | None = None,
        status: str | None = None,
    ) -> CheckIn:
        """Scan a ticket; who holds it, if known, else the buyer, has attended."""
        ticket = next(ticket for ticket in order.tickets if ticket.number == number)
        used = {row.number for row in self.store.check_ins_of_order(order.number)}
        free = [n for n in range(number * MOST_SCANS, (number + 1) * MOST_SCANS) if n not in used]
        if not free:
            raise BadRequestError(f"A ticket is scanned at most {MOST_SCANS} times")
        held = ticket.holder.user_id if ticket.holder else None
        row = CheckIn(
            free[-1],
            held or order.user_id,
            order.concert,
            number,
            ticket.type_name,
            self.at if entered is None else entered,
            left,
            status or ("CHECKED_OUT" if left else "CHECKED_IN"),
            self.at,
        )
        self.store.put_check_in(row)
        if ticket.status == "ACTIVE" and row.status != "VOIDED":
            ticket.status, ticket.changed = "USED", self.at
            self.put(order)
        return row

    def subscribe(self, newsletter: int, values: dict[str, Any]) -> Subscription:
        """A new subscription; `values` are fields of the API: e-mail, fan, source, concert."""
        base = self.store.base_subscriptions[newsletter]
        number = base.number(self.store.next_number(f"subscription {newsletter}", base.size))
        row: Subscription = {
            "id": self.store.identifiers.make("subscription", number),
            "userId": None,
            "email": None,
            "newsletterId": self.store.identifiers.make("newsletter", newsletter),
            "status": "CONFIRMED",
            "customFields": {},
            "subscribedAt": iso(self.at),
            "unsubscribedAt": None,
            "source": "Website Form",
            "eventId": None,
            "eventName": None,
            "consent": {"marketing": True, "timestamp": iso(self.at)},
            **values,
            "updatedAt": iso(self.at),
        }
        self.store.subscriptions[newsletter].put(row)
        return row

    def set_subscription(self, newsletter: int, row: Subscription, values: dict[str, Any]) -> None:
        """Change a subscription; ending it notes when."""
        ended = iso(self.at) if values.get("status") == "UNSUBSCRIBED" else row["unsubscribedAt"]
        changed = {**row, "unsubscribedAt": ended, **values, "updatedAt": iso(self.at)}
        self.store.subscriptions[newsletter].put(changed)

    def _prefer(self, row: Fan, values: dict[str, Any]) -> None:
        preferences = row["communicationPreferences"]
        for key, value in values.items():
            if key.endswith("Enabled") and preferences.get(key) != value:
                preferences[key.replace("Enabled", "ChangedAt")] = iso(self.at)
        preferences.update(values)

    def _customise(self, row: Fan, values: dict[str, Any]) -> None:
        ids = {row["name"]: row["id"] for row in self.store.definitions}
        for name, value in values.items():
            if name not in ids:
                raise BadRequestError(f"There is no property {name}")
            kept = [v for v in row["customFieldValues"] if v["propertyDefinitionId"] != ids[name]]
            fresh = [] if value is None else [{"propertyDefinitionId": ids[name], "value": value}]
            row["customFieldValues"] = kept + fresh
