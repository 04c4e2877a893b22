"""What `additional-fields[profile]` adds: consent per channel, predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nevent_sandbox.klaviyo.errors import Document

NEVER = "NEVER_SUBSCRIBED"


def consent(*, email: bool) -> Document:
    """The state of someone who was never asked: implied consent, which mail may use.

    Args:
        email: whether there is an address.
    """
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
