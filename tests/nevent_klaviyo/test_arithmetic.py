"""Which campaign a purchase counts for, by hand-made numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from nevent_klaviyo.conversions.arithmetic import DAY, Order, Receipt, Tally, count

SPRING, SUMMER, AUTUMN = 0, 1, 2
WINDOW = 5 * DAY
NOON = 1_780_000_000


def order(
    at: int, *, tickets: int = 1, paid: str = "30.00", refunded: str = "0", currency: str = "EUR"
) -> Order:
    """A completed purchase."""
    return Order(at, tickets, Decimal(paid), Decimal(refunded), currency)


def counted(*people: tuple[list[Receipt], list[Order]], window: int = WINDOW) -> dict[int, Tally]:
    """What the three campaigns sold to these people."""
    tallies = {each: Tally() for each in (SPRING, SUMMER, AUTUMN)}
    for receipts, orders in people:
        count(tallies, receipts, orders, window=window, currency="EUR")
    return tallies


def test_three_campaigns_add_up_as_by_hand() -> None:
    """Audiences overlap, one refunds, one buys too late, one pays in pounds."""
    ana = (
        [Receipt(NOON, SPRING), Receipt(NOON + 2 * DAY, SUMMER)],
        [
            order(NOON + DAY, tickets=2, paid="60.00"),  # after spring alone
            order(NOON + 3 * DAY, paid="45.50"),  # after both: the later one
        ],
    )
    eva = (
        [Receipt(NOON, SPRING)],
        [
            order(
                NOON + 4 * DAY, tickets=1, paid="60.00", refunded="30.00"
            ),  # one of two given back
            order(NOON + 6 * DAY, paid="99.00"),  # too late
        ],
    )
    leo = (
        [Receipt(NOON + 2 * DAY, SUMMER), Receipt(NOON + 10 * DAY, AUTUMN)],
        [
            order(NOON + 11 * DAY, tickets=0, paid="20.00", refunded="20.00"),
            order(NOON + 12 * DAY, tickets=3, paid="75.00", currency="GBP"),
            order(NOON + 12 * DAY, tickets=1, paid="0.10"),
        ],
    )
    found = counted(ana, eva, leo)
    assert found[SPRING] == Tally(3, Decimal("90.00"), Decimal("30.00"), 2)
    assert found[SUMMER] == Tally(1, Decimal("45.50"), Decimal(0), 1)
    assert found[AUTUMN] == Tally(1, Decimal("0.10"), Decimal("20.00"), 2, 1)


@pytest.mark.parametrize(
    ("after", "counts"),
    [(-1, False), (0, True), (1, True), (WINDOW - 1, True), (WINDOW, False), (WINDOW + 1, False)],
)
def test_the_window_begins_with_the_second_of_the_mail_and_ends_open(
    after: int,
    counts: bool,  # noqa: FBT001  # a row of the table
) -> None:
    """As Klaviyo's own: from the touch on, up to five days less a second."""
    found = counted(([Receipt(NOON, SPRING)], [order(NOON + after)]))
    assert found[SPRING].orders == int(counts)


def test_a_second_mail_of_one_campaign_begins_its_window_anew() -> None:
    """What counts is the last receipt, not the first."""
    receipts = [Receipt(NOON, SPRING), Receipt(NOON + 4 * DAY, SPRING)]
    found = counted((receipts, [order(NOON + 8 * DAY)]))
    assert found[SPRING].orders == 1


def test_of_two_mails_in_one_second_the_later_campaign_counts_whatever_their_order() -> None:
    """A tie must not depend on the order of pages."""
    one, other = Receipt(NOON, SPRING), Receipt(NOON, SUMMER)
    for receipts in ([one, other], [other, one]):
        found = counted((receipts, [order(NOON)]))
        assert (found[SPRING].orders, found[SUMMER].orders) == (0, 1)


def test_a_last_mail_out_of_its_window_does_not_give_the_purchase_to_an_older_one() -> None:
    """Older ones are out of it all the more."""
    receipts = [Receipt(NOON, SPRING), Receipt(NOON + DAY, SUMMER)]
    found = counted((receipts, [order(NOON + 7 * DAY)]))
    assert all(each == Tally() for each in found.values())


def test_a_campaign_that_is_not_asked_about_still_takes_its_purchases() -> None:
    """Else asking for one campaign would give it what counts for another."""
    found = counted(([Receipt(NOON, SPRING), Receipt(NOON + 1, 7)], [order(NOON + 2)]))
    assert all(each == Tally() for each in found.values())


def test_cents_add_up_exactly() -> None:
    """Ten times ten cents are one euro."""
    orders = [order(NOON, paid="0.10") for _ in range(10)]
    assert counted(([Receipt(NOON, SPRING)], orders))[SPRING].revenue == Decimal("1.00")
