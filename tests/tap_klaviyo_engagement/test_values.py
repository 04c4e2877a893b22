"""Reports: their figures, and how rarely they are asked for."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from flow_definitions import VIP, all_of, new_list
from klaviyo_lists import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from klaviyo_extraction import Output, Record
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

    Extract = Callable[..., Output]

CAMPAIGNS = "POST /campaign-values-reports"
FLOWS = "POST /flow-values-reports"
SEGMENTS = "POST /segment-values-reports"
REPORTS = ("campaign_values", "flow_values", "segment_values")
WINDOW = 5 * 86400  # seconds in which Klaviyo attributes a conversion
PRICE = 45.0


@pytest.fixture
def lists(klaviyo: KlaviyoHandle) -> list[str]:
    """Two lists of people."""
    made = [new_list(klaviyo, name) for name in ("News", "Friends")]
    load(klaviyo, made[0], 40)
    load(klaviyo, made[1], 20, first=40)
    return made


@pytest.fixture
def sent(klaviyo: KlaviyoHandle, lists: list[str]) -> list[str]:
    """Two campaigns and what people did with them; their ids."""
    chances = {"opens": 0.7, "clicks": 0.6, "bounces": 0.1, "machine": 0.0, "purchases": 0.6}
    return [
        klaviyo.send_campaign("Spring", lists=lists, seed=1, **chances)["id"],
        klaviyo.send_campaign("Summer", lists=[lists[0]], seed=2, **chances)["id"],
    ]


class Figures:
    """What one message came to, counted from what people did."""

    def __init__(self, touches: list[Record]) -> None:
        self.touches = touches
        self.sales: list[Record] = []

    def count(self, kind: str) -> int:
        """How often something happened."""
        return sum(each["kind"] == kind for each in self.touches)

    def people(self, kind: str) -> int:
        """To how many."""
        return len({each["profile_id"] for each in self.touches if each["kind"] == kind})

    def expected(self) -> Record:
        """The statistics."""
        delivered = self.count("received")
        buyers = len({each["profile_id"] for each in self.sales})
        return {
            "delivered": delivered,
            "recipients": delivered + self.count("bounced"),
            "opens": self.count("opened"),
            "opens_unique": self.people("opened"),
            "clicks": self.count("clicked"),
            "clicks_unique": self.people("clicked"),
            "bounced": self.count("bounced"),
            "unsubscribe_uniques": self.people("unsubscribed"),
            "spam_complaints": self.count("spam"),
            "conversions": len(self.sales),
            "conversion_uniques": buyers,
            "conversion_value": pytest.approx(PRICE * len(self.sales)),
            "open_rate": pytest.approx(self.people("opened") / delivered),
            "click_to_purchase_rate": pytest.approx(buyers / self.people("clicked")),
        }


def counted(klaviyo: KlaviyoHandle, *by: str) -> dict[tuple[str, ...], Figures]:
    """Figures by these columns of what people did, sales with the last touch before them."""
    found: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    touches = klaviyo.touches()
    for each in touches:
        found[tuple(each[column] for column in by)].append(each)
    figures = {key: Figures(some) for key, some in found.items()}
    for sale in klaviyo.events("Purchased Ticket"):
        at = int(datetime.fromisoformat(sale["time"]).timestamp())
        before = [
            each
            for each in touches
            if each["profile_id"] == sale["profile_id"]
            and each["kind"] in {"opened", "clicked"}
            and at - WINDOW < each["moment"] <= at
        ]
        if before:
            # Of two in one second the later written.
            _, last = max(enumerate(before), key=lambda pair: (pair[1]["moment"], pair[0]))
            figures[tuple(last[column] for column in by)].sales.append(sale)
    return figures


def agree(row: Record, figures: Figures) -> None:
    """The row says what was counted."""
    expected = figures.expected()
    assert {name: row[name] for name in expected} == expected


@pytest.mark.usefixtures("sent")
def test_figures_of_campaigns_are_those_of_what_people_did(
    extract: Extract, klaviyo: KlaviyoHandle
) -> None:
    """By message and audience, sales included."""
    rows = extract(None, "campaign_values").records["campaign_values"]
    figures = counted(klaviyo, "message", "audience")
    assert len(rows) == 3
    assert {(each["message_id"], each["audience_id"]) for each in rows} == set(figures)
    for row in rows:
        agree(row, figures[row["message_id"], row["audience_id"]])
    assert sum(each["conversions"] for each in rows) > 0


@pytest.mark.usefixtures("sent")
def test_a_row_names_campaign_audience_and_metric(
    extract: Extract, klaviyo: KlaviyoHandle, lists: list[str]
) -> None:
    """With the stretch of time it is about."""
    rows = extract(None, "campaign_values").records["campaign_values"]
    names = {(each["campaign_name"], each["audience_name"]) for each in rows}
    assert names == {("Spring", "News"), ("Spring", "Friends"), ("Summer", "News")}
    assert {each["audience_id"] for each in rows} == set(lists)
    [metric] = [each for each in klaviyo.metrics() if each["name"] == "Purchased Ticket"]
    assert {each["conversion_metric_id"] for each in rows} == {metric["id"]}
    assert {(each["channel"], each["conversion_metric"]) for each in rows} == {
        ("email", "Purchased Ticket")
    }
    assert all(each["timeframe_start"] < each["send_time"] for each in rows)
    assert all(each["send_time"] < each["timeframe_end"] for each in rows)


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize("divisor", ["delivered", "recipients"])
def test_what_revenue_is_divided_by_is_told(
    extract: Extract, klaviyo: KlaviyoHandle, divisor: str
) -> None:
    """As far as the figures tell: some bounced, so it can be told apart."""
    klaviyo.knobs(revenue_divisor=divisor)
    rows = extract(None, "campaign_values").records["campaign_values"]
    earning = [each for each in rows if each["recipients"] > each["delivered"]]
    assert earning
    assert {each["revenue_per_recipient_basis"] for each in earning} == {divisor}


def test_a_cost_is_shared_out_and_its_return_told(extract: Extract, sent: list[str]) -> None:
    """By name or by id; the shares add up, and who costs nothing returns nothing."""
    costs = {"Spring": 60, sent[1]: 50}
    rows = extract(None, "campaign_values", campaign_costs=costs).records["campaign_values"]
    spring = [each for each in rows if each["campaign_name"] == "Spring"]
    assert sum(each["cost"] for each in spring) == pytest.approx(60)
    assert spring[0]["cost"] != spring[1]["cost"]
    [summer] = [each for each in rows if each["campaign_id"] == sent[1]]
    assert (summer["cost"], summer["cost_currency"]) == (50, "EUR")
    assert summer["roi"] == pytest.approx((summer["conversion_value"] - 50) / 50)
    without = extract(None, "campaign_values").records["campaign_values"]
    assert {each["roi"] for each in without} == {None}


@pytest.mark.usefixtures("sent")
def test_costs_in_another_currency_have_no_return(extract: Extract) -> None:
    """Pounds cannot be taken from euros."""
    costs = {"campaign_costs": {"Summer": 50}, "cost_currency": "GBP"}
    rows = extract(None, "campaign_values", **costs).records["campaign_values"]
    [summer] = [each for each in rows if each["campaign_name"] == "Summer"]
    assert (summer["cost"], summer["cost_currency"], summer["roi"]) == (50, "GBP", None)


def test_figures_of_flows_are_those_of_what_people_did(
    extract: Extract, klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """By message."""
    news = new_list(klaviyo, "News")
    flow = klaviyo.add_flow("Welcome", trigger={"type": "list", "id": news})
    load(klaviyo, news, 30)
    sandbox.clock.advance(timedelta(days=1))
    klaviyo.progress_flows(opens=0.8, clicks=0.7)
    klaviyo.metric("Purchased Ticket")
    [row] = extract(None, "flow_values").records["flow_values"]
    [(key, figures)] = counted(klaviyo, "message").items()
    assert (row["message_id"],) == key
    assert (row["flow_id"], row["flow_name"], row["message_name"]) == (flow, "Welcome", "Welcome")
    agree(row, figures)


def test_segments_are_told_with_their_size(
    extract: Extract, klaviyo: KlaviyoHandle, lists: list[str]
) -> None:
    """By name."""
    assert lists
    segment = klaviyo.add_segment("VIP", all_of([VIP]))
    klaviyo.join_segment(segment, [f"fan{number}@nevent-demo.es" for number in range(5)])
    [row] = extract(None, "segment_values").records["segment_values"]
    assert (row["segment_id"], row["segment_name"]) == (segment, "VIP")
    assert (row["total_members"], row["members_added"]) == (5, 5)
    assert row["net_members_changed"] == row["members_added"] - row["members_removed"]


def test_messages_sent_before_the_stretch_are_not_counted(
    extract: Extract, klaviyo: KlaviyoHandle, lists: list[str], sandbox: Sandbox
) -> None:
    """By the day they were sent."""
    at = (sandbox.clock.now() - timedelta(days=10)).isoformat()
    klaviyo.send_campaign("Old", lists=lists, at=at)
    klaviyo.send_campaign("New", lists=lists, purchases=1.0)
    named = [
        {
            each["campaign_name"]
            for each in extract(None, "campaign_values", **more).records["campaign_values"]
        }
        for more in ({"report_timeframe_days": 7}, {})
    ]
    assert named == [{"New"}, {"Old", "New"}]


@pytest.mark.usefixtures("sent")
def test_a_run_asks_once_for_each_report(extract: Extract, klaviyo: KlaviyoHandle) -> None:
    """However many campaigns there are; the second run of a day replaces the first one's rows."""
    first = extract(None, *REPORTS)
    assert [len(klaviyo.requests(each)) for each in (CAMPAIGNS, FLOWS, SEGMENTS)] == [1, 1, 1]
    second = extract(first.state, *REPORTS)
    keys = [
        {(each["message_id"], each["audience_id"], each["timeframe_start"]) for each in rows}
        for rows in (first.records["campaign_values"], second.records["campaign_values"])
    ]
    assert keys[0] == keys[1]


@pytest.mark.usefixtures("sent")
def test_a_budget_lasts_for_a_day(
    extract: Extract, klaviyo: KlaviyoHandle, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Counted across runs; spent, the stream waits for tomorrow and the others go on."""
    state: Any = None
    for _ in range(2):
        state = extract(state, "campaign_values", report_budget_per_day=2).state
    with caplog.at_level(logging.WARNING):
        third = extract(state, "campaign_values", "lists", report_budget_per_day=2)
    assert third.records["campaign_values"] == []
    assert len(third.records["lists"]) == 2
    assert len(klaviyo.requests(CAMPAIGNS)) == 2
    [told] = [each for each in caplog.messages if "No more reports" in each]
    assert "'campaign_values'" in told
    assert "report_budget_per_day" in told
    sandbox.clock.advance(timedelta(days=1))
    fourth = extract(third.state, "campaign_values", report_budget_per_day=2)
    assert len(fourth.records["campaign_values"]) == 3
    assert fourth.state["bookmarks"]["campaign_values"]["budget"]["spent"] == 1


@pytest.mark.usefixtures("sent")
def test_a_used_up_quota_of_klaviyos_is_waited_out_on_another_day(
    extract: Extract, klaviyo: KlaviyoHandle, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing sleeps, the run succeeds, and nothing is asked before that time."""
    klaviyo.refuse(CAMPAIGNS, status=429, retry_after=7200)
    with caplog.at_level(logging.WARNING):
        first = extract(None, *REPORTS)
    assert first.records["campaign_values"] == []
    assert len(klaviyo.requests(SEGMENTS)) == 1
    assert any("225" in each and "'campaign_values'" in each for each in caplog.messages)
    second = extract(first.state, "campaign_values")
    assert second.records["campaign_values"] == []
    assert len(klaviyo.requests(CAMPAIGNS)) == 1
    sandbox.clock.advance(timedelta(hours=2, seconds=1))
    third = extract(second.state, "campaign_values")
    assert len(third.records["campaign_values"]) == 3


@pytest.mark.usefixtures("sent")
def test_a_report_of_several_pages_is_given_whole(extract: Extract, klaviyo: KlaviyoHandle) -> None:
    """Each page is a request of the budget."""
    klaviyo.knobs(report_rows=2)
    output = extract(None, "campaign_values")
    assert len(output.records["campaign_values"]) == 3
    assert len(klaviyo.requests(CAMPAIGNS)) == 2
    assert output.state["bookmarks"]["campaign_values"]["budget"]["spent"] == 2


@pytest.mark.usefixtures("sent")
def test_where_the_budget_ends_first_no_half_report_is_given(
    extract: Extract, klaviyo: KlaviyoHandle, caplog: pytest.LogCaptureFixture
) -> None:
    """Its sums would be wrong, and nobody would see it."""
    klaviyo.knobs(report_rows=2)
    with caplog.at_level(logging.WARNING):
        output = extract(None, "campaign_values", report_budget_per_day=1)
    assert output.records["campaign_values"] == []
    assert len(klaviyo.requests(CAMPAIGNS)) == 1
    assert any("one for each page" in each for each in caplog.messages)


@pytest.mark.usefixtures("sent")
def test_requests_that_are_tried_again_are_counted(
    extract: Extract, klaviyo: KlaviyoHandle
) -> None:
    """Klaviyo counts them too."""
    klaviyo.refuse(CAMPAIGNS, status=429)
    output = extract(None, "campaign_values")
    assert len(output.records["campaign_values"]) == 3
    assert output.state["bookmarks"]["campaign_values"]["budget"]["spent"] == 2


def test_before_the_first_sale_there_is_no_report_and_it_is_said(
    extract: Extract, klaviyo: KlaviyoHandle, lists: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A metric is made by its first event; nothing is spent on asking."""
    klaviyo.send_campaign("Spring", lists=lists, purchases=0.0)
    with caplog.at_level(logging.WARNING):
        output = extract(None, *REPORTS)
    assert output.records["campaign_values"] + output.records["flow_values"] == []
    assert not klaviyo.requests(CAMPAIGNS)
    assert len(klaviyo.requests(SEGMENTS)) == 1
    told = [each for each in caplog.messages if "no metric 'Purchased Ticket'" in each]
    assert len(told) == 2


@pytest.mark.usefixtures("sent")
def test_of_two_metrics_of_one_name_the_id_decides(
    extract: Extract, klaviyo: KlaviyoHandle, caplog: pytest.LogCaptureFixture
) -> None:
    """Which one was taken is said."""
    other = klaviyo.metric("Purchased Ticket", service="Shop")
    with caplog.at_level(logging.WARNING):
        rows = extract(None, "campaign_values").records["campaign_values"]
    assert any("2 metrics 'Purchased Ticket'" in each for each in caplog.messages)
    assert sum(each["conversions"] for each in rows) > 0
    chosen = extract(None, "campaign_values", conversion_metric=other).records["campaign_values"]
    assert {each["conversions"] for each in chosen} == {0}
