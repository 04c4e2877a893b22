"""What is wrong with a plugin's settings, in words that repeat no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_sdk.exceptions import ConfigValidationError


def unsecret(texts: Iterable[str], settings: Mapping[str, Any]) -> list[str]:
    """The SDK's messages, which repeat the value, without that of a secret setting.

    `settings` is the plugin's `config_jsonschema`.
    """
    secret = [name for name, each in settings["properties"].items() if each.get("secret")]
    return [
        next((f"{name} is not valid; see --about" for name in secret if _about(name, text)), text)
        for text in texts
    ]


def told(error: ConfigValidationError, settings: Mapping[str, Any]) -> list[str]:
    """Each mistake: the error's own text says no more than that there are some."""
    return unsecret(error.errors, settings) or [str(error)]


def _about(name: str, text: str) -> bool:
    return f"config['{name}']" in text
