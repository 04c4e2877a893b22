"""Which campaign a purchase counts for, and what that adds up to. Pure.

A purchase counts for one campaign: the last one that its buyer received before it, or in the same
second, less than the window ago. Klaviyo counts for the last message, of a flow too, that was
opened or clicked. So the two figures differ by design: ours has who bought without opening, and
never has a purchase twice.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DAY = 86_400  # seconds


class Receipt(NamedTuple):
    """A campaign reached a person; of two in one second, the campaign sent later is the last."""

    at: int  # seconds since 1970
    campaign: int  # its place among all campaigns by the time of sending


class Order(NamedTuple):
    """A completed purchase: tickets kept, what was paid, and what of it was paid back."""

    at: int  # seconds since 1970
    tickets: int
    paid: Decimal
    refunded: Decimal
    currency: str


@dataclass
class Tally:
    """What one campaign sold."""

    tickets: int = 0
    revenue: Decimal = Decimal(0)  # less refunds
    refunded: Decimal = Decimal(0)
    orders: int = 0
    other_currencies: int = 0  # orders left out

    def add(self, order: Order, currency: str) -> None:
        """Count an order; one in another currency is only counted as left out."""
        if order.currency != currency:
            self.other_currencies += 1
            return
        self.orders += 1
        self.tickets += order.tickets
        self.revenue += order.paid - order.refunded
        self.refunded += order.refunded


def campaign_of(order: Order, receipts: Sequence[Receipt], window: int) -> int | None:
    """The campaign an order counts for; None without one less than `window` seconds before it.

    Args:
        order: the purchase.
        receipts: what its buyer received, sorted.
        window: seconds; a purchase exactly as long after the mail is outside.
    """
    place = bisect_right(receipts, (order.at + 1,))
    if not place or order.at - receipts[place - 1].at >= window:
        return None
    return receipts[place - 1].campaign


def count(
    tallies: Mapping[int, Tally],
    receipts: Iterable[Receipt],
    orders: Iterable[Order],
    *,
    window: int,
    currency: str,
) -> None:
    """Add one person's orders to the campaigns they count for.

    Campaigns without a tally of their own compete like any other: what counts for them counts for
    none of the tallies.
    """
    ordered = sorted(receipts)
    for order in orders:
        campaign = campaign_of(order, ordered, window)
        if campaign is not None and campaign in tallies:
            tallies[campaign].add(order, currency)
