"""The actions that a flow is made of."""

from __future__ import annotations

import zoneinfo

from nevent_sandbox.klaviyo import conditions, flow_messages
from nevent_sandbox.klaviyo.schema_parts import (
    CLOCK,
    FLAG,
    INTEGER,
    MOMENT,
    NULL,
    NUMBER,
    OBJECT_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    Schema,
    each,
    either,
    groups,
    maybe,
    sealed,
    several,
    whole,
    words,
)

# Klaviyo's own list is that of the zones in use; the tz database's older names are taken too.
_AREAS = frozenset(
    {
        *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia"),
        *("Canada", "Europe", "Indian", "Pacific", "US"),
    }
)
_ZONES = {zone for zone in zoneinfo.available_timezones() if zone.partition("/")[0] in _AREAS}
TIMEZONE: Schema = {"enum": ["profile", "GMT", "UTC", *sorted(_ZONES)]}
WEEKDAYS = maybe(several(words("friday monday saturday sunday thursday tuesday wednesday")))
_STATUS = words("disabled draft live manual")
_NEXT = sealed(next=TEXT_OR_NULL)
_BRANCHES = whole(next_if_true=TEXT_OR_NULL, next_if_false=TEXT_OR_NULL)


def _action(
    kind: str, data: Schema | None = None, *, needed: bool = False, links: Schema = _NEXT
) -> Schema:
    more = {} if data is None else {"data": data if needed else maybe(data)}
    return sealed(
        "type data" if needed else "type",
        **each(TEXT_OR_NULL, "id temporary_id"),
        type=words(kind),
        links=maybe(links),
        **more,
    )


def _message(message: Schema, *, needed: bool = False) -> Schema:
    held = message if needed else maybe(message)
    return sealed("message" if needed else "", message=held, status=_STATUS)


def _experiment(statuses: Schema, winners: str, *messages: Schema, **more: Schema) -> Schema:
    current = sealed(
        "variations",
        **each(TEXT_OR_NULL, "id name"),
        variations=several(*messages),
        allocations=OBJECT_OR_NULL,
        started=maybe(MOMENT),
        winner_metric=maybe(words(winners)),
        **more,
    )
    return sealed(
        "main_action",
        status=_STATUS,
        experiment_status=statuses,
        main_action=either(*messages),
        current_experiment=maybe(current),
    )


def _profile_operation(kind: str, value: Schema, **more: Schema) -> Schema:
    return sealed(
        "operator property_type property_key property_value",
        operator=words("create update"),
        property_type=words(kind),
        property_key=TEXT,
        property_value=value,
        **more,
    )


_SEND_EMAIL = _action("send-email", _message(flow_messages.EMAIL))
_SEND_SMS = _action("send-sms", _message(flow_messages.SMS))
_SEND_PUSH = _action("send-mobile-push", _message(flow_messages.PUSH))
_SEND_WHATSAPP = _action("send-whatsapp", _message(flow_messages.WHATSAPP))
_WINNER_SELECTION = sealed(
    "enabled automatic_end_statistical_certainty",
    **each(FLAG, "enabled automatic_end_statistical_certainty"),
    automatic_end_date=maybe(MOMENT),
)
_SERVICES = (
    *(
        whole(service_method_type=words(kind), report_id=TEXT)
        for kind in ("schedule-report", "schedule-report-builder-report")
    ),
    sealed(
        "service_method_type",
        service_method_type=words("track-event"),
        **each(TEXT_OR_NULL, "event_key tracking_company_id"),
        event_payload=OBJECT_OR_NULL,
    ),
    whole(service_method_type=words("unknown")),
)
_BRANCH = sealed(
    "branch_id",
    branch_id=TEXT,
    order=maybe(INTEGER),
    is_else=FLAG,
    branch_filter=maybe(
        groups(
            *conditions.FLOW_CONDITIONS,
            conditions.METRIC_PROPERTY,
            conditions.OBJECT_TRIGGER_PROPERTY,
        )
    ),
    links=maybe(_NEXT),
    name=TEXT_OR_NULL,
)
_DATE_OR_TODAY = either({"type": "string", "format": "date"}, words("today"))

ACTIONS = (
    _SEND_EMAIL,
    _SEND_SMS,
    _SEND_PUSH,
    _SEND_WHATSAPP,
    _action("send-webhook", _message(flow_messages.WEBHOOK, needed=True)),
    _action("send-internal-alert", _message(flow_messages.INTERNAL_ALERT, needed=True)),
    _action(
        "time-delay",
        sealed(
            "value",
            unit=words("days hours minutes"),
            value=INTEGER,
            secondary_value=maybe(INTEGER),
            timezone=TIMEZONE,
            delay_until_time=maybe(CLOCK),
            delay_until_weekdays=WEEKDAYS,
        ),
        needed=True,
    ),
    _action(
        "countdown-delay",
        sealed(
            unit=words("days months weeks"),
            value=INTEGER,
            timezone=TIMEZONE,
            delay_until_time=maybe(CLOCK),
            delay_until_weekdays=WEEKDAYS,
        ),
        needed=True,
    ),
    _action(
        "target-date",
        sealed(timezone=TIMEZONE, target_time=CLOCK, target_days=WEEKDAYS),
        needed=True,
    ),
    _action("back-in-stock-delay"),
    _action(
        "conditional-split",
        whole(profile_filter=maybe(groups(*conditions.FLOW_CONDITIONS))),
        links=_BRANCHES,
    ),
    _action(
        "trigger-split",
        sealed(
            "trigger_filter trigger_id trigger_type",
            trigger_filter=maybe(
                groups(
                    conditions.METRIC_PROPERTY,
                    conditions.OBJECT_TRIGGER_PROPERTY,
                    conditions.OBJECT_PROPERTY,
                    conditions.PRICE_DROP_PROPERTY,
                    conditions.LOW_INVENTORY_PROPERTY,
                )
            ),
            trigger_id=TEXT,
            trigger_type=words("date list low-inventory metric price-drop scheduled segment"),
            trigger_subtype=maybe(
                words("custom-object legacy-custom-object profile-property profile-trait")
            ),
        ),
        links=_BRANCHES,
    ),
    _action(
        "action-output-split",
        whole(action_output_filter=maybe(groups(conditions.ACTION_OUTPUT))),
        links=_BRANCHES,
    ),
    _action("multi-branch-split", whole(branches=several(_BRANCH), name=TEXT), links=NULL),
    _action(
        "ab-test",
        _experiment(
            words("completed draft live"),
            "submission unique-clicks unique-opens unique-placed-orders",
            _SEND_EMAIL,
            _SEND_SMS,
            automatic_winner_selection_settings=maybe(_WINNER_SELECTION),
        ),
        needed=True,
    ),
    _action(
        "content-experiment",
        _experiment(
            maybe(words("completed draft live")),
            "click-rate open-rate",
            *(_SEND_PUSH, _SEND_WHATSAPP),
        ),
        needed=True,
    ),
    _action(
        "update-profile",
        sealed(
            "profile_operations",
            profile_operations=several(
                _profile_operation("string", TEXT),
                _profile_operation("boolean", FLAG),
                _profile_operation("numeric", NUMBER),
                _profile_operation("date", _DATE_OR_TODAY),
                _profile_operation("list", TEXT, property_operation=maybe(words("add remove"))),
                whole(operator=words("delete"), property_key=TEXT),
            ),
            status=_STATUS,
        ),
    ),
    _action(
        "list-update",
        sealed(
            "name on_execution list_id",
            name=TEXT,
            on_execution={"enum": [False, True, None]},
            list_id=TEXT_OR_NULL,
            status=_STATUS,
        ),
        needed=True,
    ),
    _action(
        "internal-service", sealed(service_configuration=maybe(either(*_SERVICES)), status=_STATUS)
    ),
    _action("code", NULL),
)
