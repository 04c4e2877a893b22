"""Case e: what Klaviyo knows, read back: engagement, and members of a list with their consent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from klaviyo_client import KlaviyoSession
from klaviyo_client.limits import (
    CREATE_LIST,
    GET_EVENTS,
    GET_LIST_MEMBERS,
    MAX_EVENTS_PAGE,
    MAX_PAGE,
    MAX_SUBSCRIBES,
    SUBSCRIBE,
)

from bench.ceilings import Allowed
from bench.figures import figures
from bench.loading import named
from bench.plugins import KEY, Choice, Setup
from bench.processes import run as run_all
from bench.served import klaviyo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nevent_sandbox.handles import KlaviyoHandle

    from bench.figures import Figures
    from bench.running import Bench
    from bench.served import Side

EVENTS = 1_000_000
EACH = 5  # events a person
CAMPAIGNS = 20
MEMBERS = 200_000
LATENCIES = (0, 50, 200)  # ms
MEMBERS_LATENCY = 50
TAP = "tap-klaviyo-engagement"
ALLOWED = Allowed(GET_EVENTS.name, GET_EVENTS.steady, MAX_EVENTS_PAGE)
ALLOWED_MEMBERS = Allowed(GET_LIST_MEMBERS.name, GET_LIST_MEMBERS.steady, MAX_PAGE)
_BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
_YEAR = 365 * 86_400


def run(bench: Bench) -> None:
    """A first run of the tap, with one stream; nobody takes what it tells."""
    for latency in LATENCIES:
        what = f"engagement: {latency} ms"
        bench.measure("e", what, partial(_events, bench, latency))
    what = f"members with consent: {MEMBERS_LATENCY} ms"
    bench.measure("e", what, partial(_members, bench))


def _events(bench: Bench, latency: float) -> Figures:
    with klaviyo(latency_ms=latency) as side:
        events = bench.sized(EVENTS)
        side.handle.generate(events, people=max(events // EACH, 10), campaigns=CAMPAIGNS)
        return _read(bench, side, "engagement", ALLOWED, events)


def _members(bench: Bench) -> Figures:
    with klaviyo(latency_ms=MEMBERS_LATENCY) as side:
        members = bench.sized(MEMBERS)
        _subscribe(side.handle, members)
        return _read(bench, side, "list_members", ALLOWED_MEMBERS, members)


def _read(
    bench: Bench, side: Side[KlaviyoHandle], stream: str, allowed: Allowed, items: int
) -> Figures:
    setup = Setup(bench.place(), Choice([stream]), klaviyo=side.url)
    command = named(setup.tap(TAP), "tap")
    side.usage()
    side.handle.clear_requests()
    return figures(run_all([command], setup.folder), [side], allowed, items=items)


def _subscribe(there: KlaviyoHandle, people: int) -> None:
    """So many people join a list in the course of a year, through the API."""
    session = KlaviyoSession(KEY, api_url=there.url)
    made = session.post(CREATE_LIST, _list("Members"))
    list_id = made["data"]["id"] if made else ""
    for body in _subscriptions(list_id, people):
        session.post(SUBSCRIBE, body)
    session.close()


def _list(name: str) -> bytes:
    return msgspec.json.encode({"data": {"type": "list", "attributes": {"name": name}}})


def _subscriptions(list_id: str, people: int) -> Iterator[bytes]:
    for first in range(0, people, MAX_SUBSCRIBES):
        numbers = range(first, min(first + MAX_SUBSCRIBES, people))
        rows = [
            _consent(each, _BEGAN + timedelta(seconds=each * _YEAR / people)) for each in numbers
        ]
        attributes = {"profiles": {"data": rows}, "historical_import": True}
        job: dict[str, Any] = {
            "type": "profile-subscription-bulk-create-job",
            "attributes": attributes,
            "relationships": {"list": {"data": {"type": "list", "id": list_id}}},
        }
        yield msgspec.json.encode({"data": job})


def _consent(number: int, at: datetime) -> dict[str, Any]:
    given = {"marketing": {"consent": "SUBSCRIBED", "consented_at": at.isoformat()}}
    email = f"member.{number}@nevent-demo.es"
    return {"type": "profile", "attributes": {"email": email, "subscriptions": {"email": given}}}
