"""The SDK's messages through stream maps into sinks: what the SDK does not do with them.

The underscore methods overridden here are the SDK's; `tests/singer_outcomes` fails when they
change under us.
"""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from singer_sdk.exceptions import RecordsWithoutSchemaException, StreamMapConfigError
from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.singerlib.exceptions import InvalidInputLine
from typing_extensions import override

from singer_outcomes.compiled_maps import transform_of
from singer_outcomes.ledger import Ledger
from singer_outcomes.maps import ROW_ERRORS, check_names, failure, with_renames
from singer_outcomes.process import OrderlyTarget
from singer_outcomes.progress import Progress
from singer_outcomes.rejects import RejectedError
from singer_outcomes.sink import OutcomeSink, WithheldError
from singer_outcomes.summary import Summary

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping, Sequence

    from singer_sdk.mapper import StreamMap
    from singer_sdk.sinks import Sink

Record = dict[str, Any]


class Route(NamedTuple):
    """One map of one source, with the sink that it leads to and the counts of its stream."""

    stream_map: StreamMap
    transform: Callable[[Record], Record | None]
    sink: OutcomeSink
    counts: Counter[str]


class MappedTarget(OrderlyTarget, abc.ABC):
    """Takes each message to its sinks; a record that does not fit is an outcome, not an error.

    A subclass names its kinds of stream. A stream's kind is its name up to the first `__`:
    `profiles`, `profiles__activity`.
    """

    kinds: ClassVar[Mapping[str, type[OutcomeSink]]]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ledger = Ledger(self._write_state_message)
        self.summary = Summary()
        self.progress = Progress(self.summary, self.logger, share=self.message_reader.share)
        self._sources: dict[str, tuple[str, int]] = {}  # alias -> source stream, which map of it
        self._schemas: dict[str, tuple[Record, Sequence[str]]] = {}  # of sources, as they came
        self._routes: dict[str, list[Route]] = {}  # of sources

    @abc.abstractmethod
    def begin(self) -> None:
        """The first message with content has come; called before each SCHEMA."""

    @abc.abstractmethod
    def check(self) -> None:
        """Raise what failed in the background; called after each message."""

    @abc.abstractmethod
    def reject(
        self, sink: OutcomeSink, error: RejectedError, *, key: str, record: Record | None = None
    ) -> None:
        """Note one record as rejected."""

    @abc.abstractmethod
    def before_state(self) -> None:
        """A STATE is about to be told: whatever it vouches for must be on disk."""

    def take_schema(self, message: Record) -> None:
        """Make the maps and sinks of a source; the same SCHEMA again changes nothing."""
        self._process_schema_message(message)

    def sink_of(self, stream: str) -> OutcomeSink:
        """The sink of a stream; where no SCHEMA came, one that validates nothing."""
        sink = self._sinks_active.get(stream) or self.get_sink(
            stream, schema={"type": "object", "properties": {}}, key_properties=[]
        )
        assert isinstance(sink, OutcomeSink)  # noqa: S101  # get_sink_class gives no other
        return sink

    def routes_of(self, source: str) -> list[Route]:
        """The ways of a source's records, made when the first of them comes."""
        routes = self._routes.get(source)
        if routes is None:
            routes = self._routes[source] = [
                Route(each, transform_of(each), sink, self.summary.reading(sink.stream_name))
                for each in self.mapper.stream_maps[source]
                if not isinstance(each, RemoveRecordTransform)
                for sink in [self.sink_of(each.stream_alias)]
            ]
        return routes

    def source_of(self, stream: str) -> str | None:
        """The tap's name of a stream, before maps; None where it has not come in this run."""
        return self._sources[stream][0] if stream in self._sources else None

    @override
    def get_sink_class(self, stream_name: str) -> type[Sink]:
        kind = stream_name.partition("__")[0]
        if kind not in self.kinds:
            raise StreamMapConfigError(
                f"'{stream_name}' is no kind of stream that {self.name} loads. Give it one in "
                f"stream_maps ('{stream_name}: {{__alias__: {next(iter(self.kinds))}}}') or leave "
                f"it out ('{stream_name}: __NULL__'). Kinds: {', '.join(sorted(self.kinds))}; "
                "more text may follow after two underscores."
            )
        return self.kinds[kind]

    @override
    def _process_schema_message(self, message_dict: Record) -> None:
        self.begin()
        self._assert_line_requires(message_dict, {"stream", "schema"})
        self.message_reader.assert_object(message_dict["schema"], "schema")
        self._assert_line_requires(message_dict["schema"], {"properties"})
        name, schema = message_dict["stream"], message_dict["schema"]
        keys = message_dict.get("key_properties")
        if self._schemas.get(name) == (schema, keys or ()):
            return
        stream_maps = self.config.get("stream_maps") or {}
        check_names(stream_maps, name, schema["properties"])
        self.mapper.stream_maps_dict = with_renames(
            {key: each for key, each in stream_maps.items() if key != "__else__"},
            name,
            schema["properties"],
            keys or (),
        )
        self.mapper.register_raw_stream_schema(name, schema, keys)
        self._schemas[name] = (schema, keys or ())
        self._routes.pop(name, None)
        for position, stream_map in enumerate(self.mapper.stream_maps[name]):
            if isinstance(stream_map, RemoveRecordTransform):
                continue
            self._claim(stream_map.stream_alias, source=name, position=position)
            self.get_sink(
                stream_map.stream_alias,
                schema=stream_map.transformed_schema,
                key_properties=stream_map.transformed_key_properties,
            )

    def _claim(self, alias: str, *, source: str, position: int) -> None:
        """One map of one source a name: with two, each record would meet the other's validator."""
        owner, place = self._sources.setdefault(alias, (source, position))
        if (owner, place) != (source, position):
            raise StreamMapConfigError(
                f"The streams '{owner}' and '{source}' both arrive as '{alias}'. Give one of them "
                f"a name of its own in stream_maps: '{source}: {{__alias__: {alias}__{source}}}'."
            )

    @override
    def _process_record_message(self, message_dict: Record) -> None:
        if "stream" not in message_dict or "record" not in message_dict:
            self._assert_line_requires(message_dict, {"stream", "record"})
        name = message_dict["stream"]
        routes = self._routes.get(name)
        if routes is None:
            if name not in self.mapper.stream_maps:
                raise RecordsWithoutSchemaException(
                    f"Line {self.message_reader.line_number} is a record of '{name}', whose "
                    "SCHEMA has not come. The tap must send it first."
                )
            routes = self.routes_of(name)
        record = message_dict["record"]
        if type(record) is not dict:
            self.message_reader.assert_object(record, "record")
        if routes:
            key = _key(record, routes[0].stream_map.raw_key_properties or ())
            for route in routes:
                self.carry(route, record, key=key)
        self.check()

    def carry(self, route: Route, record: Record, *, key: str) -> bool:
        """One record through one map to its sink; whatever is wrong with it is an outcome.

        Returns:
            False where the map left it out.
        """
        sink = route.sink
        route.counts["read"] += 1
        try:
            mapped = route.transform(record)
        except ROW_ERRORS as error:
            self.reject(sink, failure(route.stream_map, error), key=key, record=record)
            return True
        if mapped is None:
            route.counts["filtered"] += 1
            return False
        try:
            sink.accept(mapped, key=key)
        except RejectedError as rejected:
            self.reject(sink, rejected, key=key, record=record)
        except WithheldError as withheld:
            self.summary.withhold(sink.stream_name, withheld.reason)
        return True

    @override
    def _process_batch_message(self, message_dict: Record) -> None:
        """Refused: the SDK would read the files past the ledger."""
        raise InvalidInputLine(
            f"Line {self.message_reader.line_number} is a BATCH message. Set the tap to write "
            "RECORD messages (remove its batch_config)."
        )

    @override
    def _process_state_message(self, message_dict: Record) -> None:
        """No super: the SDK would emit this state over records whose fate is not known."""
        self._assert_line_requires(message_dict, {"value"})
        self.ledger.state(message_dict["value"])
        for sink in self._sinks_active.values():
            assert isinstance(sink, OutcomeSink)  # noqa: S101  # get_sink_class gives no other
            sink.tell_read()
        self.check()

    @override
    def _write_state_message(self, state: Record) -> None:
        self.before_state()
        with self.progress.beside():
            super()._write_state_message(state)

    @override
    def _process_activate_version_message(self, message_dict: Record) -> None:
        """Nothing to activate: people and events are updated in place."""


def _key(record: Record, columns: Sequence[str]) -> str:
    """What the source calls a record; "" where it does not say."""
    if len(columns) == 1:
        value = record.get(columns[0])
        return "" if value is None else str(value)
    parts = [record.get(each) for each in columns]
    return "" if None in parts or "" in parts else "|".join(map(str, parts))
