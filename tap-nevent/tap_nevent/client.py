"""Streams of Nevent: a schema file, an operation, and how far they have read."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cached_property
from importlib.resources import files
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar

from nevent_client.errors import AddressError, NotServedError
from nevent_client.paging import chunked
from nevent_client.rows import shaper
from singer_outcomes.stream import PlainStream
from typing_extensions import override

from tap_nevent import groups
from tap_nevent.bookmark import Bookmark
from tap_nevent.people import identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nevent_client.changes import Batch
    from nevent_client.errors import NeventError
    from nevent_client.rows import Row
    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.metrics import Counter

    from tap_nevent.run import Run
    from tap_nevent.tap import TapNevent

_BLOCK = 500  # records written together
_SCHEMAS = files("tap_nevent") / "schemas"


def declared(name: str) -> dict[str, Any]:
    """The schema file of a stream."""
    schema: dict[str, Any] = json.loads((_SCHEMAS / f"{name}.json").read_text("utf-8"))
    return schema


class NeventStream(PlainStream):
    """A list of Nevent, read whole."""

    STATE_MSG_FREQUENCY = 20_000  # a second's worth: the state may hold megabytes of segments
    name: str
    operation: ClassVar[str]
    keys: ClassVar[tuple[str, ...]] = ("id",)
    changed_key: ClassVar[str | None] = None

    def __init__(self, tap: TapNevent) -> None:
        self.run: Run = tap.run
        self.primary_keys = self.keys
        schema = groups.schema(self.name, self.whole_schema(), self.run.groups)
        super().__init__(tap, schema=schema or {"type": "object", "properties": {}})
        self.primary_keys = self.keys
        self.replication_key = self.changed_key
        self._columns = tuple(self.schema["properties"])

    def whole_schema(self) -> dict[str, Any]:
        """The schema with every group on."""
        return declared(self.name)

    def shows(self, column: str) -> bool:
        """Whether this column is in the schema and selected: else it costs no request."""
        return column in self._columns and self.mask["properties", column]

    @cached_property
    def shape(self) -> Any:
        """Row to flat record, by the contract's field map."""
        fields = self.run.session.operation(self.operation).fields
        return shaper(fields, self.run.zone, self._columns)

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        for row in self.run.pager.rows(self.operation):
            yield self.shape(row)

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        """Exactly the schema's columns, each of them."""
        if tuple(row) == self._columns:
            return row
        return {column: row.get(column) for column in self._columns}

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """None: the SDK's is this machine's clock, bookmarks go by Nevent's."""


class ChangingStream(NeventStream):
    """A list of Nevent, read from the last change on."""

    changed_key = "updated_at"
    _counter: Counter | None = None
    _untold = 0  # records written since the last STATE

    @cached_property
    def _own_state(self) -> dict[str, Any]:
        return self.stream_state  # which looks for it each time

    @cached_property
    def bookmark(self) -> Bookmark:
        """How far this stream has read."""
        return self.mark(self._own_state if self.incremental else {})

    def mark(self, state: dict[str, Any]) -> Bookmark:
        """A bookmark kept in this part of the state."""
        return Bookmark(
            state,
            lookback=timedelta(minutes=float(self.config["lookback_minutes"])),
            now=self.run.session.now,
            start=self.config.get("start_date"),
        )

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        try:
            for records in self.walked():
                yield from self.given(records)
            yield from self.belated()
            if self.incremental:
                self.stream_state["served"] = True
        except NotServedError as exc:
            self._refuse_to_vanish(exc)
            yield from self.fallback(exc)

    def _refuse_to_vanish(self, exc: NeventError) -> None:
        """End the run where Nevent served this stream before: leaving it out would hide a loss.

        Raises:
            AddressError: the stream has been read from this operation.
        """
        if self.stream_state.get("served"):
            raise AddressError(
                f"{exc} Stream '{self.name}' has been read there before, so it is not left out. "
                "Correct the address or `operations`; or deselect the stream."
            ) from exc

    @override
    def get_record_counter(self, **asked: Any) -> Counter:
        self._counter = super().get_record_counter(**asked)
        return self._counter

    def changes(self) -> Iterator[Batch]:
        """Rows changed since the bookmark's look-back."""
        return self.run.pager.changed(self.operation, self.bookmark.since)

    def walked(self) -> Iterator[list[Record]]:
        """Records of the rows that changed, oldest change first; who asks on has given them."""
        for batch in self.changes():
            self.bookmark.hold(holding=not batch.settled)
            yield from self.blocks(self.records(batch.rows))
            if batch.rows:
                self.bookmark.reach(batch.reached)
        self.bookmark.hold(holding=False)

    def blocks(self, records: Iterable[Record]) -> Iterator[list[Record]]:
        """These records in lists, as many in each as are written together."""
        return map(list, chunked(records, min(_BLOCK, self.STATE_MSG_FREQUENCY)))

    def given(self, records: list[Record]) -> Iterator[Record]:
        """Write those not given before, together: the SDK's loop costs as much as making them.

        The bookmark moves when they are written.
        """
        known = zip(map(self._identity, records), records, strict=True)
        fresh = {key: record for key, record in known if not self.bookmark.met(*key)}
        if self.singly or self._counter is None:
            yield from fresh.values()
            return
        at = self.changed_key or ""
        times = {key: record[at] for key, record in fresh.items() if record[at]}
        shaped = [record for each in fresh.values() if (record := self.post_process(each))]
        self.write_records(shaped)
        self._counter.increment(len(shaped))
        if times and self.incremental:
            self._own_state["replication_key"] = self.changed_key
            self.bookmark.reach(max(times.values()))
            self.bookmark.meet_all(times)
        self._untold += len(shaped)
        if self._untold >= self.STATE_MSG_FREQUENCY:
            self._untold = 0
            self._write_state_message()

    def records(self, rows: list[Row]) -> Iterator[Record]:
        """Records of some rows, those that may leave."""
        return map(self.shape, rows)

    def belated(self) -> Iterator[Record]:
        """Records of rows older than the bookmark that may leave only now."""
        return iter(())

    def fallback(self, exc: NotServedError) -> Iterator[Record]:
        """Records from elsewhere, where this Nevent does not serve the operation."""
        self.log("%s Stream '%s' is left out.", exc, self.name, level=30)
        return iter(())

    @cached_property
    def _named(self) -> Callable[[Record], tuple[str, ...]]:
        return itemgetter(*self.keys, self.changed_key or "")

    def _identity(self, record: Record) -> tuple[str, ...]:
        return self._named(record)

    @cached_property
    def incremental(self) -> bool:
        """Whether this run goes on where the last one ended; asked for each record."""
        return self.replication_method == "INCREMENTAL"

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Move the bookmark by ours: the SDK's falls back, or runs ahead with a future date."""
        at = latest_record.get(self.changed_key or "")
        if at and self.incremental:
            self._own_state["replication_key"] = self.changed_key
            self.bookmark.reach(at)
            self.bookmark.meet(at, *self._identity(latest_record))

    @override
    def _write_state_message(self) -> None:
        self.save()
        super()._write_state_message()

    def save(self) -> None:
        """Put into the state what belongs there besides the bookmark itself."""
        if self.incremental:
            self.bookmark.save()


class PersonalStream(ChangingStream):
    """Rows about persons; they leave when that person consents, even if that is later."""

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        self._consents: Bookmark | None = None
        if self.incremental:
            marked = self.mark(self.stream_state.setdefault("consents", {}))
            if marked.value is None:  # from here on, though this run may be cut short
                marked.reach(self.run.started)
            else:
                self._consents = marked
        return super().get_records(context)

    def person(self, row: Row) -> Row | None:
        """Whom the row is about, as far as it shows."""
        return row.get("user") or {"id": row.get("userId")}

    def record(self, row: Row, person: Row) -> Record:
        """One row, flat, with its person's identity."""
        record: Record = self.shape(row)
        record.update(identity(person))
        return record

    @override
    def records(self, rows: list[Row]) -> Iterator[Record]:
        persons = [self.person(row) for row in rows]
        consenting = self.run.people.consenting(persons)
        for row, person in zip(rows, persons, strict=True):
            known = consenting.get(person["id"]) if person else None
            if known:
                yield self.record(row, known)

    @override
    def belated(self) -> Iterator[Record]:
        """Everything of the fans who consented since the last run."""
        marked = self._consents
        if marked is None or marked.since is None:
            return
        found = self.run.people.newly_consenting(marked.since)
        fans = {fan: at for fan, at in found.items() if not marked.met(fan, at)}
        for rows in self.rows_of(list(fans)):
            for record in self.records(rows):
                if record["fan_id"] in fans and not self.bookmark.met(*self._identity(record)):
                    yield record
        for fan, at in fans.items():
            marked.meet(at, fan, at)
        marked.reach(self.run.started)
        marked.save()

    def rows_of(self, fans: list[str]) -> Iterator[list[Row]]:
        """All rows of these fans, however old."""
        return self.run.pager.of_people(self.operation, fans)
