"""What happens inside Klaviyo, ordered by tests; and what comes late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from consent_bodies import SUBSCRIBE, UNSUBSCRIBE, body, given, withdrawn

if TYPE_CHECKING:
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
ANA, EVA, PHONE = "ana@nevent-demo.es", "eva@nevent-demo.es", "+34600112233"
THEN = "2026-01-02T12:00:00+00:00"


def _consent(klaviyo: KlaviyoHandle, email: str = ANA) -> Document:
    consent = klaviyo.consent(email)
    assert consent is not None
    return consent


def test_a_person_acts_at_a_time_that_has_passed(klaviyo: KlaviyoHandle) -> None:
    """Dates of consent, suppression and event are that time."""
    klaviyo.subscribe(ANA, at="2026-01-01T12:00:00Z")
    klaviyo.unsubscribe(ANA, at=THEN)
    marketing = _consent(klaviyo)["email"]["marketing"]
    assert (marketing["consent"], marketing["method"]) == ("UNSUBSCRIBED", "PREFERENCE_PAGE")
    assert marketing["consent_timestamp"] == marketing["last_updated"] == THEN
    assert marketing["suppression"] == [{"reason": "UNSUBSCRIBE", "timestamp": THEN}]
    assert [event["time"] for event in klaviyo.events()] == ["2026-01-01T12:00:00+00:00", THEN]


def test_a_form_asks_for_each_channel_that_is_filled_in(klaviyo: KlaviyoHandle) -> None:
    """Mail and text messages; each is withdrawn alone."""
    klaviyo.subscribe(ANA, phone_number=PHONE)
    sms = _consent(klaviyo)["sms"]["marketing"]
    assert (sms["consent"], sms["method"]) == ("SUBSCRIBED", "FORM")
    klaviyo.unsubscribe(phone_number=PHONE)
    consent = _consent(klaviyo)
    assert consent["sms"]["marketing"]["consent"] == "UNSUBSCRIBED"
    assert consent["email"]["marketing"]["consent"] == "SUBSCRIBED"


@pytest.mark.parametrize(
    ("deed", "metric", "reason"),
    [
        ("complain", "Marked Email as Spam", "SPAM_COMPLAINT"),
        ("bounce", "Bounced Email", "HARD_BOUNCE"),
    ],
)
def test_a_complaint_and_a_bounce_suppress(
    klaviyo: KlaviyoHandle, deed: str, metric: str, reason: str
) -> None:
    """Consent stands beside it."""
    klaviyo.subscribe(ANA)
    getattr(klaviyo, deed)(ANA, at=THEN)
    marketing = _consent(klaviyo)["email"]["marketing"]
    assert (marketing["consent"], marketing["can_receive_email_marketing"]) == ("SUBSCRIBED", False)
    assert marketing["suppression"] == [{"reason": reason, "timestamp": THEN}]
    assert len(klaviyo.events(metric)) == 1


def test_a_person_leaves_one_list(api: Api, klaviyo: KlaviyoHandle) -> None:
    """And nothing else."""
    wanted = api.new_list()
    klaviyo.subscribe(ANA, list_id=wanted)
    klaviyo.unsubscribe(ANA, list_id=wanted)
    profile, marketing = klaviyo.profile(ANA), _consent(klaviyo)["email"]["marketing"]
    assert profile is not None
    assert profile["lists"] == []
    assert marketing["can_receive_email_marketing"] is True
    assert [each["list_id"] for each in marketing["list_suppressions"]] == [wanted]


def test_a_deed_that_cannot_be_done_is_refused(api: Api, klaviyo: KlaviyoHandle) -> None:
    """By nobody, on no list, ahead of time, unasked, unknown."""
    wanted = api.new_list()
    klaviyo.subscribe(ANA)
    ahead = (datetime.now(tz=UTC) + timedelta(days=1)).isoformat()
    with pytest.raises(ValueError, match="no such person"):
        klaviyo.unsubscribe(EVA)
    with pytest.raises(ValueError, match="no such list"):
        klaviyo.unsubscribe(ANA, list_id="NoSuch")
    with pytest.raises(ValueError, match="not on"):
        klaviyo.unsubscribe(ANA, list_id=wanted)
    with pytest.raises(ValueError, match="by now"):
        klaviyo.bounce(ANA, at=ahead)
    with pytest.raises(ValueError, match="nothing to confirm"):
        klaviyo.confirm(ANA)
    with pytest.raises(ValueError, match="reason"):
        klaviyo.bounce(ANA, reason="x")


def test_two_dumps_tell_whether_anything_changed(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Consents, opt-ins that wait, suppressions, all of them dated."""
    klaviyo.subscribe(ANA, at=THEN)

    def dump() -> Document:
        state: Document = httpx.get(f"{klaviyo.url}/_sandbox/state").json()
        return state

    before = dump()
    assert [each["email"] for each in before["consents"]] == [ANA]
    assert dump() == before
    api.change(body(SUBSCRIBE, [given(ANA)], api.new_list()))
    assert dump()["consents"] != before["consents"]
    assert klaviyo.counts()["confirmations"] == 1


def test_consent_takes_effect_as_late_as_it_is_told_to(
    api: Api, klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """In the order in which it was accepted, and dated by that."""
    klaviyo.knobs(effect_seconds=60)
    api.change(body(SUBSCRIBE, [given(ANA), given(EVA)]))
    sandbox.clock.advance(timedelta(seconds=1))
    api.change(body(UNSUBSCRIBE, [withdrawn(EVA)]))
    assert (klaviyo.consent(ANA), klaviyo.counts()["effects"]) == (None, 2)
    sandbox.clock.advance(timedelta(seconds=60))
    consents = [_consent(klaviyo, email)["email"]["marketing"] for email in (ANA, EVA)]
    assert [each["consent"] for each in consents] == ["SUBSCRIBED", "UNSUBSCRIBED"]
    accepted, effective = (
        datetime.fromisoformat(consents[0][name]) for name in ("consent_timestamp", "last_updated")
    )
    assert timedelta(seconds=59) <= effective - accepted <= timedelta(seconds=61)
    assert klaviyo.counts()["effects"] == 0


def test_a_merge_keeps_what_keeps_mail_away(api: Api, klaviyo: KlaviyoHandle) -> None:
    """The destination's consent, the source's where it has none, the suppressions of both."""
    api.load({"phone_number": PHONE})
    (profile,) = klaviyo.profiles()
    klaviyo.subscribe(ANA)
    klaviyo.unsubscribe(ANA)
    source = klaviyo.profile(ANA)
    assert source is not None
    sources = {"profiles": {"data": [{"type": "profile", "id": source["id"]}]}}
    merge = {"data": {"type": "profile-merge", "id": profile["id"], "relationships": sources}}
    assert api.post("/profile-merge", merge).status_code == 201
    marketing = _consent(klaviyo)["email"]["marketing"]
    assert marketing["consent"] == "UNSUBSCRIBED"
    assert [each["reason"] for each in marketing["suppression"]] == ["UNSUBSCRIBE"]
