"""The strict shape of bodies that ask for figures."""

from __future__ import annotations

from nevent_sandbox.klaviyo.schemas import TEXT, Schema, data, sealed, typed
from nevent_sandbox.klaviyo.timeframes import KEYS

OF_MESSAGES = (
    *("average_order_value", "bounce_rate", "bounced", "bounced_or_failed"),
    *("bounced_or_failed_rate", "click_rate", "click_to_open_rate", "clicks", "clicks_unique"),
    *("conversion_rate", "conversion_uniques", "conversion_value", "conversions", "delivered"),
    *("delivery_rate", "failed", "failed_rate", "message_segment_count_sum", "open_rate", "opens"),
    *("opens_unique", "recipients", "revenue_per_recipient", "spam_complaint_rate"),
    *("spam_complaints", "text_message_credit_usage_amount", "text_message_roi"),
    *("text_message_spend", "unsubscribe_rate", "unsubscribe_uniques", "unsubscribes"),
)
OF_SEGMENTS = ("members_added", "members_removed", "net_members_changed", "total_members")
_SHARED = (
    *("send_channel", "tag_id", "tag_name", "text_message_format", "variation", "variation_name"),
)
GROUPS = {
    "campaign": (
        *("campaign_id", "campaign_message_id", "campaign_message_name", "group", "group_name"),
        *_SHARED,
    ),
    "flow": ("flow_id", "flow_message_id", "flow_message_name", "flow_name", *_SHARED),
}
INTERVALS = ("hourly", "daily", "weekly", "monthly")
MEASUREMENTS = ("count", "sum_value", "unique")
DIMENSIONS = (
    *("$attributed_channel", "$attributed_flow", "$attributed_message", "$attributed_variation"),
    *("$campaign_channel", "$flow", "$flow_channel", "$message", "$message_send_cohort"),
    *("$usage_amount", "$value_currency", "$variation", "$variation_send_cohort", "Bot Click"),
    *("Bounce Type", "Campaign Name", "Client Canonical", "Client Name", "Client Type"),
    *("Email Domain", "Failure Source", "Failure Type", "From Number", "From Phone Region"),
    *("Inbox Provider", "List", "Message Format", "Message Name", "Message Type", "Method"),
    *("Segment Count", "Subject", "To Number", "To Phone Region", "URL", "form_id"),
)
_SORTS = (*DIMENSIONS, *MEASUREMENTS)


def _several(*values: str, nullable: bool = False) -> Schema:
    made: Schema = {"type": "array", "items": {"enum": [*values]}}
    return {**made, "type": ["array", "null"]} if nullable else {**made, "minItems": 1}


_TIMEFRAME: Schema = {
    "anyOf": [
        sealed("key", key={"enum": [*KEYS]}),
        sealed("start end", start={"type": "string"}, end={"type": "string"}),
    ]
}


def _report(kind: str, required: str, statistics: tuple[str, ...], **more: Schema) -> Schema:
    attributes = sealed(
        f"statistics timeframe {required}",
        statistics=_several(*statistics),
        timeframe=_TIMEFRAME,
        filter=TEXT,
        **more,
    )
    return data(typed(kind, "attributes", attributes=attributes))


def _of_messages(kind: str, required: str = "", **more: Schema) -> Schema:
    groups = _several(*GROUPS[kind.partition("-")[0]], nullable=True)
    metric: Schema = {"type": "string"}
    required = f"conversion_metric_id {required}"
    return _report(
        kind, required, OF_MESSAGES, conversion_metric_id=metric, group_by=groups, **more
    )


_INTERVAL: Schema = {"enum": [*INTERVALS]}
SCHEMAS: dict[str, Schema] = {
    "POST /api/campaign-values-reports": _of_messages("campaign-values-report"),
    "POST /api/flow-values-reports": _of_messages("flow-values-report"),
    "POST /api/flow-series-reports": _of_messages(
        "flow-series-report", "interval", interval=_INTERVAL
    ),
    "POST /api/segment-values-reports": _report("segment-values-report", "", OF_SEGMENTS),
    "POST /api/segment-series-reports": _report(
        "segment-series-report", "interval", OF_SEGMENTS, interval=_INTERVAL
    ),
    "POST /api/metric-aggregates": data(
        typed(
            "metric-aggregate",
            "attributes",
            attributes=sealed(
                "metric_id measurements filter",
                metric_id={"type": "string"},
                page_cursor={"type": "string"},
                measurements=_several(*MEASUREMENTS),
                interval={"enum": ["hour", "day", "week", "month", None]},
                page_size={"type": ["integer", "null"], "minimum": 1},
                by=_several(*DIMENSIONS, nullable=True),
                return_fields={"type": ["array", "null"], "items": {"type": "string"}},
                filter={"type": "array", "items": {"type": "string"}},
                timezone=TEXT,
                sort={"enum": [*_SORTS, *(f"-{each}" for each in _SORTS)]},
            ),
        )
    ),
}
