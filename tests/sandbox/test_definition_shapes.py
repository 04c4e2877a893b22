"""The shapes of segment and flow definitions beside the vendor's, where these are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from nevent_sandbox.klaviyo.conditions import SEGMENT_DEFINITION
from nevent_sandbox.klaviyo.flow_actions import TIMEZONE
from nevent_sandbox.klaviyo.flow_definition import FLOW_DEFINITION
from nevent_sandbox.klaviyo.schema_parts import CLOCK

SPECS = Path(__file__).parents[3] / "shared" / "klaviyo-openapi"
pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(), reason="the vendor's OpenAPI documents are not beside this repository"
)
Document = dict[str, Any]
Form = frozenset[Any]
NOTHING: Form = frozenset([("null",)])


def _components(name: str) -> Document:
    found: Document = json.loads((SPECS / f"{name}.json").read_text())["components"]["schemas"]
    return found


def _form(schema: Document, components: Document) -> Form:
    """What a schema accepts, as a set of alternatives that two ways of writing it share."""
    more = NOTHING if schema.get("nullable") else frozenset()
    if "$ref" in schema:
        return _form(components[schema["$ref"].rpartition("/")[2]], components) | more
    for word in ("oneOf", "anyOf"):
        if word in schema:
            found = more.union(*(_form(each, components) for each in schema[word]))
            return found - {("integer",)} if ("number",) in found else found
    if "Europe/Madrid" in schema.get("enum", ()):
        return more | {("time zone",)}
    if "enum" in schema:
        return more | {
            ("null",) if value is None else ("word", type(value).__name__, value)
            for value in schema["enum"]
        }
    kinds = schema.get("type", [])
    return more.union(
        *(_typed(kind, schema, components) for kind in ([kinds] if type(kinds) is str else kinds))
    )


def _typed(kind: str, schema: Document, components: Document) -> Form:
    if kind == "object" and "properties" in schema:
        required = set(schema.get("required", []))
        members = [
            (name, name in required, _form(each, components))
            for name, each in schema["properties"].items()
        ]
        return frozenset([("object", frozenset(members))])
    if kind == "array":
        return frozenset([("array", _form(schema["items"], components))])
    if kind == "string":
        clock = schema.get("pattern") == CLOCK["pattern"]
        return frozenset([("string", "time" if clock else schema.get("format"))])
    return frozenset([(kind,)])


@pytest.mark.parametrize(
    ("file", "name", "own"),
    [
        ("segments", "SegmentDefinition", SEGMENT_DEFINITION),
        ("flows", "FlowDefinition", FLOW_DEFINITION),
    ],
)
def test_a_definition_has_the_vendors_shape(file: str, name: str, own: Document) -> None:
    """Every condition, trigger, action and message: keys, required ones, words, formats."""
    components = _components(file)
    told = _form(components[name], components)
    assert _form(own, {}) == told


def test_the_comparison_notices_a_difference() -> None:
    """One operator or one required key less, deep inside."""
    components = _components("flows")
    told = _form(components["FlowDefinition"], components)
    components["BooleanFilter"]["required"].remove("value")
    assert _form(components["FlowDefinition"], components) != told
    components = _components("flows")
    components["NumericOperatorNumericFilter"]["properties"]["operator"]["enum"].pop()
    assert _form(components["FlowDefinition"], components) != told


def test_every_time_zone_of_the_vendors_is_known() -> None:
    """And `profile`."""
    trigger = _components("flows")["ProfilePropertyDateTrigger"]
    assert set(trigger["properties"]["timezone"]["enum"]) <= set(TIMEZONE["enum"])
