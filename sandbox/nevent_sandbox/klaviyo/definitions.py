"""Definitions of segments and flows: checked whole before they are kept."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from nevent_sandbox.klaviyo.conditions import SEGMENT_DEFINITION
from nevent_sandbox.klaviyo.flow_definition import FLOW_DEFINITION
from nevent_sandbox.klaviyo.identifiers import short_id

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from nevent_sandbox.klaviyo.errors import Document

_SHAPES = {
    "segment": jsonschema_rs.validator_for(SEGMENT_DEFINITION, validate_formats=True),
    "flow": jsonschema_rs.validator_for(FLOW_DEFINITION, validate_formats=True),
}
_LINKS = frozenset({"next", "next_if_true", "next_if_false", "entry_action_id"})
# Where definitions name what must exist: the key, and the tables that have it.
_NAMED = {
    "metric_id": ("metrics",),
    "conversion_metric_id": ("metrics",),
    "list_id": ("lists",),
    "group_ids": ("lists", "segments"),
}
_TRIGGERED_BY = {"metric": ("metrics",), "list": ("lists",), "segment": ("segments",)}


class DefinitionError(ValueError):
    """A definition that Klaviyo would refuse; whoever put it there must mend it."""


def check_segment(db: sqlite3.Connection, definition: Document) -> None:
    """Ask for a segment's definition as Klaviyo takes it.

    Raises:
        DefinitionError: its shape is wrong, or a metric or group that it names does not exist.
    """
    _check_shape("segment", definition)
    _check_names(db, definition)


def check_flow(db: sqlite3.Connection, definition: Document) -> None:
    """Ask for a flow's definition as Klaviyo takes it when the flow is created.

    Raises:
        DefinitionError: its shape is wrong, what it names does not exist, or its actions do not
            hang together.
    """
    _check_shape("flow", definition)
    _check_names(db, definition)
    for trigger in definition["triggers"]:
        for table in _TRIGGERED_BY.get(trigger["type"], ()):
            _check_known(db, (table,), trigger.get("id"))
    _check_graph(definition)


def renamed(value: Any, ids: dict[str, str]) -> Any:
    """The definition of a created flow: `id` in the place of each `temporary_id`."""
    if isinstance(value, list):
        return [renamed(each, ids) for each in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for name, each in value.items():
        if name == "temporary_id":
            made["id"] = ids[each]
        elif name in _LINKS and isinstance(each, str):
            made[name] = ids[each]
        else:
            made[name] = renamed(each, ids)
    return made


def numbered(definition: Document) -> Document:
    """The definition with an `id` in each message, wherever one stands."""
    for name, message in _members(definition):
        if name == "message" and isinstance(message, dict):
            message.setdefault("id", short_id(6))
    return definition


def temporary_ids(definition: Document) -> list[str]:
    """The names that the actions call each other by, those inside of experiments included."""
    return [value for name, value in _members(definition["actions"]) if name == "temporary_id"]


def _check_shape(kind: str, definition: Document) -> None:
    for error in _SHAPES[kind].iter_errors(definition):
        place = "/".join(map(str, error.instance_path))
        raise DefinitionError(f"{kind} definition at /{place}: {error.message}")


def _check_names(db: sqlite3.Connection, definition: Document) -> None:
    for name, value in _members(definition):
        for each in value if isinstance(value, list) else [value]:
            _check_known(db, _NAMED.get(name, ()), each)


def _check_known(db: sqlite3.Connection, tables: tuple[str, ...], identifier: str | None) -> None:
    if not tables or identifier is None:
        return
    for table in tables:
        sql = f"SELECT 1 FROM {table} WHERE id = ?"  # noqa: S608  # our own names
        if db.execute(sql, (identifier,)).fetchone():
            return
    raise DefinitionError(f"{identifier} is none of the account's {' or '.join(tables)}.")


def _check_graph(definition: Document) -> None:
    counted = Counter(temporary_ids(definition))
    if any(number > 1 for number in counted.values()):
        raise DefinitionError("Two actions have the same temporary_id.")
    if any(not action.get("temporary_id") for action in definition["actions"]):
        raise DefinitionError("An action has no temporary_id.")
    if any("id" in action for action in definition["actions"]):
        raise DefinitionError("An action of a new flow may not have an id.")
    if (definition["entry_action_id"] is None) == bool(definition["actions"]):
        raise DefinitionError("entry_action_id names the first action, where there is one.")
    for name, value in _members(definition):
        if name in _LINKS and value is not None and value not in counted:
            raise DefinitionError(f"{name} is {value}, which is no action's temporary_id.")


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key of every object, with its value."""
    if isinstance(value, list):
        for each in value:
            yield from _members(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name, each
            yield from _members(each)
