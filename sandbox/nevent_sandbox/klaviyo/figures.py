"""What a message came to: how Klaviyo's statistics follow from counts. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nevent_sandbox.klaviyo.errors import Document

_DECIMALS = 6  # what adding up fractions blurs is cut off


class Counts(NamedTuple):
    """Events of messages, and the people behind them."""

    received: int = 0
    opened: int = 0
    openers: int = 0
    clicked: int = 0
    clickers: int = 0
    bounced: int = 0
    dropped: int = 0
    spam: int = 0
    unsubscribed: int = 0
    unsubscribers: int = 0
    conversions: int = 0
    converted: int = 0  # people
    value: float = 0.0


def statistics(
    names: Iterable[str], counts: Counts, *, text: bool, revenue_divisor: str
) -> Document:
    """The statistics asked for; what would divide by nothing is 0.

    A text message that does not arrive has failed, any other has bounced; a mail that was never
    handed over (dropped) has failed, too.
    """
    bounced = 0 if text else counts.bounced
    failed = counts.dropped + (counts.bounced if text else 0)
    delivered = counts.received
    recipients = delivered + bounced + failed
    value = round(counts.value, _DECIMALS)
    divisor = delivered if revenue_divisor == "delivered" else recipients
    segments = delivered if text else 0  # every text fits into one
    every: Document = {
        "recipients": recipients,
        "delivered": delivered,
        "delivery_rate": _ratio(delivered, recipients),
        "bounced": bounced,
        "bounce_rate": _ratio(bounced, recipients),
        "failed": failed,
        "failed_rate": _ratio(failed, recipients),
        "bounced_or_failed": bounced + failed,
        "bounced_or_failed_rate": _ratio(bounced + failed, recipients),
        "opens": counts.opened,
        "opens_unique": counts.openers,
        "open_rate": _ratio(counts.openers, delivered),
        "clicks": counts.clicked,
        "clicks_unique": counts.clickers,
        "click_rate": _ratio(counts.clickers, delivered),
        "click_to_open_rate": _ratio(counts.clickers, counts.openers),
        "spam_complaints": counts.spam,
        "spam_complaint_rate": _ratio(counts.spam, delivered),
        "unsubscribes": counts.unsubscribed,
        "unsubscribe_uniques": counts.unsubscribers,
        "unsubscribe_rate": _ratio(counts.unsubscribers, delivered),
        "conversions": counts.conversions,
        "conversion_uniques": counts.converted,
        "conversion_rate": _ratio(counts.converted, delivered),
        "conversion_value": value,
        "average_order_value": _ratio(value, counts.conversions),
        "revenue_per_recipient": _ratio(value, divisor),
        "message_segment_count_sum": segments,
        "text_message_credit_usage_amount": segments,
        "text_message_spend": 0.0,  # texts cost nothing here
        "text_message_roi": 0.0,
    }
    return {name: every[name] for name in names}


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
