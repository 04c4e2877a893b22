"""Conditions on consent per channel, inside definitions of segments and flows."""

from __future__ import annotations

from typing import Any

from nevent_sandbox.klaviyo.comparisons import (
    BOOLEAN,
    DATE,
    DATES,
    IS_SET,
    STRING_EQUALS,
    STRING_IN,
    compared,
)
from nevent_sandbox.klaviyo.schema_parts import (
    NULL,
    Schema,
    either,
    maybe,
    sealed,
    several,
    whole,
    words,
)


def _field(name: str, comparison: Schema) -> Schema:
    return whole(field=words(name), filter=comparison)


def _methods(names: str) -> list[Schema]:
    return [whole(field=words("method"), method=words(name)) for name in names.split()]


def _detailed(names: str, comparison: Schema = STRING_IN) -> list[Schema]:
    """Methods that may be told apart further."""
    return [
        sealed("field method", field=words("method"), method=words(name), filter=maybe(comparison))
        for name in names.split()
    ]


def _integration(name: str) -> Schema:
    comparison = compared("string", "in", value=several(words(name)))
    return whole(field=words("method"), method=words("integration"), filter=comparison)


def _status(subscription: str, filters: Schema | None = None, *, needed: bool = False) -> Schema:
    more = {} if filters is None else {"filters": filters}
    required = "subscription filters" if needed else "subscription"
    return sealed(required, subscription=words(subscription), **more)


def _consent(channel: str, *statuses: Schema, able: bool) -> Schema:
    return whole(
        channel=words(channel),
        can_receive_marketing={"enum": [able]},
        consent_status=either(*statuses),
    )


_STATUS_DATE = _field("status_date", DATE)
_SUPPRESSED = several(
    *(
        _field(f"{name}_date", either(*DATES, IS_SET))
        for name in ("bounce", "manual_suppression", "invalid_email")
    )
)
_EMAIL_SUBSCRIBED = several(
    _field("is_double_opt_in", BOOLEAN),
    _STATUS_DATE,
    _field("custom_source", STRING_EQUALS),
    *_detailed("form api manual_import manual_add"),
    *_detailed("preference_page", STRING_EQUALS),
    *_methods("inbound_message back_in_stock sftp"),
    _integration("shopify"),
)
_EMAIL_UNSUBSCRIBED = several(
    _STATUS_DATE,
    *_detailed("api"),
    *_methods(
        "inbound_message preference_page manual_remove spam_complaint mailbox_provider "
        "one_click_unsubscribe manual_import sftp data_warehouse_import profile_modification"
    ),
    _integration("constant_contact"),
)
_SMS_METHODS: tuple[Any, ...] = (
    _STATUS_DATE,
    *_detailed("form manual_import manual_add"),
    *_methods("checkout inbound_message preference_page sftp"),
    _integration("shopify"),
)
_SMS_UNSUBSCRIBED = several(
    *_SMS_METHODS,
    *_methods(
        "manual_remove bulk_remove carrier_deactivation provided_landline message_blocked "
        "provided_no_age failed_age_gate"
    ),
)
MARKETING_CONSENT = whole(
    type=words("profile-marketing-consent"),
    consent=either(
        _consent(
            "email",
            _status("any", NULL),
            _status("subscribed", maybe(_EMAIL_SUBSCRIBED)),
            _status("never_subscribed", NULL),
            able=True,
        ),
        _consent(
            "email",
            _status("any", maybe(_SUPPRESSED)),
            _status("unsubscribed", either(_EMAIL_UNSUBSCRIBED, _SUPPRESSED, NULL)),
            _status("never_subscribed", _SUPPRESSED, needed=True),
            _status("subscribed", _SUPPRESSED, needed=True),
            able=False,
        ),
        _consent(
            "sms",
            _status("subscribed", maybe(several(*_SMS_METHODS, _field("is_rcs_capable", BOOLEAN)))),
            able=True,
        ),
        _consent(
            "sms",
            _status("any"),
            _status("unsubscribed", maybe(_SMS_UNSUBSCRIBED)),
            _status("never_subscribed"),
            able=False,
        ),
        _consent("push", _status("any", maybe(several(_STATUS_DATE))), able=True),
        _consent("push", _status("any"), able=False),
    ),
)

_SUBSCRIBE_METHODS = (
    "api back_in_stock bigcommerce bulk_remove campaign_monitor carrier_deactivation checkout "
    "constant_contact exact_target facebook failed_age_gate inbound_message integration mad_mimi "
    "magento_two mailbox_provider manual_add manual_import manual_remove message_blocked netsuite "
    "preference_page provided_landline provided_no_age sftp shopify social_instagram_message "
    "spam_complaint square wix woocommerce"
)
_REACHED_HOW = several(
    _field("effective_date", DATE),
    _field("recorded_date", DATE),
    whole(field=words("subscribe_method"), method=words(_SUBSCRIBE_METHODS)),
    sealed(
        "field method",
        field=words("subscribe_method"),
        method=words("form"),
        filter=maybe(STRING_IN),
    ),
)
PERMISSIONS = whole(
    type=words("profile-permissions"),
    channel=words("whatsapp_marketing whatsapp_transactional"),
    permission=either(
        *(
            whole(reachable_status=words(f"explicitly_{end}"), filters=_REACHED_HOW)
            for end in ("reachable", "unreachable")
        ),
        *(
            whole(reachable_status=words(f"{beginning}_{end}"))
            for beginning in ("implicitly", "implicitly_or_explicitly")
            for end in ("reachable", "unreachable")
        ),
    ),
)
