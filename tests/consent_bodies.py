"""Bodies about consent as Klaviyo takes them."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
SUBSCRIBE = "profile-subscription-bulk-create-job"
UNSUBSCRIBE = "profile-subscription-bulk-delete-job"
SUPPRESS = "profile-suppression-bulk-create-job"
UNSUPPRESS = "profile-suppression-bulk-delete-job"
ERASE = "data-privacy-deletion-job"


def given(
    email: str | None = None,
    phone_number: str | None = None,
    *,
    channels: str = "email.marketing",
    at: str | None = None,
) -> Document:
    """One person's consent, for `channels` such as "email.marketing sms.marketing"."""
    consent = {"consent": "SUBSCRIBED"} | ({"consented_at": at} if at else {})
    return _row(email, phone_number, channels, consent)


def withdrawn(
    email: str | None = None, phone_number: str | None = None, *, channels: str = "email.marketing"
) -> Document:
    """One person's withdrawal."""
    return _row(email, phone_number, channels, {"consent": "UNSUBSCRIBED"})


def _row(email: str | None, phone_number: str | None, channels: str, consent: Document) -> Document:
    subscriptions: Document = {}
    for channel in channels.split():
        name, _, use = channel.partition(".")
        subscriptions.setdefault(name, {})[use] = dict(consent)
    named = {"email": email, "phone_number": phone_number}
    attributes: Document = {name: value for name, value in named.items() if value}
    return {"type": "profile", "attributes": {**attributes, "subscriptions": subscriptions}}


def body(
    kind: str, rows: list[Document], list_id: str | None = None, **attributes: Any
) -> Document:
    """A body of rows, with a list where one is named."""
    data: Document = {"type": kind, "attributes": {"profiles": {"data": rows}, **attributes}}
    if list_id:
        data["relationships"] = {"list": {"data": {"type": "list", "id": list_id}}}
    return {"data": data}


def addresses(kind: str, *emails: str) -> Document:
    """A body that names people by e-mail alone."""
    return body(kind, [{"type": "profile", "attributes": {"email": each}} for each in emails])


def members(kind: str, list_id: str) -> Document:
    """A body that names the members of a list."""
    made = body(kind, [], list_id)
    del made["data"]["attributes"]["profiles"]
    return made


def erasure(identifier: str | None = None, **attributes: str) -> Document:
    """A body that asks for a person's deletion."""
    profile: Document = {"type": "profile", "attributes": attributes}
    if identifier:
        profile["id"] = identifier
    return {"data": {"type": ERASE, "attributes": {"profile": {"data": profile}}}}
