"""Where the two sides say different things of one person, in so far as somebody must care. Pure.

Each difference is a document with its `kind` and the facts of both sides; what it means is said in
words by `texts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, Any]

ONLY_NEVENT, ONLY_KLAVIYO = "only_in_nevent", "only_in_klaviyo"
NOT_LINKED, LINKED_TO_OTHER = "not_linked", "linked_to_another"
EMAIL_DIFFERS, PHONE_DIFFERS = "email_differs", "phone_differs"
CONSENT_DIFFERS = "consent_differs"
SUPPRESSED = "suppressed"
NO_THIRD_PARTY = "mailable_without_third_party_consent"

_SAYS = {"SUBSCRIBED": True, "UNSUBSCRIBED": False}
_CHANNELS = ("email", "sms")  # those that both sides have
_OBJECTIONS = frozenset({"UNSUBSCRIBE", "SPAM_COMPLAINT", "SPAM_REPORT"})


def differences(nevent: Row, klaviyo: Row) -> list[Row]:
    """What differs between the blocks of both sides; `known` of each is true, false or null."""
    if nevent["known"] and klaviyo["known"]:
        found = [*_identity(nevent["fan"], klaviyo["profile"]), *_consents(nevent, klaviyo)]
        return [*found, *_suppressed(nevent, klaviyo), *_third_party(nevent, klaviyo)]
    if nevent["known"] and klaviyo["known"] is False:
        return [{"kind": ONLY_NEVENT}]
    if klaviyo["known"] and nevent["known"] is False:
        return [{"kind": ONLY_KLAVIYO, "linked": klaviyo["profile"]["external_id"] is not None}]
    return []


def _identity(fan: Row, profile: Row) -> Iterator[Row]:
    linked = profile["external_id"]
    if not linked:
        yield {"kind": NOT_LINKED, "nevent": fan["id"], "klaviyo": None}
    elif linked != fan["id"]:
        yield {"kind": LINKED_TO_OTHER, "nevent": fan["id"], "klaviyo": linked}
    if _plain(fan["email"]) != _plain(profile["email"]):
        yield {"kind": EMAIL_DIFFERS, "nevent": fan["email"], "klaviyo": profile["email"]}
    ours, theirs = _digits(fan["phone_number"]), _digits(profile["phone_number"])
    if ours and theirs and not theirs.endswith(ours.lstrip("0")):
        yield {
            "kind": PHONE_DIFFERS,
            "nevent": fan["phone_number"],
            "klaviyo": profile["phone_number"],
        }


def _consents(nevent: Row, klaviyo: Row) -> Iterator[Row]:
    """Channels on which one side has a yes and the other a no; silence contradicts nothing."""
    for channel in _CHANNELS:
        wanted = nevent["preferences"][channel]
        said = klaviyo["consent"][channel]
        answer, answered_at = _answer(said)
        if wanted["enabled"] is None or answer is None or wanted["enabled"] == answer:
            continue
        yield {
            "kind": CONSENT_DIFFERS,
            "channel": channel,
            "nevent": wanted["enabled"],
            "nevent_at": wanted["changed_at"],
            "klaviyo": answer,
            "klaviyo_at": answered_at,
            "newer": _newer(wanted["changed_at"], answered_at),
        }


def _answer(said: Row) -> tuple[bool | None, str | None]:
    """What a person answered at Klaviyo, and when: an objection goes before a consent."""
    objected = [
        each["at"] for each in said.get("suppressions") or () if each["reason"] in _OBJECTIONS
    ]
    if objected:
        return False, max((each for each in objected if each), default=None)
    return _SAYS.get(str(said["consent"])), said["consented_at"] or said["updated_at"]


def _newer(ours: str | None, theirs: str | None) -> str | None:
    """The side that was told last; None where a time is missing, or both are the same second."""
    if not ours or not theirs or ours == theirs:
        return None
    return "nevent" if ours > theirs else "klaviyo"


def _suppressed(nevent: Row, klaviyo: Row) -> Iterator[Row]:
    """Mail that Nevent counts on and Klaviyo does not send, though the person said no nowhere.

    Nothing is told of who is suppressed because they share nothing with third parties.
    """
    given = nevent["third_party_consent"]
    reasons = klaviyo["consent"]["email"]["suppressions"]
    if not nevent["preferences"]["email"]["enabled"] or not reasons:
        return
    if any(each["reason"] in _OBJECTIONS for each in reasons):
        return
    if given is None or given["granted"] is not False:
        yield {"kind": SUPPRESSED, "nevent": True, **reasons[0]}


def _third_party(nevent: Row, klaviyo: Row) -> Iterator[Row]:
    given = nevent["third_party_consent"]
    email = klaviyo["consent"]["email"]
    if given is None or given["granted"] is not False:  # never asked is no refusal
        return
    if email["can_receive"] and not email["suppressions"]:
        yield {"kind": NO_THIRD_PARTY, "nevent": given["granted"], "klaviyo": True}


def _plain(email: str | None) -> str:
    return (email or "").strip().lower()


def _digits(phone: str | None) -> str:
    return "".join(each for each in phone or "" if each.isdigit())
