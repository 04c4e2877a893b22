"""Puts events into the sandbox's Klaviyo, a thousand a request."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from klaviyo_client import KlaviyoSession
from klaviyo_client.limits import CREATE_EVENTS, MAX_EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nevent_sandbox.handles import KlaviyoHandle

_numbers = count()


def happen(
    klaviyo: KlaviyoHandle,
    moments: Iterable[datetime],
    metric: str = "Received Email",
    *,
    service: str = "Klaviyo",
    people: int = 7,
    value: float | None = None,
    properties: dict[str, Any] | None = None,
) -> None:
    """One event for each moment, of some people in turn."""
    session = KlaviyoSession("pk_sandbox_full", api_url=klaviyo.url)
    events = [
        {
            "type": "event",
            "attributes": {
                "properties": properties or {},
                "time": moment.astimezone(UTC).isoformat(),
                "unique_id": str(next(_numbers)),
                "metric": {
                    "data": {"type": "metric", "attributes": {"name": metric, "service": service}}
                },
                **({} if value is None else {"value": value, "value_currency": "EUR"}),
            },
        }
        for moment in moments
    ]
    for start in range(0, len(events), MAX_EVENTS):
        some = events[start : start + MAX_EVENTS]
        entries = [
            {
                "type": "event-bulk-create",
                "attributes": {
                    "profile": {"data": _person(number)},
                    "events": {"data": some[number::people]},
                },
            }
            for number in range(min(people, len(some)))
        ]
        body = {
            "data": {
                "type": "event-bulk-create-job",
                "attributes": {"events-bulk-create": {"data": entries}},
            }
        }
        session.post(CREATE_EVENTS, json.dumps(body).encode())
    session.close()


def ids(klaviyo: KlaviyoHandle) -> Counter[str]:
    """Every event of the account, once."""
    return Counter(each["id"] for each in klaviyo.events())


def _person(number: int) -> dict[str, Any]:
    attributes = {"email": f"fan{number}@nevent-demo.es", "external_id": f"65{number:022x}"}
    return {"type": "profile", "attributes": attributes}
