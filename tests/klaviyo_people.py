"""People of Klaviyo: what they say, and what it has of them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from singer_messages import Message, record, schema

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

NOW = datetime.now(tz=UTC).replace(microsecond=0)
ANA, EVA = "ana@nevent-demo.es", "eva@nevent-demo.es"
NEWS, VIP = "Nevent - Boletín", "Nevent - VIP"
PROFILES = schema("profiles", "email", "phone_number", "external_id", "country", "first_name")
OTHER = schema("profiles__other", "email")
STATEMENTS = schema(
    "subscriptions",
    *("email", "phone_number", "external_id", "country", "list_id", "list_name"),
    *("email_consent", "email_consented_at", "sms_consent", "sms_consented_at"),
)
EVENTS = schema("events", "id", "email", "metric", "time", "external_id", keys=("id",))
MEMBERS = schema(
    "list_members",
    *("email", "phone_number", "external_id", "list_id", "list_name", "member", "mirror"),
)
DELETIONS = schema("deletions", "email", "phone_number", "external_id", keys=())


def ago(**age: float) -> str:
    """A moment in the past."""
    return (NOW - timedelta(**age)).isoformat()


def says(email: str | None, consent: str, at: str | None = None, **more: Any) -> Message:
    """What a person says of e-mail, ten days ago unless told."""
    told = {"email_consent": consent, "email_consented_at": at or ago(days=10)}
    return record("subscriptions", email=email, **{**told, **more})


def texts(phone: str, consent: str, at: str, **more: Any) -> Message:
    """What a person says of SMS."""
    told = {"sms_consent": consent, "sms_consented_at": at}
    return record("subscriptions", phone_number=phone, **told, **more)


def marketing(klaviyo: KlaviyoHandle, email: str) -> Message:
    """What Klaviyo has of their consent to e-mail."""
    found = klaviyo.consent(email)
    assert found is not None
    marketing: Message = found["email"]["marketing"]
    return marketing


def texted(klaviyo: KlaviyoHandle) -> dict[str, str]:
    """Consent to SMS by number."""
    return {
        each["phone_number"]: each["subscriptions"]["sms"]["marketing"]["consent"]
        for each in klaviyo.consents()
        if each["phone_number"]
    }


def addresses(klaviyo: KlaviyoHandle) -> set[str]:
    """Those of everybody in Klaviyo."""
    return {each["attributes"]["email"] for each in klaviyo.profiles()}


def on_list(klaviyo: KlaviyoHandle, name: str = VIP) -> set[str]:
    """The addresses of its members."""
    ids = {each["id"] for each in klaviyo.lists() if each["name"] == name}
    return {
        each["attributes"]["email"]
        for each in klaviyo.profiles()
        if ids.intersection(each["lists"])
    }


def settled(klaviyo: KlaviyoHandle) -> None:
    """Wait until everything that was accepted has taken effect."""
    deadline = time.monotonic() + 60
    while klaviyo.counts()["effects"]:
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
