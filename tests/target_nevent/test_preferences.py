"""Opt-outs travel to Nevent; nothing else about preferences does."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from nevent_people import ANA, EVA, PREFERENCES, YES_AT, fan, no, wants, written
from singer_messages import Run, record, schema, singer, state
from target_klaviyo.target import TargetKlaviyo

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle
    from nevent_sandbox.nevent_handle import NeventHandle

SET = "PUT /users/{id}/communication-preferences"


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_an_opt_out_switches_its_channel_off_at_its_own_time(
    nevent: NeventHandle, load: Callable[..., Run], channel: str
) -> None:
    """The other channels stay as they are, and the state follows."""
    before = {**wants(nevent, fan(nevent))}
    run = load([PREFERENCES, no(email=ANA, channel=channel), state({"n": 1})])
    assert run.states == [{"n": 1}]
    assert run.summary["streams"] == {"preferences": {"read": 1, "written": 1}}
    assert wants(nevent) == {
        **before,
        f"{channel}Enabled": False,
        f"{channel}ChangedAt": "2026-05-01T10:00:00.000Z",
    }


@pytest.mark.parametrize("by", ["external_id", "email", "phone_number"])
def test_a_person_is_found_by_whatever_names_them(
    nevent: NeventHandle, load: Callable[..., Run], by: str
) -> None:
    """A number is the same however it was typed."""
    fan_id = fan(nevent)
    nevent.edit(user=fan_id, set={"phone": "600 11 22 33"})
    who = {"external_id": fan_id, "email": ANA.upper(), "phone_number": "+34600112233"}[by]
    assert load([PREFERENCES, no(**{by: who})]).summary["streams"]["preferences"]["written"] == 1
    assert wants(nevent)["emailEnabled"] is False


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_everybody_at_the_address_or_number_is_left_in_peace(
    nevent: NeventHandle, load: Callable[..., Run], channel: str
) -> None:
    """Nevent may have one person twice; to switch off one of them would end nothing."""
    ids = [fan(nevent, each) for each in (ANA, ANA.title())]
    for each in ids:
        nevent.edit(user=each, set={"phone": "+34 600112233"})
    other = fan(nevent, "banana" + ANA)
    named = {"email": {"external_id": ids[1]}, "sms": {"phone_number": "600112233"}}[channel]
    run = load([PREFERENCES, no(**named, channel=channel)])
    assert run.summary["streams"]["preferences"] == {"read": 1, "written": 1}
    assert [wants(nevent, each)[f"{channel}Enabled"] for each in ids] == [False, False]
    assert wants(nevent, other)[f"{channel}Enabled"] is True


def test_channels_never_asked_about_stay_so_where_nevent_allows_it(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """Else they are off with it, since all four must be told, and the summary says so."""
    fan(nevent, smsEnabled=None, smsChangedAt=None)
    run = load([PREFERENCES, no(email=ANA)])
    bodies = [each["body"] for each in nevent.requests(SET, bodies=True)]
    assert ["smsEnabled" in each for each in bodies] == [False, True]
    assert run.summary["notes"] == {
        "channels never asked about are off now: this Nevent takes all four or none": 1
    }
    assert wants(nevent)["emailChangedAt"] == "2026-05-01T10:00:00.000Z"


@pytest.mark.parametrize(
    ("changed_at", "wins"),
    [
        ("2026-03-01T09:59:59+00:00", False),
        ("2026-03-01T10:00:00.900+00:00", True),  # the same second
        ("2026-03-01T12:00:00+02:00", True),  # the same moment
        ("2026-03-01T10:00:01Z", True),
        (None, True),
    ],
)
def test_an_opt_out_gives_way_only_to_a_newer_dated_yes(
    nevent: NeventHandle, load: Callable[..., Run], *, changed_at: str | None, wins: bool
) -> None:
    """Nevent's newer consent goes to Klaviyo by the other run; in doubt the no wins."""
    fan(nevent)
    counts = load([PREFERENCES, no(email=ANA, changed_at=changed_at)]).summary["streams"]
    assert wants(nevent)["emailEnabled"] is not wins
    assert counts["preferences"]["written" if wins else "withheld"] == 1


def test_an_undated_yes_gives_way_to_an_opt_out_however_old(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """Nobody knows which came first."""
    fan(nevent, emailChangedAt=None)
    load([PREFERENCES, no(email=ANA, changed_at="2019-01-01T00:00:00Z")])
    assert wants(nevent)["emailEnabled"] is False


def test_the_second_run_writes_nothing(nevent: NeventHandle, load: Callable[..., Run]) -> None:
    """What is off already is not sent again, and keeps its time."""
    fan(nevent)
    messages = [PREFERENCES, no(email=ANA), no(email=ANA, channel="sms")]
    load(messages)
    before = wants(nevent)
    nevent.clear_requests()
    assert load(messages).summary["streams"]["preferences"] == {"read": 2, "unchanged": 2}
    assert written(nevent) == []
    assert wants(nevent) == before


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"status": "subscribed"}, "no opt-out: only those change preferences"),
        ({"status": "never_subscribed"}, "no opt-out: only those change preferences"),
        ({"status": "left_list"}, "no opt-out: only those change preferences"),
        ({"channel": "whatsapp"}, "WhatsApp is Nevent's alone"),
        (
            {"reason": "USER_SUPPRESSED"},
            "suppressed in Klaviyo by the account, not by the person",
        ),
    ],
)
def test_what_is_no_opt_out_of_a_person_changes_nothing(
    nevent: NeventHandle, load: Callable[..., Run], values: dict[str, Any], reason: str
) -> None:
    """E-mail is never switched on again, WhatsApp never touched, our own suppressions no wish."""
    fan(nevent, emailEnabled=values.get("status") != "subscribed")
    before = wants(nevent)
    run = load([PREFERENCES, no(email=ANA, **values)])
    assert run.summary["streams"]["preferences"]["withheld_reasons"] == {reason: 1}
    assert wants(nevent) == before
    assert written(nevent) == []


def test_people_whom_nevent_does_not_know_are_a_fate_of_their_own(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """Klaviyo knows people from elsewhere: no reject, and nobody is made."""
    before = len(nevent.users())
    run = load([PREFERENCES, no(email=EVA), no(external_id="650000000000000000009999")])
    assert run.summary["streams"] == {"preferences": {"read": 2, "unknown": 2}}
    assert (run.rejects, len(nevent.users())) == ([], before)


def test_fans_are_looked_up_together(nevent: NeventHandle, load: Callable[..., Run]) -> None:
    """Fifty opt-outs that are known already cost one request."""
    ids = [fan(nevent, f"fan{n}@nevent-demo.es", emailEnabled=False) for n in range(50)]
    nevent.clear_requests()
    run = load([PREFERENCES, *(no(external_id=each) for each in ids)])
    assert run.summary["streams"]["preferences"]["unchanged"] == 50
    assert len(nevent.requests("GET /users")) == 1
    assert nevent.requests("GET /users/{id}") == []


def test_an_opt_out_cut_off_after_it_was_applied_is_applied_once_more_to_no_effect(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """The answer got lost; the request may be repeated."""
    fan(nevent)
    nevent.drop(SET, after=True)
    run = load([PREFERENCES, no(email=ANA), state({"n": 1})])
    assert (run.states, wants(nevent)["emailEnabled"]) == ([{"n": 1}], False)


def test_a_refused_opt_out_is_rejected_and_the_others_are_not(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """With what was sent, so that it can be replayed."""
    for email in (ANA, EVA):
        fan(nevent, email)
    nevent.refuse(SET, status=422, times=2)
    run = load([PREFERENCES, no(email=ANA), no(email=EVA), state({"n": 1})])
    (reject,) = run.rejects
    assert reject["reason"].startswith("Nevent: PUT /users/{id}/communication-preferences: 422")
    assert ANA not in reject["reason"]
    assert run.states == [{"n": 1}]
    assert [wants(nevent, each)["emailEnabled"] for each in (ANA, EVA)].count(False) == 1


def test_two_opt_outs_of_a_person_are_the_later_one(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """In whatever order they come."""
    fan(nevent)
    early, late = "2026-02-01T10:00:00+00:00", "2026-05-01T10:00:00+00:00"
    run = load([PREFERENCES, no(email=ANA, changed_at=late), no(email=ANA, changed_at=early)])
    assert run.summary["streams"]["preferences"] == {"read": 2, "written": 1, "merged": 1}
    assert wants(nevent)["emailChangedAt"] > YES_AT


def test_a_dry_run_tells_what_a_run_does_and_does_nothing(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """Plan and run count the same."""
    fan(nevent)
    messages = [
        PREFERENCES,
        no(email=ANA),
        no(email=EVA),
        no(email=ANA, channel="fax"),
        no(email=ANA, channel="sms", changed_at="2026-02-01T00:00:00Z"),
        state({"n": 1}),
    ]
    plan = load(messages, dry_run=True)
    assert (plan.states, plan.rejects, written(nevent)) == ([], [], [])
    assert wants(nevent)["emailEnabled"] is True
    counts = plan.summary["streams"]["preferences"]
    done = load(messages, max_rejects=1).summary["streams"]["preferences"]
    assert {"planned": done.pop("written"), **done} == counts


def test_a_preference_that_changed_while_it_was_read_is_not_written_back(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """All four go at once: what is sent is read right before."""
    fan_id = fan(nevent)
    load([PREFERENCES, no(external_id=fan_id)])
    order = [each["operation"] for each in nevent.requests() if "{id}" in each["operation"]]
    assert order[-2:] == ["GET /users/{id}", SET]


def test_a_nevent_that_takes_no_time_of_an_opt_out_is_sent_none(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """The time is our assumption; the opt-out travels all the same, and the summary tells."""
    for email in (ANA, EVA):
        fan(nevent, email)
    nevent.refuse(SET, status=400)
    run = load([PREFERENCES, no(email=ANA), no(email=EVA)])
    assert run.summary["streams"]["preferences"]["written"] == 2
    assert run.summary["notes"] == {"opt-outs without their time: this Nevent takes none": 2}
    assert all(
        "emailChangedAt" not in each["body"] for each in nevent.requests(SET, bodies=True)[1:]
    )


def test_the_sms_opt_out_sent_for_withdrawn_consent_to_third_parties_does_not_come_back(
    nevent: NeventHandle,
    klaviyo: KlaviyoHandle,
    load: Callable[..., Run],
    settings: dict[str, Any],
) -> None:
    """Nevent's own SMS go on; a STOP of the person's own, later, ends them."""
    nevent.edit(user=fan(nevent), set={"phone": "+34600112233"})
    klaviyo.subscribe(phone_number="+34600112233")
    withdrawn = {"phone_number": "+34600112233", "sms_consent": "unsubscribed"}
    withdrawn["sms_consented_at"] = nevent.now()
    target = TargetKlaviyo(
        config={
            "api_key": "pk_sandbox_full",
            "api_url": klaviyo.url,
            "rejects_path": settings["rejects_path"] + ".klaviyo",
            "store_path": settings["store_path"],
            "consent_ledger_path": settings["store_path"] + ".consents",
        }
    )
    messages = [schema("subscriptions", *withdrawn, keys=()), record("subscriptions", **withdrawn)]
    try:
        target.listen(io.StringIO(singer(messages).decode()))
    finally:
        target.close()
    (known,) = klaviyo.consents()
    came = known["subscriptions"]["sms"]["marketing"]
    assert came["consent"] == "UNSUBSCRIBED"
    back = no(phone_number="+34600112233", channel="sms", changed_at=came["last_updated"])
    counts = load([PREFERENCES, back]).summary["streams"]["preferences"]
    assert counts["withheld_reasons"] == {"sent to Klaviyo from here: no news": 1}
    assert wants(nevent)["smsEnabled"] is True
    nevent.advance(days=1, changes=0)
    load([PREFERENCES, no(phone_number="+34600112233", channel="sms", changed_at=nevent.now())])
    assert wants(nevent)["smsEnabled"] is False
