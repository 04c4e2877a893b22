"""From a flat record to Klaviyo's resource: pure functions, no I/O, no clock.

Shapes: OpenAPI revision 2026-07-15, `ProfileImportJobCreateQuery` and `EventsBulkCreateJob`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from klaviyo_client.limits import MAX_EVENT_PROPERTIES, MAX_METRIC_NAME, MAX_UNIQUE_ID
from singer_outcomes.rejects import RejectedError

from target_klaviyo.moments import moment

if TYPE_CHECKING:
    from collections.abc import Mapping

Record = dict[str, Any]
Resource = dict[str, Any]

IDENTIFIERS = ("email", "phone_number", "external_id")
ATTRIBUTES = frozenset(
    {*IDENTIFIERS, "first_name", "last_name", "organization", "locale", "title", "image"}
)
LOCATION = frozenset(
    {"address1", "address2", "city", "region", "zip", "country"}
    | {"latitude", "longitude", "timezone", "ip"}
)
STANDARD = ATTRIBUTES | LOCATION
EVENT_COLUMNS = frozenset(
    {*IDENTIFIERS, "metric", "time", "unique_id", "value", "value_currency", "backfill"}
)
OLDEST_EVENT = datetime(2000, 1, 1, tzinfo=UTC)
FURTHEST_EVENT = timedelta(days=365)  # ahead of now


def profile(record: Record) -> Resource:
    """Shape one flat `profiles` record as a Klaviyo profile resource.

    Names Klaviyo knows become attributes or parts of `location`; every other column becomes a
    custom property. A null removes a custom property and leaves an attribute as it is: bulk
    import does not carry nulls.

    Raises:
        RejectedError: neither email nor phone_number; an external_id alone reaches nobody.
    """
    attributes: Record = {}
    location: Record = {}
    properties: Record = {}
    unset: list[str] = []
    for name, value in record.items():
        if name not in STANDARD:
            if value is None:
                unset.append(name)
            else:
                properties[name] = value
        elif value is not None and value != "":
            (attributes if name in ATTRIBUTES else location)[name] = value
    if "email" not in attributes and "phone_number" not in attributes:
        raise RejectedError("no usable email or phone_number to identify the person by")
    if location:
        attributes["location"] = location
    if properties:
        attributes["properties"] = properties
    resource: Resource = {"type": "profile", "attributes": attributes}
    if unset:
        resource["meta"] = {"patch_properties": {"unset": unset}}
    return resource


def merged_profile(earlier: Resource, later: Resource) -> Resource:
    """Two resources of one person as one: field by field, the later one wins."""
    before, after = earlier["attributes"], later["attributes"]
    attributes = {**before, **after}
    for group in ("location", "properties"):
        if group in before and group in after:
            attributes[group] = {**before[group], **after[group]}
    properties = attributes.get("properties", {})
    unset = _unset(later)
    for name in unset:
        properties.pop(name, None)
    unset += [name for name in _unset(earlier) if name not in properties and name not in unset]
    resource: Resource = {"type": "profile", "attributes": attributes}
    if unset:
        resource["meta"] = {"patch_properties": {"unset": unset}}
    return resource


def without_phone(resource: Resource) -> Resource | None:
    """A profile resource without its phone number; None where nothing else identifies it."""
    attributes = dict(resource.get("attributes") or {})
    if not attributes.pop("phone_number", None) or "email" not in attributes:
        return None
    return {**resource, "attributes": attributes}


def _unset(resource: Resource) -> list[str]:
    names: list[str] = resource.get("meta", {}).get("patch_properties", {}).get("unset", [])
    return list(names)


def event(record: Record, *, unique_id: str, now: datetime, history: timedelta | None) -> Resource:
    """Shape one flat `events` record as an entry of Klaviyo's bulk create job.

    Columns that are neither identifiers nor one of metric, time, unique_id, value, value_currency
    and backfill become event properties; nulls are left out, as Klaviyo takes them for unset.

    Args:
        record: with identifiers already normalised.
        unique_id: used where the record has none.
        now: the moment that ages are counted from.
        history: older events are sent as backfill, which starts no flow; None: all of them.

    Raises:
        RejectedError: nobody to attach it to, or a metric, time or value that Klaviyo refuses.
    """
    metric = record.get("metric")
    if not isinstance(metric, str) or not 0 < len(metric) <= MAX_METRIC_NAME:
        raise RejectedError("an event needs a metric name of 1 to 127 characters", column="metric")
    time = _event_time(record.get("time"), now)
    properties = {
        name: value
        for name, value in record.items()
        if value is not None and name not in EVENT_COLUMNS
    }
    if len(properties) > MAX_EVENT_PROPERTIES:
        raise RejectedError(f"more than {MAX_EVENT_PROPERTIES} event properties")
    own = str(record.get("unique_id") or unique_id)
    if not 0 < len(own) <= MAX_UNIQUE_ID:
        raise RejectedError("an event needs a unique_id of 1 to 255 characters", column="unique_id")
    attributes: Record = {
        "properties": properties,
        "time": time.isoformat(),
        "unique_id": own,
        "metric": {"data": {"type": "metric", "attributes": {"name": metric}}},
    }
    value = record.get("value")
    if value is not None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RejectedError("value is not a number", column="value")
        attributes["value"] = value
        if record.get("value_currency"):
            attributes["value_currency"] = record["value_currency"]
    if _backfill(record.get("backfill"), old=history is None or time < now - history):
        attributes["backfill"] = True
    return {
        "type": "event-bulk-create",
        "attributes": {
            "profile": {"data": {"type": "profile", "attributes": _identity(record)}},
            "events": {"data": [{"type": "event", "attributes": attributes}]},
        },
    }


def _identity(record: Mapping[str, Any]) -> Record:
    """Who an event belongs to; nothing else of the person, which is the profile stream's to say."""
    found = identity(record)
    if "email" not in found and "phone_number" not in found:
        raise RejectedError("no usable email or phone_number to identify the person by")
    return found


def identity(record: Mapping[str, Any]) -> Record:
    """The identifiers that a record has."""
    return {name: record[name] for name in IDENTIFIERS if record.get(name)}


def _backfill(value: Any, *, old: bool) -> bool:
    """Whether an event is recorded without starting a flow; what a stream map makes is text."""
    if value is None:
        return old
    text = str(value).lower()
    if text not in {"true", "false"}:
        raise RejectedError("backfill is neither true nor false", column="backfill")
    return text == "true"


def _event_time(value: Any, now: datetime) -> datetime:
    """When it happened, in whole seconds of UTC; a time without offset is taken as UTC."""
    if not isinstance(value, str):
        raise RejectedError("an event needs a time", column="time")
    try:
        time = moment(value)
    except (ValueError, OverflowError):
        raise RejectedError("time is not ISO 8601", column="time") from None
    if time < OLDEST_EVENT or time > now + FURTHEST_EVENT:
        raise RejectedError("time is before 2000 or over a year ahead", column="time")
    return time
