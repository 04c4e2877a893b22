"""Stream maps read before any record: do they name columns that exist, and which do they rename?"""

from __future__ import annotations

import ast
import fnmatch
from typing import TYPE_CHECKING, Any

import simpleeval
from singer_sdk.exceptions import MapExpressionError, StreamMapConfigError
from singer_sdk.mapper import CustomStreamMap

from singer_outcomes.rejects import RejectedError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from singer_sdk.mapper import StreamMap

IDENTIFIERS = frozenset({"email", "phone_number", "external_id"})

# What an expression of the user's may raise on a row it was not written for (None + 'x', 1 / 0,
# a missing key); simpleeval lets these through as they are.
ROW_ERRORS = (
    MapExpressionError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)

# What the SDK adds to the names of an expression (singer_sdk/mapper.py, CustomStreamMap._eval).
_GIVEN = frozenset(
    {"_", "record", "config", "self", "fake", "__stream_name__", "__original_stream_name__"}
    | {"md5", "sha256", "datetime", "bool", "json", "True", "False", "None"}
    | set(simpleeval.DEFAULT_FUNCTIONS)
)


def nested(stream_maps: Mapping[str, Any]) -> dict[str, Any]:
    """Maps with a mapping for each stream, from `fans.city` as Meltano's environment has them."""
    made: dict[str, Any] = {}
    for name, definition in stream_maps.items():
        stream, _, column = name.rpartition(".")
        if isinstance(definition, dict):
            made.setdefault(name, {}).update(definition)
        elif stream:
            made.setdefault(stream, {})[column] = definition
        else:
            made[name] = definition
    return made


def check_names(stream_maps: Mapping[str, Any], stream_name: str, columns: Collection[str]) -> None:
    """Refuse a map of this stream that names a column which the stream does not have.

    And one that is no expression: of `status = 'paid'` as a filter the SDK would let all pass.

    Raises:
        StreamMapConfigError: naming the map, the column and those that exist.
    """
    for name, definition in stream_maps.items():
        if not isinstance(definition, dict):
            continue
        if not fnmatch.fnmatch(stream_name, definition.get("__source__", name)):
            continue
        for column, expression in definition.items():
            if column.startswith("__") and column != "__filter__":
                continue
            told = f"'{name}: {column}: {expression}'"
            try:
                unknown = _names(expression) - _GIVEN - set(columns)
            except SyntaxError as error:
                raise StreamMapConfigError(
                    f"The map {told} is no expression ({error.msg}). Correct it in stream_maps; "
                    "values are compared by ==."
                ) from None
            if unknown:
                raise StreamMapConfigError(
                    f"The map {told} names "
                    f"{', '.join(repr(each) for each in sorted(unknown))}, which the stream "
                    f"'{stream_name}' does not have. Correct the map in stream_maps; "
                    f"the columns are: {', '.join(sorted(columns))}."
                )


def check_streams(stream_maps: Mapping[str, Any], streams: Collection[str]) -> None:
    """Refuse a map of a stream that a tap does not have: what it should hide would go out.

    Raises:
        StreamMapConfigError: naming the stream and those that exist.
    """
    for name, definition in stream_maps.items():
        of = definition.get("__source__", name) if isinstance(definition, dict) else name
        if not of.startswith("__") and not fnmatch.filter(streams, of):
            raise StreamMapConfigError(
                f"stream_maps has a map of '{of}', which is no stream of this tap. Correct its "
                f"name; the streams are: {', '.join(sorted(streams))}."
            )


def with_renames(
    stream_maps: Mapping[str, Any],
    stream_name: str,
    columns: Collection[str],
    keys: Collection[str],
) -> dict[str, Any]:
    """The maps, with each column that a line only renames taken out under its old name.

    `acquisition_source: origen_fan` is then one line, and the value arrives under the new name
    only; `origen_fan: origen_fan` beside it keeps both. Identifiers are never taken out, nor keys
    that `__key_properties__` does not replace.
    """
    renamed = dict(stream_maps)
    for name, definition in stream_maps.items():
        if not isinstance(definition, dict):
            continue
        if not fnmatch.fnmatch(stream_name, definition.get("__source__", name)):
            continue
        kept = {*IDENTIFIERS, *(definition.get("__key_properties__", keys) or ())}
        sources = {
            expression
            for column, expression in definition.items()
            if not column.startswith("__") and isinstance(expression, str) and expression in columns
        }
        dropped = sources - kept - set(definition)
        renamed[name] = {**definition, **dict.fromkeys(sorted(dropped))}
    return renamed


def failure(stream_map: StreamMap, error: Exception) -> RejectedError:
    """Name the expression that failed, and how, without the values that it failed on."""
    if not isinstance(stream_map, CustomStreamMap):
        raise error
    cause = error.__cause__ or error
    expression = getattr(stream_map.expr_evaluator, "expr", "")  # simpleeval keeps the last one
    return RejectedError(f"map: {type(cause).__name__} in the expression {expression!r}")


def _names(expression: Any) -> set[str]:
    """Names an expression reads; none where it is none (null, `__NULL__`).

    Raises:
        SyntaxError: it is a statement, or no Python at all.
    """
    if not isinstance(expression, str) or expression == "__NULL__":
        return set()
    tree = ast.parse(expression.strip(), mode="eval")
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
    return {node.id for node in nodes if isinstance(node.ctx, ast.Load)} - bound
