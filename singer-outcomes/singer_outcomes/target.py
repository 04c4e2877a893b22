"""A Singer target that knows the fate of every record.

What the SDK's own target lacks (singer-sdk 0.54): a rejected record that does not end the run, a
STATE that waits for the records before it, and an orderly end on a signal. The underscore methods
overridden here are the SDK's; `tests/singer_outcomes` fails when they change under us.
"""

from __future__ import annotations

import abc
import sys
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.exceptions import (
    FatalSyncError,
    MapExpressionError,
    RecordsWithoutSchemaException,
    StreamMapConfigError,
)
from singer_sdk.mapper import CustomStreamMap, RemoveRecordTransform
from singer_sdk.singerlib.exceptions import InvalidInputLine
from typing_extensions import override

from singer_outcomes.ledger import Ledger
from singer_outcomes.maps import check_names, with_renames
from singer_outcomes.process import OrderlyTarget
from singer_outcomes.progress import Progress
from singer_outcomes.rejects import Reject, RejectedError, RejectsFile, record_hash
from singer_outcomes.sink import OutcomeSink, Record, WithheldError
from singer_outcomes.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk.mapper import StreamMap
    from singer_sdk.sinks import Sink

# What an expression of the user's may raise on a row it was not written for (None + 'x', 1 / 0,
# a missing key); simpleeval lets these through as they are.
_MAP_ERRORS = (
    MapExpressionError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


class OutcomeTarget(OrderlyTarget):
    """Settles every record: written, accepted, or rejected with its reason.

    A subclass names its kinds of stream, and sends in the background what its sinks queue.
    A stream's kind is its name up to the first `__`: `profiles`, `profiles__activity`.
    """

    kinds: ClassVar[Mapping[str, type[OutcomeSink]]]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ledger = Ledger(self._write_state_message)
        self.summary = Summary()
        self.rejects = RejectsFile(
            self.config["rejects_path"],
            run=uuid.uuid4().hex[:12],
            store_records=self.config["store_rejected_records"],
        )
        self.progress = Progress(self.summary, self.logger, share=self.message_reader.share)
        self._sources: dict[str, tuple[str, int]] = {}  # alias -> source stream, which map of it
        self._closed = False

    # What a subclass does.

    @abc.abstractmethod
    def check(self) -> None:
        """Raise what failed in the background; called after each message."""

    @abc.abstractmethod
    def expire(self) -> None:
        """The grace period after a signal is over: let go of every wait. Any thread may call."""

    @abc.abstractmethod
    def stop(self) -> None:
        """End what runs in the background; what is not settled by now comes with the next run."""

    def details(self) -> Record:
        """More for the summary, such as requests and seconds waited for limits."""
        return {}

    # The input.

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
        self.progress.start()
        self._assert_line_requires(message_dict, {"stream", "schema"})
        self.message_reader.assert_object(message_dict["schema"], "schema")
        self._assert_line_requires(message_dict["schema"], {"properties"})
        name, schema = message_dict["stream"], message_dict["schema"]
        keys = message_dict.get("key_properties")
        known = self.mapper.stream_maps.get(name)
        if known and known[0].raw_schema == schema and known[0].raw_key_properties == keys:
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
        stream_maps = self.mapper.stream_maps.get(name)
        if stream_maps is None:
            raise RecordsWithoutSchemaException(
                f"Line {self.message_reader.line_number} is a record of '{name}', whose SCHEMA "
                "has not come. The tap must send it first."
            )
        record = message_dict["record"]
        self.message_reader.assert_object(record, "record")
        keys = stream_maps[-1].raw_key_properties or ()  # a first map that removes has none
        parts = [record.get(name) for name in keys]
        key = "" if None in parts or "" in parts else "|".join(map(str, parts))
        for stream_map in stream_maps:
            if not isinstance(stream_map, RemoveRecordTransform):
                self._take(stream_map, record, key=key)
        self.check()

    def _take(self, stream_map: StreamMap, record: Record, *, key: str) -> None:
        """One record through one map to its sink; whatever is wrong with it is an outcome."""
        sink = self._sinks_active[stream_map.stream_alias]
        assert isinstance(sink, OutcomeSink)  # noqa: S101  # get_sink_class gives no other
        self.summary.count(sink.stream_name, "read")
        sink.record_counter_metric.increment()
        try:
            # The maps copy what they change; only the untouched record needs a copy of its own.
            mapped = stream_map.transform(record.copy())
        except _MAP_ERRORS as error:
            self.reject(sink, _map_failure(stream_map, error), key=key, record=record)
            return
        if mapped is None:
            self.summary.count(sink.stream_name, "filtered")
            return
        try:
            sink.accept(mapped, key=key)
        except RejectedError as rejected:
            self.reject(sink, rejected, key=key, record=record)
        except WithheldError as withheld:
            self.summary.withhold(sink.stream_name, withheld.reason)

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
        self.check()

    @override
    def _write_state_message(self, state: Record) -> None:
        with self.progress.beside():
            super()._write_state_message(state)

    @override
    def _process_activate_version_message(self, message_dict: Record) -> None:
        """Nothing to activate: people and events are updated in place."""

    # Outcomes.

    def reject(
        self,
        sink: OutcomeSink,
        error: RejectedError,
        *,
        key: str,
        record: Record | None = None,
        payload: Any = None,
        identity: str | None = None,
    ) -> None:
        """Note one record as rejected, with itself or with the payload that was refused.

        Args:
            sink: of its stream.
            error: why.
            key: what its source calls it.
            record: as it was read, where it never became a request.
            payload: what was sent, where the vendor refused it.
            identity: hash of what was sent; else of the record or payload itself.
        """
        content = {"payload": payload} if record is None else {"record": record}
        line: Reject = {
            "stream": sink.stream_name,
            "key": key,
            "hash": identity or record_hash(payload if record is None else record),
            "reason": error.reason,
            "column": error.column,
            "pointer": error.pointer,
        }
        line.update(content)  # type: ignore[typeddict-item]
        self.rejects.write(line, at=datetime.now(tz=UTC))
        self.summary.reject(sink.stream_name, error.reason)

    def too_many_rejects(self) -> list[str]:
        """Streams with more rejects than allowed."""
        number, sign, _ = str(self.config["max_rejects"]).partition("%")
        return [
            stream
            for stream, fates in self.summary.fates.items()
            if fates["rejected"]
            > (max(10, int(number) * fates["read"] / 100) if sign else int(number))
        ]

    # The end.

    @override
    def process_endofpipe(self) -> None:
        self.finish()
        if not self.signal and self.ledger.open:
            raise FatalSyncError("Some records have no fate: the state stays before them.")
        self.close()
        if self.signal:
            sys.exit(128 + self.signal)
        if streams := self.too_many_rejects():
            self.logger.error(
                "Too many rejects in %s (see max_rejects). The state is out and everything else "
                "was loaded; read the reasons in %s, correct the records or the maps, and replay.",
                ", ".join(streams),
                self.rejects.path,
            )
            sys.exit(1)

    def close(self) -> None:
        """Stop what runs in the background and tell what happened; also after an error."""
        if self._closed:
            return
        self._closed = True
        self.stop()
        self.cancel_grace()
        for sink in (*self._sinks_to_clear, *self._sinks_active.values()):
            sink.clean_up()
        self.rejects.close()
        self.progress.stop()
        details = self.details()
        if self.rejects.count:
            details["rejects_file"] = str(self.rejects.path)
        self.summary.log(self.logger, **details)


def _map_failure(stream_map: StreamMap, error: Exception) -> RejectedError:
    """Name the expression that failed, and how, without the values that it failed on."""
    if not isinstance(stream_map, CustomStreamMap):
        raise error
    cause = error.__cause__ or error
    expression = getattr(stream_map.expr_evaluator, "expr", "")  # simpleeval keeps the last one
    return RejectedError(f"map: {type(cause).__name__} in the expression {expression!r}")
