"""What became of a row, told to everyone who counts on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_outcomes.rejects import RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from singer_outcomes.ledger import Ledger
    from singer_outcomes.summary import Summary

    from target_klaviyo.queues import Row


class Fates:
    """Settles rows: counts them, notes rejects, frees their people, then their tickets.

    Args:
        reject: notes one record (`OutcomeTarget.reject`).
        free: told the rows whose people may be sent again; set by the loader.
    """

    def __init__(self, *, ledger: Ledger, summary: Summary, reject: Callable[..., None]) -> None:
        self.summary = summary
        self.free: Callable[[Sequence[Row]], None]
        self._ledger = ledger
        self._reject = reject

    def settle(self, rows: Sequence[Row], fate: str) -> None:
        """These rows met this fate; of the records in a row, the first counts for it."""
        for row in rows:
            first, *merged = row.origins
            self.summary.count(first.sink.stream_name, fate)
            for origin in merged:
                self.summary.count(origin.sink.stream_name, "merged")
        self._end(rows)

    def refuse(self, row: Row, reason: str, *, pointer: str | None, payload: Any) -> None:
        """Klaviyo does not take this row: each of its records is rejected."""
        for origin in row.origins:
            error = RejectedError(reason, pointer=pointer)
            self._reject(origin.sink, error, key=origin.key, payload=payload, identity=row.hash)
        self._end([row])

    def _end(self, rows: Sequence[Row]) -> None:
        self.free(rows)
        self._ledger.settle(origin.ticket for row in rows for origin in row.origins)
