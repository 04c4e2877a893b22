"""Which live flows a load would start, over HTTP against the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flow_definitions import VIP, all_of, date_flow, member, new_list, segment_flow, started
from klaviyo_client import KlaviyoSession
from target_klaviyo.flows import LiveFlows, Load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nevent_sandbox.handles import KlaviyoHandle

ALL = Load(
    list_ids=frozenset({"L1st99"}),
    properties=frozenset({"vip_status"}),
    attributes=frozenset({"email", "first_name", "city"}),
    metrics=frozenset({"Purchased Ticket"}),
    history=frozenset({"Attended Event"}),
    consents=frozenset({"email"}),
)


@pytest.fixture
def session(klaviyo: KlaviyoHandle) -> Iterator[KlaviyoSession]:
    """A key that may do everything."""
    session = KlaviyoSession("pk_sandbox_full", api_url=klaviyo.url)
    yield session
    session.close()


def test_a_metric_without_backfill_starts_its_flow(klaviyo: KlaviyoHandle) -> None:
    """Its history, or another metric, does not."""
    metric = klaviyo.metric("Purchased Ticket")
    flow = klaviyo.add_flow("Thanks", trigger={"type": "metric", "id": metric})
    (found,) = started(klaviyo, metrics={"Purchased Ticket"})
    assert (found.id, found.name) == (flow, "Thanks")
    assert found.reason == (
        "its trigger is the metric 'Purchased Ticket', of which events are sent that are no history"
    )
    assert started(klaviyo, history={"Purchased Ticket"}) == []
    assert started(klaviyo, metrics={"Attended Event"}, properties={"vip_status"}) == []


def test_a_list_starts_its_flow(klaviyo: KlaviyoHandle) -> None:
    """It is named as people know it; another list starts nothing."""
    wanted, other = new_list(klaviyo, "Nevent - All Contacts"), new_list(klaviyo, "Other")
    klaviyo.add_flow("Welcome", trigger={"type": "list", "id": wanted})
    (found,) = started(klaviyo, list_ids={wanted})
    assert found.reason == "people are added to its list 'Nevent - All Contacts'"
    assert started(klaviyo, list_ids={other}, metrics={"x"}, consents={"email"}) == []


@pytest.mark.parametrize(
    ("path", "filled", "reason"),
    [
        ("properties['next_event_date']", {"properties": {"next_event_date"}}, "property"),
        ('properties["next_event_date"]', {"properties": {"next_event_date"}}, "property"),
        ("next_event_date", {"properties": {"next_event_date"}}, "property"),
        ("properties['next_event_date']", {"attributes": {"next_event_date"}}, None),
        ("properties['next_event_date']", {"properties": {"last_event_date"}}, None),
        ("created", {"history": {"Attended Event"}}, "attribute"),
        ("last_event_date", {"history": {"Attended Event"}}, "attribute"),
        ("last_event_date", {"attributes": {"email"}}, None),
    ],
)
def test_a_date_that_is_filled_starts_its_flow(
    klaviyo: KlaviyoHandle,
    path: str,
    filled: dict[str, set[str]],
    reason: str | None,
) -> None:
    """A custom property, or a date that Klaviyo keeps itself."""
    date_flow(klaviyo, path)
    found = [each.reason for each in started(klaviyo, **filled)]
    name = "next_event_date" if "next" in path else path
    assert found == ([f"its date is the {reason} {name}, which is filled"] if reason else [])


@pytest.mark.parametrize(
    ("metric", "filled", "takes"),
    [
        ("Subscribed to List", {"list_ids": {"L1st99"}}, True),
        ("Subscribed to List", {"consents": {"sms"}}, True),
        ("Subscribed to Email Marketing", {"consents": {"email"}}, True),
        ("Subscribed to Email Marketing", {"consents": {"sms"}}, False),
        ("Unsubscribed from SMS Marketing", {"consents": {"sms"}}, True),
        ("Subscribed to Text Messaging Marketing", {"consents": {"sms"}}, True),
        ("Subscribed to Back in Stock", {"consents": {"email", "sms"}}, False),
        ("Subscribed to List", {"metrics": {"Purchased Ticket"}}, False),
    ],
)
def test_klaviyos_own_events_of_consent_start_flows(
    klaviyo: KlaviyoHandle,
    metric: str,
    filled: dict[str, set[str]],
    *,
    takes: bool,
) -> None:
    """It writes them when people subscribe, unsubscribe or join a list."""
    identifier = klaviyo.metric(metric, service="Klaviyo")
    klaviyo.add_flow("Welcome", trigger={"type": "metric", "id": identifier})
    wanted = [f"its trigger is the metric '{metric}', which consents or list members change"]
    assert [each.reason for each in started(klaviyo, **filled)] == (wanted if takes else [])


@pytest.mark.parametrize(
    ("metric", "takes"), [("Viewed Product", True), ("Purchased Ticket", False)]
)
def test_a_price_drop_looks_at_who_viewed(
    klaviyo: KlaviyoHandle, metric: str, *, takes: bool
) -> None:
    """Its audience may grow by events of that kind, history too."""
    trigger = {
        "type": "price-drop",
        "trigger_filter": None,
        "price_drop_amount_value": 10,
        "audience": ["viewed"],
    }
    klaviyo.add_flow("Cheaper", trigger=trigger)
    wanted = [f"people with the metric '{metric}' may be its audience"] if takes else []
    assert [each.reason for each in started(klaviyo, history={metric})] == wanted


def test_only_live_flows_count(klaviyo: KlaviyoHandle, session: KlaviyoSession) -> None:
    """None that is a draft, manual, archived, or without a trigger; nor any for an empty load."""
    metric = klaviyo.metric("Purchased Ticket")
    trigger = {"type": "metric", "id": metric}
    for more in ({"status": "draft"}, {"status": "manual"}, {"archived": True}):
        klaviyo.add_flow("x", trigger=trigger, **more)
    klaviyo.add_flow("x")
    assert LiveFlows(session).started_by(ALL) == []
    klaviyo.add_flow("y", trigger=trigger)
    assert [each.name for each in LiveFlows(session).started_by(ALL)] == ["y"]
    assert LiveFlows(session).started_by(Load()) == []


def test_all_pages_of_flows_are_read(klaviyo: KlaviyoHandle, session: KlaviyoSession) -> None:
    """Fifty to a page. What this load cannot start has no definition read."""
    metric, wanted = klaviyo.metric("Purchased Ticket"), new_list(klaviyo, "Fans")
    for _ in range(60):
        klaviyo.add_flow("Thanks", trigger={"type": "metric", "id": metric})
    last = klaviyo.add_flow("Date", trigger={"type": "list", "id": wanted})
    klaviyo.clear_requests()
    flows = LiveFlows(session)
    assert flows.started_by(Load(properties=frozenset({"vip_status"}))) == []
    assert len(klaviyo.requests("GET /flows")) == 2
    assert [each["path"] for each in klaviyo.requests("GET /flows/{id}")] == [
        f"/api/flows/{last}?additional-fields%5Bflow%5D=definition"
    ]


def test_everything_is_read_once(klaviyo: KlaviyoHandle, session: KlaviyoSession) -> None:
    """However often it is asked, with ever more filled."""
    wanted = new_list(klaviyo, "Fans")
    inner = klaviyo.add_segment("Inner", all_of([VIP]))
    segment_flow(klaviyo, [member(inner), member(wanted)])
    klaviyo.add_flow("Welcome", trigger={"type": "list", "id": wanted})
    klaviyo.clear_requests()
    flows = LiveFlows(session)
    for _ in range(3):
        assert flows.visible
        assert flows.started_by(Load(attributes=frozenset({"email"}))) == []
        assert len(flows.started_by(Load(properties=frozenset({"vip_status"})))) == 1
        assert len(flows.started_by(ALL._replace(list_ids=frozenset({wanted})))) == 2
    operations = sorted(each["operation"] for each in klaviyo.requests())
    assert operations == [
        "GET /api/flows",
        *["GET /api/flows/{id}"] * 2,
        "GET /api/lists",
        "GET /api/metrics",
        *["GET /api/segments"] * 2,
    ]


def test_a_key_without_flows_read_is_told_and_fails_nothing(klaviyo: KlaviyoHandle) -> None:
    """Asked once."""
    metric = klaviyo.metric("Purchased Ticket")
    klaviyo.add_flow("Thanks", trigger={"type": "metric", "id": metric})
    session = KlaviyoSession("pk_sandbox_no_flows", api_url=klaviyo.url)
    flows = LiveFlows(session)
    assert not flows.visible
    assert flows.started_by(ALL) == []
    assert len(klaviyo.requests("GET /flows")) == 1
    session.close()


@pytest.mark.parametrize(
    ("operation", "scope"),
    [("GET /metrics", "metrics:read"), ("GET /segments", "segments:read")],
)
def test_what_may_not_be_read_counts_as_started(
    klaviyo: KlaviyoHandle, operation: str, scope: str
) -> None:
    """And the reason names the scope that the key lacks."""
    if scope == "metrics:read":
        trigger = {"type": "metric", "id": klaviyo.metric("Never")}
    else:
        trigger = {"type": "segment", "id": klaviyo.add_segment("Chosen", all_of([VIP]))}
    klaviyo.add_flow("Hidden", trigger=trigger)
    filled = {"metrics": {"Purchased Ticket"}}
    assert started(klaviyo, **filled) == []
    klaviyo.refuse(operation, status=403, times=None)
    (found,) = started(klaviyo, **filled)
    assert found.reason.endswith(f"could not be read: the key lacks {scope}")


def test_a_list_without_a_name_is_told_by_its_id(klaviyo: KlaviyoHandle) -> None:
    """When the key lacks lists:read."""
    wanted = new_list(klaviyo, "Fans")
    klaviyo.add_flow("Welcome", trigger={"type": "list", "id": wanted})
    klaviyo.refuse("GET /lists", status=403, times=None)
    (found,) = started(klaviyo, list_ids={wanted})
    assert found.reason == f"people are added to its list '{wanted}'"


@pytest.mark.parametrize(("status", "names"), [(400, ["Thanks"]), (404, [])])
def test_a_definition_that_cannot_be_read_counts_as_started(
    klaviyo: KlaviyoHandle, status: int, names: list[str]
) -> None:
    """Unless the flow was deleted meanwhile."""
    wanted = new_list(klaviyo, "Fans")
    klaviyo.add_flow("Thanks", trigger={"type": "list", "id": wanted})
    klaviyo.refuse("GET /flows/{id}", status=status)
    assert [each.name for each in started(klaviyo, properties={"x"})] == names
