"""People who are known to both sides of the sandbox, what they are sent and what they buy."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

from klaviyo_client import KlaviyoSession, Operation
from klaviyo_client.limits import CREATE_EVENTS, IMPORT_PROFILES

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle
    from nevent_sandbox.nevent_handle import NeventHandle

NOW = datetime.now(UTC).replace(microsecond=0)
CREATE_PROFILE = Operation("POST", "/api/profiles", 75, 750, ("profiles:write",))
_numbers = count()


def days_ago(days: float, seconds: int = 0) -> datetime:
    """A moment that has passed."""
    return NOW - timedelta(days=days) + timedelta(seconds=seconds)


def profile(klaviyo: KlaviyoHandle, email: str, **attributes: Any) -> str:
    """A profile that Klaviyo knows; its id."""
    body = {"data": {"type": "profile", "attributes": {"email": email, **attributes}}}
    made = _session(klaviyo.url).post(CREATE_PROFILE, json.dumps(body).encode())
    assert made is not None
    return str(made["data"]["id"])


def imported(klaviyo: KlaviyoHandle, email: str, **attributes: Any) -> None:
    """A profile that came by an import, which never asks whether a fan's id is taken."""
    row = {"type": "profile", "attributes": {"email": email, **attributes}}
    whole = {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": [row]}}}
    _session(klaviyo.url).post(IMPORT_PROFILES, json.dumps({"data": whole}).encode())


def both(klaviyo: KlaviyoHandle, nevent: NeventHandle, email: str, **fan: Any) -> str:
    """Somebody whom both know, linked by the fan's id, which is returned."""
    identifier = str(nevent.edit(add_user={"email": email, **fan})["id"])
    profile(klaviyo, email, external_id=identifier)
    return identifier


def concert(nevent: NeventHandle, currency: str = "EUR") -> str:
    """A concert that sells in this currency."""
    return next(str(each["id"]) for each in nevent.events() if each["currency"] == currency)


def buy(
    nevent: NeventHandle, fan: str, at: datetime, *, tickets: int = 1, currency: str = "EUR"
) -> dict[str, Any]:
    """An order in Nevent, as it shows one."""
    order = {"user": fan, "event": concert(nevent, currency), "tickets": tickets}
    return nevent.edit(add_purchase={**order, "purchasedAt": at.isoformat()})


def campaign(klaviyo: KlaviyoHandle, name: str, sent: datetime, **more: Any) -> str:
    """A campaign that was sent, and that nobody received yet; its id."""
    return str(klaviyo.add_campaign(name, sent=sent.timestamp(), **more)["id"])


def receive(klaviyo: KlaviyoHandle, what: str, email: str, campaign: str, at: datetime) -> None:
    """A person receives, opens or clicks a campaign."""
    event = {"what": what, "email": email, "campaign": campaign, "at": at.isoformat()}
    klaviyo.engage([event])


def report_purchase(klaviyo: KlaviyoHandle, email: str, at: datetime, value: float) -> None:
    """Klaviyo is told of a ticket."""
    event = {
        "type": "event",
        "attributes": {
            "properties": {"event_name": "Noche", "currency": "EUR"},
            "time": at.isoformat(),
            "unique_id": f"both-{next(_numbers)}",
            "metric": {
                "data": {"type": "metric", "attributes": {"name": "Purchased Ticket"}},
            },
            "value": value,
            "value_currency": "EUR",
        },
    }
    person = {"type": "profile", "attributes": {"email": email}}
    entry = {
        "type": "event-bulk-create",
        "attributes": {"profile": {"data": person}, "events": {"data": [event]}},
    }
    body = {
        "data": {
            "type": "event-bulk-create-job",
            "attributes": {"events-bulk-create": {"data": [entry]}},
        }
    }
    _session(klaviyo.url).post(CREATE_EVENTS, json.dumps(body).encode())


@cache
def _session(url: str) -> KlaviyoSession:
    """One for all: making one takes longer than the requests."""
    return KlaviyoSession("pk_sandbox_full", api_url=url)
