"""Everything the tenant holds: the computed base with the changes laid over it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

from msgspec import Raw
from msgspec.json import encode

from nevent_sandbox.clock import Clock
from nevent_sandbox.credentials import NEVENT_TENANT_ID
from nevent_sandbox.nevent.base import base
from nevent_sandbox.nevent.checkins import CheckIn
from nevent_sandbox.nevent.concerts import Concert
from nevent_sandbox.nevent.definitions import definitions
from nevent_sandbox.nevent.directory import FansByEmail, SubscriptionsByPerson
from nevent_sandbox.nevent.instants import DAY, HOUR, iso, of_datetime
from nevent_sandbox.nevent.interactions import Interactions
from nevent_sandbox.nevent.newsletters import Subscription
from nevent_sandbox.nevent.orders import Order
from nevent_sandbox.nevent.registers import Register
from nevent_sandbox.nevent.rows import CheckInRows, Fan, FanRows, OrderRows
from nevent_sandbox.nevent.segments import segments

TENANT_ID = NEVENT_TENANT_ID
_ERASED_FROM = 0xF0000000  # numbers of fans who were erased before the sandbox started
_KEPT_PEOPLE = 5000
_MEMBER = {
    "fan_id": "id",
    "first_name": "name",
    "last_name": "surname",
    "email": "email",
    "phone": "phone",
}
_REASONS = ("FAN_REQUEST", "FAN_REQUEST", "INACTIVITY", "DUPLICATE")


class Store:
    """The tenant's data; every read goes through here, so that changes are seen everywhere."""

    def __init__(self, *, clock: Clock, fans: int, seed: int) -> None:
        self.clock = clock
        self.seed = seed
        self.fans_at_start = fans
        self.start = of_datetime(clock.now()) // DAY * DAY
        found = base(fans=fans, seed=seed, start=self.start)
        self.identifiers = found.identifiers
        self.artists = found.artists
        self.artists_by_id = {artist["id"]: artist for artist in self.artists}
        self.likes = found.likes
        self.concerts: list[Concert] = deepcopy(found.concerts)  # what moves is the copy
        self.base_orders = found.orders
        self.base_fans = found.fans
        self.base_check_ins = found.check_ins
        self.base_subscriptions = found.subscriptions
        self.fans: Register[Fan] = Register(FanRows(self.base_fans, self.identifiers))
        self.orders: Register[Order] = Register(OrderRows(self.base_orders, self.identifiers))
        self.check_ins: Register[CheckIn] = Register(
            CheckInRows(self.base_check_ins, self.identifiers)
        )
        self.subscriptions: list[Register[Subscription]] = [
            Register(each) for each in self.base_subscriptions
        ]
        self._by_email = FansByEmail(self.fans, self.identifiers, fans)
        self._subscribers = [
            SubscriptionsByPerson(register, each, self.identifiers)
            for register, each in zip(self.subscriptions, self.base_subscriptions, strict=True)
        ]
        self.definitions = definitions(self.identifiers, TENANT_ID)
        self.segments = segments(self.identifiers, TENANT_ID, self.start, self.concerts)
        self.interactions = Interactions(self.identifiers)
        self.deletions = self._deletions()
        self.added: dict[str, int] = defaultdict(int)
        self.turns = 0
        self._people: dict[str, Raw] = {}
        self._orders_of: dict[str, set[str]] = defaultdict(set)
        self._check_ins_of: dict[int, set[str]] = defaultdict(set)

    def now(self) -> int:
        """The shared clock's moment."""
        return of_datetime(self.clock.now())

    def knows(self, user_id: str) -> bool:
        """Whether there is such a fan, told without composing him."""
        if user_id in self.fans.changed:
            return True
        return user_id not in self.fans.gone and self.number(user_id) is not None

    def number(self, user_id: str) -> int | None:
        """The number of a fan of the base audience; None for later ones and unknown ids."""
        number = self.identifiers.number("user", user_id)
        return number if number is not None and number < self.fans_at_start else None

    def person(self, user_id: str | None) -> dict[str, Any] | None:
        """A fan as other rows embed him; None once he is erased."""
        if user_id is None or user_id in self.fans.gone:
            return None
        row = self.fans.changed.get(user_id)
        if row is not None:
            keys = ("id", "email", "phone", "name", "surname", "thirdPartySharing")
            return {key: row[key] for key in keys}
        number = self.number(user_id)
        return None if number is None else self.base_fans.person(number)

    def person_text(self, user_id: str | None) -> Raw | None:
        """The same as JSON, which a page of rows needs a thousand of."""
        if user_id is None or user_id in self.fans.gone:
            return None
        known = self._people.get(user_id)
        if known is not None:
            return known
        number = None if user_id in self.fans.changed else self.number(user_id)
        if number is None:
            found = self.person(user_id)
            return None if found is None else Raw(encode(found))
        if len(self._people) >= _KEPT_PEOPLE:
            self._people.clear()
        text = self._people[user_id] = Raw(self.base_fans.person_text(number))
        return text

    def member_text(self, number: int) -> Raw:
        """A fan by number as the members of segments are told, as JSON."""
        row = self.fans.changed.get(self.identifiers.make("user", number))
        if row is None:
            return Raw(self.base_fans.member_text(number))
        return Raw(encode({name: row[field] for name, field in _MEMBER.items()}))

    def concert(self, identifier: str) -> Concert | None:
        """A concert by its id."""
        number = self.identifiers.number("event", identifier)
        return self.concerts[number] if number is not None and number < len(self.concerts) else None

    def put_fan(self, fan: Fan) -> None:
        """Store a changed or new fan."""
        self._people.pop(str(fan["id"]), None)
        self.fans.put(fan)
        self._by_email.note(fan)

    def put_order(self, order: Order) -> None:
        """Store a changed or new order, and find it again by its buyer and holders."""
        self.orders.put(order)
        identifier = self.orders.base.identify(order)
        self._orders_of[order.user_id].add(identifier)
        for ticket in order.tickets:
            if ticket.holder and ticket.holder.user_id:
                self._orders_of[ticket.holder.user_id].add(identifier)

    def put_check_in(self, check_in: CheckIn) -> None:
        """Store a changed or new scan, and find it again by its order."""
        self.check_ins.put(check_in)
        self._check_ins_of[check_in.ticket // 8].add(self.check_ins.base.identify(check_in))

    def orders_of(self, user_id: str) -> list[Order]:
        """The orders that a fan placed, in order of last change."""
        return self.orders_touching(user_id, own=True)

    def orders_touching(self, user_id: str, *, own: bool = False) -> list[Order]:
        """Orders that a fan placed or (unless only his own) holds a ticket of."""
        number = self.number(user_id)
        rows = list(self._later_orders_of(user_id))
        if number is not None:
            base, make = self.base_orders, self.identifiers.make
            changed, gone = self.orders.changed, self.orders.gone
            for order in base.of_fan(number) if own else base.touching(number):
                identifier = make("purchase", order)
                if identifier not in changed and identifier not in gone:
                    rows.append(base.order(order))
        kept = [
            order
            for order in rows
            if order.user_id == user_id
            or (not own and any(t.holder and t.holder.user_id == user_id for t in order.tickets))
        ]
        return sorted(kept, key=lambda order: (order.updated, order.number))

    def _later_orders_of(self, user_id: str) -> Iterator[Order]:
        """New and changed orders that are or were a fan's, or that he holds a ticket of."""
        for identifier in self._orders_of.get(user_id, ()):
            order = self.orders.changed.get(identifier)
            if order is not None:
                yield order

    def check_ins_of_order(self, number: int, fan: int | None = None) -> list[CheckIn]:
        """The scans of an order's tickets; with `fan`, of those at the start only one fan's."""
        changed, gone = self.check_ins.changed, self.check_ins.gone
        identify = self.check_ins.base.identify
        rows = [changed[each] for each in self._check_ins_of.get(number, ()) if each in changed]
        if number < self.base_orders.size:
            for row in self.base_check_ins.of_order(number, fan):
                identifier = identify(row)
                if identifier not in changed and identifier not in gone:
                    rows.append(row)
        return rows

    def check_ins_of(self, user_id: str) -> list[CheckIn]:
        """A fan's scans, in order of last change."""
        number = self.number(user_id)
        numbers = {order.number for order in self._later_orders_of(user_id)}
        if number is not None:
            numbers.update(self.base_orders.touching(number))
        rows = [row for order in numbers for row in self.check_ins_of_order(order, number)]
        kept = [row for row in rows if row.user_id == user_id]
        return sorted(kept, key=lambda row: (row.updated, row.number))

    def subscriptions_of(self, newsletter: int, user_id: str) -> list[Subscription]:
        """A fan's subscriptions to one newsletter."""
        return self._subscribers[newsletter].of_fan(user_id, self.number(user_id))

    def subscription_of(self, newsletter: int, email: str, fan: Fan | None) -> Subscription | None:
        """The subscription of an address or, under another one, of the fan who has it now."""
        known = self._subscribers[newsletter]
        found = known.of_email(email) or (
            self.subscriptions_of(newsletter, fan["id"]) if fan else []
        )
        return found[-1] if found else None

    def put_subscription(self, newsletter: int, row: Subscription) -> None:
        """Store a changed or new subscription, and find it again by its fan and e-mail."""
        self.subscriptions[newsletter].put(row)
        self._subscribers[newsletter].note(row)

    def fan_by_email(self, email: str) -> Fan | None:
        """The first fan with an e-mail, in any case."""
        return self._by_email.find(email)

    def untouched(self) -> bool:
        """Whether all is as at the start, however late it is."""
        registers: tuple[Register[Any], ...] = (
            self.fans,
            self.orders,
            self.check_ins,
            *self.subscriptions,
        )
        return not any(register.version for register in registers) and all(
            concert.updated < self.start for concert in self.concerts
        )

    def with_later_orders(self) -> Iterable[str]:
        """The fans of whose orders one is not as it was at the start."""
        return self._orders_of

    def next_number(self, kind: str, size: int) -> int:
        """A number for a new row of a kind whose base has this size."""
        self.added[kind] += 1
        return size + self.added[kind] - 1

    def _deletions(self) -> list[dict[str, Any]]:
        count = max(min(2, self.fans_at_start), self.fans_at_start // 250)
        return [
            {
                "id": self.identifiers.make("user", _ERASED_FROM + number),
                "email": f"baja{number}@correo-demo.es" if number % 7 else None,
                "phone": f"+34 699 {number // 1000 % 1000:03d} {number % 1000:03d}"
                if number % 2
                else None,
                "deletedAt": iso(self.start - HOUR - (count - number) * 200 * DAY // count),
                "reason": _REASONS[number % len(_REASONS)],
            }
            for number in range(count)
        ]
