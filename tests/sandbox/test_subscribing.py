"""People subscribed by the bulk operation: what becomes of their consent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from consent_bodies import SUBSCRIBE, SUPPRESS, addresses, body, given

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
ANA, PHONE = "ana@nevent-demo.es", "+34600112233"
LONG_AGO = "2024-03-01T10:00:00+00:00"


def _subscribe(api: Api, *rows: Document, list_id: str | None = None, **attributes: Any) -> None:
    answer = api.change(body(SUBSCRIBE, list(rows), list_id, **attributes))
    assert (answer.status_code, answer.content) == (202, b""), answer.text


def _mail(klaviyo: KlaviyoHandle, email: str = ANA) -> Document:
    consent = klaviyo.consent(email)
    assert consent is not None
    marketing: Document = consent["email"]["marketing"]
    return marketing


def _told(klaviyo: KlaviyoHandle) -> list[str]:
    return [event["metric"] for event in klaviyo.events()]


def test_somebody_unknown_becomes_a_subscribed_profile(api: Api, klaviyo: KlaviyoHandle) -> None:
    """With date, method and the caller's source, as profiles tell them."""
    _subscribe(api, given("Ana@nevent-demo.es"), custom_source="Box office")
    path = {"additional-fields[profile]": "subscriptions"}
    (profile,) = api.get("/profiles", **path).json()["data"]
    marketing = profile["attributes"]["subscriptions"]["email"]["marketing"]
    assert profile["attributes"]["email"] == ANA
    assert marketing == _mail(klaviyo)
    now = datetime.now(tz=UTC)
    for name in ("consent_timestamp", "last_updated"):
        moment = datetime.fromisoformat(marketing.pop(name))
        assert timedelta(0) <= now - moment < timedelta(minutes=1)
    assert marketing == {
        "consent": "SUBSCRIBED",
        "method": "API",
        "method_detail": "",
        "custom_method_detail": "Box office",
        "double_optin": False,
        "can_receive_email_marketing": True,
        "suppression": [],
        "list_suppressions": [],
    }


def test_klaviyo_tells_of_it_by_metrics_of_its_own(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Once: a second subscription is no event."""
    wanted = api.new_list(opt_in_process="single_opt_in")
    for _ in range(2):
        _subscribe(api, given(ANA), list_id=wanted)
    assert sorted(_told(klaviyo)) == ["Subscribed to Email Marketing", "Subscribed to List"]
    own = api.get("/metrics", filter='equals(integration.name,"Klaviyo")').json()["data"]
    assert {each["attributes"]["name"] for each in own} == set(_told(klaviyo))
    assert {each["attributes"]["integration"]["category"] for each in own} == {"Internal"}


def test_a_list_takes_whom_it_subscribes(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Members read with their consent."""
    wanted = api.new_list(opt_in_process="single_opt_in")
    _subscribe(api, given(ANA), list_id=wanted)
    path = {"additional-fields[profile]": "subscriptions"}
    (member,) = api.get(f"/lists/{wanted}/profiles", **path).json()["data"]
    assert member["attributes"]["subscriptions"] == klaviyo.consent(ANA)


def test_a_list_that_asks_twice_waits_for_the_click(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Neither consent nor membership before it."""
    wanted = api.new_list(opt_in_process="double_opt_in")
    _subscribe(api, given(ANA), list_id=wanted, custom_source="Box office")
    before = _mail(klaviyo)
    assert (before["consent"], before["consent_timestamp"]) == ("NEVER_SUBSCRIBED", None)
    assert api.get(f"/lists/{wanted}/profiles").json()["data"] == []
    assert _told(klaviyo) == []
    (waiting,) = klaviyo.consents()
    assert [each["list_id"] for each in waiting["to_confirm"]] == [wanted]

    klaviyo.confirm(ANA)
    after = _mail(klaviyo)
    assert (after["consent"], after["double_optin"]) == ("SUBSCRIBED", True)
    assert after["custom_method_detail"] == "Box office"
    assert len(api.get(f"/lists/{wanted}/profiles").json()["data"]) == 1
    assert klaviyo.consents()[0]["to_confirm"] == []


def test_without_a_list_the_account_decides_whether_to_ask_twice(
    api: Api, klaviyo: KlaviyoHandle
) -> None:
    """Once by default, twice by the knob."""
    _subscribe(api, given(ANA))
    klaviyo.knobs(opt_in_process="double_opt_in")
    _subscribe(api, given("eva@nevent-demo.es"))
    assert _mail(klaviyo)["consent"] == "SUBSCRIBED"
    assert _mail(klaviyo, "eva@nevent-demo.es")["consent"] == "NEVER_SUBSCRIBED"


def test_a_historical_import_asks_nobody(api: Api, klaviyo: KlaviyoHandle) -> None:
    """It is dated by the consent, and its events start no flow."""
    wanted = api.new_list(opt_in_process="double_opt_in")
    _subscribe(api, given(ANA, at=LONG_AGO), list_id=wanted, historical_import=True)
    marketing = _mail(klaviyo)
    assert (marketing["consent"], marketing["consent_timestamp"]) == ("SUBSCRIBED", LONG_AGO)
    assert marketing["last_updated"] > "2026"
    assert {(event["time"], event["backfill"]) for event in klaviyo.events()} == {(LONG_AGO, True)}
    assert len(klaviyo.events()) == 2
    profile = klaviyo.profile(ANA)
    assert profile is not None
    assert profile["lists"] == [wanted]


@pytest.mark.parametrize(
    ("deed", "reason", "lifted"),
    [
        ("unsubscribe", "UNSUBSCRIBE", True),
        ("complain", "SPAM_COMPLAINT", True),
        ("bounce", "HARD_BOUNCE", False),
    ],
)
def test_subscribing_lifts_what_people_did_but_no_bounce(
    api: Api, klaviyo: KlaviyoHandle, deed: str, reason: str, *, lifted: bool
) -> None:
    """Whoever opted out in Klaviyo is mailed again: a caller must know better."""
    _subscribe(api, given(ANA))
    getattr(klaviyo, deed)(ANA)
    suppressed = _mail(klaviyo)
    assert [each["reason"] for each in suppressed["suppression"]] == [reason]
    assert suppressed["can_receive_email_marketing"] is False
    _subscribe(api, given(ANA))
    marketing = _mail(klaviyo)
    assert (marketing["suppression"] == []) is lifted
    assert marketing["can_receive_email_marketing"] is lifted


def test_subscribing_lifts_a_suppression_by_hand(api: Api, klaviyo: KlaviyoHandle) -> None:
    """As the vendor documents it."""
    assert api.change(addresses(SUPPRESS, ANA)).status_code == 202
    _subscribe(api, given(ANA))
    assert _mail(klaviyo)["suppression"] == []


def test_a_second_subscription_renews_date_and_source(api: Api, klaviyo: KlaviyoHandle) -> None:
    """It is the newest consent that counts."""
    _subscribe(api, given(ANA, at=LONG_AGO), historical_import=True, custom_source="Import")
    _subscribe(api, given(ANA), custom_source="Box office")
    marketing = _mail(klaviyo)
    assert marketing["consent_timestamp"] > LONG_AGO
    assert marketing["custom_method_detail"] == "Box office"


def test_text_messages_need_consent_of_their_own(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Marketing and transactional apart; nobody may be texted by implication."""
    api.load({"email": ANA, "phone_number": PHONE})
    _subscribe(api, given(None, PHONE, channels="sms.marketing"))
    consent = klaviyo.consent(ANA)
    assert consent is not None
    marketing, transactional = consent["sms"]["marketing"], consent["sms"]["transactional"]
    assert (marketing["consent"], marketing["can_receive_sms_marketing"]) == ("SUBSCRIBED", True)
    assert transactional["can_receive_sms_transactional"] is False
    assert consent["email"]["marketing"]["consent"] == "NEVER_SUBSCRIBED"
    assert _told(klaviyo) == ["Subscribed to Text Messaging Marketing"]

    _subscribe(api, given(None, PHONE, channels="sms.transactional"))
    consent = klaviyo.consent(ANA)
    assert consent is not None
    assert consent["sms"]["transactional"]["can_receive_sms_transactional"] is True


def test_an_identifier_without_its_channel_is_set_on_the_profile(
    api: Api, klaviyo: KlaviyoHandle
) -> None:
    """A phone number beside a subscription to mail."""
    _subscribe(api, given(ANA, PHONE))
    profile, consent = klaviyo.profile(ANA), klaviyo.consent(ANA)
    assert profile is not None
    assert consent is not None
    assert profile["attributes"]["phone_number"] == PHONE
    assert consent["sms"]["marketing"]["consent"] == "NEVER_SUBSCRIBED"


def test_an_id_finds_the_profile_and_its_identifiers(api: Api, klaviyo: KlaviyoHandle) -> None:
    """No need to repeat them."""
    api.load({"email": ANA})
    profile = klaviyo.profile(ANA)
    assert profile is not None
    _subscribe(api, {**given(), "id": profile["id"]})
    assert _mail(klaviyo)["consent"] == "SUBSCRIBED"


def test_an_email_and_a_phone_of_two_profiles_subscribe_neither(
    api: Api, klaviyo: KlaviyoHandle
) -> None:
    """Accepted, as nobody waits for the outcome; the others are subscribed."""
    eva = "eva@nevent-demo.es"
    api.load({"email": ANA}, {"email": "leo@nevent-demo.es", "phone_number": PHONE})
    _subscribe(api, given(ANA, PHONE), given(eva))
    assert [each["email"] for each in klaviyo.consents()] == [eva]


def test_other_channels_are_accepted_and_change_nothing(api: Api, klaviyo: KlaviyoHandle) -> None:
    """WhatsApp, push and open tracking."""
    channels = "whatsapp.marketing push.marketing email.open_tracking"
    _subscribe(api, given(ANA, PHONE, channels=channels))
    assert klaviyo.consents() == []
    assert klaviyo.events() == []


def test_a_thousand_people_fit_one_request(api: Api, klaviyo: KlaviyoHandle) -> None:
    """All of them subscribed."""
    _subscribe(api, *(given(f"fan{n}@nevent-demo.es") for n in range(1000)))
    consents = klaviyo.consents()
    assert len(consents) == 1000
    assert {e["subscriptions"]["email"]["marketing"]["consent"] for e in consents} == {"SUBSCRIBED"}
    assert klaviyo.requests()[0]["items"] == 1000
