"""Our table of operations beside the vendor's OpenAPI documents, where these are at hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from nevent_sandbox.klaviyo.app import HANDLERS
from nevent_sandbox.klaviyo.fields import ADDITIONAL, allowed
from nevent_sandbox.klaviyo.operations import OPERATIONS
from nevent_sandbox.klaviyo.report_shapes import SCHEMAS as REPORTS
from nevent_sandbox.klaviyo.shapes import SCHEMAS

SPECS = Path(__file__).parents[3] / "shared" / "klaviyo-openapi"
pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(), reason="the vendor's OpenAPI documents are not beside this repository"
)
Document = dict[str, Any]


def _operations() -> dict[str, Document]:
    found = {}
    for file in SPECS.glob("*.json"):
        for path, methods in json.loads(file.read_text())["paths"].items():
            for method, operation in methods.items():
                found[f"{method.upper()} {path}"] = operation
    return found


SPEC = _operations()


def _parameters(name: str) -> dict[str, Document]:
    return {each["name"]: each["schema"] for each in SPEC[name].get("parameters", [])}


def _enum(schema: Document) -> set[str]:
    return set(schema.get("items", schema).get("enum", []))


each_operation = pytest.mark.parametrize("name", sorted(OPERATIONS))


@each_operation
def test_limits_are_the_vendors(name: str) -> None:
    """Burst, steady and daily."""
    own = OPERATIONS[name]
    told = SPEC[name]["x-klaviyo-ratelimit"]
    assert told["burst"] == f"{own.burst}/s"
    assert told["steady"] == f"{own.steady}/m"
    assert told.get("daily") == (own.daily and f"{own.daily}/d")


@each_operation
def test_scopes_are_the_vendors(name: str) -> None:
    """All of them are needed."""
    assert sorted(OPERATIONS[name].scopes.split()) == sorted(SPEC[name]["x-klaviyo-scopes"])


@each_operation
def test_filters_are_the_vendors(name: str) -> None:
    """Each field with its operators."""
    told = {
        field: {op for ops in rule["operators"].values() for op in ops}
        for field, rule in SPEC[name].get("x-klaviyo-filters", {}).items()
    }
    assert {field: set(ops.split()) for field, ops in OPERATIONS[name].filters.items()} == told


@each_operation
def test_pages_are_the_vendors(name: str) -> None:
    """Default and maximum, and whether there is a cursor."""
    told = _parameters(name)
    size = told.get("page[size]")
    assert OPERATIONS[name].page == (size and (size["default"], size["maximum"]))
    assert OPERATIONS[name].cursor == ("page[cursor]" in told)
    assert OPERATIONS[name].report_cursor == ("page_cursor" in told)


@each_operation
def test_sorts_and_includes_are_the_vendors(name: str) -> None:
    """Sorts go both ways."""
    told = _parameters(name)
    sorts = OPERATIONS[name].sorts.split()
    assert {*sorts, *(f"-{each}" for each in sorts)} == _enum(told.get("sort", {}))
    assert set(OPERATIONS[name].includes.split()) == _enum(told.get("include", {}))


@each_operation
def test_sparse_fields_are_the_vendors(name: str) -> None:
    """For each type of resource, every path."""
    told = {
        found[1]: _enum(schema)
        for parameter, schema in _parameters(name).items()
        if (found := re.fullmatch(r"fields\[(.+)\]", parameter))
    }
    own = OPERATIONS[name]
    fields = {
        kind: set(allowed(kind, name, additional=kind == own.additional))
        for kind in own.fields.split()
    }
    assert fields == told


@each_operation
def test_additional_fields_are_the_vendors(name: str) -> None:
    """Blocks that must be asked for."""
    told = {
        parameter: _enum(schema)
        for parameter, schema in _parameters(name).items()
        if parameter.startswith("additional-fields")
    }
    kind = OPERATIONS[name].additional
    assert told == ({f"additional-fields[{kind}]": set(ADDITIONAL[kind])} if kind else {})


def _keys(schema: Document, components: Document, depth: int = 0) -> Any:
    """A schema as nested keys, required ones marked."""
    if "$ref" in schema:
        return _keys(components[schema["$ref"].rsplit("/", 1)[1]], components, depth)
    if "properties" in schema and depth < 20:
        required = set(schema.get("required", []))
        return {
            name + ("*" if name in required else ""): _keys(each, components, depth + 1)
            for name, each in schema["properties"].items()
        }
    if "items" in schema:
        return [_keys(schema["items"], components, depth + 1)]
    return None


def _nested(keys: Any) -> bool:
    return isinstance(keys, dict | list)


def _same(own: Any, told: Any) -> bool:
    if isinstance(told, dict):
        return own.keys() == told.keys() and all(_same(own[name], told[name]) for name in told)
    if isinstance(told, list):
        return isinstance(own, list) and _same(own[0], told[0])
    return not isinstance(own, dict)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_bodies_have_the_vendors_keys(name: str) -> None:
    """The same names at every depth, the same ones required."""
    operation = SPEC[name]
    content = operation["requestBody"]["content"]["application/vnd.api+json"]["schema"]
    components: Document = {}
    for each in ("profiles", "events", "lists", "data_privacy", "reporting", "metrics"):
        components |= json.loads((SPECS / f"{each}.json").read_text())["components"]["schemas"]
    assert _same(_keys(SCHEMAS[name], {}), _keys(content, components))


def _enums(schema: Any, components: Document) -> set[tuple[str, ...]]:
    """Every closed list of words in a schema."""
    if isinstance(schema, list):
        return set().union(*(_enums(each, components) for each in schema))
    if not isinstance(schema, dict):
        return set()
    if "$ref" in schema:
        return _enums(components[schema["$ref"].rsplit("/", 1)[1]], components)
    words = schema.get("enum", [schema["const"]] if "const" in schema else [])
    own = {tuple(sorted(each for each in words if each is not None))} if words else set()
    return own.union(*(_enums(each, components) for each in schema.values()))


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_reports_take_the_vendors_words(name: str) -> None:
    """Statistics, groups, timeframes, intervals, measurements, dimensions, sorts."""
    content = SPEC[name]["requestBody"]["content"]["application/vnd.api+json"]["schema"]
    components: Document = {}
    for each in ("reporting", "metrics"):
        components |= json.loads((SPECS / f"{each}.json").read_text())["components"]["schemas"]
    assert _enums(SCHEMAS[name], {}) == _enums(content, components)


def test_every_operation_of_the_table_is_served() -> None:
    """The table promises nothing that has no code."""
    assert set(HANDLERS) == set(OPERATIONS)
