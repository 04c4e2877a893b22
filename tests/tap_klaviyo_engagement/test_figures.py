"""What is computed of Klaviyo's figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tap_klaviyo_engagement.budget import Budget
from tap_klaviyo_engagement.figures import computed, named, return_on, revenue_basis, share
from tap_klaviyo_engagement.timeframe import timeframe

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Clock:
    """A time that tests set."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time."""
        return self.now


def test_a_purchase_rate_is_told_of_those_who_clicked() -> None:
    """People who bought by people who clicked; the rest is as Klaviyo told it."""
    found = computed({"conversion_uniques": 3, "clicks_unique": 12, "opens": 40})
    assert (found["click_to_purchase_rate"], found["opens"]) == (0.25, 40)
    assert found["recipients"] is None


def test_a_row_that_does_not_say_what_it_is_about_is_left_out() -> None:
    """Nothing could be made of it; the others are told all the same."""
    good = {"groupings": {"flow_id": "F", "flow_message_id": "M"}, "statistics": {"opens": 1}}
    rows: list[dict[str, Any]] = [
        good,
        {"statistics": {"opens": 1}},
        {**good, "groupings": None},
        {**good, "groupings": {"flow_id": "F", "flow_message_id": None}},
        {"groupings": good["groupings"]},
    ]
    assert named(rows, ("flow_id", "flow_message_id")) == [good]


@pytest.mark.parametrize("clicks", [0, None])
def test_nothing_is_divided_by_zero(clicks: int | None) -> None:
    """No clicks: no rate, rather than none of them."""
    found = computed({"conversion_uniques": 0, "clicks_unique": clicks})
    assert found["click_to_purchase_rate"] is None


@pytest.mark.parametrize(
    ("told", "basis"),
    [
        (500 / 90, "delivered"),
        (5.56, "delivered"),
        (500 / 100, "recipients"),
        (4.0, "neither"),
        (0, "unknown"),
        (None, "unknown"),
    ],
)
def test_what_revenue_is_divided_by_is_found_by_comparing(told: float | None, basis: str) -> None:
    """Also where Klaviyo rounds to cents."""
    statistics: dict[str, Any] = {"conversion_value": 500, "recipients": 100, "delivered": 90}
    assert revenue_basis({**statistics, "revenue_per_recipient": told}) == basis


@pytest.mark.parametrize(
    "statistics",
    [
        {"conversion_value": 500, "recipients": 90, "delivered": 90, "revenue_per_recipient": 5.56},
        {"conversion_value": 1, "recipients": 101, "delivered": 99, "revenue_per_recipient": 0.01},
        {"conversion_value": 5, "recipients": 0, "delivered": 0, "revenue_per_recipient": 1},
    ],
    ids=["all delivered", "rounded away", "nothing sent"],
)
def test_where_both_fit_nothing_is_claimed(statistics: dict[str, Any]) -> None:
    """The figure does not tell then."""
    assert revenue_basis(statistics) == "unknown"


def test_a_cost_is_shared_out_by_recipients_to_the_cent() -> None:
    """A campaign has one cost and a row for each audience."""
    assert [share(100, part, 300) for part in (100, 200)] == [33.33, 66.67]
    assert share(100, 0, 0) is None


@pytest.mark.parametrize(("cost", "roi"), [(200, 1.5), (0, None), (None, None)])
def test_a_return_needs_a_cost(cost: float | None, roi: float | None) -> None:
    """Nothing comes back for nothing."""
    assert return_on(cost, 500) == roi


def test_the_runs_of_a_day_report_the_same_stretch() -> None:
    """By the account's midnight, so that a later run replaces the rows of an earlier one."""
    early, late = (
        timeframe(datetime(2026, 5, 1, hour, 30, tzinfo=UTC), 365, "Europe/Madrid")
        for hour in (0, 21)
    )
    assert early.start == late.start
    assert early.columns["timeframe_start"] == "2025-05-01T22:00:00+00:00"
    assert late.told == {"start": "2025-05-02T00:00:00+00:00", "end": "2026-05-01T23:30:00+00:00"}
    assert late.end - late.start <= timedelta(days=365)


def test_an_unknown_timezone_is_utc() -> None:
    """A key may not be allowed to ask for the account."""
    assert timeframe(NOON, 1, None).columns["timeframe_start"] == "2026-05-01T00:00:00+00:00"


def test_a_budget_is_counted_across_runs_and_begins_anew_at_midnight() -> None:
    """The state is all that is kept."""
    clock = Clock()
    state: dict[str, Any] = {}
    Budget(state, 3, clock).spend(2)
    assert Budget(dict(state), 3, clock).left == 1
    Budget(state, 3, clock).spend(2)
    assert Budget(state, 3, clock).left == 0
    assert Budget(state, 3, clock).until == "2026-05-02T00:00:00+00:00"
    clock.now += timedelta(hours=12)
    assert Budget(state, 3, clock).left == 3


def test_a_wait_ordered_by_klaviyo_holds_across_midnight() -> None:
    """Its day may begin at another hour than ours."""
    clock = Clock()
    state: dict[str, Any] = {}
    Budget(state, 3, clock).wait(14 * 3600)
    clock.now += timedelta(hours=13)
    assert Budget(state, 3, clock).left == 0
    assert Budget(state, 3, clock).until == "2026-05-02T02:00:00+00:00"
    clock.now += timedelta(hours=1)
    assert Budget(state, 3, clock).left == 3
