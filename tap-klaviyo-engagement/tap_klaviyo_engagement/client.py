"""Streams of Klaviyo: a schema file, the operations read, and how far they have read."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

from klaviyo_client import ForbiddenError
from singer_outcomes.bookmark import Bookmark
from singer_outcomes.stream import PlainStream
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from klaviyo_client import Operation
    from singer_sdk.helpers.types import Context, Record

    from tap_klaviyo_engagement.run import Run
    from tap_klaviyo_engagement.tap import TapKlaviyoEngagement

_SCHEMAS = files("tap_klaviyo_engagement") / "schemas"


def declared(name: str) -> dict[str, Any]:
    """The schema file of a stream."""
    schema: dict[str, Any] = json.loads((_SCHEMAS / f"{name}.json").read_text("utf-8"))
    return schema


class KlaviyoStream(PlainStream):
    """Something of Klaviyo, read whole.

    A stream is given by `records`. Where the key lacks a scope for it, it is left out with one
    warning and the others go on.
    """

    STATE_MSG_FREQUENCY = 5000
    name: str
    operations: ClassVar[tuple[Operation, ...]]  # all that it cannot do without
    keys: ClassVar[tuple[str, ...]] = ("id",)
    changed_key: ClassVar[str | None] = None

    def __init__(self, tap: TapKlaviyoEngagement) -> None:
        self.klaviyo = tap
        self.primary_keys = self.keys
        super().__init__(tap, schema=declared(self.name))
        self.primary_keys = self.keys
        self.replication_key = self.changed_key
        self._columns = tuple(self.schema["properties"])

    @property
    def run(self) -> Run:
        """What the streams share; discovery alone needs none."""
        return self.klaviyo.run

    @classmethod
    def scopes(cls) -> tuple[str, ...]:
        """Scopes that the key needs for this stream."""
        return tuple(sorted({scope for each in cls.operations for scope in each.scopes}))

    def shows(self, column: str) -> bool:
        """Whether this column is in the schema and selected: else it costs no request."""
        return column in self._columns and self.mask["properties", column]

    def records(self) -> Iterator[Record]:
        """The records of this run, of plain JSON types."""
        raise NotImplementedError

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        if self.changed_key and self.run.early:
            self.log("start_date is still to come: stream '%s' reads nothing.", self.name, level=30)
            return
        try:
            yield from self.records()
        except ForbiddenError as exc:
            self.klaviyo.leave_out(self, exc)

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        """Exactly the schema's columns, each of them."""
        return {column: row.get(column) for column in self._columns}

    def save(self) -> None:
        """Put into the state what belongs there besides the bookmark itself."""

    @override
    def _write_state_message(self) -> None:
        """With what belongs into it besides the bookmark."""
        self.save()
        super()._write_state_message()

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """None: the SDK's is this machine's clock, bookmarks go by Klaviyo's."""


class ChangingStream(KlaviyoStream):
    """Something of Klaviyo, read from the last change on.

    `records` reads from `bookmark.since`; rows given before, inside the look-back, are not given
    again. Rows must come oldest change first, or `bookmark.hold` be used.
    """

    changed_key = "updated_at"

    @cached_property
    def bookmark(self) -> Bookmark:
        """How far this stream has read."""
        return self.mark(self.stream_state if self.replication_method == "INCREMENTAL" else {})

    def mark(self, state: dict[str, Any]) -> Bookmark:
        """A bookmark kept in this part of the state."""
        return Bookmark(
            state,
            lookback=timedelta(days=float(self.config["lookback_days"])),
            now=self.run.now,
            start=self.config.get("start_date"),
        )

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        for record in super().get_records(context):
            if not self.bookmark.met(*self.identity(record)):
                yield record

    def identity(self, record: Record) -> tuple[str, ...]:
        """What makes this record the same as one given before."""
        return (*(str(record[key]) for key in self.keys), str(record[self.changed_key or ""]))

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Move the bookmark by ours: the SDK's falls back, or runs ahead with a future date."""
        at = latest_record.get(self.changed_key or "")
        if at and self.replication_method == "INCREMENTAL":
            self.stream_state["replication_key"] = self.changed_key
            self.bookmark.reach(at)
            self.bookmark.meet(at, *self.identity(latest_record))

    @override
    def save(self) -> None:
        if self.replication_method == "INCREMENTAL":
            self.bookmark.save()
