"""A flow's definition: what starts it, whom it takes, what it does."""

from __future__ import annotations

from nevent_sandbox.klaviyo import conditions
from nevent_sandbox.klaviyo.flow_actions import ACTIONS, TIMEZONE, WEEKDAYS
from nevent_sandbox.klaviyo.schema_parts import (
    CLOCK,
    INTEGER,
    NUMBER,
    TEXT,
    TEXT_OR_NULL,
    Schema,
    each,
    groups,
    maybe,
    sealed,
    several,
    whole,
    words,
)


def _date(kind: str, **more: Schema) -> Schema:
    return sealed(
        " ".join(
            ["type date_field_type timedelta_value_before_date trigger_time", *more],
        ),
        type=words("date"),
        date_field_type=words(kind),
        timedelta_unit_before_date=words("days months weeks"),
        timedelta_value_before_date=INTEGER,
        recurrence_frequency=words("annually monthly never weekly"),
        timezone=TIMEZONE,
        trigger_time=CLOCK,
        trigger_days=WEEKDAYS,
        **more,
    )


TRIGGERS = (
    *(sealed("type", type=words(kind), id=TEXT_OR_NULL) for kind in ("list", "segment")),
    sealed(
        "type",
        type=words("metric"),
        id=TEXT_OR_NULL,
        trigger_filter=maybe(groups(conditions.METRIC_PROPERTY)),
    ),
    _date("profile-property", date_profile_property=TEXT),
    _date(
        "custom-object",
        **each(TEXT, "custom_object_label object_type_id object_type_relationship_id"),
        custom_object_property_id=INTEGER,
    ),
    sealed(
        "type trigger_filter price_drop_amount_value audience",
        type=words("price-drop"),
        trigger_filter=maybe(groups(conditions.PRICE_DROP_PROPERTY)),
        price_drop_amount_value=NUMBER,
        price_drop_amount_unit=words("currency percent"),
        audience=several(words("checkout-started viewed")),
        timeframe_days=INTEGER,
        currency_type=words("usd"),
    ),
    sealed(
        "type product_level trigger_filter inventory_count audience",
        type=words("low-inventory"),
        product_level=words("product variant"),
        trigger_filter=maybe(groups(conditions.LOW_INVENTORY_PROPERTY)),
        inventory_count=INTEGER,
        audience=several(words("added-to-cart checkout-started viewed")),
        timeframe_days=INTEGER,
    ),
)
FLOW_DEFINITION = sealed(
    "triggers actions entry_action_id",
    triggers=several(*TRIGGERS) | {"maxItems": 1},
    profile_filter=maybe(groups(*conditions.ENTRY_CONDITIONS)),
    actions=several(*ACTIONS),
    entry_action_id=TEXT_OR_NULL,
    reentry_criteria=maybe(
        whole(duration=INTEGER, unit=words("day hour week alltime")),
    ),
)
TRIGGER_TYPES = {
    "metric": "Metric",
    "list": "Added to List",
    "segment": "Added to List",
    "date": "Date Based",
    "price-drop": "Price Drop",
    "low-inventory": "Low Inventory",
}
UNCONFIGURED = "Unconfigured"
