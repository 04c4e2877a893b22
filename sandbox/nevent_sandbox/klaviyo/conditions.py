"""Conditions on a person that definitions of segments and flows are made of."""

from __future__ import annotations

from nevent_sandbox.klaviyo import comparisons as c
from nevent_sandbox.klaviyo.consent_conditions import MARKETING_CONSENT, PERMISSIONS
from nevent_sandbox.klaviyo.schema_parts import (
    FLAG,
    INTEGER,
    NUMBER,
    TEXT,
    TEXT_OR_NULL,
    Schema,
    either,
    groups,
    maybe,
    sealed,
    several,
    whole,
    words,
)

_CHANNELS = words("email push sms whatsapp")


def _predicted(dimension: str, **more: Schema) -> Schema:
    return whole(type=words("profile-predictive-analytics"), dimension=words(dimension), **more)


def _affinity(measurement: str, comparison: Schema) -> Schema:
    return _predicted(
        "channel_affinity",
        measurement=words(measurement),
        predicted_channel=_CHANNELS,
        filter=comparison,
    )


def _same_or_not(values: str) -> Schema:
    return c.compared("string", "equals not-equals", value=words(values))


_EVENT_PROPERTIES = maybe(
    several(sealed("property", property=TEXT, filter=maybe(c.EVENT_PROPERTY)))
)


def _metric(*timeframes: Schema) -> Schema:
    return sealed(
        "type metric_id measurement measurement_filter timeframe_filter",
        type=words("profile-metric"),
        metric_id=TEXT,
        measurement=words("count sum"),
        measurement_filter=c.NUMERIC,
        timeframe_filter=either(*c.SPANS, c.RELATIVE_ANNIVERSARY, c.ALL_TIME, *timeframes),
        metric_filters=_EVENT_PROPERTIES,
    )


def _not_lately(kind: str) -> Schema:
    return whole(type=words(kind), timeframe_filter=either(c.ALL_TIME, c.IN_THE_LAST))


_SHARED = (
    whole(type=words("profile-property"), property=TEXT, filter=c.PROPERTY),
    sealed(
        "type is_member group_ids",
        type=words("profile-group-membership"),
        is_member={"enum": [True]},
        group_ids=several(TEXT),
        timeframe_filter=maybe(either(*c.SPANS)),
    ),
    whole(
        type=words("profile-group-membership"),
        is_member={"enum": [False]},
        group_ids=several(TEXT),
    ),
    whole(
        type=words("profile-region"), in_region=FLAG, region=words("european_union united_states")
    ),
    whole(
        type=words("profile-postal-code-distance"),
        country_code=TEXT,
        postal_code=TEXT,
        unit=words("kilometers miles"),
        filter=either(
            *(c.compared("numeric", way, value=NUMBER) for way in ("greater-than", "less-than"))
        ),
    ),
    _predicted("expected_date_of_next_purchase", filter=c.DATE),
    _predicted(
        "average_days_between_orders average_order_value churn_probability historic_clv "
        "historic_number_of_orders predicted_clv predicted_number_of_orders total_clv",
        filter=c.NUMERIC,
    ),
    _predicted("predicted_gender", filter=_same_or_not("likely_female likely_male uncertain")),
    _affinity("priority", c.compared("numeric", "equals", value=INTEGER)),
    _affinity("rank", _same_or_not("high low medium")),
    MARKETING_CONSENT,
    PERMISSIONS,
    whole(
        type=words("profile-has-custom-object"),
        object_type_id=TEXT,
        object_type_relationship_id=TEXT,
        filter=c.WHOLE_NUMERIC,
        filters=several(whole(property_id=INTEGER, filter=c.OBJECT_PROPERTY)),
    ),
)
SEGMENT_CONDITIONS = (
    *_SHARED,
    _metric(),
    sealed(
        "type timeframe_filter steps",
        type=words("profile-metric-funnel"),
        timeframe_filter=either(c.STATIC_DATES, c.RELATIVE_DATES, c.RELATIVE_DATE),
        completion_window_seconds=maybe(
            words("DAYS_1 DAYS_180 DAYS_3 DAYS_30 DAYS_5 DAYS_90 HOURS_1 WEEKS_1 YEARS_1")
        ),
        steps=several(
            sealed(
                "metric_exists metric_id",
                metric_exists=FLAG,
                metric_id=TEXT,
                metric_filters=_EVENT_PROPERTIES,
            )
        ),
    ),
)
FLOW_CONDITIONS = (
    *_SHARED,
    _metric(c.SINCE_FLOW_START),
    whole(type=words("profile-sample"), percentage=INTEGER),
    *(_not_lately(f"profile-not-sent-{channel}") for channel in ("email", "sms", "push")),
)
ENTRY_CONDITIONS = (*FLOW_CONDITIONS, _not_lately("profile-not-in-flow"))
SEGMENT_DEFINITION = groups(*SEGMENT_CONDITIONS)


# Conditions on what started a flow.
METRIC_PROPERTY = whole(
    type=words("metric-property"), metric_id=TEXT, field=TEXT, filter=c.TRIGGER_PROPERTY
)
PRICE_DROP_PROPERTY, LOW_INVENTORY_PROPERTY = (
    whole(
        type=words(f"{name}-property"),
        metric_id=TEXT_OR_NULL,
        field=TEXT,
        filter=c.TRIGGER_PROPERTY,
    )
    for name in ("price-drop", "low-inventory")
)
OBJECT_TRIGGER_PROPERTY = whole(
    type=words("custom-object-trigger-property"),
    property_id=INTEGER,
    filter=either(
        c.STRING,
        c.NUMERIC,
        c.NUMERIC_RANGE,
        c.BOOLEAN,
        *c.SPANS,
        c.LIST_CONTAINS,
        c.LIST_LENGTH,
        c.EXISTENCE,
    ),
)
OBJECT_PROPERTY = whole(
    type=words("custom-object-property"),
    custom_object_label=TEXT,
    field=TEXT,
    filter=c.TRIGGER_PROPERTY,
)
ACTION_OUTPUT = whole(
    type=words("action-output"),
    output_config_id=INTEGER,
    field=TEXT,
    filter=either(c.STRING, c.STRINGS, c.NUMERIC, c.NUMERIC_RANGE, c.BOOLEAN, c.EXISTENCE),
)
