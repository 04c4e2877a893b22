"""What fan_activity and attendance say of a fan."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from shipped import MELTANO, configured

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_extraction import Output
    from nevent_sandbox.nevent_handle import NeventHandle

ACTIVITY = "fan_activity"
COMPLETED = {"SUCCEEDED", "COMPLETE", "REFUNDED"}


def test_attendance_has_one_row_a_fan_and_concert(extract: Callable[..., Output]) -> None:
    """However many check-ins; as many as total_events_attended says."""
    output = extract()
    ids = [each["id"] for each in output.records["attendance"]]
    assert len(ids) == len(set(ids)) > 0
    counted = Counter(each["fan_id"] for each in output.records["attendance"])
    for each in output.records[ACTIVITY]:
        assert each["total_events_attended"] == counted[each["fan_id"]]


def test_attendance_tells_the_first_check_in(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """Not a later one of a three-day festival, and no voided one."""
    first: dict[str, str] = {}
    for row in nevent.attendance():
        if row["status"] != "VOIDED":
            pair = f"{row['userId']}:{row['eventId']}"
            first[pair] = min(first.get(pair, row["checkedInAt"]), row["checkedInAt"])
    for record in extract(None, "attendance").records["attendance"]:
        assert record["checked_in_at"] == first[record["id"]]


def test_a_re_entry_emits_nothing(extract: Callable[..., Output], nevent: NeventHandle) -> None:
    """The fan had come before."""
    first = extract()
    row = next(r for r in nevent.attendance() if first.of("attendance", r["userId"]))
    nevent.edit(add_attendance={"ticket": row["ticketId"]})
    assert not extract(first.state).records["attendance"]


def test_total_spent_is_completed_purchases_less_refunds(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """In euros; other currencies are left out without a rate."""
    spent: Counter[str] = Counter()
    for order in nevent.purchases():
        if order["status"] in COMPLETED and order["currency"] == "EUR":
            spent[order["userId"]] += round(100 * (order["totalPrice"] - order["refundedAmount"]))
    for record in extract(None, ACTIVITY).records[ACTIVITY]:
        assert record["total_spent"] == spent[record["fan_id"]] / 100


def test_other_currencies_count_at_their_configured_rate(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """Rates as the SDK reads them from a configuration file: Decimals."""
    rates = {"GBP": Decimal("1.17"), "USD": Decimal("0.9")}
    spent: defaultdict[str, float] = defaultdict(float)
    for order in nevent.purchases():
        if order["status"] in COMPLETED:
            cents = round(100 * (order["totalPrice"] - order["refundedAmount"]))
            spent[order["userId"]] += cents * float(rates.get(order["currency"], 1))
    records = extract(None, ACTIVITY, exchange_rates=rates).records[ACTIVITY]
    told = {record["fan_id"]: record["total_spent"] for record in records}
    assert told == {fan: round(spent[fan] / 100, 2) for fan in told}
    plain = extract(None, ACTIVITY).records[ACTIVITY]
    assert told != {record["fan_id"]: record["total_spent"] for record in plain}


def test_a_refund_lowers_total_spent(extract: Callable[..., Output], nevent: NeventHandle) -> None:
    """Of that fan; tickets and purchases follow."""
    first = extract()
    fans = {each["fan_id"]: each for each in first.records[ACTIVITY]}
    order = next(
        each
        for each in nevent.purchases()
        if each["userId"] in fans
        and each["status"] in {"SUCCEEDED", "COMPLETE"}
        and each["currency"] == "EUR"
        and each["totalPrice"] > each["refundedAmount"]
    )
    nevent.edit(purchase=order["id"], refund=True)
    second = extract(first.state)
    after = second.of(ACTIVITY, order["userId"])[0]
    assert after["total_spent"] < fans[order["userId"]]["total_spent"]
    tickets = [t for t in second.records["tickets"] if t["order_id"] == order["id"]]
    assert all(each["status"] == "refunded" for each in tickets)


def test_a_concert_that_passes_refreshes_exactly_its_fans(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """next_event is the following one or none, though nothing else changed."""
    first = extract()
    before = {each["fan_id"]: each for each in first.records[ACTIVITY]}
    coming = min(each["next_event_date"] for each in before.values() if each["next_event_date"])
    then = nevent.now()
    days = _days(then[:10], coming) + 4
    nevent.advance(days=days, changes=0)
    now = nevent.now()
    passed = {e["id"] for e in nevent.events() if then <= (e["endDate"] or e["date"]) < now}
    holders = set()
    for order in nevent.purchases():
        if order["eventId"] in passed:
            holders.add(order["userId"])
            holders |= {t["holder"]["id"] for t in order["tickets"] if t.get("holder")}
    second = extract(first.state)
    told = {each["fan_id"] for each in second.records[ACTIVITY]}
    waiting = {fan for fan, each in before.items() if each["next_event_date"] == coming}
    assert waiting <= told <= holders
    for each in second.records[ACTIVITY]:
        assert each["next_event_date"] is None or each["next_event_date"] >= now[:10]


def test_a_vip_tag_makes_a_vip(extract: Callable[..., Output], nevent: NeventHandle) -> None:
    """By the default rule."""
    first = extract()
    fan = next(each["fan_id"] for each in first.records[ACTIVITY] if not each["vip_status"])
    nevent.edit(user=fan, tags={"add": ["vip"]})
    records = extract(first.state).records[ACTIVITY]
    assert [(each["fan_id"], each["vip_status"]) for each in records] == [(fan, True)]


def test_another_vip_rule_refreshes_those_it_concerns(extract: Callable[..., Output]) -> None:
    """And nobody else."""
    first = extract()
    second = extract(first.state, vip_rule={"tags": ["prensa"]})
    before = {each["fan_id"]: each["vip_status"] for each in first.records[ACTIVITY]}
    assert second.records[ACTIVITY]
    for each in second.records[ACTIVITY]:
        assert each["vip_status"] != before[each["fan_id"]]


def test_a_first_run_asks_no_fan_alone(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """Requests do not grow with each fan."""
    nevent.clear_requests()
    extract()
    paths: list[Any] = [each["operation"] for each in nevent.requests()]
    assert not [each for each in paths if each.startswith("GET /users/{")]
    assert Counter(paths)["POST /analytics/query"] < 10


@pytest.fixture
def passed_on(extract: Callable[..., Output], nevent: NeventHandle) -> tuple[str, str, Any, Any]:
    """Buyer, new holder and an order of theirs, one ticket of two passed on; the state before."""
    state = extract().state
    fans = [each["id"] for each in extract(None, "fans").records["fans"]]
    holding = {each["userId"] for each in nevent.purchases()}
    buyer, friend = fans[0], next(each for each in fans[1:] if each not in holding)
    concert = max(nevent.events(), key=lambda each: str(each["date"]))["id"]
    order = nevent.edit(add_purchase={"user": buyer, "event": concert, "tickets": 2})
    nevent.edit(ticket=order["tickets"][0]["id"], transfer_to=friend)
    return buyer, friend, order, state


def test_a_ticket_passed_on_is_the_new_holders_next_concert(
    extract: Callable[..., Output], passed_on: tuple[str, str, Any, Any]
) -> None:
    """Who holds it, goes."""
    _, friend, order, state = passed_on
    (told,) = extract(state, ACTIVITY).of(ACTIVITY, friend)
    assert told["next_event"] == order["event"]["name"]


def test_the_buyers_own_ticket_stands_for_the_order(
    extract: Callable[..., Output], passed_on: tuple[str, str, Any, Any]
) -> None:
    """The one kept, not the one passed on."""
    buyer, _, order, state = passed_on
    tickets = extract(state, "tickets").records["tickets"]
    first = [each for each in tickets if each["order_id"] == order["id"] and each["first_of_order"]]
    assert [(each["id"], each["fan_id"]) for each in first] == [(order["tickets"][1]["id"], buyer)]


def test_an_order_of_which_the_buyer_kept_nothing_has_no_first_ticket(
    extract: Callable[..., Output], nevent: NeventHandle, passed_on: tuple[str, str, Any, Any]
) -> None:
    """It would be told of somebody who bought nothing."""
    _, friend, order, state = passed_on
    nevent.edit(ticket=order["tickets"][1]["id"], transfer_to=friend)
    tickets = extract(state, "tickets").of("tickets", friend)
    assert [each["first_of_order"] for each in tickets] == [False, False]


def test_a_ticket_passed_on_is_no_second_purchase(
    extract: Callable[..., Output], passed_on: tuple[str, str, Any, Any]
) -> None:
    """The shipped map tells its value once, of the buyer."""
    _, friend, _, state = passed_on
    shipped = MELTANO["plugins"]["loaders"][0]
    maps = {"tickets": configured(shipped)["stream_maps"]["tickets"]}
    sold = extract(state, "tickets", stream_maps=maps).records["events__ticket"]
    assert sold
    assert friend not in {each["external_id"] for each in sold}


@pytest.mark.parametrize(
    ("zone", "date"), [("Europe/Madrid", "2027-06-16"), ("Atlantic/Canary", "2027-06-15")]
)
def test_a_concert_after_midnight_is_dated_where_the_organiser_is(
    extract: Callable[..., Output], nevent: NeventHandle, zone: str, date: str
) -> None:
    """00:30 in Madrid is half past ten of the day before in UTC."""
    concert = next(each for each in nevent.events() if each["status"] == "SCHEDULED")
    sold = {each["id"] for each in nevent.purchases() if each["eventId"] == concert["id"]}
    nevent.edit(event=concert["id"], set={"date": "2027-06-15T22:30:00.000Z"})
    tickets = extract(None, "tickets", timezone=zone).records["tickets"]
    assert {each["event_date"] for each in tickets if each["order_id"] in sold} == {date}


def test_next_event_date_is_the_organisers(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """As event_date."""
    concert = next(each for each in nevent.events() if each["status"] == "SCHEDULED")
    moved = {"date": "2027-06-15T22:30:00.000Z", "endDate": "2027-06-16T03:00:00.000Z"}
    nevent.edit(event=concert["id"], set=moved)
    fan = extract(None, "fans").records["fans"][0]["id"]
    nevent.edit(add_purchase={"user": fan, "event": concert["id"], "tickets": 1})
    told = extract(None, ACTIVITY).records[ACTIVITY]
    dates = {each["next_event_date"] for each in told if each["next_event"] == concert["name"]}
    assert dates == {"2027-06-16"}


def _days(start: str, end: str) -> int:
    return (date.fromisoformat(end) - date.fromisoformat(start)).days


def test_a_ticket_passed_to_someone_nevent_does_not_know_stops_nothing(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """The holder has no id; the buyer's order changed all the same."""
    first = extract()
    fans = {each["fan_id"] for each in first.records[ACTIVITY]}
    order = next(
        each
        for each in nevent.purchases()
        if each["userId"] in fans and [t["status"] for t in each["tickets"]] == ["ACTIVE"]
    )
    outsider = {"id": None, "email": None, "name": "Alguien"}
    nevent.edit(ticket=order["tickets"][0]["id"], transfer_to=outsider)
    assert extract(first.state).of(ACTIVITY, order["userId"])
