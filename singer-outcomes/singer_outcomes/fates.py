"""What became of a row, told to everyone who counts on it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from singer_outcomes.rejects import RejectedError
from singer_outcomes.superseded import LOADED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from singer_outcomes.ledger import Ledger
    from singer_outcomes.queues import Row
    from singer_outcomes.summary import Summary
    from singer_outcomes.superseded import Superseded


class Fates:
    """Settles rows: counts them, notes rejects, frees their people, then their tickets.

    Args:
        reject: notes one record (`OutcomeTarget.reject`).
        superseded: told what was loaded.
        planned: nothing is sent, so what would be written or accepted is planned.
        free: told the rows whose people may be sent again; set by the loader.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        summary: Summary,
        reject: Callable[..., None],
        superseded: Superseded,
        planned: bool = False,
    ) -> None:
        self.summary = summary
        self.free: Callable[[Sequence[Row]], None]
        self._ledger = ledger
        self._reject = reject
        self._superseded = superseded
        self._planned = planned

    def settle(self, rows: Sequence[Row], fate: str) -> None:
        """These rows met this fate; of the records in a row, the first counts for it."""
        if self._planned and fate in {"written", "accepted"}:
            fate = "planned"
        firsts: Counter[str] = Counter(row.origins[0].sink.stream_name for row in rows)
        for stream, number in firsts.items():
            self.summary.count(stream, fate, number)
        for row in rows:
            if len(row.origins) > 1:
                self._merged(row.origins[1:])
        if fate in LOADED and self._superseded.expected:
            for row in rows:
                for origin in row.origins:
                    self._superseded.loaded(origin.sink.stream_name, origin.key)
        self._end(rows)

    def withhold(self, rows: Sequence[Row], reason: str) -> None:
        """A rule says that these rows must not be sent."""
        for row in rows:
            first, *merged = row.origins
            self.summary.withhold(first.sink.stream_name, reason)
            self._merged(merged)
        self._end(rows)

    def refuse(self, row: Row, reason: str, *, pointer: str | None, payload: Any) -> None:
        """The vendor does not take this row: each of its records is rejected."""
        for origin in row.origins:
            error = RejectedError(reason, pointer=pointer)
            self._reject(origin.sink, error, key=origin.key, payload=payload, identity=origin.hash)
        self._end([row])

    def _merged(self, origins: Sequence[Any]) -> None:
        for origin in origins:
            self.summary.count(origin.sink.stream_name, "merged")

    def _end(self, rows: Sequence[Row]) -> None:
        self.free(rows)
        self._ledger.settle(origin.ticket for row in rows for origin in row.origins)
