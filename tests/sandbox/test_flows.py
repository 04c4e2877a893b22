"""Flows: which definitions are taken, and how they are read."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]


def _ids(answer: Any) -> list[str]:
    return [each["id"] for each in answer.json()["data"]]


def _delay(name: str, following: str | None) -> Document:
    data = {"unit": "days", "value": 1, "timezone": "Europe/Madrid", "delay_until_time": "10:00:00"}
    return {
        "temporary_id": name,
        "type": "time-delay",
        "links": {"next": following},
        "data": data,
    }


def _split(name: str, metric: str, ways: tuple[str | None, str | None]) -> Document:
    clicked = {
        "type": "profile-metric",
        "metric_id": metric,
        "measurement": "count",
        "measurement_filter": {"type": "numeric", "operator": "greater-than", "value": 0},
        "timeframe_filter": {"type": "date", "operator": "flow-start"},
    }
    return {
        "temporary_id": name,
        "type": "conditional-split",
        "links": {"next_if_true": ways[0], "next_if_false": ways[1]},
        "data": {"profile_filter": {"condition_groups": [{"conditions": [clicked]}]}},
    }


def _date(**changes: Any) -> Document:
    return {
        "type": "date",
        "date_field_type": "profile-property",
        "date_profile_property": "properties['next_event_date']",
        "timedelta_unit_before_date": "days",
        "timedelta_value_before_date": 7,
        "recurrence_frequency": "never",
        "timezone": "profile",
        "trigger_time": "10:00:00",
        **changes,
    }


def test_a_flow_tells_its_definition_only_when_asked(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Actions have ids of their own by then, in the links as well."""
    metric = klaviyo.metric("Purchased Ticket")
    actions = [
        _delay("wait", "split"),
        _split("split", metric, ("later", None)),
        _delay("later", None),
    ]
    flow = klaviyo.add_flow(
        "Thanks", trigger={"type": "metric", "id": metric}, actions=actions, status="manual"
    )
    plain = api.get(f"/flows/{flow}").json()["data"]["attributes"]
    assert (plain["name"], plain["status"], plain["archived"]) == ("Thanks", "manual", False)
    assert plain["trigger_type"] == "Metric"
    assert "definition" not in plain
    asked = {"additional-fields[flow]": "definition"}
    definition = api.get(f"/flows/{flow}", **asked).json()["data"]["attributes"]["definition"]
    assert definition["triggers"] == [{"type": "metric", "id": metric}]
    wait, split, later = definition["actions"]
    assert all(action["id"].isdigit() for action in definition["actions"])
    assert "temporary_id" not in wait
    assert definition["entry_action_id"] == wait["id"]
    assert wait["links"] == {"next": split["id"]}
    assert split["links"] == {"next_if_true": later["id"], "next_if_false": None}
    assert api.get("/flows", **asked).status_code == 400


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('equals(status,"live")', "ab"),
        ('equals(status,"live"),equals(archived,false)', "a"),
        ('contains(name,"Flow [b]")', "b"),
        ('starts-with(name,"flow")', ""),
        ('ends-with(name,"[c]")', "c"),
        ('equals(trigger_type,"Date Based")', "c"),
        ('equals(trigger_type,"Unconfigured")', "ab"),
    ],
)
def test_flows_are_filtered(api: Api, klaviyo: KlaviyoHandle, text: str, names: str) -> None:
    """Texts with their case, and whatever else a pattern would make of them."""
    klaviyo.add_flow("Flow [a]")
    klaviyo.add_flow("Flow [b]", archived=True)
    klaviyo.add_flow("Flow [c]", trigger=_date(), status="draft")
    found = api.get("/flows", filter=text).json()["data"]
    assert "".join(each["attributes"]["name"][6] for each in found) == names


@pytest.mark.parametrize(
    "text",
    [
        'equals(archived,"false")',
        "equals(archived,0)",
        'equals(trigger_type,"Sometimes")',
        'any(status,["live"])',
        'contains(status,"li")',
        "greater-than(created,yesterday)",
    ],
)
def test_a_filter_that_klaviyo_lacks_is_refused(api: Api, text: str) -> None:
    """Operator, kind of value, or word."""
    (error,) = api.get("/flows", filter=text).json()["errors"]
    assert error["source"] == {"parameter": "filter"}


def test_flows_are_found_by_id_and_time(api: Api, klaviyo: KlaviyoHandle, sandbox: Sandbox) -> None:
    """And sorted both ways."""
    first = klaviyo.add_flow("b")
    sandbox.clock.advance(timedelta(hours=1))
    second = klaviyo.add_flow("a", status="draft")
    created = api.get(f"/flows/{second}").json()["data"]["attributes"]["created"]
    for text, wanted in (
        (f'any(id,["{first}","nobody"])', [first]),
        (f"greater-or-equal(created,{created})", [second]),
        (f"less-than(updated,{created})", [first]),
        (f"equals(created,{created})", [second]),
    ):
        assert _ids(api.get("/flows", filter=text)) == wanted
    assert _ids(api.get("/flows", sort="name")) == [second, first]
    assert _ids(api.get("/flows", sort="-status")) == [first, second]


def test_fifty_flows_are_a_page(api: Api, klaviyo: KlaviyoHandle) -> None:
    """The next one has the rest."""
    wanted = [klaviyo.add_flow(f"Flow {number}") for number in range(51)]
    page = api.get("/flows")
    assert _ids(page) == wanted[:50]
    assert _ids(api.http.get(page.json()["links"]["next"])) == wanted[50:]
    assert api.get("/flows", page_size=51).status_code == 400


def test_actions_are_included_as_resources(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Each knows its flow; sparse fields reach into its message."""
    flow = klaviyo.add_flow("Hola")
    sparse = {"fields[flow-action]": "definition.data.message.subject_line"}
    document = api.get("/flows", include="flow-actions", **sparse).json()
    (action,) = document["included"]
    assert action["attributes"] == {"definition": {"data": {"message": {"subject_line": "Hola"}}}}
    assert action["relationships"]["flow"]["data"] == {"type": "flow", "id": flow}
    (read,) = document["data"]
    references = [{"type": "flow-action", "id": action["id"]}]
    assert read["relationships"]["flow-actions"]["data"] == references


def test_lists_and_metrics_tell_which_flows_they_start(api: Api, klaviyo: KlaviyoHandle) -> None:
    """As `flow-triggers`, with the flows included."""
    metric, wanted = klaviyo.metric("Purchased Ticket"), api.new_list()
    api.new_list("Another")
    by_metric = klaviyo.add_flow("a", trigger={"type": "metric", "id": metric})
    by_list = klaviyo.add_flow("b", trigger={"type": "list", "id": wanted})
    for path, flow, number in (("/metrics", by_metric, 1), ("/lists", by_list, 2)):
        document = api.get(path, include="flow-triggers").json()
        assert len(document["data"]) == number
        references = document["data"][0]["relationships"]["flow-triggers"]["data"]
        assert references == [{"type": "flow", "id": flow}]
        assert [each["id"] for each in document["included"]] == [flow]
    single = api.get(f"/lists/{wanted}", include="flow-triggers").json()
    assert [each["id"] for each in single["included"]] == [by_list]


def test_a_metric_is_made_once(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Found by its name afterwards, by events too."""
    metric = klaviyo.metric("Purchased Ticket")
    api.event()
    assert [each["id"] for each in klaviyo.metrics()] == [metric] == _ids(api.get("/metrics"))
    assert klaviyo.metric("Purchased Ticket") == metric
    assert klaviyo.metric("Purchased Ticket", service="Eventbrite") != metric


@pytest.mark.parametrize(
    "changes",
    [
        {"trigger_time": "25:00"},
        {"timezone": "Europe/Toledo"},
        {"recurrence_frequency": "daily"},
        {"timedelta_value_before_date": "7"},
        {"date_field_type": "trait"},
        {"hours": 1},
    ],
)
def test_a_trigger_of_another_shape_is_refused(klaviyo: KlaviyoHandle, changes: Document) -> None:
    """Word, kind of value, unknown key."""
    with pytest.raises(ValueError, match="flow definition at /triggers/0"):
        klaviyo.add_flow("x", trigger=_date(**changes))


def test_a_trigger_names_what_there_is(api: Api, klaviyo: KlaviyoHandle) -> None:
    """An unknown metric, list or segment is refused; so is one of another kind."""
    metric, wanted = klaviyo.metric("Purchased Ticket"), api.new_list()
    for kind, identifier in (
        ("metric", "nobody"),
        ("list", metric),
        ("segment", wanted),
    ):
        with pytest.raises(ValueError, match="none of the account's"):
            klaviyo.add_flow("x", trigger={"type": kind, "id": identifier})
    assert klaviyo.flows() == []


@pytest.mark.parametrize(
    ("actions", "why"),
    [
        ([_delay("a", "b")], "next is b"),
        ([_delay("a", None), _delay("a", None)], "same temporary_id"),
        ([{**_delay("a", None), "temporary_id": None}], "no temporary_id"),
        ([{**_delay("a", None), "type": "wait"}], "definition at /actions/0"),
        ([{**_delay("a", None), "id": "1"}], "may not have an id"),
    ],
)
def test_actions_must_hang_together(
    klaviyo: KlaviyoHandle, actions: list[Document], why: str
) -> None:
    """Every link names an action of the same flow."""
    with pytest.raises(ValueError, match=why):
        klaviyo.add_flow("x", actions=copy.deepcopy(actions))


def test_a_flow_has_one_trigger_and_a_known_status(klaviyo: KlaviyoHandle) -> None:
    """More of them is refused; so is a word that is no status."""
    with pytest.raises(ValueError, match="definition at /triggers"):
        klaviyo.add_flow("x", triggers=[_date(), _date()])
    with pytest.raises(ValueError, match="status"):
        klaviyo.add_flow("x", status="on")


def test_a_key_without_the_scope_sees_no_flow(klaviyo: KlaviyoHandle, flowless: Api) -> None:
    """403 for both reads; all else it may."""
    flow = klaviyo.add_flow("x")
    for path in ("/flows", f"/flows/{flow}"):
        answer = flowless.get(path)
        assert answer.status_code == 403
        assert "flows:read" in answer.json()["errors"][0]["detail"]
    assert flowless.get("/segments").status_code == 200
    assert flowless.get("/metrics").status_code == 200


def test_an_unknown_flow_is_404(api: Api) -> None:
    """By its id."""
    assert api.get("/flows/Nope42").status_code == 404
