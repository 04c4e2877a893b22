"""Flows and segments for tests, and which of them a load starts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from klaviyo_client import KlaviyoSession
from klaviyo_client.limits import CREATE_LIST
from target_klaviyo.flows import LiveFlows, Load, StartedFlow

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Definition = dict[str, Any]

DAY = {"type": "date", "operator": "in-the-last", "unit": "day", "quantity": 90}


def started(klaviyo: KlaviyoHandle, **filled: set[str]) -> list[StartedFlow]:
    """What a load that fills this starts in the account as it is."""
    session = KlaviyoSession("pk_sandbox_full", api_url=klaviyo.url)
    try:
        load = Load(**{name: frozenset(values) for name, values in filled.items()})
        return LiveFlows(session).started_by(load)
    finally:
        session.close()


def new_list(klaviyo: KlaviyoHandle, name: str) -> str:
    """A new list's id."""
    session = KlaviyoSession("pk_sandbox_full", api_url=klaviyo.url)
    body = {"data": {"type": "list", "attributes": {"name": name}}}
    try:
        made = session.post(CREATE_LIST, json.dumps(body).encode())
    finally:
        session.close()
    assert made is not None
    return str(made["data"]["id"])


def all_of(*groups: list[Definition]) -> Definition:
    """A segment's definition: all groups, in each one of its conditions."""
    return {"condition_groups": [{"conditions": group} for group in groups]}


def has(path: str, **comparison: Any) -> Definition:
    """A condition on a property; that it is set, unless compared otherwise."""
    return {
        "type": "profile-property",
        "property": path,
        "filter": comparison or {"type": "existence", "operator": "is-set"},
    }


def count(metric: str, operator: str, value: int) -> Definition:
    """A condition on how often something happened in the last 90 days."""
    return {
        "type": "profile-metric",
        "metric_id": metric,
        "measurement": "count",
        "measurement_filter": {"type": "numeric", "operator": operator, "value": value},
        "timeframe_filter": DAY,
    }


def member(group: str, *, is_member: bool = True) -> Definition:
    """A condition on being in a list or segment."""
    return {"type": "profile-group-membership", "is_member": is_member, "group_ids": [group]}


def consent(channel: str, subscription: str, *, able: bool) -> Definition:
    """A condition on consent."""
    status: Definition = {"subscription": subscription}
    consent = {"channel": channel, "can_receive_marketing": able, "consent_status": status}
    return {"type": "profile-marketing-consent", "consent": consent}


VIP = has("properties['vip_status']", type="boolean", operator="equals", value=True)


def segment_flow(klaviyo: KlaviyoHandle, *groups: list[Definition]) -> str:
    """A live flow for who joins the segment 'Chosen' of this definition."""
    segment = klaviyo.add_segment("Chosen", all_of(*groups))
    return klaviyo.add_flow("Nurturing", trigger={"type": "segment", "id": segment})


def date_flow(klaviyo: KlaviyoHandle, path: str) -> str:
    """A live flow a week before a person's date."""
    trigger = {
        "type": "date",
        "date_field_type": "profile-property",
        "date_profile_property": path,
        "timedelta_value_before_date": 7,
        "trigger_time": "10:00:00",
    }
    return klaviyo.add_flow("Reminder", trigger=trigger)
