"""From record to resource: pure, so told without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from singer_outcomes.rejects import RejectedError
from target_klaviyo.payloads import event, merged_profile, profile

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def _event(history: timedelta | None = timedelta(hours=48), **values: Any) -> dict[str, Any]:
    base = {
        "email": "ana@nevent-demo.es",
        "metric": "Purchased Ticket",
        "time": "2026-05-01T10:00Z",
    }
    resource = event({**base, **values}, unique_id="k", now=NOW, history=history)
    attributes: dict[str, Any] = resource["attributes"]["events"]["data"][0]["attributes"]
    return attributes


def test_known_names_become_attributes_and_all_others_custom_properties() -> None:
    """A flat record is nested by rule."""
    resource = profile(
        {
            "email": "ana@nevent-demo.es",
            "first_name": "Ana",
            "city": "Cádiz",
            "country": "ES",
            "total_spent": 85.5,
            "nevent_tags": ["vip"],
        }
    )
    assert resource == {
        "type": "profile",
        "attributes": {
            "email": "ana@nevent-demo.es",
            "first_name": "Ana",
            "location": {"city": "Cádiz", "country": "ES"},
            "properties": {"total_spent": 85.5, "nevent_tags": ["vip"]},
        },
    }


def test_a_null_removes_a_custom_property_and_leaves_an_attribute() -> None:
    """Bulk import carries no nulls."""
    resource = profile({"email": "ana@nevent-demo.es", "first_name": None, "next_event": None})
    assert resource["attributes"] == {"email": "ana@nevent-demo.es"}
    assert resource["meta"] == {"patch_properties": {"unset": ["next_event"]}}


def test_zero_false_and_empty_are_values_of_a_custom_property() -> None:
    """They are not the same as nothing."""
    properties = {"total_spent": 0, "vip_status": False, "note": "", "nevent_tags": []}
    resource = profile({"email": "ana@nevent-demo.es", **properties})
    assert resource["attributes"]["properties"] == properties


@pytest.mark.parametrize("record", [{"external_id": "1"}, {"email": None}, {"email": ""}, {}])
def test_nobody_is_created_without_address_or_phone(record: dict[str, Any]) -> None:
    """An external_id alone would be a person nobody can reach."""
    with pytest.raises(RejectedError, match="identify"):
        profile(record)


def test_of_two_records_the_later_wins_field_by_field() -> None:
    """What only the earlier one knows stays."""
    first = profile(
        {"email": "a@nevent-demo.es", "first_name": "A", "city": "Jaén", "x": 1, "y": 1}
    )
    second = profile({"email": "a@nevent-demo.es", "first_name": "B", "country": "ES", "y": 2})
    assert merged_profile(first, second)["attributes"] == {
        "email": "a@nevent-demo.es",
        "first_name": "B",
        "location": {"city": "Jaén", "country": "ES"},
        "properties": {"x": 1, "y": 2},
    }


def test_merging_keeps_the_latest_word_on_removal() -> None:
    """Removed then set: set. Set then removed: removed."""
    removed = profile({"email": "a@nevent-demo.es", "x": None, "y": None})
    given = profile({"email": "a@nevent-demo.es", "x": 1})
    assert merged_profile(removed, given)["meta"]["patch_properties"]["unset"] == ["y"]
    assert merged_profile(removed, given)["attributes"]["properties"] == {"x": 1}
    merged = merged_profile(given, removed)
    assert merged["meta"]["patch_properties"]["unset"] == ["x", "y"]
    assert merged["attributes"]["properties"] == {}


def test_an_event_carries_its_money_its_identity_and_only_identifiers_of_the_person() -> None:
    """Attributes of the person are the profile stream's to say."""
    resource = event(
        {
            "email": "ana@nevent-demo.es",
            "external_id": "f1",
            "metric": "Purchased Ticket",
            "time": "2026-05-01T12:00:00.250+02:00",
            "unique_id": "nevent:ticket:1",
            "value": 85.0,
            "value_currency": "EUR",
            "event_name": "Sónar",
            "artist_lineup": ["Arca"],
            "venue": None,
        },
        unique_id="ignored",
        now=NOW,
        history=timedelta(hours=48),
    )
    assert resource["attributes"]["profile"]["data"]["attributes"] == {
        "email": "ana@nevent-demo.es",
        "external_id": "f1",
    }
    (entry,) = resource["attributes"]["events"]["data"]
    assert entry["attributes"] == {
        "properties": {"event_name": "Sónar", "artist_lineup": ["Arca"]},
        "time": "2026-05-01T10:00:00+00:00",
        "unique_id": "nevent:ticket:1",
        "metric": {"data": {"type": "metric", "attributes": {"name": "Purchased Ticket"}}},
        "value": 85.0,
        "value_currency": "EUR",
    }


def test_an_event_without_unique_id_gets_one_from_its_streams_key() -> None:
    """Without one, two purchases in a second would be one."""
    assert _event()["unique_id"] == "k"


@pytest.mark.parametrize(
    ("time", "history", "backfill"),
    [
        ("2026-04-29T11:59:59Z", timedelta(hours=48), True),
        ("2026-04-29T12:00:00Z", timedelta(hours=48), False),
        ("2026-05-01T11:00:00Z", None, True),
        ("2026-06-01T00:00:00Z", timedelta(hours=48), False),
    ],
)
def test_history_starts_no_flow(time: str, history: timedelta | None, *, backfill: bool) -> None:
    """Older than history_after is backfill; on a first load everything is."""
    assert _event(time=time, history=history).get("backfill", False) is backfill


def test_a_backfill_column_has_the_last_word() -> None:
    """Whoever maps it knows better."""
    assert "backfill" not in _event(time="2020-01-01T00:00:00Z", backfill=False)
    assert "backfill" not in _event(time="2020-01-01T00:00:00Z", backfill="false")
    assert _event(backfill=True)["backfill"] is True
    assert _event(backfill="true")["backfill"] is True


def test_a_time_without_offset_is_utc_and_one_across_a_dst_change_keeps_its_instant() -> None:
    """Spain's clocks went back on 2025-10-26 at 03:00: both 02:30 are told apart."""
    assert _event(time="2026-05-01T10:00:00")["time"] == "2026-05-01T10:00:00+00:00"
    assert _event(time="2025-10-26T02:30:00+02:00")["time"] == "2025-10-26T00:30:00+00:00"
    assert _event(time="2025-10-26T02:30:00+01:00")["time"] == "2025-10-26T01:30:00+00:00"
    assert _event(time="2025-10-26")["time"] == "2025-10-26T00:00:00+00:00"


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"metric": None}, "metric"),
        ({"metric": "x" * 128}, "metric"),
        ({"time": "yesterday"}, "time"),
        ({"time": None}, "time"),
        ({"time": "1999-12-31T23:59:59Z"}, "time"),
        ({"time": "2027-05-02T00:00:00Z"}, "time"),
        ({"time": "0001-01-01T00:00:00+01:00"}, "time"),
        ({"time": "9999-12-31T23:59:59-05:00"}, "time"),
        ({"backfill": "maybe"}, "backfill"),
        ({"value": "85"}, "value"),
        ({"value": True}, "value"),
        ({"unique_id": "x" * 256}, "unique_id"),
        ({"email": None}, None),
        ({f"p{number}": number for number in range(401)}, None),
    ],
)
def test_what_klaviyo_would_refuse_is_rejected_here(
    values: dict[str, Any], column: str | None
) -> None:
    """Before it can sink its batch."""
    with pytest.raises(RejectedError) as caught:
        _event(**values)
    assert caught.value.column == column
