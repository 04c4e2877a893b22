"""Events: what is refused, what is accepted and forgotten, what is kept once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
BULK = "/data/attributes/events-bulk-create/data"
ANA = "ana@nevent-demo.es"


def _pointers(answer: Any) -> list[str]:
    assert answer.status_code == 400
    return [error["source"]["pointer"] for error in answer.json()["errors"]]


def _deep(levels: int) -> Document:
    value: Document = {}
    for _ in range(levels):
        value = {"in": value}
    return value


def test_accepted_events_are_answered_with_nothing(api: Api) -> None:
    """202, no body, no job."""
    answer = api.event()
    assert (answer.status_code, answer.content) == (202, b"")


def test_an_event_makes_its_profile_and_its_metric(api: Api, klaviyo: KlaviyoHandle) -> None:
    """The second one of that name makes no other."""
    for unique in ("a", "b"):
        api.event(unique_id=unique)
    there = {kind: number for kind, number in klaviyo.counts().items() if number}
    assert there == {"profiles": 1, "events": 2, "metrics": 1}
    (metric,) = api.get("/metrics").json()["data"]
    assert metric["attributes"]["name"] == "Purchased Ticket"
    assert api.get(f"/metrics/{metric['id']}").json()["data"] == metric


def test_the_first_event_of_a_unique_id_wins(api: Api, klaviyo: KlaviyoHandle) -> None:
    """A later one is accepted and vanishes, unless its metric or person is another."""
    api.event(unique_id="t1", value=1)
    assert api.event(unique_id="t1", value=2).status_code == 202
    api.event(unique_id="t1", value=3, metric="Refunded Ticket")
    api.event("eva@nevent-demo.es", unique_id="t1", value=4)
    assert sorted(event["value"] for event in klaviyo.events()) == [1, 3, 4]


def test_without_a_unique_id_the_second_counts(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Two purchases within one second are one."""
    for time in ("2026-05-01T10:00:00Z", "2026-05-01T10:00:00.7Z", "2026-05-01T10:00:01Z"):
        api.event(time=time)
    assert len(klaviyo.events()) == 2


def test_a_unique_id_twice_in_a_body_refuses_all(api: Api, klaviyo: KlaviyoHandle) -> None:
    """For one person and metric."""
    entries = [api.entry(unique_id="t1"), api.entry(unique_id="t2"), api.entry(unique_id="t1")]
    assert _pointers(api.events(entries)) == [
        f"{BULK}/2/attributes/events/data/0/attributes/unique_id"
    ]
    assert klaviyo.events() == []


def test_a_thousand_events_are_the_most(api: Api) -> None:
    """Events count, not people."""
    entry = api.entry(unique_id="0")
    event = entry["attributes"]["events"]["data"][0]
    entry["attributes"]["events"]["data"] = [
        {**event, "attributes": {**event["attributes"], "unique_id": str(n)}} for n in range(1001)
    ]
    assert _pointers(api.events([entry])) == [BULK]
    entry["attributes"]["events"]["data"].pop()
    assert api.events([entry]).status_code == 202


@pytest.mark.parametrize("domain", ["example.com", "test.com"])
def test_events_for_test_addresses_are_accepted_and_dropped(
    api: Api, klaviyo: KlaviyoHandle, domain: str
) -> None:
    """Nothing of them is kept."""
    assert api.event(f"ana@{domain}").status_code == 202
    assert klaviyo.counts()["events"] == klaviyo.counts()["profiles"] == 0


@pytest.mark.parametrize(
    ("attributes", "place"),
    [
        ({"unique_id": ""}, "/unique_id"),
        ({"unique_id": "x" * 256}, "/unique_id"),
        ({"value": "85"}, "/value"),
        ({"value_currency": "euro"}, "/value_currency"),
        ({"time": "01/05/2026"}, "/time"),
        ({"time": "1777629600"}, "/time"),
        ({"time": "1989-12-31T23:59:59Z"}, "/time"),
        ({"metric": "x" * 128}, "/metric/data/attributes/name"),
        ({"properties": {str(n): n for n in range(401)}}, "/properties"),
        ({"properties": {"a": list(range(4001))}}, "/properties/a"),
        ({"properties": {"a": 2**63}}, "/properties/a"),
        ({"properties": {"a": "x" * 100_001}}, "/properties/a"),
        ({"properties": _deep(11)}, "/properties" + "/in" * 10),
        ({"price": 1}, "/price"),
    ],
)
def test_an_event_beyond_a_limit_is_named(api: Api, attributes: Document, place: str) -> None:
    """Sizes, depth, types, time window."""
    answer = api.events([api.entry("eva@nevent-demo.es"), api.entry(**attributes)])
    assert _pointers(answer) == [f"{BULK}/1/attributes/events/data/0/attributes{place}"]


def test_an_event_may_lie_a_year_ahead_and_no_more(api: Api, sandbox: Sandbox) -> None:
    """By the sandbox's clock."""
    now = sandbox.clock.now()
    assert api.event(time=(now + timedelta(days=364)).isoformat()).status_code == 202
    assert api.event(time=(now + timedelta(days=368)).isoformat()).status_code == 400


@pytest.mark.parametrize("time", ["2026-05-01", "2026-05-01T00:00", "2026-05-01T02:00:00+02:00"])
def test_incomplete_times_are_completed_with_zeroes_and_utc(
    api: Api, klaviyo: KlaviyoHandle, time: str
) -> None:
    """As the real service does."""
    api.event(time=time)
    (event,) = klaviyo.events()
    assert event["time"] == "2026-05-01T00:00:00+00:00"


def test_an_event_without_time_is_now(api: Api, klaviyo: KlaviyoHandle, sandbox: Sandbox) -> None:
    """To the second."""
    api.event()
    (event,) = klaviyo.events()
    age = sandbox.clock.now() - datetime.fromisoformat(event["time"])
    assert timedelta() <= age < timedelta(seconds=5)


def test_a_malformed_person_refuses_all_events(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Named by the entry."""
    assert _pointers(api.events([api.entry(), api.entry("ana")])) == [
        f"{BULK}/1/attributes/profile/data/attributes/email"
    ]
    assert klaviyo.events() == []


def test_a_person_over_95_kb_is_refused(api: Api) -> None:
    """Less than a profile alone may have."""
    entry = api.entry()
    entry["attributes"]["profile"]["data"]["attributes"]["properties"] = {"bio": "x" * 95_000}
    assert _pointers(api.events([entry])) == [f"{BULK}/0/attributes/profile/data"]


def test_attributes_beside_an_event_are_applied(api: Api, klaviyo: KlaviyoHandle) -> None:
    """And the profile tells of its last event."""
    entry = api.entry(time="2026-05-01T10:00:00Z")
    entry["attributes"]["profile"]["data"]["attributes"]["first_name"] = "Ana"
    api.events([entry])
    profile = klaviyo.profile(ANA)
    assert profile is not None
    assert profile["attributes"]["first_name"] == "Ana"
    assert profile["attributes"]["last_event_date"] == "2026-05-01T10:00:00+00:00"


def test_a_single_event_is_as_one_of_many(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Its pointers are shorter."""
    event = api.entry(unique_id="t1", value=85.5, value_currency="EUR", backfill=True)
    attributes = event["attributes"]["events"]["data"][0]["attributes"]
    attributes["profile"] = event["attributes"]["profile"]
    assert api.post("/events", {"data": {"type": "event", "attributes": attributes}}).is_success
    (kept,) = klaviyo.events(metric="Purchased Ticket", email=ANA)
    assert (kept["value"], kept["value_currency"], kept["backfill"]) == (85.5, "EUR", True)
    attributes["profile"]["data"]["attributes"] = {"phone_number": "600"}
    answer = api.post("/events", {"data": {"type": "event", "attributes": attributes}})
    assert _pointers(answer) == ["/data/attributes/profile/data/attributes/phone_number"]


def test_an_event_is_read_with_its_person_and_metric(api: Api) -> None:
    """Each included once, and reachable by its id."""
    for unique in ("t1", "t2"):
        api.event(unique_id=unique, value=85.5, value_currency="EUR", time="2026-05-01T10:00:00Z")
    page = api.get("/events", include="profile,metric,attributions").json()
    assert sorted(each["type"] for each in page["included"]) == ["metric", "profile"]
    event = page["data"][0]
    assert event["attributes"]["event_properties"] == {
        "event_name": "Sónar",
        "$event_id": "t2",
        "$value": 85.5,
        "$currency_code": "EUR",
    }
    assert event["attributes"]["timestamp"] == 1777629600
    assert event["relationships"]["attributions"]["data"] == []
    alone = api.get(f"/events/{event['id']}").json()
    assert alone["data"]["attributes"] == event["attributes"]
    assert "included" not in alone


def test_new_events_can_take_a_while_to_be_seen(
    api: Api, klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """Eventual visibility."""
    klaviyo.knobs(visibility_seconds=60)
    api.event()
    assert api.get("/events").json()["data"] == []
    sandbox.clock.advance(timedelta(seconds=61))
    assert len(api.get("/events").json()["data"]) == 1


def test_a_clock_reads_utc(sandbox: Sandbox) -> None:
    """Whatever this machine's zone is."""
    assert sandbox.clock.now().tzinfo is UTC
