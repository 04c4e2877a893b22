"""The SDK as it comes: its reader, writer and validator, around a tap and a sink that do nothing.

`plain.py tap RECORDED` tells a recorded stream, `plain.py target CONFIG` takes one. What they
need is what our plugins would need if they used the SDK's defaults alone.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from singer_sdk import Sink, Stream, Tap, Target
from singer_sdk.sinks import BatchSink
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record


class IdleSink(BatchSink):
    """Takes batches of as many as Klaviyo does, and drops them."""

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        """Nothing is sent."""


class PlainTarget(Target):
    """The SDK's target."""

    name = "target-plain"
    config_jsonschema: ClassVar[dict[str, Any]] = {"type": "object", "properties": {}}
    default_sink_class: type[Sink] = IdleSink


class RecordedStream(Stream):
    """What was recorded of one stream, told again."""

    def __init__(self, tap: Tap, schema: dict[str, Any]) -> None:
        super().__init__(tap, schema=schema["schema"], name=schema["stream"])
        self.primary_keys = tuple(schema["key_properties"])

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        for message in _messages(self.config["recorded"]):
            if message["type"] == "RECORD" and message["stream"] == self.name:
                yield message["record"]


class PlainTap(Tap):
    """The SDK's tap."""

    name = "tap-plain"
    config_jsonschema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {"recorded": {"type": "string"}},
    }

    @override
    def discover_streams(self) -> list[RecordedStream]:
        found = _messages(self.config["recorded"])
        schemas = {each["stream"]: each for each in found if each["type"] == "SCHEMA"}
        return [RecordedStream(self, each) for each in schemas.values()]


def _messages(path: str) -> Iterator[dict[str, Any]]:
    with Path(path).open("rb") as lines:
        yield from map(msgspec.json.decode, lines)


def main() -> None:
    """Be the one or the other."""
    kind, path = sys.argv[1:]
    if kind == "tap":
        PlainTap(config={"recorded": path}).sync_all()
    else:
        config = msgspec.json.decode(Path(path).read_bytes())
        PlainTarget(config={"stream_maps": config["stream_maps"]}).listen()


if __name__ == "__main__":
    main()
