"""People unsubscribed by the bulk operation: from a list, or from everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consent_bodies import SUBSCRIBE, UNSUBSCRIBE, body, given, withdrawn

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
ANA, EVA, PHONE = "ana@nevent-demo.es", "eva@nevent-demo.es", "+34600112233"


def _unsubscribe(api: Api, *rows: Document, list_id: str | None = None) -> None:
    answer = api.change(body(UNSUBSCRIBE, list(rows), list_id))
    assert (answer.status_code, answer.content) == (202, b""), answer.text


def _members(api: Api, klaviyo: KlaviyoHandle, *emails: str) -> str:
    wanted: str = api.new_list("Fans", opt_in_process="single_opt_in")
    api.change(body(SUBSCRIBE, [given(each) for each in emails], wanted))
    assert klaviyo.lists()[0]["profile_count"] == len(emails)
    return wanted


def _mail(klaviyo: KlaviyoHandle, email: str = ANA) -> Document:
    consent = klaviyo.consent(email)
    assert consent is not None
    marketing: Document = consent["email"]["marketing"]
    return marketing


def _told(klaviyo: KlaviyoHandle) -> list[str]:
    names = [event["metric"] for event in klaviyo.events()]
    return [name for name in names if name.startswith("Unsubscribed")]


def test_without_a_list_it_is_from_everything(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Consent withdrawn and mail suppressed; lists keep their members."""
    _members(api, klaviyo, ANA)
    _unsubscribe(api, withdrawn("Ana@nevent-demo.es"))
    marketing = _mail(klaviyo)
    assert (marketing["consent"], marketing["method"]) == ("UNSUBSCRIBED", "API")
    assert [each["reason"] for each in marketing["suppression"]] == ["UNSUBSCRIBE"]
    assert marketing["can_receive_email_marketing"] is False
    assert klaviyo.lists()[0]["profile_count"] == 1
    assert _told(klaviyo) == ["Unsubscribed from Email Marketing"]


def test_a_second_time_changes_nothing(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Neither dates nor events."""
    klaviyo.subscribe(ANA)
    klaviyo.unsubscribe(ANA, at="2026-01-01T00:00:00Z")
    before = klaviyo.consents()
    _unsubscribe(api, withdrawn(ANA))
    assert klaviyo.consents() == before
    assert len(_told(klaviyo)) == 1


def test_a_member_leaves_the_list_alone(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Off it and suppressed for it; consent stands, and other mail may come."""
    wanted = _members(api, klaviyo, ANA, EVA)
    _unsubscribe(api, withdrawn(ANA), list_id=wanted)
    marketing = _mail(klaviyo)
    assert (marketing["consent"], marketing["suppression"]) == ("SUBSCRIBED", [])
    assert marketing["can_receive_email_marketing"] is True
    (suppression,) = marketing["list_suppressions"]
    assert (suppression["list_id"], suppression["reason"]) == (wanted, "UNSUBSCRIBE")
    assert klaviyo.lists()[0]["profile_count"] == 1
    assert _told(klaviyo) == ["Unsubscribed from List"]


def test_who_is_not_on_the_list_is_unsubscribed_from_everything(
    api: Api, klaviyo: KlaviyoHandle
) -> None:
    """The vendor warns of it: this is how a list unsubscribe goes wrong."""
    wanted = _members(api, klaviyo, EVA)
    klaviyo.subscribe(ANA)
    _unsubscribe(api, withdrawn(ANA), withdrawn(EVA), list_id=wanted)
    assert (_mail(klaviyo)["consent"], _mail(klaviyo)["list_suppressions"]) == ("UNSUBSCRIBED", [])
    assert _mail(klaviyo, EVA)["consent"] == "SUBSCRIBED"
    assert sorted(_told(klaviyo)) == ["Unsubscribed from Email Marketing", "Unsubscribed from List"]


def test_to_leave_a_list_twice_is_to_leave_everything(api: Api, klaviyo: KlaviyoHandle) -> None:
    """The first time took them off the list."""
    wanted = _members(api, klaviyo, ANA)
    for _ in range(2):
        _unsubscribe(api, withdrawn(ANA), list_id=wanted)
    assert _mail(klaviyo)["consent"] == "UNSUBSCRIBED"


def test_subscribing_to_the_list_again_lifts_its_suppression(
    api: Api, klaviyo: KlaviyoHandle
) -> None:
    """And makes a member of them."""
    wanted = _members(api, klaviyo, ANA)
    _unsubscribe(api, withdrawn(ANA), list_id=wanted)
    api.change(body(SUBSCRIBE, [given(ANA)], wanted))
    assert _mail(klaviyo)["list_suppressions"] == []
    assert klaviyo.lists()[0]["profile_count"] == 1


def test_text_messages_end_everywhere_whatever_the_list(api: Api, klaviyo: KlaviyoHandle) -> None:
    """There is no suppression of text messages by list; mail is untouched."""
    wanted = _members(api, klaviyo, ANA)
    api.load({"email": ANA, "phone_number": PHONE})
    api.change(body(SUBSCRIBE, [given(None, PHONE, channels="sms.marketing")]))
    _unsubscribe(api, withdrawn(None, PHONE, channels="sms.marketing"), list_id=wanted)
    consent = klaviyo.consent(ANA)
    assert consent is not None
    sms = consent["sms"]["marketing"]
    assert (sms["consent"], sms["can_receive_sms_marketing"]) == ("UNSUBSCRIBED", False)
    assert consent["email"]["marketing"]["consent"] == "SUBSCRIBED"
    assert _told(klaviyo) == ["Unsubscribed from Text Messaging Marketing"]


def test_somebody_unknown_is_remembered_as_unsubscribed(api: Api, klaviyo: KlaviyoHandle) -> None:
    """A profile is made, so that a later import cannot have them mailed."""
    _unsubscribe(api, withdrawn(ANA))
    api.load({"email": ANA})
    assert klaviyo.counts()["profiles"] == 1
    assert _mail(klaviyo)["can_receive_email_marketing"] is False
