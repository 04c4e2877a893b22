"""What a definition can ask of a fan: what he spent, bought, attended, and is."""

from collections.abc import Iterator
from typing import Any

from nevent_sandbox.nevent.checkins import CheckIn
from nevent_sandbox.nevent.orders import COMPLETED
from nevent_sandbox.nevent.store import Store


class Standing:
    """Answers from a fan's rows or, where he is as he was at the start, from tables."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def spent_cents(self, user_id: str) -> int:
        """What a fan paid in euros for completed orders, less what was paid back, in cents."""
        return sum(
            order.total - order.refunded
            for order in self._store.orders_of(user_id)
            if order.state in COMPLETED and order.currency == "EUR"
        )

    def type_names(self, user_id: str) -> set[str]:
        """The names of the tickets that a fan bought in completed orders."""
        return {
            ticket.type_name
            for order in self._store.orders_of(user_id)
            if order.state in COMPLETED
            for ticket in order.tickets
        }

    def attendees(self, wanted: set[int]) -> set[int | None]:
        """The numbers of the fans who were at one of these concerts."""
        number = self._store.identifiers.number
        later = self._store.check_ins.changed
        found = {number("user", row.user_id) for row in later.values() if _was_there(row, wanted)}
        changed = {number("attendance", identifier) for identifier in later}
        for concert in wanted:
            for row, fan in self._store.base_check_ins.attendees(concert):
                if row not in changed:
                    found.add(fan)
        return found

    def touched(self) -> dict[int, str]:
        """Number and id of each fan who is not, or has not the orders, as at the start."""
        store = self._store
        users = {*store.fans.changed, *store.fans.gone, *store.with_later_orders()}
        numbers = [(store.identifiers.number("user", user), user) for user in users]
        return {number: user for number, user in numbers if number is not None}

    def base_spent_cents(self, number: int) -> int:
        """What a fan whom nothing touched paid, less what was paid back, in cents."""
        orders = self._store.base_orders
        return sum(map(orders.net_euro_cents, orders.of_fan(number)))

    def base_type_names(self, number: int) -> Iterator[frozenset[str]]:
        """The names of the tickets that a fan whom nothing touched bought, order by order."""
        orders = self._store.base_orders
        return map(orders.type_names, orders.of_fan(number))

    def quick(self, user_id: str, name: str) -> Any:
        """Tags, country or custom values of a fan, without composing all of him."""
        row = self._store.fans.changed.get(user_id)
        if row is not None:
            return row[name]
        number = self._store.number(user_id)
        return None if number is None else self._store.base_fans.trait(number, name)


def _was_there(row: CheckIn, wanted: set[int]) -> bool:
    return row.concert in wanted and row.status != "VOIDED"
