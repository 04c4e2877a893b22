"""Campaigns that go out, flows that move on, and what people do: simulated, yet consistent."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle
    from sandbox.conftest import Api

PEOPLE = [f"fan{number}@nevent-demo.es" for number in range(30)]
WAIT_A_DAY: dict[str, Any] = {
    "temporary_id": "wait",
    "type": "time-delay",
    "links": {"next": "mail"},
    "data": {"unit": "days", "value": 1},
}
MAIL: dict[str, Any] = {
    "temporary_id": "mail",
    "type": "send-email",
    "links": {"next": None},
    "data": {
        "message": {"subject_line": "Gracias", "from_email": "hola@nevent-demo.es"},
        "status": "live",
    },
}


@pytest.fixture
def fans(api: Api, klaviyo: KlaviyoHandle) -> str:
    """A list of people who subscribed."""
    told = {"type": "list", "attributes": {"name": "Fans", "opt_in_process": "single_opt_in"}}
    made = api.post("/lists", {"data": told}).json()["data"]
    for email in PEOPLE:
        klaviyo.subscribe(email, list_id=made["id"])
    return str(made["id"])


def _kinds(klaviyo: KlaviyoHandle) -> Counter[str]:
    return Counter(each["kind"] for each in klaviyo.touches())


def test_a_campaign_reaches_whoever_can_be_mailed(klaviyo: KlaviyoHandle, fans: str) -> None:
    """Not who opted out; and it tells what it made."""
    klaviyo.unsubscribe(PEOPLE[0])
    sent = klaviyo.send_campaign("Cartel", lists=[fans], opens=1, clicks=1, bounces=0, machine=0)
    reached = {each["email"] for each in klaviyo.touches() if each["kind"] == "received"}
    assert reached == set(PEOPLE[1:])
    assert _kinds(klaviyo)["clicked"] == sent["events"]["clicked"] > 20
    assert {each["audience"] for each in klaviyo.touches()} == {fans}


def test_each_touch_is_an_event_of_klaviyos_own(
    api: Api, klaviyo: KlaviyoHandle, fans: str
) -> None:
    """With the message, the campaign's name and the subject as properties."""
    sent = klaviyo.send_campaign("Cartel", lists=[fans], subject="¡Ya!", opens=1, machine=1)
    opened = next(each for each in klaviyo.touches() if each["kind"] == "opened")
    event = api.get(f"/events/{opened['id']}", include="metric").json()
    told = event["data"]["attributes"]["event_properties"]
    assert (told["$message"], told["Campaign Name"]) == (sent["message"], "Cartel")
    assert (told["Subject"], told["machine_open"]) == ("¡Ya!", True)
    metric = event["included"][0]["attributes"]
    assert (metric["name"], metric["integration"]["name"]) == ("Opened Email", "Klaviyo")


def test_the_same_seed_has_the_same_outcome(klaviyo: KlaviyoHandle, fans: str) -> None:
    """Who opens does not hang on ids that are made anew."""
    outcomes = []
    for name in ("Cartel", "Cartel"):
        klaviyo.send_campaign(name, lists=[fans], seed=7, unsubscribes=0, spam=0, bounces=0)
        found = [each for each in klaviyo.touches() if each["kind"] == "opened"]
        outcomes.append(sorted(each["email"] for each in found))
    assert outcomes[1] == sorted(outcomes[0] * 2)


@pytest.mark.parametrize(
    ("share", "reason"),
    [("unsubscribes", "UNSUBSCRIBE"), ("spam", "SPAM_COMPLAINT"), ("bounces", "HARD_BOUNCE")],
)
def test_who_says_no_to_a_campaign_gets_no_other(
    klaviyo: KlaviyoHandle, fans: str, share: str, reason: str
) -> None:
    """Opt-outs, complaints and hard bounces keep the next one away; one event tells of each."""
    klaviyo.send_campaign("Cartel", lists=[fans], **{"opens": 1, "bounces": 0, share: 1})
    consent = klaviyo.consent(PEOPLE[0])
    assert consent
    assert [each["reason"] for each in consent["email"]["marketing"]["suppression"]] == [reason]
    assert klaviyo.send_campaign("Otra", lists=[fans])["events"] == {"purchases": 0}
    said = "Unsubscribed from Email Marketing"
    assert len(klaviyo.events(said)) == (len(PEOPLE) if share == "unsubscribes" else 0)


def test_clickers_buy(klaviyo: KlaviyoHandle, fans: str) -> None:
    """After their click, and not in the future."""
    sent = klaviyo.send_campaign("Cartel", lists=[fans], opens=1, clicks=1, purchases=1)
    bought = klaviyo.events("Purchased Ticket")
    assert len(bought) == sent["events"]["purchases"] > 0
    clicks = {e["email"]: e["moment"] for e in klaviyo.touches() if e["kind"] == "clicked"}
    for each in bought:
        assert datetime.fromisoformat(each["time"]).timestamp() >= clicks[each["email"]]


def test_an_event_may_show_late_or_lie_ahead(api: Api, klaviyo: KlaviyoHandle, fans: str) -> None:
    """Reads see it from then on, and never before."""
    campaign = klaviyo.add_campaign("Cartel", lists=[fans])["id"]
    ahead = (datetime.now().astimezone() + timedelta(days=3)).isoformat()
    told = {"what": "opened", "campaign": campaign}
    klaviyo.engage(
        [
            {**told, "email": PEOPLE[0], "visible_after": 3600},
            {**told, "email": PEOPLE[1], "at": ahead},
        ]
    )
    metric = next(each["id"] for each in klaviyo.metrics() if each["name"] == "Opened Email")
    wanted = {"filter": f'equals(metric_id,"{metric}")'}
    assert len(api.get("/events", **wanted).json()["data"]) == 1
    klaviyo.advance(hours=2)
    assert len(api.get("/events", **wanted).json()["data"]) == 2


def test_a_campaign_needs_a_channel_to_be_listed(api: Api, klaviyo: KlaviyoHandle) -> None:
    """And archived ones show only when asked for."""
    klaviyo.add_campaign("Vieja", archived=True)
    klaviyo.add_campaign("SMS", channel="sms")
    refusal = api.get("/campaigns")
    assert refusal.status_code == 400
    assert refusal.json()["errors"][0]["source"] == {"parameter": "filter"}
    email = 'equals(messages.channel,"email")'
    assert api.get("/campaigns", filter=email).json()["data"] == []
    both = f"and({email},equals(archived,true))"
    (found,) = api.get("/campaigns", filter=both).json()["data"]
    assert found["attributes"]["name"] == "Vieja"


def test_a_flow_sends_each_mail_once_when_its_time_has_come(
    api: Api, klaviyo: KlaviyoHandle, fans: str
) -> None:
    """A day after the purchase; not for history."""
    del fans
    metric = klaviyo.metric("Purchased Ticket")
    flow = klaviyo.add_flow(
        "Gracias", trigger={"type": "metric", "id": metric}, actions=[WAIT_A_DAY, MAIL]
    )
    assert api.event(email=PEOPLE[0], unique_id="t1").status_code == 202
    assert api.event(email=PEOPLE[1], unique_id="t2", backfill=True).status_code == 202
    assert klaviyo.progress_flows() == 0
    klaviyo.advance(hours=25)
    klaviyo.progress_flows()
    received = [each for each in klaviyo.touches() if each["kind"] == "received"]
    assert [(each["email"], each["flow"]) for each in received] == [(PEOPLE[0], flow)]


def test_a_load_makes_as_many_events_as_asked_for(klaviyo: KlaviyoHandle) -> None:
    """None of them in the future, many within the same second."""
    assert klaviyo.generate(3_000, people=500, campaigns=5, days=10) == 3_000
    touches = klaviyo.touches()
    assert len({each["id"] for each in touches}) == 3_000
    moments = Counter(each["moment"] for each in touches)
    assert max(moments) <= datetime.now().astimezone().timestamp()
    assert max(moments.values()) > 1
    assert klaviyo.counts()["campaigns"] == 5


def test_a_load_of_too_few_people_is_refused(klaviyo: KlaviyoHandle) -> None:
    """Rather than making less."""
    with pytest.raises(ValueError, match="at most"):
        klaviyo.generate(1_000, people=10, campaigns=2)
    assert klaviyo.counts()["profiles"] == 0


def test_a_second_load_takes_another_seed(klaviyo: KlaviyoHandle) -> None:
    """It adds to the first; most of the people are fans of Nevent, some are strangers to it."""
    klaviyo.generate(100, people=50, campaigns=2)
    with pytest.raises(ValueError, match="take another seed"):
        klaviyo.generate(100, people=50, campaigns=2)
    assert klaviyo.generate(100, people=50, campaigns=2, seed=2) == 100
    assert len(klaviyo.touches()) == 200
    known = Counter(bool(each["attributes"]["external_id"]) for each in klaviyo.profiles())
    assert known == {True: 90, False: 10}
