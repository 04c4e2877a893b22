"""What a report may be asked for, by whom, how often, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from nevent_sandbox import Sandbox
from nevent_sandbox.handle import tls
from report_bodies import asked, report

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
CAMPAIGNS, FLOWS, SERIES = "campaign-values-report", "flow-values-report", "flow-series-report"
HEADERS = {
    "Authorization": "Klaviyo-API-Key pk_sandbox_full",
    "revision": "2026-07-15",
    "Content-Type": "application/vnd.api+json",
}


@pytest.fixture
def metric(klaviyo: KlaviyoHandle) -> str:
    """That of conversions."""
    return klaviyo.metric("Purchased Ticket")


def _refused(api: Api, kind: str, **attributes: Any) -> tuple[str, str]:
    """Code and pointer of a refusal."""
    answer = api.post(f"/{kind}s", report(kind, **attributes))
    assert answer.status_code == 400, answer.text
    (problem,) = answer.json()["errors"]
    return problem["code"], problem["source"]["pointer"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('equals(campaign_message_name,"sms")', {"sms"}),
        ('contains-any(campaign_message_name,["sms","email","x"])', {"sms", "email"}),
        ('and(equals(send_channel,"sms"),equals(campaign_message_name,"email"))', set()),
        ('equals(send_channel,"push-notification")', {"mobile_push"}),
        ('contains-any(tag_name,["vip"])', set()),
    ],
)
def test_a_filter_keeps_what_it_names(
    api: Api, klaviyo: KlaviyoHandle, metric: str, text: str, names: set[str]
) -> None:
    """By any label, grouped by it or not."""
    api.load({"email": "ana@nevent-demo.es"})
    for channel in ("email", "sms", "mobile_push"):
        campaign = klaviyo.add_campaign(channel, channel=channel)["id"]
        ana = {"email": "ana@nevent-demo.es", "campaign": campaign}
        klaviyo.engage([{**ana, "what": "received"}])
    groups = ["campaign_id", "campaign_message_id", "campaign_message_name"]
    results = asked(api, CAMPAIGNS, metric, group_by=groups, filter=text)
    assert {each["groupings"]["campaign_message_name"] for each in results} == names


@pytest.mark.parametrize(
    ("kind", "wrong", "where"),
    [
        (CAMPAIGNS, {"group_by": ["campaign_id"]}, "group_by"),
        (CAMPAIGNS, {"group_by": ["flow_id"]}, "group_by/0"),
        (FLOWS, {"group_by": ["flow_message_id"]}, "group_by"),
        (CAMPAIGNS, {"statistics": ["purchases"]}, "statistics/0"),
        (CAMPAIGNS, {"statistics": []}, "statistics"),
        (CAMPAIGNS, {"conversion_metric_id": "NoNe12"}, "conversion_metric_id"),
        (CAMPAIGNS, {"conversion_metric": "x"}, "conversion_metric"),
        (CAMPAIGNS, {"timeframe": {"key": "last_2_days"}}, "timeframe"),
        (CAMPAIGNS, {"timeframe": {"key": "today", "start": "2026-01-01"}}, "timeframe"),
        (CAMPAIGNS, {"timeframe": {"start": "2026-01-01"}}, "timeframe"),
        (CAMPAIGNS, {"timeframe": {"start": "x", "end": "2026-01-01"}}, "timeframe/start"),
        (CAMPAIGNS, {"timeframe": {"start": "2026-02-01", "end": "2026-01-01"}}, "timeframe"),
        (CAMPAIGNS, {"timeframe": {"start": "2025-01-01", "end": "2026-01-02"}}, "timeframe"),
        (CAMPAIGNS, {"filter": 'equals(group,"x")'}, "filter"),
        (CAMPAIGNS, {"filter": "equals(campaign_id"}, "filter"),
        (CAMPAIGNS, {"filter": 'equals(campaign_id,["a"])'}, "filter"),
        (CAMPAIGNS, {"filter": 'contains-any(send_channel,["pigeon"])'}, "filter"),
        (CAMPAIGNS, {"filter": 'equals(tag_id,"a")'}, "filter"),
        (CAMPAIGNS, {"filter": 'equals(campaign_id,"a"),equals(campaign_id,"b")'}, "filter"),
        (CAMPAIGNS, {"filter": 'or(equals(campaign_id,"a"),equals(variation,"b"))'}, "filter"),
        (FLOWS, {"filter": f"contains-any(flow_id,{['x'] * 101})"}, "filter"),
        (SERIES, {"interval": "hourly"}, "timeframe"),
        (SERIES, {"interval": "daily"}, "timeframe"),
        (SERIES, {"interval": "day"}, "interval"),
        (SERIES, {}, "interval"),
    ],
)
def test_a_report_that_makes_no_sense_is_refused(
    api: Api, metric: str, kind: str, wrong: Document, where: str
) -> None:
    """With the place in the body."""
    about = {"conversion_metric_id": metric, **wrong}
    assert _refused(api, kind, **about) == ("invalid", f"/data/attributes/{where}")


def test_a_year_is_not_too_long(api: Api, metric: str) -> None:
    """From a day to the same day of the next year."""
    year = {"start": "2025-01-01T00:00:00+00:00", "end": "2026-01-01T00:00:00+00:00"}
    assert asked(api, CAMPAIGNS, metric, timeframe=year) == []


def test_sparse_fields_leave_results_out(api: Api, metric: str) -> None:
    """As of any resource."""
    body = report(CAMPAIGNS, conversion_metric_id=metric)
    answer = api.post(f"/{CAMPAIGNS}s?fields[{CAMPAIGNS}]=id", body).json()
    assert answer["data"]["attributes"] == {}


@pytest.mark.parametrize(("kind", "status"), [(CAMPAIGNS, 200), (FLOWS, 403)])
def test_a_report_needs_the_scope_of_what_it_is_about(
    api: Api, flowless: Api, metric: str, kind: str, status: int
) -> None:
    """`flows:read` for flows; checked before the body."""
    assert api
    assert (
        flowless.post(f"/{kind}s", report(kind, conversion_metric_id=metric)).status_code == status
    )
    if status == 403:
        assert flowless.post(f"/{kind}s", {}).status_code == 403


def test_over_http_a_used_up_day_is_told_with_the_hours_to_wait() -> None:
    """The 226th report of a day, asked as fast as the minute allows."""
    with Sandbox(fans=0, limits="real") as limited:
        http = httpx.Client(base_url=f"{limited.klaviyo.url}/api", headers=HEADERS, verify=tls())
        body = report("segment-values-report")
        for _ in range(225):
            assert http.post("/segment-values-reports", json=body).status_code == 200
            limited.clock.advance(timedelta(seconds=30))
        refused = http.post("/segment-values-reports", json=body)
        assert refused.status_code == 429
        assert refused.json()["errors"][0]["code"] == "throttled"
        assert int(refused.headers["Retry-After"]) == pytest.approx(86_400 - 225 * 30, abs=60)
        http.close()
