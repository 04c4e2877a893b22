"""What cannot be told counts as started: forms that no sandbox would take, and rarer conditions."""

from __future__ import annotations

from typing import Any

import pytest
from flow_definitions import VIP, all_of, has, member
from target_klaviyo.flow_rules import could_start, started
from target_klaviyo.loads import Load
from target_klaviyo.segment_rules import Seen, Segment, entered

Definition = dict[str, Any]

EMAIL = Load(attributes=frozenset({"email"}))
EVENTS = Load(history=frozenset({"Attended Event"}))
PLACES = Load(attributes=frozenset({"location.zip"}))
NOTHING = Seen(metrics={"Att001": "Attended Event", "Nev001": "Never"}, segments={}, lists={})


def _seen(**definitions: Definition | None) -> Seen:
    segments = {name: Segment(name, definition) for name, definition in definitions.items()}
    return NOTHING._replace(segments=segments)


@pytest.mark.parametrize(
    ("trigger", "reason"),
    [
        ({"type": "weather"}, "its trigger 'weather' is not known"),
        ({}, "its trigger 'None' is not known"),
        ({"type": "date"}, "its trigger 'date' has a form that is not known"),
        (
            {"type": "date", "date_field_type": "moon"},
            "its kind of date, 'moon', is not known",
        ),
        ({"type": "date", "date_field_type": "custom-object"}, ""),
        (
            {"type": "segment", "id": "gone"},
            "its trigger is a segment whose definition Klaviyo does not tell",
        ),
        ({"type": "list", "id": None}, ""),
    ],
)
def test_a_trigger_that_cannot_be_told_counts_as_started(trigger: Definition, reason: str) -> None:
    """Of a kind or form that is not known, or gone; custom objects are written by no load."""
    assert started([trigger], "Metric", EMAIL, NOTHING) == reason


def test_a_trigger_without_an_id_counts_for_loads_of_its_kind() -> None:
    """Lists for lists, metrics for metrics."""
    listed = Load(list_ids=frozenset({"L1st99"}))
    counted = Load(metrics=frozenset({"x"}))
    assert started([{"type": "list"}], None, listed, NOTHING).startswith("its trigger is a list")
    assert started([{"type": "metric"}], None, counted, NOTHING).startswith(
        "its trigger is a metric"
    )
    assert started([{"type": "metric"}], None, EMAIL, NOTHING) == ""


def test_a_definition_without_trigger_counts_unless_none_is_set() -> None:
    """Klaviyo's word for the latter is Unconfigured."""
    assert started([], "Unconfigured", EMAIL, NOTHING) == ""
    assert started([], "Date Based", EMAIL, NOTHING) == (
        "its definition does not tell its trigger (Date Based)"
    )


def test_every_trigger_tells_its_reason() -> None:
    """Should there ever be two."""
    told = started([{"type": "rain"}, {"type": "snow"}], None, EMAIL, NOTHING)
    assert told == "its trigger 'rain' is not known; its trigger 'snow' is not known"


@pytest.mark.parametrize(
    ("trigger_type", "load", "worth"),
    [
        ("Metric", EVENTS, False),
        ("Metric", Load(metrics=frozenset({"x"})), True),
        ("Metric", Load(consents=frozenset({"sms"})), True),
        ("Price Drop", EMAIL, False),
        ("Low Inventory", EVENTS, True),
        ("Added to List", EMAIL, True),
        ("Unconfigured", EMAIL, True),
        (None, EMAIL, True),
        ("Full Moon", EMAIL, True),
        (None, Load(), False),
    ],
)
def test_a_definition_is_read_where_the_load_could_start_it(
    trigger_type: str | None, load: Load, *, worth: bool
) -> None:
    """What a type cannot be started by costs no request."""
    assert could_start(trigger_type, load) is worth


FUNNEL = {
    "type": "profile-metric-funnel",
    "timeframe_filter": {},
    "steps": [{"metric_exists": True, "metric_id": each} for each in ("Nev001", "Att001")],
}
PREDICTION = {"type": "profile-predictive-analytics", "dimension": "churn_probability"}
DISTANCE = {"type": "profile-postal-code-distance", "postal_code": "28001"}
WHATSAPP = {
    "type": "profile-permissions",
    "channel": "whatsapp_marketing",
    "permission": {"reachable_status": "explicitly_reachable"},
}
OBJECTS = {
    "type": "profile-has-custom-object",
    "filter": {"type": "numeric", "operator": "greater-than", "value": 0},
}


@pytest.mark.parametrize(
    ("condition", "load", "what"),
    [
        (FUNNEL, EVENTS, "the metric 'Attended Event'"),
        (FUNNEL, EMAIL, None),
        (PREDICTION, EVENTS, "predictions, which events change"),
        (PREDICTION, EMAIL, None),
        (DISTANCE, PLACES, "the attribute zip"),
        (DISTANCE, EMAIL, None),
        (WHATSAPP, Load(consents=frozenset({"whatsapp"})), "consent by whatsapp"),
        (WHATSAPP, Load(consents=frozenset({"email"})), None),
        (OBJECTS, EMAIL._replace(history=EVENTS.history), None),
        ({"type": "profile-zodiac"}, EMAIL, "a condition of an unknown kind, 'profile-zodiac'"),
        ({"type": "profile-property"}, EMAIL, "a condition 'profile-property' of an unknown form"),
        ({"type": "profile-metric", "metric_id": "Gone01"}, EVENTS, "the metric Gone01, which is "),
    ],
)
def test_a_condition_depends_on_what_the_load_touches(
    condition: Definition, load: Load, what: str | None
) -> None:
    """The rarer ones; what is not known is taken as a dependence."""
    told = entered("s", load, _seen(s=all_of([condition])))
    assert (told or "").startswith(f"depends on {what}" if what else "")
    assert (told is None) == (what is None)


def test_segments_that_refer_to_each_other_end() -> None:
    """Each is looked at once on the way."""
    seen = _seen(
        a=all_of([member("b")]),
        b=all_of([member("a")], [VIP]),
        c=all_of([member("b", is_member=False)], [has("properties['x']")]),
    )
    assert entered("a", EMAIL, seen) is None
    assert entered("c", EMAIL, seen) is None
    told = entered("a", Load(properties=frozenset({"vip_status"})), seen)
    assert told == "depends on the segment 'b', which depends on the property vip_status"


def test_a_segment_without_conditions_takes_everybody() -> None:
    """So it takes newcomers."""
    told = entered("s", EMAIL, _seen(s=all_of()))
    assert told == "takes in people who are new to Klaviyo"
