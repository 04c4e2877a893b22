"""Metric aggregates beside the raw events, and the metrics that are mapped."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from report_bodies import aggregate

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
ANA, EVA = "ana@nevent-demo.es", "eva@nevent-demo.es"
NOW = datetime.now(UTC).replace(microsecond=0)
START, END = (NOW - timedelta(days=20)).isoformat(), (NOW + timedelta(hours=1)).isoformat()


def _id(klaviyo: KlaviyoHandle, name: str) -> str:
    (found,) = [str(each["id"]) for each in klaviyo.metrics() if each["name"] == name]
    return found


def _told(api: Api, *about: Any, **attributes: Any) -> Document:
    answer = api.post("/metric-aggregates", aggregate(*about, **attributes))
    assert answer.status_code == 200, answer.text
    told: Document = answer.json()["data"]["attributes"]
    return told


@pytest.fixture
def campaigns(api: Api, klaviyo: KlaviyoHandle) -> list[str]:
    """Two campaigns to forty people, who open, click and buy; their messages."""
    wanted = api.new_list()
    api.load(*({"email": f"fan{n}@nevent-demo.es"} for n in range(40)), lists=(wanted,))
    shares = {"opens": 0.9, "clicks": 0.8, "purchases": 0.7}
    return [
        klaviyo.send_campaign(
            name, lists=[wanted], at=(NOW - timedelta(days=days)).isoformat(), **shares
        )["message"]
        for name, days in (("Uno", 12), ("Dos", 6))
    ]


@pytest.mark.parametrize("timezone", ["UTC", "Europe/Madrid", "America/New_York"])
@pytest.mark.parametrize("name", ["Clicked Email", "Purchased Ticket"])
def test_events_are_counted_by_the_day_they_happened(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[str], name: str, timezone: str
) -> None:
    """On the clock that was asked for: how many, of how many people, worth how much."""
    assert campaigns
    told = _told(api, _id(klaviyo, name), START, END, timezone=timezone)
    wall = ZoneInfo(timezone)
    days: dict[str, list[Document]] = defaultdict(list)
    for each in klaviyo.events(name):
        days[datetime.fromisoformat(each["time"]).astimezone(wall).date().isoformat()].append(each)
    (row,) = told["data"]
    dates = [datetime.fromisoformat(each) for each in told["dates"]]
    assert {f"{each.astimezone(wall):%H:%M}" for each in dates} == {"00:00"}
    for n, date in enumerate(dates):
        events = days.pop(date.astimezone(wall).date().isoformat(), [])
        assert {name: row["measurements"][name][n] for name in row["measurements"]} == {
            "count": len(events),
            "unique": len({each["profile_id"] for each in events}),
            "sum_value": pytest.approx(sum(each["value"] or 0 for each in events)),
        }
    assert days == {}
    assert row["dimensions"] == []


def test_purchases_are_told_apart_by_what_they_are_owed_to(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[str]
) -> None:
    """The same message that reports and attributions give; without one the dimension is empty."""
    api.event(EVA, value=12.0)
    metric = _id(klaviyo, "Purchased Ticket")
    by = ["$attributed_message", "$attributed_channel", "$value_currency"]
    told = _told(api, metric, START, END, by=by, measurements=["count"], interval="month")
    found = {tuple(each["dimensions"]): sum(each["measurements"]["count"]) for each in told["data"]}
    owed: dict[tuple[str, str, str], int] = defaultdict(int)
    filtered = f'equals(metric_id,"{metric}")'
    page = api.get("/events", filter=filtered, include="attributions", page_size=1000).json()
    included = {each["id"]: each["relationships"] for each in page["included"]}
    for each in page["data"]:
        attributions = each["relationships"]["attributions"]["data"]
        message = (
            included[attributions[0]["id"]]["campaign-message"]["data"]["id"]
            if attributions
            else ""
        )
        currency = each["attributes"]["event_properties"].get("$currency_code", "")
        owed[message, "email" if message else "", currency] += 1
    assert found == owed
    assert set(campaigns) < {message for message, *_ in found}


def test_own_events_are_told_apart_by_their_properties(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[str]
) -> None:
    """Message, name of the campaign, channel; sorted as asked."""
    metric = _id(klaviyo, "Opened Email")
    by = ["$message", "Campaign Name", "$campaign_channel", "$flow"]
    told = _told(api, metric, START, END, by=by, sort="-Campaign Name", interval="month")
    assert [each["dimensions"] for each in told["data"]] == [
        [campaigns[0], "Uno", "email", ""],
        [campaigns[1], "Dos", "email", ""],
    ]
    counts = [sum(each["measurements"]["count"]) for each in told["data"]]
    events = klaviyo.events("Opened Email")
    assert counts == [
        sum(each["properties"]["$message"] == message for each in events) for message in campaigns
    ]
    (one,) = _told(
        api, metric, START, END, by=["$message"], filters=[f'any($message,["{campaigns[1]}"])']
    )["data"]
    assert one["dimensions"] == [campaigns[1]]
    assert sum(one["measurements"]["count"]) == counts[1]


def test_bounds_are_to_the_second(api: Api, klaviyo: KlaviyoHandle) -> None:
    """The first belongs to it, the last does not; without an offset the timezone's clock counts."""
    metric = klaviyo.metric("Purchased Ticket")
    api.event(ANA, time="2026-03-01T10:00:00+00:00", unique_id="a")

    def count(start: str, end: str, timezone: str = "UTC") -> float:
        told = _told(api, metric, start, end, timezone=timezone, interval="hour")
        return float(sum(told["data"][0]["measurements"]["count"]))

    assert count("2026-03-01T10:00:00", "2026-03-01T10:00:01") == 1
    assert count("2026-03-01T09:00:00", "2026-03-01T10:00:00") == 0
    assert count("2026-03-01T11:00:00", "2026-03-01T12:00:00", "Europe/Madrid") == 1
    assert count("2026-03-01T10:00:00+00:00", "2026-03-01T10:30:00+00:00", "Europe/Madrid") == 1


def test_many_dimensions_come_in_pages(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[str]
) -> None:
    """Of the size asked for, behind a cursor in the body."""
    assert campaigns
    metric = _id(klaviyo, "Received Email")
    about = {"by": ["$message"], "page_size": 1, "interval": "month"}
    whole = _told(api, metric, START, END, by=["$message"], interval="month")["data"]
    found: list[Document] = []
    cursor: Document = {}
    while True:
        body = aggregate(metric, START, END, **about, **cursor)
        answer = api.post("/metric-aggregates", body).json()
        found += answer["data"]["attributes"]["data"]
        if answer["links"]["next"] is None:
            break
        cursor = {"page_cursor": answer["links"]["next"]}
    assert found == whole
    assert len(found) == 2


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"metric_id": "NoNe12"}, "metric_id"),
        ({"measurements": ["sum"]}, "measurements/0"),
        ({"measurements": []}, "measurements"),
        ({"interval": "year"}, "interval"),
        ({"by": ["$city"]}, "by/0"),
        ({"timezone": "europe/madrid"}, "timezone"),
        ({"timezone": "Factory"}, "timezone"),
        ({"page_size": 0}, "page_size"),
        ({"sort": "$message"}, "sort"),
        ({"return_fields": ["x"]}, "return_fields"),
        ({"filter": []}, "filter"),
        ({"filter": ["greater-or-equal(datetime,2026-01-01)"]}, "filter"),
        ({"filter": ["greater-than(datetime,2026-01-01)"]}, "filter"),
        ({"filters": ["less-than(datetime,2026-01-02)"]}, "filter"),
        ({"filters": ['equals(city,"x")']}, "filter"),
        ({"filters": ["equals($message"]}, "filter"),
    ],
)
def test_an_aggregate_that_makes_no_sense_is_refused(
    api: Api, klaviyo: KlaviyoHandle, wrong: Document, where: str
) -> None:
    """With the place in the body; both bounds are required."""
    body = aggregate(klaviyo.metric("Purchased Ticket"), "2026-01-01", "2026-01-02", **wrong)
    if "metric_id" in wrong:
        body["data"]["attributes"] |= wrong
    answer = api.post("/metric-aggregates", body)
    assert answer.status_code == 400, answer.text
    (problem,) = answer.json()["errors"]
    told = (problem["code"], problem["source"]["pointer"])
    assert told == ("invalid", f"/data/attributes/{where}")


@pytest.mark.parametrize(("end", "status"), [("2026-01-01", 200), ("2026-01-02", 400)])
def test_an_aggregate_is_about_one_year_at_most(
    api: Api, klaviyo: KlaviyoHandle, end: str, status: int
) -> None:
    """From a day to the same day of the next year."""
    body = aggregate(klaviyo.metric("Purchased Ticket"), "2025-01-01", end)
    assert api.post("/metric-aggregates", body).status_code == status


def test_revenue_is_mapped_to_a_metric(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Read by its id, with the metric beside it or alone; others are mapped to nothing."""
    metric = klaviyo.metric("Purchased Ticket")
    klaviyo.knobs(mapped_metrics={"revenue": "Purchased Ticket"})
    read = api.get("/mapped-metrics/revenue", include="metric").json()
    reference = {"type": "metric", "id": metric}
    assert read["data"]["relationships"]["metric"]["data"] == reference
    assert [each["attributes"]["name"] for each in read["included"]] == ["Purchased Ticket"]
    assert api.get("/mapped-metrics/revenue/metric").json()["data"]["id"] == metric
    assert api.get("/mapped-metrics/revenue/relationships/metric").json()["data"] == reference
    assert api.get("/mapped-metrics/revenue/custom-metric").json()["data"] is None
    every = api.get("/mapped-metrics").json()["data"]
    mapped = [each["id"] for each in every if "data" in each["relationships"]["metric"]]
    assert (len(every), mapped) == (7, ["revenue"])
    assert api.get("/mapped-metrics/viewed_product/metric").json()["data"] is None
    assert api.get("/mapped-metrics/income").status_code == 404
