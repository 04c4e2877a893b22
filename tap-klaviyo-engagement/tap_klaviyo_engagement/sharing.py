"""Streams made of events: one reading serves all of them that are selected."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from klaviyo_client.limits import GET_EVENTS, GET_METRICS
from singer_outcomes.bookmark import moment
from typing_extensions import override

from tap_klaviyo_engagement.client import KlaviyoStream
from tap_klaviyo_engagement.events import written
from tap_klaviyo_engagement.intervals import union
from tap_klaviyo_engagement.ledger import Ledger
from tap_klaviyo_engagement.reading import Reading, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from klaviyo_client.own_metrics import Metric
    from singer_sdk.helpers.types import Context, Record

    from tap_klaviyo_engagement.events import Happening


class EventStream(KlaviyoStream):
    """Records made of the events of some metrics, each event once.

    The first of these streams to be synced reads for all that are selected, and writes the others'
    records beside its own: Klaviyo is asked once. How far each has come is kept by metric, for
    metrics come and go.
    """

    changed_key = "at"
    operations = (GET_METRICS, GET_EVENTS)
    STATE_MSG_FREQUENCY = 1 << 60  # by time instead: the state of many metrics is some work
    STATE_EVERY = 2.0  # seconds; more where a state takes long to write
    types: ClassVar[frozenset[str]]  # of Klaviyo's own metrics

    @cached_property
    def metrics(self) -> list[Metric]:
        """The metrics whose events are read."""
        return self.run.metrics.of(self.types)

    def shape(self, metric: Metric) -> Callable[[Happening], Record | None]:
        """A function that makes a record of an event of this metric, or none."""
        raise NotImplementedError

    @cached_property
    def ledgers(self) -> dict[str, Ledger]:
        """What was given of each metric."""
        metrics = self.metrics  # whose answer tells Klaviyo's time
        incremental = self.replication_method == "INCREMENTAL"
        told = self.stream_state.get("metrics", {}) if incremental else {}
        now = int(self.run.now().timestamp())
        lookback = int(timedelta(days=float(self.config["lookback_days"])).total_seconds())
        start = moment(self.config.get("start_date"))
        since = int(datetime.fromisoformat(start).timestamp()) // 60 * 60 if start else 0
        return {
            each.id: Ledger(told.get(each.id, {}), now=now, lookback=lookback, start=since)
            for each in metrics
        }

    @override
    def records(self) -> Iterator[Record]:
        """None, as a rule: the SDK's loop costs as much as making them.

        They are written span by span.
        """
        if self.name in self.run.given:
            return
        streams = [self] if self.singly else [self, *self._others()]
        with ExitStack() as stack:
            counters = {
                each.name: stack.enter_context(each.get_record_counter()) for each in streams
            }
            for each in streams[1:]:
                each._write_schema_message()  # noqa: SLF001  # of our own class
            for stream, records in _given(streams, stack):
                if self.singly:
                    yield from records
                    continue
                stream.write_records(records)
                counters[stream.name].increment(len(records))
        self.run.given.update(each.name for each in streams)
        for note in self.run.catalogue.notes.values():
            self.log("%s", note, level=30)

    def _others(self) -> list[EventStream]:
        """Streams whose records come from the same events and were not given yet."""
        return [
            each
            for each in self.klaviyo.streams.values()
            if isinstance(each, EventStream)
            and each is not self
            and each.selected
            and each.name not in self.run.given
        ]

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Nothing: how far a stream has come is told by its ledgers, span by span."""

    @override
    def _write_state_message(self) -> None:
        for each in self.klaviyo.streams.values():
            if isinstance(each, EventStream) and each is not self:
                each.save()  # those read along too: they are in the same message
        super()._write_state_message()

    @override
    def save(self) -> None:
        if self.replication_method != "INCREMENTAL" or "ledgers" not in vars(self):
            return
        state = self.stream_state
        told = state.setdefault("metrics", {})
        told.update({metric: ledger.saved() for metric, ledger in self.ledgers.items()})
        upto = min((each.upto for each in self.ledgers.values()), default=0)
        state["replication_key"] = self.changed_key
        if upto > 0:
            at = written(upto)
            state["replication_key_value"] = max(at, state.get("replication_key_value") or at)

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        return row  # `shape` makes exactly the schema's columns


def _given(
    streams: list[EventStream], stack: ExitStack
) -> Iterator[tuple[EventStream, list[Record]]]:
    """Records of these streams as their events come; a span counts once all of them are taken."""
    first = streams[0]
    wanted: dict[str, tuple[Metric, list[_Consumer]]] = {}
    for stream in streams:
        for metric in stream.metrics:
            consumer = _Consumer(stream, stream.ledgers[metric.id], stream.shape(metric))
            wanted.setdefault(metric.id, (metric, []))[1].append(consumer)
    run = first.run
    reading = Reading(
        run.session,
        [_wanted(metric, consumers) for metric, consumers in wanted.values()],
        concurrency=run.config["concurrency"],
        now=int(run.now().timestamp()),
    )
    run.begin_names()
    due = 0.0
    for span in stack.enter_context(reading):
        for stream, ledger, shape in wanted[span.metric.id][1]:
            shaped = map(shape, ledger.sift(span))
            yield stream, [record for record in shaped if record is not None]
            ledger.settle(span)
        begun = time.monotonic()
        if begun >= due and not first.singly:  # then the SDK tells states, behind its files
            first._write_state_message()  # noqa: SLF001  # of our own class
            ended = time.monotonic()
            due = ended + first.STATE_EVERY * max(1, 10 * (ended - begun))


class _Consumer(NamedTuple):
    """Who takes a metric's events."""

    stream: EventStream
    ledger: Ledger
    shape: Callable[[Happening], Record | None]


def _wanted(metric: Metric, consumers: list[_Consumer]) -> Wanted:
    """What all of them need of a metric."""
    ledgers = [each.ledger for each in consumers]

    def uncut(at: int) -> int:
        while (earlier := min(each.uncut(at) for each in ledgers)) < at:
            at = earlier
        return at

    return Wanted(metric, union([each for ledger in ledgers for each in ledger.needs()]), uncut)
