"""The base of a target that knows the fate of every record.

What the SDK's own target lacks (singer-sdk 0.54): a rejected record that does not end the run, a
STATE that waits for the records before it, and an orderly end on a signal.
"""

from __future__ import annotations

import abc
import signal
import sqlite3
import sys
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.exceptions import FatalSyncError
from typing_extensions import override

from singer_outcomes.history import DONE, LOAD, NOT_FINISHED, TOO_MANY_REJECTS, History
from singer_outcomes.inputs import MappedTarget
from singer_outcomes.rejects import Reject, RejectedError, RejectsFile, record_hash
from singer_outcomes.store import Store, StoreError
from singer_outcomes.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_outcomes.sink import OutcomeSink

Record = dict[str, Any]


class OutcomeTarget(MappedTarget):
    """Settles every record: written, accepted, withheld, or rejected with its reason.

    A subclass names its kinds of stream, and sends in the background what its sinks queue. With
    a setting `dry_run` that is true, nothing is noted in the history of runs.
    """

    advice: ClassVar[Mapping[str, str]] = {}
    """Beginning of a reject's reason -> what to do next, besides the advice on maps and schemas."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.command = LOAD
        self.store = Store(store_path(type(self), self.config))
        self.runs = History(self.store)
        self.rejects = RejectsFile(
            self.config["rejects_path"],
            run=uuid.uuid4().hex[:12],
            store_records=self.config["store_rejected_records"],
        )
        self._begun = False
        self._read_all = False
        self._closed = False

    # What a subclass does.

    @abc.abstractmethod
    def expire(self) -> None:
        """The grace period after a signal is over: let go of every wait. Any thread may call."""

    @abc.abstractmethod
    def stop(self) -> None:
        """End what runs in the background; what is not settled by now comes with the next run."""

    def details(self) -> Record:
        """More for the summary, such as requests and seconds waited for limits."""
        return {}

    # Outcomes.

    @override
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
            "source": self.source_of(sink.stream_name),
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

    def has_run_before(self) -> bool:
        """Whether an earlier run, not a dry one, read records and came to its end."""
        return self.runs.loaded()

    # Beginning and end.

    @override
    def begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        self.progress.start()
        if not self.config.get("dry_run"):
            self.runs.begin(self.rejects.run, at=datetime.now(tz=UTC), command=self.command)

    @override
    def process_endofpipe(self) -> None:
        self.finish()
        if not self.signal and self.ledger.open:
            raise FatalSyncError("Some records have no fate: the state stays before them.")
        self._read_all = True
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
        try:
            self.stop()
            self.cancel_grace()
            for sink in (*self._sinks_to_clear, *self._sinks_active.values()):
                sink.clean_up()
            self.rejects.close()
        finally:
            self.progress.stop()
            self._note_end(self._outcome())
        details = self.details()
        if self.rejects.count:
            details["rejects_file"] = str(self.rejects.path)
        self.summary.log(self.logger, **details)
        self.store.close()

    def _outcome(self) -> str:
        if self.signal:
            return signal.Signals(self.signal).name
        if self.failure is not None:
            return type(self.failure).__name__
        if not self._read_all:
            return NOT_FINISHED
        return TOO_MANY_REJECTS if self.too_many_rejects() else DONE

    @override
    def _end_grace(self) -> None:
        super()._end_grace()
        self._note_end(self._outcome())  # the process may be cut off from now on

    def _note_end(self, outcome: str) -> None:
        if outcome == NOT_FINISHED or self.config.get("dry_run"):
            return  # as noted at its beginning, or not at all
        try:
            self.begin()  # there may have been nothing to read
            self.runs.end(
                self.rejects.run, at=datetime.now(tz=UTC), outcome=outcome, summary=self.summary
            )
        except (StoreError, sqlite3.Error) as error:
            self.logger.warning("This run is missing from the history. %s", self.told(error))

    @override
    def told(self, error: Exception) -> str:
        return str(self.store.explain(error) if isinstance(error, sqlite3.Error) else error)

    @override
    @classmethod
    def note_failure(cls, config: Mapping[str, Any], error: Exception) -> None:
        """A run that failed on its settings is one as well, where there were others before."""
        store = Store(store_path(cls, config))
        if not store.exists:
            return
        try:
            run, now = uuid.uuid4().hex[:12], datetime.now(tz=UTC)
            history = History(store)
            history.begin(run, at=now)
            history.end(run, at=now, outcome=type(error).__name__, summary=Summary())
        except StoreError as reason:
            cls.logger.warning("This run is missing from the history. %s", reason)
        finally:
            store.close()


def store_path(target: type[OutcomeTarget], config: Mapping[str, Any]) -> str:
    """Where the store of a target is."""
    return str(config.get("store_path") or f"{target.name}.sqlite")
