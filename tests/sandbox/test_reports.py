"""Reports of campaigns and flows beside the raw events that they must agree with."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from report_bodies import asked, report

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
MADRID = ZoneInfo("Europe/Madrid")
CAMPAIGNS, FLOWS, SERIES = "campaign-values-report", "flow-values-report", "flow-series-report"
WINDOW = timedelta(days=5)
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def metric(klaviyo: KlaviyoHandle) -> str:
    """That of conversions."""
    return klaviyo.metric("Purchased Ticket")


@pytest.fixture
def audience(api: Api, klaviyo: KlaviyoHandle) -> list[str]:
    """Sixty people, half of them on each of two lists."""
    assert klaviyo
    lists = [api.new_list(name) for name in ("Socios", "Boletín")]
    for number, each in enumerate(lists):
        people = [{"email": f"fan{n}@nevent-demo.es"} for n in range(number, 60, 2)]
        api.load(*people, lists=(each,))
    return lists


def _local(at: datetime) -> str:
    """As a custom timeframe takes it: the account's clock, any offset."""
    return at.astimezone(MADRID).replace(tzinfo=UTC).isoformat()


def _expected(klaviyo: KlaviyoHandle, *keys: str) -> dict[tuple[Any, ...], Document]:
    """Counts by these columns of the touches, from raw events alone."""
    touches = klaviyo.touches()
    counts: dict[tuple[Any, ...], Document] = defaultdict(lambda: defaultdict(set))
    for each in touches:
        counts[tuple(each[key] for key in keys)][each["kind"]].add((each["id"], each["profile_id"]))
    for bought in klaviyo.events("Purchased Ticket"):
        at = datetime.fromisoformat(bought["time"])
        before = [
            (each["moment"], number)
            for number, each in enumerate(touches)
            if each["profile_id"] == bought["profile_id"]
            and each["kind"] in {"opened", "clicked"}
            and at - WINDOW < datetime.fromtimestamp(each["moment"], UTC) <= at
        ]
        if before:
            owed = touches[max(before)[1]]
            found = counts[tuple(owed[key] for key in keys)]
            found["converted"].add((bought["id"], bought["profile_id"], bought["value"]))
    return {key: _figures(found) for key, found in counts.items()}


def _figures(found: Document) -> Document:
    times = {kind: len(each) for kind, each in found.items()}
    people = {kind: len({who for _, who, *_ in each}) for kind, each in found.items()}
    value = sum(each[2] for each in found.get("converted", ()))
    delivered = times.get("received", 0)
    recipients = delivered + times.get("bounced", 0) + times.get("dropped", 0)

    def over(part: float, whole: float) -> float:
        return part / whole if whole else 0

    return {
        "recipients": recipients,
        "delivered": delivered,
        "delivery_rate": over(delivered, recipients),
        "bounced": times.get("bounced", 0),
        "bounce_rate": over(times.get("bounced", 0), recipients),
        "opens": times.get("opened", 0),
        "opens_unique": people.get("opened", 0),
        "open_rate": over(people.get("opened", 0), delivered),
        "clicks": times.get("clicked", 0),
        "clicks_unique": people.get("clicked", 0),
        "click_rate": over(people.get("clicked", 0), delivered),
        "click_to_open_rate": over(people.get("clicked", 0), people.get("opened", 0)),
        "spam_complaints": times.get("spam", 0),
        "spam_complaint_rate": over(times.get("spam", 0), delivered),
        "unsubscribes": times.get("unsubscribed", 0),
        "unsubscribe_uniques": people.get("unsubscribed", 0),
        "unsubscribe_rate": over(people.get("unsubscribed", 0), delivered),
        "conversions": times.get("converted", 0),
        "conversion_uniques": people.get("converted", 0),
        "conversion_rate": over(people.get("converted", 0), delivered),
        "conversion_value": value,
        "average_order_value": over(value, times.get("converted", 0)),
        "revenue_per_recipient": over(value, delivered),
    }


def _told(results: list[Document], *names: str) -> dict[tuple[Any, ...], Document]:
    return {
        tuple(each["groupings"][name] for name in names): each["statistics"] for each in results
    }


def _same(told: dict[tuple[Any, ...], Document], expected: dict[tuple[Any, ...], Document]) -> None:
    assert told.keys() == expected.keys()
    for key, figures in expected.items():
        assert {name: told[key][name] for name in figures} == pytest.approx(figures)


def _lively(klaviyo: KlaviyoHandle, lists: list[str]) -> None:
    """Three campaigns to both lists, with everything that can come of one."""
    shares = {"opens": 0.8, "clicks": 0.7, "purchases": 0.6, "machine": 0.3}
    bad = {"bounces": 0.1, "dropped": 0.05, "spam": 0.05, "unsubscribes": 0.2}
    for number in range(3):
        at = (NOW - timedelta(days=9 - 3 * number)).isoformat()
        klaviyo.send_campaign(f"C{number}", lists=lists, at=at, seed=number, **shares, **bad)


def test_figures_of_campaigns_agree_with_raw_events(
    api: Api, klaviyo: KlaviyoHandle, audience: list[str], metric: str
) -> None:
    """Each of them, recomputed here; purchases go to the message opened or clicked last."""
    _lively(klaviyo, audience)
    told = _told(asked(api, CAMPAIGNS, metric), "campaign_id", "campaign_message_id")
    expected = _expected(klaviyo, "campaign", "message")
    _same(told, expected)
    assert len(expected) == 3
    whole = [sum(each[name] for each in expected.values()) for name in ("conversions", "bounced")]
    assert min(whole) > 0


def test_figures_are_told_apart_by_audience(
    api: Api, klaviyo: KlaviyoHandle, audience: list[str], metric: str
) -> None:
    """The list by which the campaign reached a person, with its name."""
    _lively(klaviyo, audience)
    groups = ["campaign_id", "campaign_message_id", "group", "group_name", "send_channel"]
    results = asked(api, CAMPAIGNS, metric, group_by=groups)
    expected = _expected(klaviyo, "campaign", "message", "audience")
    _same(_told(results, "campaign_id", "campaign_message_id", "group"), expected)
    names = {each["groupings"]["group"]: each["groupings"]["group_name"] for each in results}
    assert names == dict(zip(audience, ["Socios", "Boletín"], strict=True))
    assert {each["groupings"]["send_channel"] for each in results} == {"email"}
    assert [*results[0]["groupings"]] == groups


def _flow(api: Api, klaviyo: KlaviyoHandle) -> tuple[str, list[str]]:
    """A live flow that Ana and Eva met at different times, and its touches."""
    api.load({"email": "ana@nevent-demo.es"}, {"email": "eva@nevent-demo.es"})
    flow = klaviyo.add_flow("Bienvenida", trigger={"type": "list", "id": api.new_list()})
    sent = [NOW - timedelta(days=days) for days in (3, 1)]
    people = ("ana@nevent-demo.es", "eva@nevent-demo.es")
    klaviyo.engage(
        [
            {
                "what": what,
                "email": who,
                "flow": flow,
                "sent_at": at.isoformat(),
                "at": (at + timedelta(hours=hours)).isoformat(),
            }
            for who, at in zip(people, sent, strict=True)
            for hours, what in enumerate(("received", "opened", "opened", "clicked", "clicked"))
        ]
    )
    api.event(people[0], time=(sent[0] + timedelta(hours=9)).isoformat(), value=30.5)
    return flow, [each.astimezone(MADRID).date().isoformat() for each in sent]


def test_figures_of_flows_agree_with_raw_events(
    api: Api, klaviyo: KlaviyoHandle, metric: str
) -> None:
    """By flow and message, with their names; campaigns have no part in it."""
    flow, _ = _flow(api, klaviyo)
    klaviyo.send_campaign("Otra", lists=[api.new_list()])
    groups = ["flow_id", "flow_message_id", "flow_name", "flow_message_name"]
    (result,) = results = asked(api, FLOWS, metric, group_by=groups)
    _same(_told(results, "flow_id", "flow_message_id"), _expected(klaviyo, "flow", "message"))
    assert result["groupings"]["flow_id"] == flow
    assert result["groupings"]["flow_name"] == "Bienvenida"
    assert result["groupings"]["flow_message_name"]
    assert (result["statistics"]["opens"], result["statistics"]["opens_unique"]) == (4, 2)
    assert result["statistics"]["conversion_value"] == 30.5


def test_a_series_puts_each_figure_on_the_day_it_was_sent(
    api: Api, klaviyo: KlaviyoHandle, metric: str
) -> None:
    """One array for each statistic, one entry for each day of the account's."""
    _, days = _flow(api, klaviyo)
    body = report(
        SERIES,
        conversion_metric_id=metric,
        timeframe={"key": "last_7_days"},
        interval="daily",
        statistics=["opens", "conversion_value", "open_rate"],
    )
    attributes = api.post(f"/{SERIES}s", body).json()["data"]["attributes"]
    dates = [each[:10] for each in attributes["date_times"]]
    (result,) = attributes["results"]
    assert len(dates) == 7
    assert dates[-1] == NOW.astimezone(MADRID).date().isoformat()
    assert result["statistics"] == {
        "opens": [2 if each in days else 0 for each in dates],
        "conversion_value": [30.5 if each == days[0] else 0 for each in dates],
        "open_rate": [1 if each in days else 0 for each in dates],
    }


def test_a_report_goes_by_when_a_message_was_sent(
    api: Api, klaviyo: KlaviyoHandle, metric: str
) -> None:
    """Not by when it was opened; both ends of the timeframe belong to it."""
    api.load({"email": "ana@nevent-demo.es"})
    sent = NOW - timedelta(days=10)
    campaign = klaviyo.add_campaign("Uno")["id"]
    ana = {"email": "ana@nevent-demo.es", "campaign": campaign, "sent_at": sent.isoformat()}
    klaviyo.engage(
        [
            {**ana, "what": "received", "at": sent.isoformat()},
            {**ana, "what": "opened", "at": NOW.isoformat()},
        ]
    )

    def opens(start: datetime, end: datetime) -> list[int]:
        told = {"start": _local(start), "end": _local(end)}
        return [
            each["statistics"]["opens"] for each in asked(api, CAMPAIGNS, metric, timeframe=told)
        ]

    day, second = timedelta(days=1), timedelta(seconds=1)
    assert opens(sent, sent + day) == [1]
    assert opens(sent - day, sent) == [1]
    assert opens(sent + second, NOW) == []
    assert opens(sent - day, sent - second) == []


def test_what_is_not_visible_yet_is_in_no_report(
    api: Api, klaviyo: KlaviyoHandle, metric: str
) -> None:
    """Figures and events say the same at any time."""
    api.load({"email": "ana@nevent-demo.es"})
    campaign = klaviyo.add_campaign("Uno")["id"]
    ana = {"email": "ana@nevent-demo.es", "campaign": campaign}
    klaviyo.engage([{**ana, "what": "received"}, {**ana, "what": "opened", "visible_after": 60}])
    assert asked(api, CAMPAIGNS, metric)[0]["statistics"]["opens"] == 0
    klaviyo.advance(hours=1)
    assert asked(api, CAMPAIGNS, metric)[0]["statistics"]["opens"] == 1


def test_what_revenue_per_recipient_is_divided_by_can_be_turned(
    api: Api, klaviyo: KlaviyoHandle, audience: list[str], metric: str
) -> None:
    """By those whom it was delivered to, or by all whom it was sent to."""
    klaviyo.send_campaign("C", lists=audience, opens=1, clicks=1, purchases=1, bounces=0.3)
    (by_delivered,) = asked(api, CAMPAIGNS, metric)
    klaviyo.knobs(revenue_divisor="recipients")
    (by_recipients,) = asked(api, CAMPAIGNS, metric)
    told = by_recipients["statistics"]
    assert told["recipients"] > told["delivered"] > 0
    assert told["revenue_per_recipient"] == told["conversion_value"] / told["recipients"]
    before = by_delivered["statistics"]["revenue_per_recipient"]
    assert before == told["conversion_value"] / told["delivered"]


def test_a_text_that_does_not_arrive_has_failed(
    api: Api, klaviyo: KlaviyoHandle, metric: str
) -> None:
    """Texts fail, mails bounce."""
    api.load({"email": "ana@nevent-demo.es", "phone_number": "+34600112233"})
    campaigns = [klaviyo.add_campaign(each, channel=each)["id"] for each in ("sms", "email")]
    klaviyo.engage(
        [{"what": "bounced", "email": "ana@nevent-demo.es", "campaign": each} for each in campaigns]
    )
    told = {
        each["groupings"]["send_channel"]: (
            each["statistics"]["bounced"],
            each["statistics"]["failed"],
            each["statistics"]["bounced_or_failed_rate"],
        )
        for each in asked(api, CAMPAIGNS, metric)
    }
    assert told == {"sms": (0, 1, 1), "email": (1, 0, 1)}


def test_a_long_report_comes_in_pages(
    api: Api, klaviyo: KlaviyoHandle, audience: list[str], metric: str
) -> None:
    """Behind `page_cursor` in the query, each result once; the last link is null."""
    _lively(klaviyo, audience)
    whole = asked(api, CAMPAIGNS, metric)
    klaviyo.knobs(report_rows=2)
    body = report(CAMPAIGNS, conversion_metric_id=metric)
    link: str | None = f"{klaviyo.url}/api/{CAMPAIGNS}s/"
    found, sizes = [], []
    while link:
        answer = api.post(link, body).json()
        results = answer["data"]["attributes"]["results"]
        told = [each["id"] for each in answer["data"]["relationships"]["campaigns"]["data"]]
        assert told == [each["groupings"]["campaign_id"] for each in results]
        sizes.append(len(results))
        found += results
        link = answer["links"]["next"]
    assert (found, sizes) == (whole, [2, 1])
    assert api.post(f"/{CAMPAIGNS}s?page_cursor=x", body).status_code == 400
    assert api.post("/segment-values-reports?page_cursor=x", body).status_code == 400
