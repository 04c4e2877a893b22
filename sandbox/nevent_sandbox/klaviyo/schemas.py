"""Parts of strict JSON Schemas for bodies."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": ["string", "null"]}
FLAG: Schema = {"type": ["boolean", "null"]}
ANYTHING: Schema = {"type": ["object", "null"]}


def sealed(required: str = "", /, **properties: Schema) -> Schema:
    """An object without other keys; `__` in a name stands for a hyphen."""
    return {
        "type": "object",
        "properties": {name.replace("__", "-"): each for name, each in properties.items()},
        "required": required.split(),
        "additionalProperties": False,
    }


def data(schema: Schema) -> Schema:
    """An object with nothing but `data`."""
    return sealed("data", data=schema)


def typed(kind: str, required: str, **members: Schema) -> Schema:
    """A resource of one type."""
    return sealed(f"type {required}", type={"const": kind}, **members)


def identified(kind: str, most: int | None = None) -> Schema:
    """An array of references to resources."""
    items = typed(kind, "id", id={"type": "string"})
    return {"type": "array", "items": items} | ({"maxItems": most} if most else {})
