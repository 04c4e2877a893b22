"""Segments: which definitions are taken, and how they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
WEEK = {"type": "date", "operator": "in-the-last", "unit": "week", "quantity": 1}


def _definition(*conditions: Document) -> Document:
    return {"condition_groups": [{"conditions": [each]} for each in conditions]}


def _property(name: str, **comparison: Any) -> Document:
    return {"type": "profile-property", "property": name, "filter": comparison}


VIP = _property("properties['vip_status']", type="boolean", operator="equals", value=True)


def _attended(metric: str, **changes: Any) -> Document:
    return {
        "type": "profile-metric",
        "metric_id": metric,
        "measurement": "count",
        "measurement_filter": {
            "type": "numeric",
            "operator": "greater-than-or-equal",
            "value": 3,
        },
        "timeframe_filter": WEEK,
        **changes,
    }


def _ids(answer: Any) -> list[str]:
    return [each["id"] for each in answer.json()["data"]]


def test_a_segment_tells_its_definition_as_it_was_put(api: Api, klaviyo: KlaviyoHandle) -> None:
    """In the list of segments too; its size only when asked."""
    metric = klaviyo.metric("Attended Event")
    definition = _definition(_attended(metric), VIP)
    segment = klaviyo.add_segment("Super fans", definition, is_starred=True, profile_count=7)
    read = api.get(f"/segments/{segment}").json()["data"]["attributes"]
    assert read["definition"] == definition
    assert (read["is_active"], read["is_processing"], read["is_starred"]) == (True, False, True)
    assert "profile_count" not in read
    (listed,) = api.get("/segments").json()["data"]
    assert listed["attributes"] == read
    asked = {"additional-fields[segment]": "profile_count"}
    sized = api.get(f"/segments/{segment}", **asked).json()["data"]["attributes"]
    assert sized["profile_count"] == 7
    assert klaviyo.segments() == [{"id": segment, "name": "Super fans", "definition": definition}]


def test_segments_come_ten_a_page_and_no_more(api: Api, klaviyo: KlaviyoHandle) -> None:
    """The next one has the rest."""
    wanted = [klaviyo.add_segment(f"{number}", _definition(VIP)) for number in range(12)]
    page = api.get("/segments")
    assert _ids(page) == wanted[:10]
    assert _ids(api.http.get(page.json()["links"]["next"])) == wanted[10:]
    assert api.get("/segments", page_size=11).status_code == 400


def test_segments_are_filtered_and_sorted(api: Api, klaviyo: KlaviyoHandle) -> None:
    """By id, name and flags."""
    first = klaviyo.add_segment("b", _definition(VIP), is_starred=True)
    second = klaviyo.add_segment("a", _definition(VIP), is_active=False)
    for text, wanted in (
        (f'any(id,["{second}","nobody"])', [second]),
        ("equals(name,['b'])", [first]),
        ("equals(is_starred,true)", [first]),
        ("any(is_active,[true,false])", [first, second]),
        ("equals(is_active,false)", [second]),
    ):
        assert _ids(api.get("/segments", filter=text)) == wanted
    assert _ids(api.get("/segments", sort="name")) == [second, first]
    assert api.get("/segments", filter='equals(is_active,"yes")').status_code == 400


def test_a_segment_tells_which_flows_it_starts(api: Api, klaviyo: KlaviyoHandle) -> None:
    """As `flow-triggers`, with the flows included."""
    segment = klaviyo.add_segment("VIPs", _definition(VIP))
    flow = klaviyo.add_flow("Nurturing", trigger={"type": "segment", "id": segment})
    for path in ("/segments", f"/segments/{segment}"):
        document = api.get(path, include="flow-triggers").json()
        assert [each["id"] for each in document["included"]] == [flow]


CONSENT = {"channel": "email", "can_receive_marketing": True}
SUBSCRIBED = {"subscription": "subscribed", "filters": None}


@pytest.mark.parametrize(
    "condition",
    [
        VIP,
        _property("location['city']", type="string", operator="in", value=["Madrid"]),
        _property("properties['last_event_date']", **{**WEEK, "operator": "at-least"}),
        _property(
            "properties['favorite_genres']", type="list", operator="contains", value="Techno"
        ),
        _property("first_name", type="existence", operator="is-set"),
        {"type": "profile-marketing-consent", "consent": {**CONSENT, "consent_status": SUBSCRIBED}},
        {"type": "profile-region", "in_region": True, "region": "european_union"},
    ],
)
def test_a_definition_of_the_vendors_shape_is_taken(
    klaviyo: KlaviyoHandle, condition: Document
) -> None:
    """Conditions on properties, consent and place."""
    assert klaviyo.add_segment("x", _definition(condition))


@pytest.mark.parametrize(
    "condition",
    [
        {**VIP, "type": "profile-trait"},
        {**VIP, "and": True},
        _property("a", type="boolean", operator="equals", value="true"),
        _property("a", type="numeric", operator="more-than", value=1),
        _property("a", **{**WEEK, "unit": "month"}),
        _property("a", type="date", operator="after", date="2026-07-15"),
        {"type": "profile-marketing-consent", "consent": {**CONSENT, "consent_status": "any"}},
        {"type": "profile-group-membership", "is_member": False, "group_ids": "abc"},
    ],
)
def test_a_definition_of_another_shape_is_refused(
    klaviyo: KlaviyoHandle, condition: Document
) -> None:
    """Word, key, kind of value, unit, date without time."""
    with pytest.raises(ValueError, match="segment definition at /condition_groups/0/conditions/0"):
        klaviyo.add_segment("x", _definition(condition))
    assert klaviyo.segments() == []


def test_a_definition_names_what_there_is(klaviyo: KlaviyoHandle) -> None:
    """A metric without a single event, or a group that is not there, is refused."""
    group = {"type": "profile-group-membership", "is_member": True, "group_ids": ["nobody"]}
    for condition in (_attended("nobody"), group):
        with pytest.raises(ValueError, match="nobody is none of the account's"):
            klaviyo.add_segment("x", _definition(condition))
    metric = klaviyo.metric("Attended Event")
    without = _attended(metric)
    del without["timeframe_filter"]
    with pytest.raises(ValueError, match="definition at"):
        klaviyo.add_segment("x", _definition(without))


def test_a_segment_may_be_made_of_segments(klaviyo: KlaviyoHandle) -> None:
    """As of lists."""
    inner = klaviyo.add_segment("inner", _definition(VIP))
    group = {"type": "profile-group-membership", "is_member": True, "group_ids": [inner]}
    assert klaviyo.add_segment("outer", _definition(group))


def test_an_unknown_segment_is_404(api: Api) -> None:
    """By its id."""
    assert api.get("/segments/Nope42").status_code == 404
