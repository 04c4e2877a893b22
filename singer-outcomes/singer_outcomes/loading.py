"""A target that sends in the background, row by row, and never about people who were erased."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from singer_outcomes.fates import Fates
from singer_outcomes.ledger import Ledger
from singer_outcomes.loader import ERASED
from singer_outcomes.superseded import Superseded
from singer_outcomes.target import OutcomeTarget
from singer_outcomes.tombstones import Tombstones

if TYPE_CHECKING:
    from collections.abc import Collection

    from singer_outcomes.loader import Loader
    from singer_outcomes.rejects import Reject, RejectedError
    from singer_outcomes.sink import OutcomeSink


class LoadingTarget(OutcomeTarget, abc.ABC):
    """Wires ledger, fates and tombstones; a subclass makes its `loader` in `__init__`.

    With the setting `dry_run` nothing is told or kept: no state, no reject, no line of history.
    """

    loader: Loader

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dry_run = self.planning
        if self.dry_run:
            self.ledger = Ledger(lambda _: None)  # no state: nothing has happened
        self.tombstones = Tombstones(self.store)
        self._erased: set[str] = set()  # people whose deletion was read in this run
        self._superseded = Superseded(self.rejects)
        self.fates = Fates(
            ledger=self.ledger,
            summary=self.summary,
            reject=self.reject,
            superseded=self._superseded,
            planned=self.dry_run,
        )

    def erase(self, people: Collection[str]) -> None:
        """From now on nothing of this person is sent but their deletion."""
        self._erased.update(people)
        self.loader.drop(people)

    @property
    def anybody_erased(self) -> bool:
        """Whether somebody was, by this run or an earlier one: else no look at each is needed."""
        return bool(self._erased) or self.tombstones.any

    def erased(self, people: Collection[str]) -> bool:
        """Whether this person was erased, by this run or an earlier one."""
        return not self._erased.isdisjoint(people) or self.tombstones.covers(people)

    @override
    def reject(self, sink: OutcomeSink, error: RejectedError, **more: Any) -> None:
        record = more.get("record")
        if record is not None and self._tells_of_erased(record):
            self.summary.withhold(sink.stream_name, ERASED)  # nothing of them is kept
        elif self.dry_run:
            self.summary.reject(sink.stream_name, error.reason)
        else:
            super().reject(sink, error, **more)

    def forget_erased(self) -> None:
        """Take out of the rejects whoever was erased, by whichever target of this store."""

        def gone(reject: Reject) -> bool:
            told = (reject.get("record"), reject.get("payload"))
            return any(isinstance(each, dict) and self._tells_of_erased(each) for each in told)

        self.rejects.sift(gone)

    def _tells_of_erased(self, record: dict[str, Any]) -> bool:
        """Whether an address or an id in a record is that of somebody erased."""
        told = {name: str(each).strip() for name, each in record.items() if each is not None}
        addresses = [each.lower() for each in told.values() if "@" in each]
        ids = [f"id:{each}" for name, each in told.items() if name == "id" or name.endswith("_id")]
        return self.erased([*addresses, *ids])

    @override
    def check(self) -> None:
        self.loader.check()

    @override
    def finish(self) -> None:
        self.loader.finish()

    @override
    def expire(self) -> None:
        if loader := getattr(self, "loader", None):  # a signal may come before all is wired
            loader.expire()

    @override
    def stop(self) -> None:
        self.loader.stop()
        if self.replaying is None and not self.dry_run:  # a replay takes its own lines out
            self._superseded.remove()
