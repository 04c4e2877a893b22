"""Campaigns and flows as they were sent: who did what, by name."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from flow_definitions import new_list
from klaviyo_happenings import happen, ids

if TYPE_CHECKING:
    from collections.abc import Callable

    from klaviyo_extraction import Output
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

LOAD = int(os.environ.get("ENGAGEMENT_EVENTS", "5000"))  # 100000 takes half a minute
ANA = "ana@nevent-demo.es"


@pytest.fixture
def audience(klaviyo: KlaviyoHandle) -> str:
    """A list of thirty people; its id."""
    listed = new_list(klaviyo, "Novedades")
    for number in range(30):
        klaviyo.subscribe(f"fan{number}@nevent-demo.es", list_id=listed)
    return listed


def given(*outputs: Output) -> Counter[str]:
    """How often each event was given."""
    return Counter(each["id"] for output in outputs for each in output.records["engagement"])


def test_what_people_did_with_a_campaign_is_what_klaviyo_knows(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, audience: str
) -> None:
    """Person by person, with names instead of bare ids."""
    shares = {"opens": 0.7, "clicks": 0.5, "bounces": 0.1, "spam": 0.1, "unsubscribes": 0.1}
    sent = klaviyo.send_campaign("Cartel", lists=[audience], subject="Hola", machine=0.4, **shares)
    rows = extract(None, "engagement").records["engagement"]
    told = {row["id"]: row for row in rows if row["message_id"]}
    touches = klaviyo.touches()
    assert set(told) == {touch["id"] for touch in touches}
    assert {touch["kind"] for touch in touches} >= {"received", "opened", "clicked"}
    for touch in touches:
        row = told[touch["id"]]
        assert (row["type"], row["profile_id"]) == (touch["kind"], touch["profile_id"])
        assert (row["campaign_id"], row["campaign_name"]) == (sent["id"], "Cartel")
        assert (row["message_id"], row["subject"]) == (sent["message"], "Hola")
        assert row["flow_id"] is None
        if row["type"] == "opened":
            assert row["machine_open"] is bool(touch["machine"])
    assert any(row["machine_open"] for row in rows)


def test_campaigns_received_are_one_row_a_person(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, audience: str
) -> None:
    """And message, of every channel; archived ones too."""
    one = klaviyo.send_campaign("Uno", lists=[audience], subject="Hola")
    two = klaviyo.send_campaign("Dos", lists=[audience], archived=True)
    rows = extract(None, "fan_campaigns").records["fan_campaigns"]
    received = [each for each in klaviyo.touches() if each["kind"] == "received"]
    assert {(r["profile_id"], r["message_id"], r["event_id"]) for r in rows} == {
        (t["profile_id"], t["message"], t["id"]) for t in received
    }
    assert len(rows) == len(received)
    names = {(r["campaign_id"], r["campaign_name"], r["channel"]) for r in rows}
    assert names == {(one["id"], "Uno", "email"), (two["id"], "Dos", "email")}


def test_mail_of_a_flow_names_flow_and_message(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, audience: str, sandbox: Sandbox
) -> None:
    """And is no campaign."""
    trigger = {"type": "list", "id": audience}
    flow = klaviyo.add_flow("Bienvenida", trigger=trigger)
    klaviyo.subscribe(ANA, list_id=audience)
    sandbox.clock.advance(timedelta(hours=1))
    assert klaviyo.progress_flows(opens=1.0)
    output = extract(None, "engagement", "fan_campaigns")
    mails = [row for row in output.records["engagement"] if row["flow_id"]]
    assert {"received", "opened"} <= {row["type"] for row in mails}
    for row in mails:
        assert (row["flow_id"], row["flow_name"]) == (flow, "Bienvenida")
        assert row["message_id"]
        assert row["message_name"]
        assert row["campaign_id"] is None
    assert not output.records["fan_campaigns"]


def test_a_purchase_names_the_campaign_that_klaviyo_credits(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, audience: str
) -> None:
    """By Klaviyo's own attribution; one without it names none."""
    sent = klaviyo.send_campaign("Cartel", lists=[audience], clicks=0.8, opens=1.0, purchases=1.0)
    rows = extract(None, "engagement", metrics=["Purchased Ticket"]).records["engagement"]
    bought = [row for row in rows if row["type"] == "custom"]
    assert len(bought) == sent["events"]["purchases"] > 0
    for row in bought:
        assert row["attributed"] is True
        assert (row["campaign_id"], row["campaign_name"]) == (sent["id"], "Cartel")
        assert (row["message_id"], row["value"]) == (sent["message"], 45.0)
    assert not any(row["attributed"] for row in rows if row["type"] != "custom")


def test_an_attribution_that_comes_late_is_told(
    sandbox: Sandbox, extract: Callable[..., Output], klaviyo: KlaviyoHandle, audience: str
) -> None:
    """A click that shows after the purchase it led to: the same row again, now credited."""
    named: dict[str, Any] = {"metrics": ["Purchased Ticket"]}
    sent = klaviyo.send_campaign("Cartel", lists=[audience], opens=0, clicks=0)
    now = sandbox.clock.now()
    click = {
        "what": "clicked",
        "email": "fan3@nevent-demo.es",
        "at": (now - timedelta(minutes=30)).isoformat(),
        "campaign": sent["id"],
        "visible_after": 3600,
    }
    klaviyo.engage([click])
    bought = [now - timedelta(minutes=10)] * 4
    happen(klaviyo, bought, "Purchased Ticket", service="API", people=4, value=30)
    first = extract(None, "engagement", **named)
    sandbox.clock.advance(timedelta(hours=3))
    second = extract(first.state, "engagement", **named)
    before = [row for row in first.records["engagement"] if row["type"] == "custom"]
    assert [row["attributed"] for row in before] == [False] * 4
    credited = [row for row in second.records["engagement"] if row["type"] == "custom"]
    assert [(row["email"], row["campaign_name"]) for row in credited] == [
        ("fan3@nevent-demo.es", "Cartel")
    ]
    assert credited[0]["id"] in {row["id"] for row in before}


def test_names_that_the_key_may_not_read_are_missing_and_nothing_else(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, audience: str
) -> None:
    """The rows are all there, with ids, and what the events themselves say."""
    klaviyo.send_campaign("Cartel", lists=[audience], opens=1.0)
    klaviyo.refuse("GET /api/campaigns", status=403, times=None)
    rows = extract(None, "engagement").records["engagement"]
    assert Counter(row["id"] for row in rows) == ids(klaviyo) - _of_lists(klaviyo)
    named = [row for row in rows if row["message_id"]]
    assert {(row["campaign_id"], row["campaign_name"]) for row in named} == {(None, "Cartel")}


def test_a_load_is_read_whole(extract: Callable[..., Output], klaviyo: KlaviyoHandle) -> None:
    """Thousands of events of generated campaigns, each once, in few requests."""
    klaviyo.generate(events=LOAD, people=LOAD // 4, campaigns=6)
    klaviyo.clear_requests()
    first = extract(None, "engagement", "fan_campaigns")
    assert given(first) == ids(klaviyo)
    # full pages, three metrics, and what dividing the bursts among idle workers costs
    assert len(klaviyo.requests("GET /api/events")) < LOAD // 1000 + 100
    second = extract(first.state, "engagement", "fan_campaigns")
    assert not second.records["engagement"]
    assert not second.records["fan_campaigns"]


def _of_lists(klaviyo: KlaviyoHandle) -> Counter[str]:
    """Events that say who joined which list: they are no engagement."""
    return Counter(each["id"] for each in klaviyo.events("Subscribed to List"))
