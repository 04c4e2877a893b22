"""Settings from environment variables, also those that the SDK (0.54) reads amiss.

It makes a number of `10%` where a setting may be a text or a number (and stops), false of `auto`
where it may be a text or a boolean, leaves fractions as text, and does not know how Meltano hands
over stream maps.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from singer_sdk.configuration._dict_config import parse_environment_config

from singer_outcomes.maps import nested

if TYPE_CHECKING:
    from collections.abc import Mapping

_OURS = {"integer": int, "number": float}


def environment_config(schema: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The settings that are set, by their kinds; what is no number stays text, for the check."""
    settings: dict[str, Any] = schema["properties"]
    ours = {name: kind for name, each in settings.items() if (kind := _kind(each))}
    others = {name: each for name, each in settings.items() if name not in ours}
    found = parse_environment_config({"properties": others}, prefix)  # takes in `.env` as well
    for name, kind in ours.items():
        value = os.environ.get(f"{prefix}{name.upper().replace('-', '_')}")
        if value is not None:
            found[name] = _number(value, kind)
    if "stream_maps" in found:
        found["stream_maps"] = nested(found["stream_maps"])
    return found


def _kind(setting: Mapping[str, Any]) -> str | None:
    """`string`, `integer` or `number` for those that are read here."""
    kinds = setting.get("type")
    if isinstance(kinds, list):
        kinds = [kind for kind in kinds if kind != "null"]
        kinds = "string" if "string" in kinds else kinds[0]
    return kinds if kinds == "string" or kinds in _OURS else None


def _number(value: str, kind: str) -> Any:
    try:
        return _OURS[kind](value) if kind in _OURS else value
    except ValueError:
        return value
