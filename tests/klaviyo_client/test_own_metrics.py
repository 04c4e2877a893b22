"""Klaviyo's own metrics, by the names they have and had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from klaviyo_client import own_metrics
from klaviyo_client.own_metrics import CUSTOM, ENGAGEMENT, LEFT_LIST

if TYPE_CHECKING:
    from klaviyo_client import KlaviyoSession
    from nevent_sandbox.handles import KlaviyoHandle


def resource(called: str, **integration: Any) -> dict[str, Any]:
    """A metric as Klaviyo tells it."""
    return {"id": "m", "attributes": {"name": called, "integration": integration}}


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("Received Email", ("received", "email")),
        ("Marked Email as Spam", ("spam", "email")),
        ("Unsubscribed", ("unsubscribed", "email")),
        ("Clicked SMS", ("clicked", "sms")),
        ("Clicked Text Message", ("clicked", "sms")),
        ("Failed to Deliver Text Message", ("bounced", "sms")),
        ("Consented to Receive SMS", ("subscribed", "sms")),
        ("Unsubscribed from Text Messaging Marketing", ("unsubscribed", "sms")),
        ("Unsubscribed from List", (LEFT_LIST, None)),
        ("Active on Site", (CUSTOM, None)),
    ],
)
def test_a_name_of_klaviyos_has_one_meaning(name: str, meaning: tuple[str, str | None]) -> None:
    """Old names and new ones alike; what is not about messages and consent is none."""
    found = own_metrics.metric(resource(name, key="klaviyo", name="Klaviyo"))
    assert (found.type, found.channel) == meaning


@pytest.mark.parametrize("integration", [{}, {"key": "api", "name": "API"}, {"name": None}])
def test_the_same_name_of_another_integration_is_not_klaviyos(integration: dict[str, Any]) -> None:
    """Anybody may send an event called Opened Email."""
    assert own_metrics.metric(resource("Opened Email", **integration)).type == CUSTOM


def test_leaving_a_list_is_no_engagement() -> None:
    """Nor an objection."""
    assert LEFT_LIST not in ENGAGEMENT


def test_metrics_of_an_account_are_found_by_type_and_by_name(
    session: KlaviyoSession, klaviyo: KlaviyoHandle
) -> None:
    """More than a page of them, each integration's of one name."""
    for number in range(250):
        klaviyo.metric(f"Thing {number}")
    opened = klaviyo.metric("Opened Email", service="Klaviyo")
    bought = {klaviyo.metric("Bought"), klaviyo.metric("Bought", service="Shop")}
    found = own_metrics.read(session)
    assert len(found.all) == 253
    assert [each.id for each in found.of({"opened"})] == [opened]
    assert {each.id for each in found.named(" bought")} == bought
    assert not found.named("Opened Email")
