"""Settings of tap-nevent."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

from tap_nevent import groups

_ANY_OBJECT = th.ObjectType(additional_properties=th.CustomType({}))

CONFIG: dict[str, Any] = th.PropertiesList(
    th.Property(
        "api_url",
        th.StringType(nullable=False),
        default="https://api.nevent.es",
        title="API address",
        description="Address of Nevent's main service.",
    ),
    th.Property(
        "data_api_url",
        th.StringType(nullable=False),
        default="https://data.nevent.es",
        title="Data API address",
        description="Address of Nevent's analytics and segmentation service.",
    ),
    th.Property(
        "auth_token",
        th.StringType(nullable=False),
        required=True,
        secret=True,
        title="Token",
        description="Token issued under Settings > Integrations > API Tokens; its role is ADMIN.",
    ),
    th.Property(
        "refresh_token",
        th.StringType,
        secret=True,
        title="Refresh token",
        description="Lets the tap renew a token that expires while it runs.",
    ),
    th.Property(
        "tenant_id",
        th.StringType,
        title="Tenant",
        description="The tenant the token must belong to; another one stops the run.",
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description="On a first run, read only what changed since then (ISO 8601); default: all.",
    ),
    th.Property(
        "page_size",
        th.IntegerType(minimum=1, maximum=1000, nullable=False),
        default=100,
        title="Page size",
        description="Rows asked for at a time, 1 to 1,000.",
    ),
    th.Property(
        "concurrency",
        th.IntegerType(minimum=1, maximum=32, nullable=False),
        default=8,  # 5,000 fans a second at 100 ms and 100 a page take 6; Nevent tells no limit
        title="Concurrency",
        description="Requests in flight at a time.",
    ),
    th.Property(
        "lookback_minutes",
        th.IntegerType(minimum=0, nullable=False),
        default=60,
        title="Look-back",
        description="Minutes before the last run's end that are read again, for late rows.",
    ),
    th.Property(
        "timezone",
        th.StringType(nullable=False),
        default="Europe/Madrid",
        title="Time zone",
        description="Where concerts' dates are read, as an IANA name; times stay in UTC.",
    ),
    th.Property(
        "amounts_in_cents",
        th.BooleanType(nullable=False),
        default=False,
        title="Amounts in cents",
        description="Whether Nevent's orders and tickets show cents instead of euros.",
    ),
    th.Property(
        "currency",
        th.StringType(nullable=False),
        default="EUR",
        title="Currency",
        description="Currency of total_spent, ISO 4217.",
    ),
    th.Property(
        "exchange_rates",
        _ANY_OBJECT,
        default={},
        title="Exchange rates",
        description=(
            'What one unit of another currency is worth in `currency`, such as {"GBP": 1.17}; '
            "amounts in a currency without a rate are left out of total_spent and counted."
        ),
    ),
    th.Property(
        "segments",
        th.ArrayType(th.StringType),
        title="Segments",
        description="Names of the segments to follow; default: all active ones.",
    ),
    th.Property(
        "segments_every",
        th.IntegerType(minimum=0, nullable=False),
        default=24,  # a member costs as much to read as a change of a fan: not each hour
        title="Hours between readings of segments",
        description=(
            "How long the members of a segment are taken to be who they were, in hours. One is "
            "read sooner when its definition changed, or when it shows other members and has few "
            "of them; 0 reads all of them in each run."
        ),
    ),
    th.Property(
        "sync_groups",
        th.ArrayType(th.StringType(allowed_values=list(groups.NAMES))),
        default=list(groups.NAMES),
        title="Data groups",
        description="Groups of data that leave Nevent; the others are in no schema and no record.",
    ),
    th.Property(
        "sensitive_fields",
        th.ArrayType(th.StringType),
        default=[],
        title="Sensitive fields",
        description="Custom fields that never leave, besides those flagged or named as sensitive.",
    ),
    th.Property(
        "vip_rule",
        th.ObjectType(
            th.Property("tags", th.ArrayType(th.StringType)),
            th.Property("ticket_types", th.ArrayType(th.StringType)),
            th.Property("custom_field", th.StringType),
        ),
        title="VIP rule",
        description=(
            "What makes a fan a VIP: one of these tags, ticket_types, or a true custom_field; "
            'default: a VIP ticket or the tag "vip".'
        ),
    ),
    th.Property(
        "consent_basis",
        th.StringType(allowed_values=["field", "assume_granted"], nullable=False),
        default="field",
        title="Basis of consent",
        description=(
            "field: a fan's data leave only if consent_field says so; assume_granted: all fans "
            "have consented elsewhere, as consent_note tells."
        ),
    ),
    th.Property(
        "consent_field",
        th.StringType(nullable=False),
        default="thirdPartySharing",
        title="Consent field",
        description=(
            "Field of a fan, or technical name of a custom field, that holds the consent to pass "
            "data to third parties."
        ),
    ),
    th.Property(
        "consent_note",
        th.StringType,
        title="Note on consent",
        description=(
            "The written basis of assume_granted (contract, date, who decided); mandatory with it."
        ),
    ),
    th.Property(
        "per_fan_fallback",
        th.BooleanType(nullable=False),
        default=False,
        title="Ask fan by fan",
        description=(
            "Where Nevent has no tenant-wide list of orders or attendance, ask for each changed "
            "fan: two requests a fan. Otherwise these streams are left out with a warning."
        ),
    ),
    th.Property(
        "operations",
        _ANY_OBJECT,
        default={},
        title="Operations",
        description=(
            'Changes to the contract, such as {"purchases": {"path": "/v2/purchases"}}; names and '
            "parts as in nevent_client/contract.py."
        ),
    ),
    th.Property(
        "user_agent",
        th.StringType,
        title="User agent",
        description="How the tap names itself to Nevent; default: tap-nevent and its version.",
    ),
).to_dict()
