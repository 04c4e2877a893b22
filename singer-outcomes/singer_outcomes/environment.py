"""Settings from environment variables, each in its own kind."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from singer_sdk.configuration._dict_config import parse_environment_config

from singer_outcomes.maps import nested

logging.getLogger(parse_environment_config.__module__).setLevel(logging.WARNING)  # a line each

_NUMBERS = {"integer": int, "number": float}


def from_environment(config_jsonschema: dict[str, Any], prefix: str) -> dict[str, Any]:
    """What the environment says of these settings.

    The SDK (singer-sdk 0.54) makes `auto` of a setting that may be text or true into false, fails
    on `10%` of one that may be text or a number, and leaves other numbers text. Here whatever may
    be text stays text, and what is no number is left for validation to name. Stream maps may be
    flat (`fans.city`), as Meltano hands them to a plugin's commands.
    """
    settings: dict[str, Any] = config_jsonschema["properties"]
    kinds = {name: _kinds(setting) for name, setting in settings.items()}
    plain = {
        name: {"type": "string"} if kinds[name] & {"string", *_NUMBERS} else setting
        for name, setting in settings.items()
    }
    found = parse_environment_config({"properties": plain}, prefix)
    for name, value in found.items():
        number = next((_NUMBERS[kind] for kind in _NUMBERS if kind in kinds[name]), None)
        if number is not None and "string" not in kinds[name]:
            with contextlib.suppress(ValueError):  # the schema says what is wrong with it
                found[name] = number(value)
    if "stream_maps" in found:
        found["stream_maps"] = nested(found["stream_maps"])
    return found


def _kinds(setting: dict[str, Any]) -> set[str]:
    told = setting.get("type", [])
    return {told} if isinstance(told, str) else set(told)
