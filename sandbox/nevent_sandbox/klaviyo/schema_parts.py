"""Pieces that strict JSON Schemas are put together from."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
FLAG: Schema = {"type": "boolean"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
CLOCK: Schema = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"}
OBJECT_OR_NULL: Schema = {"type": ["object", "null"]}
NULL: Schema = {"type": "null"}


def sealed(required: str = "", /, **properties: Schema) -> Schema:
    """An object that has these keys and no others; `a__b` stands for the key `a-b`."""
    return {
        "type": "object",
        "properties": {name.replace("__", "-"): each for name, each in properties.items()},
        "required": required.split(),
        "additionalProperties": False,
    }


def whole(**properties: Schema) -> Schema:
    """An object that has exactly these keys."""
    return sealed(" ".join(properties), **properties)


def words(names: str) -> Schema:
    """One of these words."""
    return {"enum": names.split()}


def either(*schemas: Schema) -> Schema:
    """Any of these."""
    return {"anyOf": list(schemas)}


def maybe(schema: Schema) -> Schema:
    """This, or null."""
    return either(schema, NULL)


def several(*schemas: Schema) -> Schema:
    """A list, each item of which is one of these."""
    return {"type": "array", "items": schemas[0] if len(schemas) == 1 else either(*schemas)}


def each(schema: Schema, names: str) -> dict[str, Schema]:
    """The same for all of these keys."""
    return dict.fromkeys(names.split(), schema)


def groups(*conditions: Schema) -> Schema:
    """Condition groups, all of which must hold; of the conditions in a group, one."""
    return whole(condition_groups=several(whole(conditions=several(*conditions))))
