"""Fans put into the sandbox, and the records about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_messages import Message, record, schema

if TYPE_CHECKING:
    from nevent_sandbox.nevent_handle import NeventHandle

ANA, EVA = "ana@nevent-demo.es", "eva@nevent-demo.es"
YES_AT = "2026-03-01T10:00:00.000Z"
WRITING = ("POST", "PUT", "DELETE")

PREFERENCES = schema(
    "preferences",
    *("external_id", "email", "phone_number", "channel", "status", "changed_at", "reason"),
    keys=(),
)


def fan(nevent: NeventHandle, email: str = ANA, **preferences: Any) -> str:
    """A fan who wants e-mail and SMS since March; his id."""
    wanted = {
        "emailEnabled": True,
        "emailChangedAt": YES_AT,
        "smsEnabled": True,
        "smsChangedAt": YES_AT,
        "pushEnabled": True,
        "pushChangedAt": YES_AT,
        "whatsappEnabled": True,
        "whatsappChangedAt": YES_AT,
        **preferences,
    }
    made = nevent.edit(add_user={"email": email, "communicationPreferences": wanted})
    return str(made["id"])


def no(**values: Any) -> Message:
    """An e-mail opt-out of May."""
    return record(
        "preferences",
        **{
            "channel": "email",
            "status": "unsubscribed",
            "changed_at": "2026-05-01T10:00:00+00:00",
            "reason": "UNSUBSCRIBE",
            **values,
        },
    )


def wants(nevent: NeventHandle, who: str = ANA) -> dict[str, Any]:
    """The communication preferences of a fan."""
    found = nevent.user(who)
    assert found is not None
    preferences: dict[str, Any] = found["communicationPreferences"]
    return preferences


def written(nevent: NeventHandle) -> list[str]:
    """The operations that may have changed something, in order."""
    return [each["operation"] for each in nevent.requests() if each["method"] in WRITING]


SUBSCRIBERS = schema(
    "subscribers",
    *("external_id", "email", "phone_number", "first_name", "last_name", "consented_at"),
    *("email_consent", "email_suppression", "source", "list_name", "newsletter_id"),
    keys=("email",),
)


def yes(email: str = ANA, **values: Any) -> Message:
    """A sign-up of May, with a name."""
    known = {
        "phone_number": "+34600112233",
        "first_name": "Ana",
        "last_name": "Ruiz",
        "consented_at": "2026-05-01T10:00:00+00:00",
        "list_name": "Newsletter",
    }
    return record("subscribers", **{"email": email, **known, **values})


ENGAGEMENT = schema(
    "engagement",
    *("id", "type", "channel", "at", "external_id", "email", "campaign_id", "campaign_name"),
    *("flow_id", "flow_name", "flow_status", "message_name", "subject", "url"),
    keys=("id",),
)


def opened(known_by: str = "e1", **values: Any) -> Message:
    """Somebody opened a campaign of May."""
    mail = {
        "type": "opened",
        "channel": "email",
        "at": "2026-05-02T08:00:00+00:00",
        "campaign_id": "C1",
        "campaign_name": "Summer",
        "subject": "It begins",
    }
    return record("engagement", id=known_by, **{**mail, **values})


FANS = schema(
    "fans",
    *("external_id", "email", "phone_number", "first_name", "last_name", "city", "country"),
    *("locale", "points", "favourite", "vip", "groups"),
    keys=(),
)
