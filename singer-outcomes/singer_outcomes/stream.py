"""The base of a tap's streams: records that nothing changes on their way leave at once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.streams import Stream
from typing_extensions import override

from singer_outcomes.writer import FastWriter

if TYPE_CHECKING:
    from singer_sdk.helpers.types import Record


class PlainStream(Stream):
    """A stream of plain JSON records, without children or partitions (singer-sdk 0.54).

    The SDK asks of each column of each record whether it is selected, and makes a message of each
    record: four times the cost of writing it. Here that is settled once a stream; where a map or a
    selection inside of an object is in the way, the SDK's own path is taken. Both write the same,
    but for `time_extracted`, which here is at most a tenth of a second old.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    @cached_property
    def deselected(self) -> tuple[str, ...] | None:
        """Columns to leave out of a record, and nothing else to do; None where there is more."""
        first, *further = self.stream_maps
        out = {place for place, chosen in self.mask.items() if not chosen}
        columns = {place for place in out if len(place) == len(("properties", "a column"))}
        unchanged = (
            type(first) is SameRecordTransform
            and not first.flattening_enabled
            and not further
            and out == columns
        )
        return tuple(column for _, column in columns) if unchanged else None

    @property
    def singly(self) -> bool:
        """Whether the SDK has to see each record: in a dry run, and where it writes them to files.

        Then `get_records` yields them, instead of calling `write_records`.
        """
        return (
            self.ABORT_AT_RECORD_COUNT is not None or self.get_batch_config(self.config) is not None
        )

    @override
    def _write_record_message(self, record: Record) -> None:
        writer = self._tap.message_writer
        if self.deselected is None or not isinstance(writer, FastWriter):
            super()._write_record_message(record)
            return
        for column in self.deselected:
            record.pop(column, None)
        writer.write_record(self.stream_maps[0].stream_alias, record, self._stream_version)
        self.state_manager.is_flushed = False

    def write_records(self, records: list[Record]) -> None:
        """Write these, as what `get_records` yields is written, but all at once.

        Whoever calls it counts them and keeps the state; `get_records` then yields none of them.
        """
        writer = self._tap.message_writer
        if self.deselected is None or not isinstance(writer, FastWriter):
            for each in records:
                super()._write_record_message(each)
            return
        for column in self.deselected:
            for each in records:
                each.pop(column, None)
        writer.write_records(self.stream_maps[0].stream_alias, records, self._stream_version)
        self.state_manager.is_flushed = False

    @override
    def _process_record(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: it is called for each record, to start the children's streams."""

    @override
    def _write_state_message(self) -> None:
        """The SDK's, which leaves out a STATE like the last; what waits for it is written too."""
        super()._write_state_message()
        if isinstance(self._tap.message_writer, FastWriter):
            self._tap.message_writer.flush()
