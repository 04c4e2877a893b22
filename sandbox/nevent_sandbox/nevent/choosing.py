"""Seeded choices of fans, orders and concerts that something happens to."""

from collections.abc import Callable
from random import Random

from nevent_sandbox.nevent.changes import Changes
from nevent_sandbox.nevent.concerts import Concert
from nevent_sandbox.nevent.instants import DAY
from nevent_sandbox.nevent.orders import Order
from nevent_sandbox.nevent.rows import Fan

TRIES = 40


class Choosing:
    """Chooses among what exists at the moment of the changes; tries a few times, then gives up."""

    def __init__(self, changes: Changes, chance: Random) -> None:
        self._changes = changes
        self.chance = chance

    def fan(self, test: Callable[[Fan], bool] = lambda _: True) -> Fan | None:
        """A fan who passes a test, or None when none was met."""
        fans = self._changes.store.fans
        if not len(fans):
            return None
        for _ in range(TRIES):
            fan = fans.at(self.chance.randrange(len(fans)))
            if test(fan):
                return fan
        return None

    def order(self, test: Callable[[Order], bool], concert: Concert | None = None) -> Order | None:
        """An order of the base audience that passes a test, of one concert if named."""
        base = self._changes.store.base_orders
        low, high = base.sales.bounds(concert.index) if concert else (0, base.size)
        for _ in range(TRIES if high > low else 0):
            number = self.chance.randrange(low, high)
            order = self._changes.store.orders.get(
                self._changes.store.identifiers.make("purchase", number)
            )
            if order and order.user_id not in self._changes.store.fans.gone and test(order):
                return order
        return None

    def coming(self) -> list[Concert]:
        """Concerts at least a day away."""
        at = self._changes.at
        return [c for c in self._changes.store.concerts if not c.fixed_status and c.date > at + DAY]

    def on_sale(self) -> list[Concert]:
        """Those whose tickets are on sale."""
        return [c for c in self.coming() if c.on_sale <= self._changes.at]
