"""What a first load and a dry run easily miss."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from klaviyo_people import (
    ANA,
    EVA,
    EVENTS,
    MEMBERS,
    NEWS,
    OTHER,
    PROFILES,
    STATEMENTS,
    VIP,
    ago,
    says,
)
from nevent_sandbox.klaviyo import app
from singer_messages import Message, Run, record, singer
from target_klaviyo.first_load import FlowsWouldStartError
from target_klaviyo.target import TargetKlaviyo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nevent_sandbox.handles import KlaviyoHandle

    Load = Callable[..., Run]


def _plan(settings: Message, messages: list[Message], **more: Any) -> Message:
    target = TargetKlaviyo(config={**settings, "dry_run": True, **more})
    try:
        target.listen(io.StringIO(singer(messages).decode()))
        assert target.plan is not None
        return target.plan.as_dict(target.summary.as_dict())
    finally:
        target.close()


def test_the_first_load_of_another_account_is_one_too(
    load: Load, klaviyo: KlaviyoHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sandbox first, production next, with the one store_path that meltano.yml gives both."""
    load([OTHER, record("profiles__other", email=EVA)])
    klaviyo.reset()
    monkeypatch.setattr(app, "KLAVIYO_ACCOUNT_ID", "Other1")
    klaviyo.add_flow("Gracias", trigger={"type": "metric", "id": klaviyo.metric("Bought")})
    with pytest.raises(FlowsWouldStartError):
        load([EVENTS, record("events", id="1", email=ANA, metric="Bought", time=ago(hours=1))])


@pytest.mark.parametrize("named", ["by the record", "by the setting"])
def test_a_flow_on_a_list_that_consents_join_is_named(
    load: Load, klaviyo: KlaviyoHandle, tmp_path: Path, named: str
) -> None:
    """A young consent is an ordinary subscribe, which starts the list's flow."""
    other = {"store_path": str(tmp_path / "other.sqlite"), "accept_flows": True}
    load([OTHER], list_name=NEWS, **other)
    (news,) = klaviyo.lists()
    klaviyo.add_flow("Bienvenida", trigger={"type": "list", "id": news["id"]})
    of_record = {"list_name": NEWS} if named == "by the record" else {}
    setting = {"list_name": NEWS} if named == "by the setting" else {}
    with pytest.raises(FlowsWouldStartError):
        load([STATEMENTS, says(ANA, "subscribed", ago(hours=1), **of_record)], **setting)


def test_a_dry_run_takes_a_list_that_is_not_there_yet_for_a_list(
    load: Load, klaviyo: KlaviyoHandle, settings: Message
) -> None:
    """The plan unsubscribes Ana from everything; the run leaves her alone."""
    klaviyo.subscribe(ANA, at=ago(days=30))
    messages = [STATEMENTS, says(ANA, "unsubscribed", ago(days=1), list_name=NEWS)]
    plan = _plan(settings, messages)
    run = load(messages)
    assert run.summary["streams"]["subscriptions"] == {"read": 1, "unchanged": 1}
    assert plan["consents"] == {}


def test_a_dry_run_keeps_lists_that_are_not_there_yet_apart(load: Load, settings: Message) -> None:
    """Two new lists are one "None", so one of two joins is merged away."""
    messages = [
        MEMBERS,
        *[record("list_members", email=ANA, list_name=name) for name in (NEWS, VIP)],
    ]
    plan = _plan(settings, messages)
    run = load(messages)
    assert plan["list_members"] == run.summary["streams"]["list_members"]["written"]


def test_a_dry_run_counts_a_changed_address_as_no_new_person(
    load: Load, klaviyo: KlaviyoHandle, settings: Message
) -> None:
    """The run renames the profile: nobody new to pay for."""
    load([PROFILES, record("profiles", email="old@nevent-demo.es", external_id="7")])
    messages = [PROFILES, record("profiles", email=ANA, external_id="7")]
    plan = _plan(settings, messages)
    before = len(klaviyo.profiles())
    load(messages)
    assert plan["billable_profiles_added"] == len(klaviyo.profiles()) - before


@pytest.mark.parametrize(
    "messages",
    [
        [STATEMENTS, says(ANA, "subscribed")],
        [MEMBERS, record("list_members", email=ANA, list_name=VIP)],
    ],
)
def test_a_dry_run_counts_people_whom_consents_and_lists_make(
    load: Load, klaviyo: KlaviyoHandle, settings: Message, messages: list[Message]
) -> None:
    """Subscribing a stranger, or putting one on a list, makes a profile."""
    plan = _plan(settings, messages)
    load(messages)
    assert plan["billable_profiles_added"] == len(klaviyo.profiles())


def test_a_dry_run_names_the_flow_on_lists_though_the_list_is_not_there_yet(
    load: Load, klaviyo: KlaviyoHandle, settings: Message
) -> None:
    """The run creates the list first, and then refuses."""
    metric = klaviyo.metric("Subscribed to List", service="klaviyo")
    klaviyo.add_flow("Bienvenida", trigger={"type": "metric", "id": metric})
    messages = [PROFILES, record("profiles", email=ANA)]
    plan = _plan(settings, messages, list_name="Nevent - All Contacts")
    with pytest.raises(FlowsWouldStartError):
        load(messages, list_name="Nevent - All Contacts")
    assert [each["name"] for each in plan["flows_started"]] == ["Bienvenida"]
