"""Settings of tap-klaviyo-engagement."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from klaviyo_client.session import API_URL
from singer_sdk import typing as th
from singer_sdk.exceptions import ConfigValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG: dict[str, Any] = th.PropertiesList(
    th.Property(
        "api_key",
        th.StringType(nullable=False),
        required=True,
        secret=True,
        title="API key",
        description="Private key of the Klaviyo account, pk_…, with the streams' read scopes.",
    ),
    th.Property(
        "api_url",
        th.StringType(nullable=False),
        default=API_URL,
        title="API address",
        description="Address of Klaviyo's API.",
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description="On a first run, read only what happened since then (ISO 8601); default: all.",
    ),
    th.Property(
        "lookback_days",
        th.NumberType(minimum=0, nullable=False),
        default=7,
        title="Look-back",
        description=(
            "Days before the last run that are looked at again, for events that show late; what "
            "was given is not given twice."
        ),
    ),
    th.Property(
        "metrics",
        th.ArrayType(th.StringType),
        default=[],
        title="Further metrics",
        description=(
            "Names of metrics whose events `engagement` gives too, as type custom, besides "
            'Klaviyo\'s own, such as ["Purchased Ticket"].'
        ),
    ),
    th.Property(
        "lists",
        th.ArrayType(th.StringType),
        title="Lists",
        description="Ids or names of the lists that `list_members` reads; default: all.",
    ),
    th.Property(
        "conversion_metric",
        th.StringType(nullable=False),
        default="Purchased Ticket",
        title="Conversion metric",
        description="Name or id of the metric whose events the reports count as conversions.",
    ),
    th.Property(
        "report_timeframe_days",
        th.IntegerType(minimum=1, maximum=365, nullable=False),
        default=365,
        title="Days reported",
        description="How many days back messages were sent that the reports count, at most 365.",
    ),
    th.Property(
        "report_budget_per_day",
        th.IntegerType(minimum=0, maximum=225, nullable=False),
        default=40,
        title="Reports a day",
        description=(
            "Requests for each kind of report that the tap may make a day (UTC), out of the 225 "
            "that Klaviyo gives the whole account, people included."
        ),
    ),
    th.Property(
        "campaign_costs",
        th.ObjectType(additional_properties=th.NumberType(minimum=0, nullable=False)),
        default={},
        title="Costs of campaigns",
        description=(
            'What campaigns cost, by id or name, such as {"Spring sale": 250}; campaign_values '
            "computes their return."
        ),
    ),
    th.Property(
        "cost_currency",
        th.StringType,
        title="Currency of costs",
        description="ISO 4217; default: the account's. There is no return in another one.",
    ),
    th.Property(
        "concurrency",
        th.IntegerType(minimum=1, maximum=32, nullable=False),
        default=16,
        title="Concurrency",
        description="Requests in flight at a time.",
    ),
    th.Property(
        "user_agent",
        th.StringType,
        title="User agent",
        description="How the tap names itself to Klaviyo; default: its name and version.",
    ),
).to_dict()


def check(config: Mapping[str, Any]) -> None:
    """What the settings' schema cannot say.

    Raises:
        ConfigValidationError: naming the setting.
    """
    start = config.get("start_date")
    if start:
        try:
            datetime.fromisoformat(start)
        except ValueError:
            raise setting_error(
                f"start_date: '{start}' is no ISO 8601 date, such as 2026-05-01."
            ) from None


def setting_error(text: str) -> ConfigValidationError:
    """A setting must be mended by whoever configures the tap."""
    return ConfigValidationError(text, errors=[text])
