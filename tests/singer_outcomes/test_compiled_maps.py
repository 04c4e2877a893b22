"""Compiled maps do what the SDK's maps do, for every record and every shipped map."""

from __future__ import annotations

import ast
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped import MELTANO, configured
from singer_outcomes.compiled_maps import transform_of
from singer_sdk.mapper import CustomStreamMap, PluginMapper, StreamMap

SHIPPED = [
    (definition.get("__source__", name), {name: definition})
    for loader in MELTANO["plugins"]["loaders"]
    for name, definition in configured(loader)["stream_maps"].items()
    if isinstance(definition, dict)
]
COLUMNS = ("a", "b", "c", "d", "fan id", "config")
TEXTS = st.sampled_from(["", "Klaviyo: x", "x", "confirmed", "1"]) | st.text(max_size=3)
VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
COMPOUND = VALUES | st.lists(TEXTS, max_size=2) | st.dictionaries(TEXTS, TEXTS, max_size=1)
EXPRESSIONS = (
    "a",
    "'text'",
    "a or b",
    "a and b and not c",
    "a == b",
    "a != 'x' and b in ['x', 'y', None]",
    "b not in a",
    "a is None",
    "a is 'x'",
    "a is not True",
    "record.pop('a')",
    "a < b < c",
    "'nevent:' + a",
    "a + b",
    "b if a else c",
    "(a or '').startswith('Klaviyo')",
    "a.strip().lower()",
    "missing",
    "self",
    "config",
    "record['a']",
    "_['fan id']",
    "str(a) + 'x'",
    "a * 2",
    "a[0]",
    "len(a)",
    "md5(a)",
    "f'{a}-{b}'",
    "[each for each in a]",
    "1",
    "-1",
    "True",
    "__stream_name__ + a",
)


def _maps(definitions: dict[str, Any], source: str, columns: set[str]) -> list[StreamMap]:
    mapper = PluginMapper(
        {"stream_maps": definitions, "stream_map_config": {"seed": "s"}}, logging.getLogger()
    )
    schema = {"type": "object", "properties": {name: {} for name in columns}}
    mapper.register_raw_stream_schema(source, schema, [])
    return mapper.stream_maps[source]


def _told(transform: Any, record: dict[str, Any]) -> tuple[str, Any]:
    try:
        result = transform(record)
    except Exception as error:  # noqa: BLE001  # whatever the SDK raises
        return type(error).__name__, str(error)
    return "result", None if result is None else list(result.items())


def _same(stream_map: StreamMap, record: dict[str, Any]) -> None:
    before = repr(record)
    assert _told(transform_of(stream_map), record) == _told(stream_map.transform, record.copy())
    assert repr(record) == before


@settings(deadline=None)  # a busy machine is no slow function
@given(
    record=st.dictionaries(st.sampled_from(COLUMNS), COMPOUND),
    columns=st.dictionaries(
        st.sampled_from([*COLUMNS, "new", "self"]), st.sampled_from(EXPRESSIONS)
    ),
    condition=st.sampled_from(EXPRESSIONS) | st.none(),
    rest=st.sampled_from([{}, {"__else__": None}]),
)
def test_a_map_gives_what_the_sdk_gives_or_raises(
    record: dict[str, Any], columns: dict[str, str], condition: str | None, rest: dict[str, None]
) -> None:
    """Values, their order, and errors, of plain and of other expressions."""
    definition: dict[str, Any] = {**columns, "c": None, "__key_properties__": [], **rest}
    if condition is not None:
        definition["__filter__"] = condition
    _same(_maps({"s": definition}, "s", set(COLUMNS))[0], record)


@pytest.mark.parametrize(("source", "definitions"), SHIPPED, ids=lambda each: str(each)[:40])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_each_shipped_map_gives_what_the_sdk_gives(
    source: str, definitions: dict[str, Any], data: st.DataObject
) -> None:
    """With its own columns, filled or not."""
    (definition,) = definitions.values()
    names = {each for each in definition if not each.startswith("__")}
    names |= {*definition["__key_properties__"]} if "__key_properties__" in definition else set()
    for expression in definition.values():
        if isinstance(expression, str) and expression != "__NULL__":
            tree = ast.walk(ast.parse(expression, mode="eval"))
            names |= {node.id for node in tree if isinstance(node, ast.Name)}
    record = data.draw(st.fixed_dictionaries(dict.fromkeys(sorted(names), VALUES)))
    _same(_maps(definitions, source, names)[-1], record)


@pytest.mark.filterwarnings("ignore::simpleeval.AssignmentAttempted")  # as the SDK tells it
@pytest.mark.parametrize(
    "definition", [{"__filter__": "a = 'x'"}, {"new": "a = 1"}, {"new": "del a"}, {"new": "a; b"}]
)
def test_what_is_no_expression_is_left_to_the_sdk(definition: dict[str, str]) -> None:
    """Whatever it makes of it."""
    _same(_maps({"s": definition}, "s", {"a", "b"})[0], {"a": "x", "b": "y"})


def test_a_record_without_a_map_is_copied() -> None:
    """Sinks change what they are given; the reject shows what came."""
    record = {"a": 1}
    transform = transform_of(_maps({}, "s", {"a"})[0])
    assert transform(record) == record
    assert transform(record) is not record


def test_the_sdk_keeps_its_maps_where_they_are_read_from() -> None:
    """Elsewhere maps would be slow, not wrong: they would go through the SDK's own evaluator."""
    stream_map = _maps({"s": {"a": "b", "__filter__": "a"}}, "s", {"a", "b"})[0]
    assert isinstance(stream_map, CustomStreamMap)
    stream_map.expr_evaluator.names = {}
    assert transform_of(stream_map)({"a": 1, "b": 2}) == {"a": 2, "b": 2}
    assert stream_map.expr_evaluator.names == {}  # nobody asked it
