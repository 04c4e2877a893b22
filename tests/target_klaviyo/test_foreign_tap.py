"""Another vendor's tap: its names, its nesting, its spelling of Singer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle
    from singer_messages import Run

RECORDED = Path(__file__).with_name("foreign_tap.singer")
MAPS = {
    "Customers": {
        "__alias__": "profiles",
        "email": "contact['mail']",
        "phone_number": "contact['mobile']",
        "first_name": "givenName",
        "city": "address['town']",
        "country": "address['countryCode']",
        "external_id": "str(customerId)",
        "loyalty_points": "loyaltyPoints",
        "contact": "__NULL__",
        "address": "__NULL__",
        "modified": "__NULL__",
    }
}


def test_nested_records_of_another_tap_are_mapped_flat(
    load: Callable[..., Run], klaviyo: KlaviyoHandle
) -> None:
    """Names, numbers and state arrive; the person nobody can reach is a reject."""
    messages = [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()]
    run = load(messages, stream_maps=MAPS)
    people = {each["attributes"]["first_name"]: each["attributes"] for each in klaviyo.profiles()}
    assert people["Marta"]["phone_number"] == "+34655112233"
    assert people["Marta"]["external_id"] == "1"
    assert people["Marta"]["properties"] == {
        "customerId": 1,
        "loyalty_points": 12.5,
        "optIn": True,
    }
    assert people["João"]["phone_number"] == "+351912345678"
    assert people["João"]["location"]["city"] == "Porto"
    (reject,) = run.rejects
    assert (reject["key"], reject["reason"]) == (
        "3",
        "map: TypeError in the expression \"contact['mail']\"",
    )
    assert run.states[-1] == {"bookmarks": {"Customers": {"modified": "2026-03-01T12:00:00Z"}}}
