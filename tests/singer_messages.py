"""Singer messages as a tap writes them, and what loading them left."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_outcomes.rejects import Reject

Message = dict[str, Any]


def schema(stream: str, *columns: str, keys: tuple[str, ...] = ("email",)) -> Message:
    """A SCHEMA whose columns hold anything."""
    properties: Message = {column: {} for column in columns}
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": properties},
        "key_properties": list(keys),
    }


def record(stream: str, **values: Any) -> Message:
    """A RECORD."""
    return {"type": "RECORD", "stream": stream, "record": values}


def state(value: Any) -> Message:
    """A STATE."""
    return {"type": "STATE", "value": value}


def singer(messages: Iterable[Message]) -> bytes:
    """Messages as a tap writes them."""
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


class Run(NamedTuple):
    """What a run left: states told, rejects, and its counts."""

    states: list[Any]
    rejects: list[Reject]
    summary: Message
