"""What Klaviyo's `subscriptions` say of a person's consent, channel by channel. Pure.

The status is what the person did: consented, objected, or neither. What else keeps mail away (a
bounce, a hand at the organiser's) is the reason, and changes no status: never having been asked is
no objection, and an address that bounces is none either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from singer_outcomes.bookmark import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

Block = dict[str, Any]

SUBSCRIBED, UNSUBSCRIBED, NEVER = "subscribed", "unsubscribed", "never_subscribed"
LEFT_LIST = "left_list"
UNSUBSCRIBE = "UNSUBSCRIBE"
# An objection comes first where several reasons stand; complaints have two spellings.
OBJECTIONS = (UNSUBSCRIBE, "SPAM_COMPLAINT", "SPAM_REPORT")
_STATUSES = {"SUBSCRIBED": SUBSCRIBED, "UNSUBSCRIBED": UNSUBSCRIBED}


class Consent(NamedTuple):
    """One channel of a person, or one list that they left.

    `changed_at` is when the person did what the status says; `recorded_at` when anything about it
    last changed at Klaviyo, which for consent brought along from elsewhere is later.
    """

    channel: str
    status: str
    reason: str | None
    changed_at: str
    recorded_at: str
    consented_at: str | None = None
    method: str | None = None
    source: str | None = None
    can_receive: bool | None = None
    list_id: str | None = None


def consents(profile: Block) -> Iterator[Consent]:
    """What is known of a person: lists they left, then each channel ever touched.

    An objection without a time is dated by the profile's last change: it counts all the same. A
    consent without one does not.
    """
    told = profile.get("subscriptions") or {}
    undated = moment(profile.get("updated"))
    email = (told.get("email") or {}).get("marketing") or {}
    yield from _left(email)
    sms = (told.get("sms") or {}).get("marketing") or {}
    for found in (_email(email, undated), _sms(sms, undated)):
        if found is not None:
            yield found


def suppressed(block: Block) -> list[tuple[str, str | None]]:
    """What keeps mail from a person: reasons and since when, objections first."""
    found = [
        (str(each.get("reason")), moment(each.get("timestamp")))
        for each in block.get("suppression") or ()
    ]
    return sorted(found, key=lambda each: (_rank(each[0]), each[1] or ""))


def _rank(reason: str) -> int:
    return OBJECTIONS.index(reason) if reason in OBJECTIONS else len(OBJECTIONS)


def _email(block: Block, undated: str | None) -> Consent | None:
    reasons = suppressed(block)
    consented, updated = moment(block.get("consent_timestamp")), moment(block.get("last_updated"))
    status = _STATUSES.get(str(block.get("consent")), NEVER)
    objected = [at for reason, at in reasons if reason in OBJECTIONS]
    objects = bool(objected) or status == UNSUBSCRIBED
    recorded = _latest(consented, updated, *(at for _, at in reasons)) or (objects and undated)
    if not recorded:
        return None  # nobody ever did anything about it
    reason = reasons[0][0] if reasons else None
    if status == UNSUBSCRIBED:
        objected.append(consented or updated)
        reason = reason if reason in OBJECTIONS else UNSUBSCRIBE
    if objects:
        status = UNSUBSCRIBED
    return Consent(
        "email",
        status,
        reason,
        _latest(*objected) or recorded,
        recorded,
        consented if block.get("consent") == "SUBSCRIBED" else None,
        block.get("method"),
        block.get("custom_method_detail") or block.get("method_detail"),
        block.get("can_receive_email_marketing"),
    )


def _sms(block: Block, undated: str | None) -> Consent | None:
    consented, updated = moment(block.get("consent_timestamp")), moment(block.get("last_updated"))
    status = _STATUSES.get(str(block.get("consent")), NEVER)
    objected = status == UNSUBSCRIBED
    recorded = _latest(consented, updated) or (objected and undated)
    if not recorded:
        return None
    return Consent(
        "sms",
        status,
        UNSUBSCRIBE if objected else None,
        (consented if objected else None) or recorded,
        recorded,
        consented if status == SUBSCRIBED else None,
        block.get("method"),
        block.get("method_detail"),
        block.get("can_receive_sms_marketing"),
    )


def _left(block: Block) -> Iterator[Consent]:
    for each in block.get("list_suppressions") or ():
        at = moment(each.get("timestamp"))
        if at is not None:
            yield Consent(
                "email", LEFT_LIST, each.get("reason"), at, at, list_id=each.get("list_id")
            )


def _latest(*times: str | None) -> str | None:
    return max((each for each in times if each), default=None)
