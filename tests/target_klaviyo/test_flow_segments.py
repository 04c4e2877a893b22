"""Which segments a load would put people into, by the live flows that these start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flow_definitions import (
    VIP,
    all_of,
    consent,
    count,
    has,
    member,
    new_list,
    segment_flow,
    started,
)

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle


@pytest.mark.parametrize(
    ("path", "filled", "what"),
    [
        ("properties['vip_status']", {"properties": {"vip_status"}}, "the property vip_status"),
        ("location['city']", {"attributes": {"city"}}, "the attribute city"),
        ("location['city']", {"attributes": {"location.city"}}, "the attribute city"),
        ("first_name", {"attributes": {"first_name"}}, "the attribute first_name"),
        ("properties['vip_status']", {"properties": {"vip"}, "attributes": {"vip_status"}}, None),
        ("location['city']", {"attributes": {"country"}, "properties": {"x"}}, None),
    ],
)
def test_a_segment_on_a_filled_property_starts_its_flow(
    klaviyo: KlaviyoHandle,
    path: str,
    filled: dict[str, set[str]],
    what: str | None,
) -> None:
    """Whatever else the segment asks for."""
    never = klaviyo.metric("Never")
    segment_flow(klaviyo, [has(path)], [count(never, "greater-than", 5)])
    wanted = [f"its segment 'Chosen' depends on {what}"] if what else []
    assert [each.reason for each in started(klaviyo, **filled)] == wanted


@pytest.mark.parametrize("how", ["metrics", "history"])
def test_a_segment_that_counts_loaded_events_starts_its_flow(
    klaviyo: KlaviyoHandle, how: str
) -> None:
    """History counts as well: it changes who belongs."""
    segment_flow(klaviyo, [count(klaviyo.metric("Attended Event"), "greater-than", 2)])
    (found,) = started(klaviyo, **{how: {"Attended Event"}})
    assert found.reason == "its segment 'Chosen' depends on the metric 'Attended Event'"
    assert started(klaviyo, **{how: {"Purchased Ticket"}}) == []


def test_a_segment_of_list_members_starts_its_flow(klaviyo: KlaviyoHandle) -> None:
    """When the list is filled."""
    wanted = new_list(klaviyo, "Fans")
    segment_flow(klaviyo, [member(wanted)])
    (found,) = started(klaviyo, list_ids={wanted})
    assert found.reason == "its segment 'Chosen' depends on the list 'Fans'"
    assert started(klaviyo, properties={"x"}) == []


def test_segments_inside_of_segments_are_followed(klaviyo: KlaviyoHandle) -> None:
    """To the one that the load touches."""
    inner = klaviyo.add_segment("Inner", all_of([VIP]))
    middle = klaviyo.add_segment("Middle", all_of([member(inner)]))
    segment_flow(klaviyo, [member(middle)])
    (found,) = started(klaviyo, properties={"vip_status"})
    assert found.reason == (
        "its segment 'Chosen' depends on the segment 'Middle', which depends on the segment "
        "'Inner', which depends on the property vip_status"
    )
    assert started(klaviyo, properties={"x"}) == []


@pytest.mark.parametrize(
    ("channel", "subscription", "able", "started_by"),
    [
        ("email", "subscribed", True, {"email"}),
        ("sms", "subscribed", True, {"sms"}),
        ("email", "unsubscribed", False, {"email"}),
        ("push", "any", True, set()),
    ],
)
def test_a_segment_on_consent_starts_its_flow(  # one row of the table
    klaviyo: KlaviyoHandle,
    channel: str,
    subscription: str,
    able: bool,  # noqa: FBT001  # a column of the table
    started_by: set[str],
) -> None:
    """When consent of its channel is written."""
    segment_flow(klaviyo, [consent(channel, subscription, able=able)])
    for each in ("email", "sms"):
        reasons = [found.reason for found in started(klaviyo, consents={each})]
        wanted = [f"its segment 'Chosen' depends on consent by {each}"]
        assert reasons == (wanted if each in started_by else [])


@pytest.mark.parametrize(
    ("condition", "takes"),
    [
        (("count", "equals", 0), True),
        (("count", "less-than-or-equal", 3), True),
        (("count", "greater-than", 0), False),
        (has("properties['x']", type="existence", operator="not-set"), True),
        (has("properties['x']", type="string", operator="not-equals", value="a"), True),
        (has("properties['x']", type="list", operator="length-less-than", value=1), True),
        (has("properties['x']"), False),
        (has("email"), True),
        (consent("email", "never_subscribed", able=True), True),
        (consent("sms", "any", able=False), True),
        (consent("sms", "subscribed", able=True), False),
        ({"type": "profile-region", "in_region": False, "region": "european_union"}, True),
        ({"type": "profile-region", "in_region": True, "region": "european_union"}, False),
        ("member", False),
        ("no member", True),
    ],
)
def test_a_segment_that_newcomers_meet_starts_its_flow(
    klaviyo: KlaviyoHandle, condition: Any, *, takes: bool
) -> None:
    """Who is new has not bought and is on no list, which some segments are for."""
    if isinstance(condition, tuple):
        condition = count(klaviyo.metric("Opened Email"), *condition[1:])
    elif isinstance(condition, str):
        condition = member(new_list(klaviyo, "Buyers"), is_member=condition == "member")
    segment_flow(klaviyo, [condition, count(klaviyo.metric("Never"), "greater-than", 9)])
    wanted = ["its segment 'Chosen' takes in people who are new to Klaviyo"] if takes else []
    assert [each.reason for each in started(klaviyo, history={"Attended Event"})] == wanted


def test_one_group_that_newcomers_do_not_meet_keeps_them_out(klaviyo: KlaviyoHandle) -> None:
    """Who got nine mails and opened none is nobody that a load makes."""
    got, opened = klaviyo.metric("Received Email"), klaviyo.metric("Opened Email")
    segment_flow(klaviyo, [count(got, "greater-than", 9)], [count(opened, "equals", 0)])
    assert started(klaviyo, attributes={"email"}, history={"Attended Event"}) == []


def test_newcomers_are_followed_into_segments_of_segments(klaviyo: KlaviyoHandle) -> None:
    """Members of a segment that takes them meet "is a member", and not "is no member"."""
    quiet = klaviyo.add_segment("Quiet", all_of([count(klaviyo.metric("Never"), "equals", 0)]))
    flow = segment_flow(klaviyo, [member(quiet)])
    segment_flow(klaviyo, [member(quiet, is_member=False)])
    assert [each.id for each in started(klaviyo, attributes={"email"})] == [flow]


def test_a_segment_on_metrics_that_may_not_be_read_counts_as_started(
    klaviyo: KlaviyoHandle,
) -> None:
    """Unless no event can come of the load."""
    segment_flow(klaviyo, [count(klaviyo.metric("Never"), "greater-than", 2)])
    klaviyo.refuse("GET /metrics", status=403, times=None)
    assert started(klaviyo, attributes={"email"}) == []
    (found,) = started(klaviyo, history={"Attended Event"})
    assert found.reason.endswith("could not be read: the key lacks metrics:read")
