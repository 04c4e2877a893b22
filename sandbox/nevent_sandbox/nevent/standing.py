"""What a definition can ask of a fan: what he spent, bought, attended, and is."""

from typing import Any

from nevent_sandbox.nevent.checkins import CheckIn
from nevent_sandbox.nevent.orders import COMPLETED
from nevent_sandbox.nevent.store import Store


class Standing:
    """Answers from tables where a fan is as he was at the start, else from his rows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def spent_cents(self, user_id: str) -> int:
        """What a fan paid in euros for completed orders, less what was paid back, in cents."""
        number = self._store.untouched(user_id)
        if number is not None:
            return sum(
                map(self._store.base_orders.net_euro_cents, self._store.base_orders.of_fan(number))
            )
        return sum(
            order.total - order.refunded
            for order in self._store.orders_of(user_id)
            if order.state in COMPLETED and order.currency == "EUR"
        )

    def type_names(self, user_id: str) -> set[str]:
        """The names of the tickets that a fan bought in completed orders."""
        number = self._store.untouched(user_id)
        if number is not None:
            orders = self._store.base_orders
            return {n for order in orders.of_fan(number) for n in orders.type_names(order)}
        return {
            ticket.type_name
            for order in self._store.orders_of(user_id)
            if order.state in COMPLETED
            for ticket in order.tickets
        }

    def attendees(self, wanted: set[int]) -> set[str]:
        """The fans who were at one of these concerts."""
        later = self._store.check_ins.changed
        identify = self._store.check_ins.base.identify
        found = {row.user_id for row in later.values() if _was_there(row, wanted)}
        for concert in wanted:
            for row in self._store.base_check_ins.of_concert(concert):
                if row.status != "VOIDED" and not (later and identify(row) in later):
                    found.add(row.user_id)
        return found

    def quick(self, user_id: str, name: str) -> Any:
        """Tags, country or custom values of a fan, without composing all of him."""
        row = self._store.fans.changed.get(user_id)
        if row is not None:
            return row[name]
        number = self._store.number(user_id)
        return None if number is None else self._store.base_fans.trait(number, name)


def _was_there(row: CheckIn, wanted: set[int]) -> bool:
    return row.concert in wanted and row.status != "VOIDED"
