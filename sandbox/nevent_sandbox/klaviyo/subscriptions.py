"""What `additional-fields[profile]` adds: consent per channel, predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from nevent_sandbox.klaviyo import moments
from nevent_sandbox.klaviyo.consents import EMAIL, GIVEN, NEVER, SMS, TRANSACTIONAL
from nevent_sandbox.klaviyo.identities import AMONG

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.errors import Document


BLOCKS = (
    "subscriptions.email.marketing",
    "subscriptions.email.open_tracking",
    "subscriptions.sms.marketing",
    "subscriptions.sms.transactional",
    "subscriptions.mobile_push.marketing",
    *(f"subscriptions.whatsapp.{use}" for use in ("marketing", "transactional", "conversational")),
)
"""The parts that a profile's subscriptions are made of, by their paths."""
_encode = msgspec.json.Encoder().encode


class Consent(NamedTuple):
    """What is known of one profile, as the tables of `consent_tables` have it."""

    by_channel: dict[str, tuple[Any, ...]]
    suppressions: list[tuple[int, str]]  # moment, reason
    by_list: list[tuple[int, str, str]]  # moment, list, reason


def consent_of(db: sqlite3.Connection, profiles: list[int]) -> dict[int, Consent]:
    """What is known of the consent of many, by n; of whom nothing is, is not in it."""
    asked = [_encode(profiles).decode()]
    found: dict[int, Consent] = {}

    def of(profile: int) -> Consent:
        return found.setdefault(profile, Consent({}, [], []))

    columns = "channel, consent, consented, updated, method, detail, custom, double_optin"
    sql = f"SELECT profile, {columns} FROM consents WHERE profile IN {AMONG}"  # noqa: S608  # our own names
    for profile, channel, *row in db.execute(sql, asked):
        of(profile).by_channel[channel] = tuple(row)
    sql = f"SELECT profile, moment, reason FROM suppressions WHERE profile IN {AMONG}"  # noqa: S608  # our own names
    for profile, *row in db.execute(sql, asked):
        of(profile).suppressions.append(tuple(row))
    sql = f"SELECT profile, moment, list, reason FROM list_suppressions WHERE profile IN {AMONG}"  # noqa: S608  # our own names
    for profile, *row in db.execute(sql, asked):
        of(profile).by_list.append(tuple(row))
    return found


def subscriptions(db: sqlite3.Connection, profile: int, *, email: bool, phone: bool) -> Document:
    """What is known of someone's consent, channel by channel.

    Who was never asked consents by implication, which mail may use. `profile` is the profile's n;
    `email` and `phone` tell whether there is an address, a number.
    """
    return _told(consent_of(db, [profile]).get(profile), email=email, phone=phone)


def block_texts(known: Consent | None, *, email: bool, phone: bool) -> dict[str, bytes]:
    """The same as JSON of each of the `BLOCKS`."""
    if known is None:
        return _UNKNOWN[email]  # a number changes nothing where no text message was asked for
    told = _told(known, email=email, phone=phone)
    marketing, sms = told["email"]["marketing"], told["sms"]
    return _UNKNOWN[email] | {
        "subscriptions.email.marketing": _encode(marketing),
        "subscriptions.sms.marketing": _encode(sms["marketing"]),
        "subscriptions.sms.transactional": _encode(sms["transactional"]),
    }


def _told(known: Consent | None, *, email: bool, phone: bool) -> Document:
    told = _never_asked(email=email)
    if known is None:
        return told
    held = known.by_channel
    marketing = told["email"]["marketing"]
    _lay(marketing, held.get(EMAIL), custom=True)
    marketing["can_receive_email_marketing"] = email and not known.suppressions
    marketing["suppression"] = [
        {"reason": reason, "timestamp": moments.told(moment)}
        for moment, reason in sorted(known.suppressions)
    ]
    marketing["list_suppressions"] = [
        {"list_id": each, "reason": reason, "timestamp": moments.told(moment)}
        for moment, each, reason in sorted(known.by_list)
    ]
    for channel, name in ((SMS, "marketing"), (TRANSACTIONAL, "transactional")):
        block = told["sms"][name]
        _lay(block, held.get(channel))
        block[f"can_receive_sms_{name}"] = phone and block["consent"] == GIVEN
    return told


def _lay(block: Document, row: tuple[Any, ...] | None, *, custom: bool = False) -> None:
    if row is None:
        return
    consent, consented, updated, method, detail, source, double_optin = row
    block.update(
        consent=consent,
        consent_timestamp=moments.told(consented),
        last_updated=moments.told(updated),
        method=method,
        method_detail=detail,
    )
    if custom:
        block["custom_method_detail"] = source
        block["double_optin"] = None if double_optin is None else bool(double_optin)


def _never_asked(*, email: bool) -> Document:
    undated = {"consent": NEVER, "consent_timestamp": None, "last_updated": None}
    method = {"method": None, "method_detail": None}
    channel = {
        **undated,
        "created_timestamp": None,
        "metadata": None,
        "can_receive": False,
        "valid_until": None,
    }
    return {
        "email": {
            "marketing": {
                **undated,
                **method,
                "can_receive_email_marketing": email,
                "custom_method_detail": None,
                "double_optin": None,
                "suppression": [],
                "list_suppressions": [],
            },
            "open_tracking": {**channel, "can_receive": email},
        },
        "sms": {
            "marketing": {**undated, **method, "can_receive_sms_marketing": False},
            "transactional": {**undated, **method, "can_receive_sms_transactional": False},
        },
        "mobile_push": {
            "marketing": {
                "consent": NEVER,
                "consent_timestamp": None,
                "can_receive_push_marketing": False,
            }
        },
        "whatsapp": {
            use: {**channel, "phone_number": None}
            for use in ("marketing", "transactional", "conversational")
        },
    }


def _texts(told: Document) -> dict[str, bytes]:
    return {
        f"subscriptions.{channel}.{use}": _encode(block)
        for channel, uses in told.items()
        for use, block in uses.items()
    }


_UNKNOWN = {email: _texts(_never_asked(email=email)) for email in (True, False)}


def predictions() -> Document:
    """Nothing can be predicted of an account without a year of orders."""
    numbers = (
        "historic_clv predicted_clv total_clv historic_number_of_orders "
        "predicted_number_of_orders average_days_between_orders average_order_value "
        "churn_probability expected_date_of_next_order"
    )
    return {**dict.fromkeys(numbers.split()), "ranked_channel_affinity": []}
