"""Sign-ups at Klaviyo become subscriptions in Nevent, once, and only of who may be subscribed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from nevent_people import ANA, EVA, PREFERENCES, SUBSCRIBERS, fan, no, wants, written, yes
from singer_messages import Run, state
from target_nevent.subscribers import NEVER_SEEN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nevent_sandbox.nevent_handle import NeventHandle
    from singer_messages import Message

SUBSCRIBE = "POST /public/newsletter/{id}/subscribe"
UPDATE = "PUT /users/{id}"
BY_EMAIL = "GET /users/email/{email}"
SINCE = "2026-01-01T00:00:00Z"
AT = "2026-05-01T10:00:00.000Z"


@pytest.fixture
def settings(settings: Message, nevent: NeventHandle) -> Message:
    """Everybody of this year may be subscribed, to the first newsletter."""
    newsletter = nevent.newsletters()[0]["id"]
    return {**settings, "newsletter_id": newsletter, "import_since": SINCE}


def _fates(run: Run) -> dict[str, Any]:
    fates: dict[str, Any] = run.summary["streams"]["subscribers"]
    return fates


def test_who_is_new_is_subscribed_with_the_original_time_and_their_name(
    nevent: NeventHandle, load: Callable[..., Run], settings: Message
) -> None:
    """A fan is made; what Klaviyo knows fills the rest, consent to third parties included."""
    run = load([SUBSCRIBERS, yes(), state({"n": 1})])
    assert (run.states, _fates(run)) == ([{"n": 1}], {"read": 1, "written": 1})
    subscription = nevent.subscription(ANA, settings["newsletter_id"])
    assert subscription is not None
    assert subscription["consent"] == {"marketing": True, "timestamp": AT}
    assert subscription["source"] == "Newsletter"
    made = nevent.user(ANA)
    assert made is not None
    assert [made[each] for each in ("name", "surname", "phone")] == ["Ana", "Ruiz", "+34600112233"]
    sharing = made["thirdPartySharing"]
    assert [sharing[each] for each in ("granted", "consentedAt", "source")] == [True, AT, "Klaviyo"]
    assert wants(nevent)["emailEnabled"] is True
    assert not wants(nevent)["smsEnabled"]
    assert not wants(nevent)["whatsappEnabled"]


@pytest.mark.parametrize("anew", [False, True], ids=["remembered", "with a new store"])
def test_the_second_run_writes_nothing(
    nevent: NeventHandle, load: Callable[..., Run], tmp_path: Path, *, anew: bool
) -> None:
    """What the store remembers needs no request at all; without it Nevent is asked."""
    messages = [SUBSCRIBERS, yes(), yes(EVA)]
    load(messages)
    nevent.clear_requests()
    again = load(messages, **({"store_path": str(tmp_path / "new.sqlite")} if anew else {}))
    assert _fates(again) == {"read": 2, "unchanged": 2}
    assert written(nevent) == []
    assert bool(nevent.requests("GET /users/email/{email}")) is anew


@pytest.mark.parametrize("by", ["email", "external_id"])
def test_who_is_willing_in_nevent_already_is_not_subscribed(
    nevent: NeventHandle, load: Callable[..., Run], by: str
) -> None:
    """They came from there: whatever Nevent told Klaviyo comes back this way."""
    fan_id = fan(nevent)
    who = {"email": {}, "external_id": {"external_id": fan_id, "email": EVA}}[by]
    before = nevent.user(fan_id)
    assert _fates(load([SUBSCRIBERS, yes(**who)])) == {"read": 1, "unchanged": 1}
    assert (written(nevent), nevent.user(fan_id)) == ([], before)


def test_who_opted_out_in_nevent_is_never_subscribed_again(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """However new the consent in Klaviyo is."""
    fan(nevent, emailEnabled=False)
    run = load([SUBSCRIBERS, yes(consented_at="2026-11-01T00:00:00Z")])
    assert _fates(run)["withheld_reasons"] == {"has opted out of e-mail in Nevent": 1}
    assert (written(nevent), wants(nevent)["emailEnabled"]) == ([], False)


def test_a_fan_who_was_never_asked_is_subscribed_and_nothing_else_of_them_changes(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """Consent to third parties is theirs to give, name and phone are Nevent's."""
    fan_id = fan(nevent, emailEnabled=None, emailChangedAt=None)
    before = nevent.user(fan_id)
    assert _fates(load([SUBSCRIBERS, yes()])) == {"read": 1, "written": 1}
    assert nevent.subscription(ANA)
    assert nevent.user(fan_id) == before
    assert written(nevent) == [SUBSCRIBE]


@pytest.mark.parametrize(
    ("wanted", "fate"), [((None, False), "withheld"), ((None, True), "unchanged")]
)
def test_a_person_whom_nevent_has_twice_is_one_person(
    nevent: NeventHandle, load: Callable[..., Run], wanted: tuple[Any, Any], fate: str
) -> None:
    """What one of both said holds, however the address is written there."""
    for email, each in zip((ANA, f" {ANA.title()} "), wanted, strict=True):
        fan(nevent, email, emailEnabled=each)
    assert _fates(load([SUBSCRIBERS, yes()]))[fate] == 1
    assert written(nevent) == []


def test_a_person_whom_nevent_has_under_another_address_is_not_made_twice(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """A sign-up goes to the address that it is for."""
    fan_id = fan(nevent, EVA, emailEnabled=None)
    run = load([SUBSCRIBERS, yes(external_id=fan_id)])
    reason = "Nevent has this person under another address"
    assert _fates(run)["withheld_reasons"] == {reason: 1}
    assert (written(nevent), nevent.user(ANA)) == ([], None)


def test_the_erased_are_never_made_again(nevent: NeventHandle, load: Callable[..., Run]) -> None:
    """Known by the feed, by this store, or because Nevent knows their id no more."""
    fan_id = fan(nevent)
    nevent.erase(fan_id)
    run = load([SUBSCRIBERS, yes(), yes(EVA, external_id="65000000000000000000beef")])
    assert _fates(run)["withheld_reasons"] == {
        "the person is erased": 1,
        "Nevent no longer knows this person": 1,
    }
    nevent.reset()  # as if the feed forgot them
    again = load([SUBSCRIBERS, yes(), yes("other@nevent-demo.es", external_id=fan_id)])
    assert _fates(again)["withheld_reasons"] == {"the person is erased": 2}
    assert written(nevent) == []


def test_who_consented_before_the_first_run_is_left_unless_it_is_decided_otherwise(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """Each may get a mail to confirm: that is no side effect of a first run."""
    for _ in range(2):  # the time of the first run is kept
        run = load([SUBSCRIBERS, yes()], import_since=None)
        assert _fates(run)["withheld_reasons"] == {"consented before import_since": 1}
    nevent.advance(days=1, changes=0)
    late = [SUBSCRIBERS, yes(EVA, consented_at=nevent.now())]
    assert _fates(load(late, import_since=None)) == {"read": 1, "written": 1}
    assert _fates(load([SUBSCRIBERS, yes()])) == {"read": 1, "written": 1}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"email_consent": "UNSUBSCRIBED"}, "no consent to e-mail in Klaviyo"),
        ({"email_consent": "NEVER_SUBSCRIBED"}, "no consent to e-mail in Klaviyo"),
        ({"email_suppression": "HARD_BOUNCE"}, "suppressed in Klaviyo"),
    ],
)
def test_only_a_real_consent_subscribes(
    nevent: NeventHandle, load: Callable[..., Run], values: dict[str, str], reason: str
) -> None:
    """Being on a list is none."""
    assert _fates(load([SUBSCRIBERS, yes(**values)]))["withheld_reasons"] == {reason: 1}
    assert written(nevent) == []


def test_an_opt_out_after_the_sign_up_is_the_last_word(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """In whatever order the streams come, and the same again by a second run."""
    after = no(email=ANA, changed_at="2026-06-01T00:00:00Z")
    for _ in range(2):
        load([PREFERENCES, SUBSCRIBERS, after, yes()])
        assert wants(nevent)["emailEnabled"] is False


def test_a_consent_after_the_opt_out_is_the_last_word(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """The fan is new: what they said before Nevent knew them is over."""
    before = no(email=ANA, changed_at="2026-04-01T00:00:00Z")
    for _ in range(2):
        load([PREFERENCES, SUBSCRIBERS, before, yes()])
        assert wants(nevent)["emailEnabled"] is True


def test_a_sign_up_cut_off_after_it_was_applied_is_completed(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """Asked again, Nevent says that it has it already."""
    nevent.drop(SUBSCRIBE, after=True)
    assert _fates(load([SUBSCRIBERS, yes()])) == {"read": 1, "written": 1}
    made = nevent.user(ANA)
    assert made is not None
    assert (made["name"], made["thirdPartySharing"]["granted"]) == ("Ana", True)


def test_a_fan_who_does_not_show_at_once_is_completed_by_the_next_run(
    nevent: NeventHandle, load: Callable[..., Run], caplog: pytest.LogCaptureFixture
) -> None:
    """The state stays before them meanwhile, and nobody is signed up, or mailed, twice."""
    nevent.refuse(BY_EMAIL, status=404, times=2)  # before and after the sign-up
    messages = [SUBSCRIBERS, yes(), state({"n": 1})]
    first = load(messages)
    assert (first.states, _fates(first)) == ([], {"read": 1})
    assert "does not show 1 new fans yet: the state stays" in caplog.text
    second = load(messages)
    assert (second.states, _fates(second)) == ([{"n": 1}], {"read": 1, "written": 1})
    made = nevent.user(ANA)
    assert made is not None
    assert (made["name"], made["thirdPartySharing"]["granted"]) == ("Ana", True)
    assert len(nevent.requests(SUBSCRIBE)) == 1


def test_nobody_waits_for_ever_for_a_fan_who_never_shows(
    nevent: NeventHandle, load: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may never confirm; the others' state must go on."""
    nevent.refuse(BY_EMAIL, status=404, times=None)
    messages = [SUBSCRIBERS, yes(), state({"n": 1})]
    assert load(messages).states == []
    monkeypatch.setattr("target_nevent.subscribers.SHOWS_WITHIN", timedelta(minutes=-1))
    given_up = load(messages)
    assert (given_up.states, _fates(given_up)) == ([{"n": 1}], {"read": 1, "written": 1})
    assert NEVER_SEEN in given_up.summary["notes"]
    assert len(nevent.requests(SUBSCRIBE)) == 1


def test_a_name_that_nevent_does_not_take_does_not_cost_the_consent(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """Left out and told."""
    nevent.refuse(UPDATE, status=422)
    run = load([SUBSCRIBERS, yes()])
    made = nevent.user(ANA)
    assert made is not None
    assert (made["name"], made["thirdPartySharing"]["granted"]) == (None, True)
    assert run.summary["notes"] == {"new fans whose name or phone Nevent does not take": 1}


def test_a_newsletter_that_there_is_not_stops_the_run_or_rejects_the_record(
    nevent: NeventHandle, refused: Callable[..., str], load: Callable[..., Run]
) -> None:
    """The setting is everybody's, a record's own newsletter is its own."""
    told = refused([SUBSCRIBERS, yes(), state({"n": 1})], newsletter_id="nothing")
    assert "newsletter_id names no newsletter" in told
    loaded = load([SUBSCRIBERS, yes(EVA, newsletter_id="nothing"), state({"n": 1})])
    assert loaded.states == [{"n": 1}]
    assert loaded.rejects[0]["reason"].startswith("Nevent: POST /public/newsletter/{id}/subscribe")
    assert nevent.user(ANA) is nevent.user(EVA) is None


def test_when_nevent_takes_no_more_for_today_the_rest_waits_for_another_run(
    nevent: NeventHandle, load: Callable[..., Run], caplog: pytest.LogCaptureFixture
) -> None:
    """The opt-outs of the same run travel all the same; the state stays before the sign-ups."""
    nevent.knobs(subscribes_per_day=1)
    fan(nevent, "old@nevent-demo.es")
    messages = [SUBSCRIBERS, PREFERENCES, yes(), yes(EVA), no(email="old@nevent-demo.es")]
    run = load([*messages, state({"n": 1})])
    assert (run.states, run.rejects) == ([], [])
    assert run.summary["notes"] == {"sign-ups left for the next run": 1}
    assert "Run again then" in caplog.text
    assert wants(nevent, "old@nevent-demo.es")["emailEnabled"] is False
    assert [bool(nevent.user(each)) for each in (ANA, EVA)].count(True) == 1
    nevent.knobs(subscribes_per_day=0)
    assert load([*messages, state({"n": 1})]).states == [{"n": 1}]
    assert nevent.user(ANA)
    assert nevent.user(EVA)
    assert len(nevent.requests(SUBSCRIBE)) == 3


def test_a_short_limit_is_waited_out(nevent: NeventHandle, load: Callable[..., Run]) -> None:
    """429 with retryAfter in its body."""
    nevent.refuse(SUBSCRIBE, status=429, retry_after=0)
    assert _fates(load([SUBSCRIBERS, yes()])) == {"read": 1, "written": 1}


def test_a_dry_run_plans_what_a_run_does(nevent: NeventHandle, load: Callable[..., Run]) -> None:
    """Whoever it would make is known to the rows that follow."""
    fan(nevent, EVA, emailEnabled=False)
    messages = [
        SUBSCRIBERS,
        PREFERENCES,
        yes(),
        yes(EVA),
        yes("old@nevent-demo.es", consented_at="2025-01-01T00:00:00Z"),
        no(email=ANA, changed_at="2026-06-01T00:00:00Z"),
        no(email="nobody@nevent-demo.es"),
        state({"n": 1}),
    ]
    plan = load(messages, dry_run=True)
    assert (plan.states, written(nevent), nevent.user(ANA)) == ([], [], None)
    done = load(messages)
    for stream, counts in done.summary["streams"].items():
        planned = plan.summary["streams"][stream]
        assert {"planned": counts.pop("written"), **counts} == planned
