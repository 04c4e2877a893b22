"""A dry run: what it promises is what a real run then does, and it leaves no trace."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import Message, Run, record, schema, singer, state
from target_klaviyo.first_load import FlowsWouldStartError
from target_klaviyo.target import TargetKlaviyo

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle

    Load = Callable[..., Run]

NOW = datetime.now(tz=UTC)
OLD = (NOW - timedelta(days=30)).isoformat()
LIST = "Nevent - All Contacts"
PROFILES = schema("profiles", "email", "first_name", "vip_status", "next_event_date")
EVENTS = schema("events", "id", "email", "metric", "time", keys=("id",))
STATEMENTS = schema("subscriptions", "email", "email_consent", "email_consented_at")
MEMBERS = schema("list_members", "email", "list_name")
DELETIONS = schema("deletions", "email")


def _fan(number: int) -> str:
    return f"fan{number}@nevent-demo.es"


def _audience() -> list[Message]:
    bad = record("profiles", email="no address")
    people = [record("profiles", email=_fan(n), first_name=f"Fan {n}") for n in range(30)]
    events = [
        record(
            "events",
            id=str(n),
            email=_fan(n % 40),
            metric="Purchased Ticket",
            time=NOW.isoformat() if n < 5 else OLD,
        )
        for n in range(60)
    ]
    said = [
        record("subscriptions", email=_fan(n), email_consent=n % 3 > 0, email_consented_at=OLD)
        for n in range(12)
    ]
    return [
        PROFILES, *people, bad, EVENTS, *events, STATEMENTS, *said,
        MEMBERS, *[record("list_members", email=_fan(n), list_name="Nevent - VIP") for n in (1, 2)],
        DELETIONS, record("deletions", email=_fan(29)), state("late"),
    ]  # fmt: skip


def _plan(settings: Message, messages: list[Message], **more: Any) -> Message:
    """What a dry run tells."""
    target = TargetKlaviyo(config={**settings, "dry_run": True, **more})
    try:
        target.listen(io.StringIO(singer(messages).decode()))
    finally:
        target.close()
    assert target.plan is not None
    return target.plan.as_dict(target.summary.as_dict())


def test_the_plan_and_the_run_agree(load: Load, klaviyo: KlaviyoHandle, settings: Message) -> None:
    """Profiles, events, consents, requests, rejects; some people are in Klaviyo already."""
    some = [record("profiles", email=_fan(n), first_name=f"Fan {n}") for n in range(10)]
    changed = record("profiles", email=_fan(10), first_name="Other")
    load([PROFILES, *some, changed], list_name=LIST)
    before = klaviyo.counts()
    more = {"list_name": LIST, "first_load": "false"}
    plan = _plan(settings, _audience(), **more)
    assert klaviyo.counts() == before
    klaviyo.clear_requests()
    run = load(_audience(), **more)
    assert plan["profiles"] == {"new": 28, "changed": 1, "unchanged": 10}
    # fan29 is erased at the end of the same run.
    assert klaviyo.counts()["profiles"] == before["profiles"] + plan["profiles"]["new"]
    assert plan["events"] == {"Purchased Ticket": len(klaviyo.events("Purchased Ticket"))}
    assert plan["events_without_backfill"] == {"Purchased Ticket": 5}
    assert plan["consents"] == {"subscribe email": 8, "unsubscribe email": 4}
    assert plan["deletions"] == 1
    assert plan["rejects"] == {"profiles": {"email is not an address": 1}}
    writes = [each for each in klaviyo.requests() if each["method"] != "GET"]
    sent: dict[str, int] = {}
    for each in writes:
        sent[each["operation"]] = sent.get(each["operation"], 0) + 1
    assert plan["requests"] == sent
    assert run.states == ["late"]


def test_a_dry_run_leaves_no_trace(load: Load, klaviyo: KlaviyoHandle, settings: Message) -> None:
    """No state, no write, no reject, no ledger, no list."""
    run = load(_audience(), dry_run=True, list_name=LIST)
    assert run.states == []
    assert [each for each in klaviyo.requests() if each["method"] != "GET"] == []
    assert not Path(settings["rejects_path"]).exists()
    assert not Path(settings["consent_ledger_path"]).exists()
    assert run.summary["streams"]["profiles"]["planned"] == 29


def test_a_plan_follows_what_its_own_requests_would_change(
    load: Load, klaviyo: KlaviyoHandle, settings: Message
) -> None:
    """A number belongs to one profile, an opt-out counts at once, each missing list is one."""
    people = schema("profiles", "email", "phone_number")
    said = schema(
        "subscriptions",
        *("email", "phone_number", "list_name", "email_consent", "email_consented_at"),
        *("sms_consent", "sms_consented_at"),
    )
    one, other = "+34600112233", "+34600445566"
    newsletter = {"list_name": "Nevent - Boletín", "email_consented_at": OLD}
    no = {"email_consent": "unsubscribed", "email_consented_at": OLD}
    audience = [
        people,
        record("profiles", email=_fan(1), phone_number=one),
        record("profiles", email=_fan(2), phone_number=one),
        MEMBERS,
        *[record("list_members", email=_fan(1), list_name=f"Nevent - {n}") for n in "AB"],
        record("list_members", email=_fan(3), list_name="Nevent - A"),
        said,
        record("subscriptions", email=_fan(1), **no),
        record("subscriptions", email=_fan(2), **no | {"email_consent": "subscribed"}),
        *[record("subscriptions", email=_fan(n), email_consent=True, **newsletter) for n in (1, 2)],
        record(
            "subscriptions",
            email=None,
            phone_number=other,
            sms_consent="true",
            sms_consented_at=OLD,
        ),
    ]
    more = {"list_name": LIST, "first_load": "true"}
    plan = _plan(settings, audience, **more)
    run = load(audience, **more)
    assert plan["profiles"] == {"new": len(klaviyo.profiles())} == {"new": 4}
    assert plan["consents"] == {"unsubscribe email": 1, "subscribe email": 2, "subscribe sms": 1}
    assert plan["list_members"] == run.summary["streams"]["list_members"]["written"] == 3
    assert plan["requests"]["POST /api/lists"] == len(klaviyo.lists()) == 4


@pytest.mark.parametrize("first_load", [True, "auto"])
def test_a_first_load_refuses_to_start_a_live_flow_and_names_it(
    load: Load, klaviyo: KlaviyoHandle, tmp_path: Path, first_load: object
) -> None:
    """A flow on the list would mail everybody who is loaded."""
    load([PROFILES], list_name=LIST, store_path=str(tmp_path / "other.sqlite"), accept_flows=True)
    (wanted,) = klaviyo.lists()
    klaviyo.add_flow("Bienvenida", trigger={"type": "list", "id": wanted["id"]})
    klaviyo.add_flow("Borrador", trigger={"type": "list", "id": wanted["id"]}, status="draft")
    with pytest.raises(FlowsWouldStartError, match="Bienvenida") as refusal:
        load(_audience(), list_name=LIST, first_load=first_load)
    assert "Borrador" not in str(refusal.value)
    assert klaviyo.profiles() == []
    load(_audience(), list_name=LIST, first_load=first_load, accept_flows=True)
    assert len(klaviyo.profiles()) > 0


def test_a_first_load_stops_before_an_event_that_would_start_a_flow(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """A young purchase is no history; as history it starts nothing."""
    metric = klaviyo.metric("Purchased Ticket")
    klaviyo.add_flow("Gracias", trigger={"type": "metric", "id": metric})
    with pytest.raises(FlowsWouldStartError, match="Gracias"):
        load(_audience())
    assert klaviyo.events() == []
    load(_audience(), first_load=True)
    assert all(each["backfill"] for each in klaviyo.events("Purchased Ticket"))


def test_a_dry_run_names_every_live_flow_and_why(
    load: Load, klaviyo: KlaviyoHandle, settings: Message
) -> None:
    """By metric, by list, by a segment on a property, by a date property."""
    load([PROFILES], list_name=LIST, accept_flows=True)
    (wanted,) = klaviyo.lists()
    condition = {
        "type": "profile-property",
        "property": "properties['vip_status']",
        "filter": {"type": "boolean", "operator": "equals", "value": True},
    }
    vips = klaviyo.add_segment("VIPs", {"condition_groups": [{"conditions": [condition]}]})
    triggers: dict[str, Message] = {
        "metric": {"type": "metric", "id": klaviyo.metric("Purchased Ticket")},
        "list": {"type": "list", "id": wanted["id"]},
        "segment": {"type": "segment", "id": vips},
    }
    for name, trigger in triggers.items():
        klaviyo.add_flow(name, trigger=trigger)
    klaviyo.add_flow("other", trigger={"type": "metric", "id": klaviyo.metric("Other")})
    plan = _plan(settings, _audience(), list_name=LIST)
    assert {each["name"] for each in plan["flows_started"]} == set(triggers)
    blind = _plan(settings, _audience(), list_name=LIST, api_key="pk_sandbox_no_flows")
    assert blind["flows_visible"] is False
