"""Rejected records sent once more, through the same maps and sinks as at first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from singer_sdk.exceptions import StreamMapConfigError

from singer_outcomes.rejects import RejectedError, identity, line_hash, read_lines
from singer_outcomes.sink import WithheldError

if TYPE_CHECKING:
    from collections.abc import Collection

    from singer_outcomes.rejects import Reject
    from singer_outcomes.target import OutcomeTarget

NO_CONTENT = "the record itself was not stored (store_rejected_records): run the tap again"
NO_SOURCE = "its line was written by an earlier version, without the source: run the tap again"
NO_SCHEMA = "the store has no schema of its source: run the tap again"
NO_MAP = "no map of its source leads to this stream any more: see stream_maps"
REJECTED_AGAIN = "rejected again"
PLANNED = "a dry run sends nothing"
OPEN = "it is not known what became of it: try again"
FILTERED = "its map's __filter__ leaves it out now: remove the line if that is meant"


class CannotRequeueError(Exception):
    """This target cannot send a payload again; its text says what to do instead."""


class LineKey(str):
    """The key of a replayed record, which leads back to its line.

    Who hands a key on must hand on this very object; `str(key)` is the plain key.
    """

    __slots__ = ("number", "reject")

    reject: Reject
    number: int

    @classmethod
    def of(cls, reject: Reject, number: int) -> LineKey:
        """The key of a line, `number` being its place in the replay."""
        key = cls(reject["key"])
        key.reject, key.number = reject, number
        return key


class _Line(NamedTuple):
    """One reject, with the hashes of its lines: a run that was killed may have left several."""

    key: LineKey
    lines: frozenset[bytes]


class Replay:
    """One pass over the rejects that were on file when it was made.

    Args:
        target: with its settings, made for this replay alone.
        streams: only these; empty: all.
        reasons: only those whose reason begins so; empty: all.
    """

    def __init__(
        self, target: OutcomeTarget, *, streams: Collection[str], reasons: Collection[str]
    ) -> None:
        self._target = target
        self._lines = _wanted(target, streams, tuple(reasons))
        self._sent: set[int] = set()
        self._refused: set[int] = set()
        self.succeeded: Counter[str] = Counter()
        """By stream: lines that are no longer in the file."""
        self.left: Counter[tuple[str, str]] = Counter()
        """By stream and why: lines that are still there."""

    def run(self) -> None:
        """Send, wait for every fate, and take out of the file what then succeeded.

        However it ends, a line whose fate is not known is still in the file.
        """
        sources = sorted({each.key.reject.get("source") or "" for each in self._lines})
        try:
            obstacles = {source: self._prepare(source) for source in sources}
            for line in self._lines:
                if self._target.signal:
                    break
                reject = line.key.reject
                reason = self._send(line.key, obstacles[reject.get("source") or ""])
                if reason is None:
                    self._sent.add(line.key.number)
                else:
                    self.left[reject["stream"], reason] += 1
                self._target.check()
            self._target.finish()
        finally:
            self._conclude()

    def reject(self, key: LineKey, error: RejectedError) -> Reject:
        """The line as it was, with what is wrong now."""
        self._refused.add(key.number)
        again = {"reason": error.reason, "column": error.column, "pointer": error.pointer}
        return {**key.reject, **again}  # type: ignore[typeddict-item]  # a reject with some keys replaced

    def _prepare(self, source: str) -> str | None:
        """Make the maps and sinks of a source; why not, where that cannot be."""
        if not source:
            return NO_SOURCE
        message = self._target.sources.message(source)
        if message is None:
            return NO_SCHEMA
        try:
            self._target.take_schema(message)
        except StreamMapConfigError as error:
            return str(error)
        return None

    def _send(self, key: LineKey, obstacle: str | None) -> str | None:
        """Hand one line to its sink; why not, where that cannot be."""
        reject = key.reject
        if reject.get("payload") is not None:
            return self._requeue(key)
        if reject.get("record") is None:
            return NO_CONTENT
        if obstacle is not None:
            return obstacle
        for route in self._target.routes_of(reject["source"] or ""):
            if route.stream_map.stream_alias == reject["stream"]:
                kept = self._target.carry(route, reject["record"], key=key)
                return None if kept else FILTERED
        return NO_MAP

    def _requeue(self, key: LineKey) -> str | None:
        target, stream = self._target, key.reject["stream"]
        try:
            sink = target.sink_of(stream)
            target.summary.count(stream, "read")
            target.requeue(stream, key.reject["payload"], key=key)
        except (CannotRequeueError, StreamMapConfigError) as error:
            return str(error)
        except RejectedError as error:
            target.reject(sink, error, key=key, payload=key.reject["payload"])
        except WithheldError as error:
            target.summary.withhold(stream, error.reason)
        return None

    def _conclude(self) -> None:
        """Lines that were sent, and not refused again, succeeded, if nothing is open."""
        unknown = PLANNED if self._target.planning else OPEN if self._target.ledger.open else None
        done: set[bytes] = set()
        for line in self._lines:
            stream = line.key.reject["stream"]
            if line.key.number in self._refused:
                self.left[stream, REJECTED_AGAIN] += 1
            elif line.key.number in self._sent and unknown is None:
                self.succeeded[stream] += 1
                done |= line.lines
            elif line.key.number in self._sent and unknown is not None:
                self.left[stream, unknown] += 1
        if done:
            self._target.rejects.remove(done)


def _wanted(
    target: OutcomeTarget, streams: Collection[str], reasons: tuple[str, ...]
) -> list[_Line]:
    newest: dict[tuple[str, str, str], tuple[Reject, set[bytes]]] = {}
    for line, reject in read_lines(target.rejects.path):
        _, lines = newest.get(identity(reject), (reject, set()))
        newest[identity(reject)] = (reject, lines | {line_hash(line)})
    chosen = [
        (reject, lines)
        for reject, lines in newest.values()
        if (not streams or reject["stream"] in streams)
        and (not reasons or reject["reason"].startswith(reasons))
    ]
    return [
        _Line(LineKey.of(reject, number), frozenset(lines))
        for number, (reject, lines) in enumerate(chosen)
    ]
