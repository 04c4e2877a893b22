"""Changes of consent: each way in which Klaviyo tells of them, and none that was not made."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from flow_definitions import new_list
from klaviyo_client import KlaviyoSession
from klaviyo_client.limits import IMPORT_PROFILES, SUBSCRIBE, Operation
from klaviyo_lists import load
from tap_klaviyo_engagement.consents import consents

if TYPE_CHECKING:
    from collections.abc import Callable

    from klaviyo_extraction import Output, Record
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

    Extract = Callable[..., Output]

ANA, LUIS, PHONE = "ana@nevent-demo.es", "luis@nevent-demo.es", "+34600111222"
STREAM = "consent_changes"
UPSERT = Operation("POST", "/api/profile-import", 75, 750, ("profiles:write",))


def ago(sandbox: Sandbox, **past: float) -> str:
    """A time before now, as the API writes it."""
    return (sandbox.clock.now() - timedelta(**past)).isoformat(timespec="seconds")


def post(klaviyo: KlaviyoHandle, operation: Operation, kind: str, **more: Any) -> None:
    """Send one document."""
    session = KlaviyoSession("pk_sandbox_full", api_url=klaviyo.url)
    try:
        session.post(operation, json.dumps({"data": {"type": kind, **more}}).encode())
    finally:
        session.close()


def upsert(klaviyo: KlaviyoHandle, email: str = ANA, **attributes: str) -> None:
    """Make or change a profile; no consent."""
    post(klaviyo, UPSERT, "profile", attributes={"email": email, **attributes})


def rows(output: Output) -> list[Record]:
    """The changes."""
    return output.records[STREAM]


def told(output: Output) -> list[tuple[str, str, str | None]]:
    """Channel, status and reason of each."""
    return [(each["channel"], each["status"], each["reason"]) for each in rows(output)]


@pytest.fixture
def changed(extract: Extract, sandbox: Sandbox) -> Callable[..., Output]:
    """What a run gives of what happened since a first one, an hour later."""

    def changing(*deeds: Callable[[], None]) -> Output:
        before = extract(None, STREAM)
        sandbox.clock.advance(timedelta(hours=3))
        for deed in deeds:
            deed()
        after = extract(before.state, STREAM)
        assert rows(extract(after.state, STREAM)) == []
        return after

    return changing


def test_a_first_run_tells_everybody_who_ever_decided(
    extract: Extract, klaviyo: KlaviyoHandle
) -> None:
    """Who was never asked did not."""
    upsert(klaviyo, LUIS, external_id="fan-2")
    klaviyo.subscribe(ANA, phone_number=PHONE)
    klaviyo.unsubscribe(phone_number=PHONE)
    assert told(extract(None, STREAM)) == [
        ("email", "subscribed", None),
        ("sms", "unsubscribed", "UNSUBSCRIBE"),
    ]


def test_an_opt_out_of_mail_carries_its_time_and_the_fan(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle
) -> None:
    """Whom, when, how."""
    klaviyo.subscribe(ANA)
    upsert(klaviyo, external_id="fan-1")
    [row] = rows(changed(lambda: klaviyo.unsubscribe(ANA)))
    assert (row["channel"], row["status"], row["reason"]) == (
        "email",
        "unsubscribed",
        "UNSUBSCRIBE",
    )
    assert (row["external_id"], row["email"]) == ("fan-1", ANA)
    assert (row["basis"], row["method"], row["can_receive"]) == (
        "suppression",
        "PREFERENCE_PAGE",
        False,
    )
    assert row["consented_at"] is None
    known = klaviyo.consent(ANA)
    assert known
    assert row["changed_at"] == known["email"]["marketing"]["consent_timestamp"]


def test_an_opt_out_of_texts_is_told(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle
) -> None:
    """No suppression tells of texts; consent to mail stays."""
    klaviyo.subscribe(ANA, phone_number=PHONE)
    output = changed(lambda: klaviyo.unsubscribe(phone_number=PHONE))
    assert told(output) == [("sms", "unsubscribed", "UNSUBSCRIBE")]
    assert rows(output)[0]["basis"] == "event"


def test_consent_is_told_on_both_channels(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle
) -> None:
    """With its time and source."""
    output = changed(lambda: klaviyo.subscribe(ANA, phone_number=PHONE))
    assert told(output) == [("email", "subscribed", None), ("sms", "subscribed", None)]
    assert {each["consented_at"] for each in rows(output)} == {rows(output)[0]["changed_at"]}


def test_who_subscribes_again_after_an_opt_out_is_told(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle
) -> None:
    """The opt-out is lifted."""
    klaviyo.subscribe(ANA)
    klaviyo.unsubscribe(ANA)
    assert told(changed(lambda: klaviyo.subscribe(ANA))) == [("email", "subscribed", None)]


def test_a_double_opt_in_counts_when_it_is_confirmed(
    changed: Callable[..., Output],
    extract: Extract,
    klaviyo: KlaviyoHandle,
    sandbox: Sandbox,
) -> None:
    """Asking for a click is no consent."""
    klaviyo.knobs(opt_in_process="double_opt_in")
    consent = {"email": {"marketing": {"consent": "SUBSCRIBED"}}}
    person = {"type": "profile", "attributes": {"email": ANA, "subscriptions": consent}}
    kind = "profile-subscription-bulk-create-job"
    asked = changed(
        lambda: post(klaviyo, SUBSCRIBE, kind, attributes={"profiles": {"data": [person]}})
    )
    assert rows(asked) == []
    sandbox.clock.advance(timedelta(hours=1))
    klaviyo.confirm(ANA)
    assert told(extract(asked.state, STREAM)) == [("email", "subscribed", None)]


def test_who_comes_back_to_a_list_has_not_left_it(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle
) -> None:
    """The present state is told, not what came in between."""
    news = new_list(klaviyo, "News")
    klaviyo.subscribe(ANA, list_id=news)
    output = changed(
        lambda: klaviyo.unsubscribe(ANA, list_id=news), lambda: klaviyo.subscribe(ANA, list_id=news)
    )
    assert {each["status"] for each in rows(output)} == {"subscribed"}


def test_a_complaint_is_an_objection(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle
) -> None:
    """Although Klaviyo leaves the consent as it is; when it was given stays known."""
    klaviyo.subscribe(ANA)
    [row] = rows(changed(lambda: klaviyo.complain(ANA)))
    assert (row["status"], row["reason"]) == ("unsubscribed", "SPAM_COMPLAINT")
    assert row["consented_at"] < row["changed_at"]


@pytest.mark.parametrize(
    ("deed", "reason"), [("bounce", "HARD_BOUNCE"), ("suppress", "USER_SUPPRESSED")]
)
@pytest.mark.parametrize("asked", [True, False])
def test_what_the_person_did_not_do_is_no_objection(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle, deed: str, reason: str, *, asked: bool
) -> None:
    """A bounce, or a hand at the organiser's: told as the reason, the status stays."""
    upsert(klaviyo)
    if asked:
        klaviyo.subscribe(ANA)
    output = changed(lambda: getattr(klaviyo, deed)(ANA))
    assert told(output) == [("email", "subscribed" if asked else "never_subscribed", reason)]
    assert rows(output)[0]["can_receive"] is False


def test_an_objection_counts_before_what_else_keeps_mail_away(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle
) -> None:
    """Suppressed by hand first: the opt-out is not hidden by it, and has its own time."""
    klaviyo.subscribe(ANA)
    klaviyo.suppress(ANA)
    assert told(changed(lambda: klaviyo.unsubscribe(ANA))) == [
        ("email", "unsubscribed", "UNSUBSCRIBE")
    ]


def test_leaving_one_list_is_told_as_that(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle
) -> None:
    """Consent stays."""
    news = new_list(klaviyo, "News")
    klaviyo.subscribe(ANA, list_id=news)
    output = changed(lambda: klaviyo.unsubscribe(ANA, list_id=news))
    [row] = [each for each in rows(output) if each["list_id"]]
    assert (row["status"], row["channel"]) == ("left_list", "email")
    assert (row["list_id"], row["list_name"]) == (news, "News")
    assert {each["status"] for each in rows(output)} == {"left_list", "subscribed"}


def test_a_later_bounce_does_not_make_an_opt_out_younger(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """Its time decides against a newer consent elsewhere."""
    klaviyo.subscribe(ANA, at=ago(sandbox, days=30))
    opted_out = ago(sandbox, days=20)
    klaviyo.unsubscribe(ANA, at=opted_out)
    [row] = rows(changed(lambda: klaviyo.bounce(ANA)))
    assert (row["status"], row["changed_at"]) == ("unsubscribed", opted_out)
    assert row["recorded_at"] > opted_out


def test_a_change_that_shows_late_is_found_by_its_event(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """It is dated before the last run, and so is the profile's `updated`."""
    klaviyo.subscribe(ANA, phone_number=PHONE, at=ago(sandbox, days=9))
    sandbox.clock.advance(timedelta(days=2))
    output = changed(
        lambda: klaviyo.unsubscribe(phone_number=PHONE, at=ago(sandbox, days=1, hours=3))
    )
    assert told(output) == [("sms", "unsubscribed", "UNSUBSCRIBE")]
    assert rows(output)[0]["basis"] == "event"


def test_consent_brought_along_from_elsewhere_is_dated_when_it_was_given(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """Years ago; it is told because it was recorded now."""
    at = ago(sandbox, days=700)
    consent = {"email": {"marketing": {"consent": "SUBSCRIBED", "consented_at": at}}}
    person = {"type": "profile", "attributes": {"email": ANA, "subscriptions": consent}}
    attributes = {
        "historical_import": True,
        "custom_source": "Box office",
        "profiles": {"data": [person]},
    }
    kind = "profile-subscription-bulk-create-job"
    [row] = rows(changed(lambda: post(klaviyo, SUBSCRIBE, kind, attributes=attributes)))
    assert (row["status"], row["source"]) == ("subscribed", "Box office")
    assert datetime.fromisoformat(row["consented_at"]) == datetime.fromisoformat(at)
    assert row["recorded_at"] > row["consented_at"]


def test_other_changes_of_a_person_give_nothing(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle
) -> None:
    """A new city is no change of consent; a new profile has none."""
    klaviyo.subscribe(ANA)
    output = changed(
        lambda: upsert(klaviyo, first_name="Ana"), lambda: upsert(klaviyo, "new@nevent-demo.es")
    )
    assert rows(output) == []


def test_a_bounce_that_passed_gives_nothing(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle
) -> None:
    """Its event is found; the person's state is unchanged."""
    klaviyo.subscribe(ANA)
    campaign = klaviyo.add_campaign("News")["id"]
    soft = {"what": "bounced", "email": ANA, "campaign": campaign, "bounce": "Soft"}

    def bounce() -> None:
        assert klaviyo.engage([soft]) == 1

    assert rows(changed(bounce)) == []


def test_who_opts_out_by_a_campaigns_link_is_told(
    changed: Callable[..., Output], klaviyo: KlaviyoHandle
) -> None:
    """All of them, with complaints and bounces, by what Klaviyo then says of each."""
    news = new_list(klaviyo, "News")
    load(klaviyo, news, 40)
    sending = {"unsubscribes": 0.3, "spam": 0.1, "bounces": 0.1, "seed": 3}

    def send() -> None:
        klaviyo.send_campaign("News", lists=[news], **sending)

    output = changed(send)
    expected = set()
    for each in klaviyo.consents():
        marketing = each["subscriptions"]["email"]["marketing"]
        expected |= {(each["email"], one["reason"]) for one in marketing["suppression"]}
    assert len({reason for _, reason in expected}) == 3
    assert {(each["email"], each["reason"]) for each in rows(output)} == expected


def test_a_start_date_leaves_older_decisions_out(
    extract: Extract, klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """Only what was decided since."""
    klaviyo.subscribe(ANA, at=ago(sandbox, days=30))
    klaviyo.subscribe(LUIS, at=ago(sandbox, days=3))
    output = extract(None, STREAM, start_date=ago(sandbox, days=10))
    assert [each["email"] for each in rows(output)] == [LUIS]


def test_a_run_cut_short_repeats_without_loss(
    extract: Extract, klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """The bookmark moves at the end only."""
    before = extract(None, STREAM)
    sandbox.clock.advance(timedelta(hours=3))
    klaviyo.subscribe(ANA)
    klaviyo.suppress(ANA)
    klaviyo.refuse("GET /profiles", status=400, times=3)
    with pytest.raises(Exception, match="400"):
        extract(before.state, STREAM)
    klaviyo.clear_faults()
    assert told(extract(before.state, STREAM)) == [("email", "subscribed", "USER_SUPPRESSED")]


def test_many_people_are_asked_for_a_hundred_at_a_time(
    extract: Extract, klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """Not one by one: 250 who unsubscribed from texts are three requests."""
    people = [(f"fan{each}@nevent-demo.es", f"+346001{each:05}") for each in range(250)]
    profiles = [
        {"type": "profile", "attributes": {"email": email, "phone_number": phone}}
        for email, phone in people
    ]
    post(
        klaviyo,
        IMPORT_PROFILES,
        "profile-bulk-import-job",
        attributes={"profiles": {"data": profiles}},
    )
    sandbox.clock.advance(timedelta(hours=3))
    before = extract(None, STREAM)
    sandbox.clock.advance(timedelta(days=1))
    for _, phone in people:
        klaviyo.unsubscribe(phone_number=phone, at=ago(sandbox, hours=26))
    klaviyo.clear_requests()
    assert len(rows(extract(before.state, STREAM))) == 250
    # One for each kind of suppression, three for 250 people, one for those updated since.
    assert len(klaviyo.requests("GET /profiles")) == 6


@pytest.mark.parametrize(
    ("consent", "suppression", "told"),
    [
        ("UNSUBSCRIBED", [], "unsubscribed"),
        ("NEVER_SUBSCRIBED", [{"reason": "UNSUBSCRIBE", "timestamp": None}], "unsubscribed"),
        ("SUBSCRIBED", [], None),
        ("NEVER_SUBSCRIBED", [], None),
    ],
)
def test_without_a_time_an_objection_counts_and_a_consent_does_not(
    consent: str, suppression: list[Any], told: str | None
) -> None:
    """Klaviyo's fields may be null; the profile's last change dates the objection then."""
    marketing = {"consent": consent, "suppression": suppression}
    updated = "2026-05-01T10:00:00+00:00"
    profile = {"updated": updated, "subscriptions": {"email": {"marketing": marketing}}}
    found = [(each.status, each.changed_at) for each in consents(profile)]
    assert found == ([(told, updated)] if told else [])


def test_a_reason_of_either_spelling_is_a_complaint() -> None:
    """The prose of Klaviyo's documentation has another one than its answers."""
    at = "2026-05-01T10:00:00+00:00"
    suppression = [{"reason": "HARD_BOUNCE", "timestamp": at}]
    suppression += [{"reason": "SPAM_REPORT", "timestamp": at}]
    marketing = {"consent": "SUBSCRIBED", "suppression": suppression}
    [found] = consents({"subscriptions": {"email": {"marketing": marketing}}})
    assert (found.status, found.reason) == ("unsubscribed", "SPAM_REPORT")
