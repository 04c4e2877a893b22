"""What `additional-fields[profile]` adds: consent per channel, predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo import moments
from nevent_sandbox.klaviyo.consents import EMAIL, GIVEN, NEVER, SMS, TRANSACTIONAL

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.errors import Document


# One statement for a profile: there are a hundred on a page.
_SQL = """
SELECT
    (SELECT json_group_array(json_array(
        channel, consent, consented, updated, method, detail, custom, double_optin
    )) FROM consents WHERE profile = :profile),
    (SELECT json_group_array(json_array(moment, reason))
        FROM suppressions WHERE profile = :profile),
    (SELECT json_group_array(json_array(moment, list, reason))
        FROM list_suppressions WHERE profile = :profile)
"""
_decode = msgspec.json.Decoder(list[Any]).decode


def subscriptions(db: sqlite3.Connection, profile: int, *, email: bool, phone: bool) -> Document:
    """What is known of someone's consent, channel by channel.

    Who was never asked consents by implication, which mail may use. `profile` is the profile's n;
    `email` and `phone` tell whether there is an address, a number.
    """
    found = db.execute(_SQL, {"profile": profile}).fetchone()
    consents, suppressions, by_list = (_decode(each) for each in found)
    held = {channel: row for channel, *row in consents}
    told = _never_asked(email=email)
    marketing = told["email"]["marketing"]
    _lay(marketing, held.get(EMAIL), custom=True)
    marketing["can_receive_email_marketing"] = email and not suppressions
    marketing["suppression"] = [
        {"reason": reason, "timestamp": moments.told(moment)}
        for moment, reason in sorted(suppressions)
    ]
    marketing["list_suppressions"] = [
        {"list_id": each, "reason": reason, "timestamp": moments.told(moment)}
        for moment, each, reason in sorted(by_list)
    ]
    for channel, name in ((SMS, "marketing"), (TRANSACTIONAL, "transactional")):
        block = told["sms"][name]
        _lay(block, held.get(channel))
        block[f"can_receive_sms_{name}"] = phone and block["consent"] == GIVEN
    return told


def _lay(block: Document, row: list[Any] | None, *, custom: bool = False) -> None:
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


def predictions() -> Document:
    """Nothing can be predicted of an account without a year of orders."""
    numbers = (
        "historic_clv predicted_clv total_clv historic_number_of_orders "
        "predicted_number_of_orders average_days_between_orders average_order_value "
        "churn_probability expected_date_of_next_order"
    )
    return {**dict.fromkeys(numbers.split()), "ranked_channel_affinity": []}
