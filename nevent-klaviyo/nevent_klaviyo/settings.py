"""Settings, from the environment alone: a secret given as an argument is seen by other users."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_klaviyo.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "NEVENT_KLAVIYO_"
_YES, _NO = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


class Settings(NamedTuple):
    """What the commands need of both sides."""

    nevent_auth_token: str
    nevent_refresh_token: str | None
    nevent_api_url: str
    nevent_data_api_url: str
    nevent_operations: Mapping[str, Mapping[str, Any]]
    nevent_amounts_in_cents: bool
    klaviyo_api_key: str
    klaviyo_api_url: str
    conversion_metric: str
    currency: str


VARIABLES: dict[str, tuple[str, ...]] = {
    "nevent_auth_token": ("TAP_NEVENT_AUTH_TOKEN",),
    "nevent_refresh_token": ("TAP_NEVENT_REFRESH_TOKEN",),
    "nevent_api_url": ("TAP_NEVENT_API_URL",),
    "nevent_data_api_url": ("TAP_NEVENT_DATA_API_URL",),
    "nevent_operations": ("TAP_NEVENT_OPERATIONS",),
    "nevent_amounts_in_cents": ("TAP_NEVENT_AMOUNTS_IN_CENTS",),
    "klaviyo_api_key": ("TARGET_KLAVIYO_API_KEY", "TAP_KLAVIYO_ENGAGEMENT_API_KEY"),
    "klaviyo_api_url": ("TARGET_KLAVIYO_API_URL", "TAP_KLAVIYO_ENGAGEMENT_API_URL"),
    "conversion_metric": ("TAP_KLAVIYO_ENGAGEMENT_CONVERSION_METRIC",),
    "currency": ("TAP_NEVENT_CURRENCY",),
}
"""Each setting with the plugins' variables that serve where its own is not set."""

DEFAULTS = {
    "nevent_api_url": "https://api.nevent.es",
    "nevent_data_api_url": "https://data.nevent.es",
    "nevent_operations": "{}",
    "nevent_amounts_in_cents": "false",
    "klaviyo_api_url": "https://a.klaviyo.com",
    "conversion_metric": "Purchased Ticket",
    "currency": "EUR",
}
REQUIRED = ("nevent_auth_token", "klaviyo_api_key")


def variables(setting: str) -> tuple[str, ...]:
    """Names of the variables that give a setting, the first one that is set counting."""
    return (PREFIX + setting.upper(), *VARIABLES[setting])


def settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings; an empty variable counts as not set.

    Raises:
        SettingError: one is missing or no value of its kind; the text names its variables.
    """
    found = {name: _value(name, environment) for name in VARIABLES}
    missing = [name for name in REQUIRED if not found[name]]
    if missing:
        told = "; ".join(" / ".join(variables(each)) for each in missing)
        raise SettingError(f"missing: {told}")
    return Settings(
        nevent_auth_token=found["nevent_auth_token"],
        nevent_refresh_token=found["nevent_refresh_token"] or None,
        nevent_api_url=found["nevent_api_url"],
        nevent_data_api_url=found["nevent_data_api_url"],
        nevent_operations=_mapping(found["nevent_operations"]),
        nevent_amounts_in_cents=_flag(found["nevent_amounts_in_cents"]),
        klaviyo_api_key=found["klaviyo_api_key"],
        klaviyo_api_url=found["klaviyo_api_url"],
        conversion_metric=found["conversion_metric"],
        currency=found["currency"].upper(),
    )


def _value(name: str, environment: Mapping[str, str]) -> str:
    told = (environment.get(each, "").strip() for each in variables(name))
    return next((each for each in told if each), DEFAULTS.get(name, ""))


def _mapping(text: str) -> dict[str, Any]:
    names = " / ".join(variables("nevent_operations"))
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise SettingError(f"{names}: a JSON object is expected")
    return found


def _flag(text: str) -> bool:
    if text.casefold() in _YES | _NO:
        return text.casefold() in _YES
    raise SettingError(f"{' / '.join(variables('nevent_amounts_in_cents'))}: true or false")
