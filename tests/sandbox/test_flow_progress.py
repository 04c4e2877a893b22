"""Flows that run: whom they take, which way they go, what they send."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle
    from sandbox.conftest import Api

Document = dict[str, Any]
ANA, EVA = "ana@nevent-demo.es", "eva@nevent-demo.es"
ALL_CLICK: Document = {"opens": 1, "clicks": 1}
NOBODY_OPENS: Document = {"opens": 0}


def _mail(name: str, following: str | None = None, *, status: str = "live") -> Document:
    message = {"subject_line": name, "name": name, "from_email": "hola@nevent-demo.es"}
    return {
        "temporary_id": name,
        "type": "send-email",
        "links": {"next": following},
        "data": {"message": message, "status": status},
    }


def _wait(name: str, following: str, **data: Any) -> Document:
    return {
        "temporary_id": name,
        "type": "time-delay",
        "links": {"next": following},
        "data": {"unit": "days", "value": 1, **data},
    }


def _split(metric: str, yes: str, no: str, operator: str = "greater-than") -> Document:
    clicked = {
        "type": "profile-metric",
        "metric_id": metric,
        "measurement": "count",
        "measurement_filter": {"type": "numeric", "operator": operator, "value": 0},
        "timeframe_filter": {"type": "date", "operator": "flow-start"},
        "metric_filters": None,
    }
    return {
        "temporary_id": "split",
        "type": "conditional-split",
        "links": {"next_if_true": yes, "next_if_false": no},
        "data": {"profile_filter": {"condition_groups": [{"conditions": [clicked]}]}},
    }


def _received(klaviyo: KlaviyoHandle) -> list[tuple[str, str]]:
    """Who got which mail, in the order of their sending."""
    names = {
        action["data"]["message"]["id"]: action["data"]["message"].get("name")
        for flow in klaviyo.flows()
        for action in flow["definition"]["actions"]
        if (action.get("data") or {}).get("message")
    }
    found = [each for each in klaviyo.touches() if each["kind"] == "received"]
    found.sort(key=lambda each: each["moment"])
    return [(each["email"], names[each["message"]]) for each in found]


@pytest.fixture
def bought(api: Api, klaviyo: KlaviyoHandle) -> Document:
    """The trigger of a flow about purchases, which Ana has made by then."""
    api.upsert({"email": ANA})
    return {"type": "metric", "id": klaviyo.metric("Purchased Ticket")}


def test_who_was_on_the_list_before_the_flow_is_left_alone(
    api: Api, klaviyo: KlaviyoHandle
) -> None:
    """Even within the same second; who joins later is greeted."""
    fans = api.new_list(opt_in_process="single_opt_in")
    klaviyo.subscribe(ANA, list_id=fans)
    klaviyo.add_flow("Hola", trigger={"type": "list", "id": fans}, actions=[_mail("Hola")])
    klaviyo.subscribe(EVA, list_id=fans)
    klaviyo.progress_flows()
    assert _received(klaviyo) == [(EVA, "Hola")]


def test_who_joins_a_segment_enters_its_flow(api: Api, klaviyo: KlaviyoHandle) -> None:
    """As with a list."""
    api.load({"email": ANA}, {"email": EVA})
    condition = {"type": "profile-group-membership", "is_member": True}
    groups = [{"conditions": [{**condition, "group_ids": [api.new_list()]}]}]
    vips = klaviyo.add_segment("VIP", {"condition_groups": groups})
    klaviyo.join_segment(vips, [ANA])
    klaviyo.add_flow("VIP", trigger={"type": "segment", "id": vips}, actions=[_mail("VIP")])
    klaviyo.join_segment(vips, [EVA])
    klaviyo.progress_flows()
    assert _received(klaviyo) == [(EVA, "VIP")]


def test_an_event_from_before_the_flow_starts_nothing(
    api: Api, klaviyo: KlaviyoHandle, bought: Document
) -> None:
    """Even within the same second."""
    api.event(ANA, unique_id="t1")
    klaviyo.add_flow("Gracias", trigger=bought, actions=[_mail("Gracias")])
    assert klaviyo.progress_flows(**NOBODY_OPENS) == 0
    api.event(ANA, unique_id="t2")
    assert klaviyo.progress_flows(**NOBODY_OPENS) == 1


def test_delays_add_up_and_nothing_is_sent_twice(
    api: Api, klaviyo: KlaviyoHandle, bought: Document
) -> None:
    """However often the flows are looked at; dated by when it was due, not by when it was seen."""
    steps = [
        _mail("Uno", "first"),
        _wait("first", "Dos", secondary_value=6),
        _mail("Dos", "second"),
        _wait("second", "Tres", unit="hours", value=2),
        _mail("Tres"),
    ]
    flow = klaviyo.add_flow("Pasos", trigger=bought, actions=steps)
    api.event(ANA, unique_id="t1")
    assert klaviyo.progress_flows(**NOBODY_OPENS) == 1
    klaviyo.advance(hours=29)
    assert _received(klaviyo) == [(ANA, "Uno")]
    klaviyo.advance(days=2)
    klaviyo.progress_flows()
    assert _received(klaviyo) == [(ANA, "Uno"), (ANA, "Dos"), (ANA, "Tres")]
    moments = [each["moment"] for each in klaviyo.touches() if each["kind"] == "received"]
    assert [each - moments[0] for each in moments] == [0, 30 * 3600, 32 * 3600]
    assert {each["flow"] for each in klaviyo.touches()} == {flow}


@pytest.mark.parametrize(
    ("taken", "operator", "way"),
    [
        (ALL_CLICK, "greater-than", "Entradas"),
        (NOBODY_OPENS, "greater-than", "Otra vez"),
        (NOBODY_OPENS, "equals", "Entradas"),
    ],
)
def test_a_split_follows_what_its_condition_counts(
    api: Api, sandbox: Sandbox, bought: Document, taken: Document, operator: str, way: str
) -> None:
    """Clicks since the flow began, for instance; of another person, they count for nothing."""
    klaviyo = sandbox.klaviyo
    clicked = klaviyo.metric("Clicked Email", service="Klaviyo")
    steps = [
        _mail("Uno", "wait"),
        _wait("wait", "split"),
        _split(clicked, "Entradas", "Otra vez", operator),
        _mail("Entradas"),
        _mail("Otra vez"),
    ]
    flow = klaviyo.add_flow("Ramas", trigger=bought, actions=steps)
    api.upsert({"email": EVA})
    klaviyo.engage([{"what": "clicked", "email": EVA, "flow": flow}])
    api.event(ANA, unique_id="t1")
    for hours in (2, 24):
        sandbox.clock.advance(timedelta(hours=hours))
        klaviyo.progress_flows(**taken)
    assert _received(klaviyo) == [(ANA, "Uno"), (ANA, way)]


def test_a_flow_that_leads_back_to_itself_ends(
    api: Api, klaviyo: KlaviyoHandle, bought: Document
) -> None:
    """Each action is passed once by an entry."""
    klaviyo.add_flow("Rueda", trigger=bought, actions=[_mail("A", "B"), _mail("B", "A")])
    api.event(ANA, unique_id="t1")
    klaviyo.progress_flows()
    assert sorted(_received(klaviyo)) == [(ANA, "A"), (ANA, "B")]


@pytest.mark.parametrize(
    ("status", "archived", "action"),
    [
        ("draft", False, "live"),
        ("manual", False, "live"),
        ("live", True, "live"),
        ("live", False, "draft"),
        ("live", False, "manual"),
    ],
)
def test_only_what_is_live_sends(
    api: Api, klaviyo: KlaviyoHandle, bought: Document, *, status: str, archived: bool, action: str
) -> None:
    """The flow, and the action in it."""
    steps = [_mail("Gracias", status=action)]
    klaviyo.add_flow("x", trigger=bought, actions=steps, status=status, archived=archived)
    api.event(ANA, unique_id="t1")
    assert klaviyo.progress_flows() == 0


def test_no_flow_mails_who_opted_out_on_the_way(
    api: Api, klaviyo: KlaviyoHandle, bought: Document
) -> None:
    """What was sent before stays."""
    steps = [_mail("Uno", "wait"), _wait("wait", "Dos"), _mail("Dos")]
    klaviyo.add_flow("Pasos", trigger=bought, actions=steps)
    api.event(ANA, unique_id="t1")
    klaviyo.progress_flows()
    klaviyo.unsubscribe(ANA)
    klaviyo.advance(days=3)
    assert _received(klaviyo) == [(ANA, "Uno")]


def test_a_flow_texts_only_who_agreed_to_texts(
    api: Api, klaviyo: KlaviyoHandle, bought: Document
) -> None:
    """A number alone is no consent."""
    text = {"temporary_id": "sms", "type": "send-sms", "links": {"next": None}}
    data = {"message": {"body": "Gracias"}, "status": "live"}
    klaviyo.add_flow("Texto", trigger=bought, actions=[{**text, "data": data}])
    for number, email in enumerate((ANA, EVA)):
        api.upsert({"email": email, "phone_number": f"+3460011220{number}"})
        api.event(email, unique_id="t1")
    klaviyo.subscribe(phone_number="+34600112201")
    klaviyo.progress_flows()
    assert [each["email"] for each in klaviyo.touches()] == [EVA]
    assert len(klaviyo.events("Received Text Message")) == 1


def test_the_mails_of_a_flow_are_told_by_the_flow(
    api: Api, klaviyo: KlaviyoHandle, bought: Document
) -> None:
    """`$flow` beside `$message`; `Campaign Name` is the name of the message."""
    flow = klaviyo.add_flow("Gracias", trigger=bought, actions=[_mail("Saludo")])
    api.event(ANA, unique_id="t1")
    klaviyo.progress_flows(**NOBODY_OPENS)
    (event,) = klaviyo.events("Received Email")
    told = event["properties"]
    assert (told["$flow"], told["Campaign Name"]) == (flow, "Saludo")
    read = api.get(f"/flow-messages/{told['$message']}", include="flow-action").json()
    assert read["data"]["attributes"]["definition"]["name"] == "Saludo"
    assert read["included"][0]["relationships"]["flow"]["data"]["id"] == flow
