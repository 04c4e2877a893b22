"""Settings given as environment variables mean what they say."""

from __future__ import annotations

import pytest
from singer_outcomes.environment import from_environment

SETTINGS = {
    "first": {"type": ["string", "boolean"]},
    "most": {"type": ["string", "integer"]},
    "hours": {"type": "number"},
    "size": {"type": "integer"},
    "on": {"type": "boolean"},
    "names": {"type": "array", "items": {"type": "string"}},
    "maps": {"type": "object"},
}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("first", "auto", "auto"),
        ("most", "10%", "10%"),
        ("hours", "0.5", 0.5),
        ("size", "7", 7),
        ("size", "seven", "seven"),
        ("on", "true", True),
        ("names", '["a", "b"]', ["a", "b"]),
        ("maps", '{"fans": null}', {"fans": None}),
    ],
)
def test_a_setting_from_the_environment_is_of_its_kind(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object
) -> None:
    """What may be text stays text; a number is one; what is none is left to be named."""
    monkeypatch.setenv(f"TARGET_X_{name.upper()}", text)
    assert from_environment({"properties": SETTINGS}, "TARGET_X_") == {name: value}
