"""A target that keeps a store, and notes each of its runs there."""

from __future__ import annotations

import abc
import signal
import sqlite3
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from singer_outcomes.history import DONE, LOAD, NOT_FINISHED, TOO_MANY_REJECTS, History
from singer_outcomes.inputs import MappedTarget
from singer_outcomes.store import Store, StoreError
from singer_outcomes.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Mapping


class RecordedTarget(MappedTarget, abc.ABC):
    """Knows what earlier runs did; dry runs (a setting `dry_run`) leave no trace."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.command = LOAD
        self.run = uuid.uuid4().hex[:12]
        self.store = Store(store_path(type(self), self.config))
        self.runs = History(self.store, plugin=self.name)
        self._begun = False
        self._read_all = False

    @abc.abstractmethod
    def too_many_rejects(self) -> list[str]:
        """Streams with more rejects than allowed."""

    @property
    def planning(self) -> bool:
        """Whether this is a dry run."""
        return bool(self.config.get("dry_run"))

    def has_run_before(self) -> bool:
        """Whether an earlier run, not a dry one, read records and came to its end."""
        return self.runs.loaded()

    @override
    def begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        self.progress.start()
        if not self.planning:
            self.runs.begin(self.run, at=datetime.now(tz=UTC), command=self.command)

    def note_end(self) -> None:
        """The run has ended; called before `close` too, where the process may be cut off."""
        outcome = self._outcome()
        if outcome == NOT_FINISHED or self.planning:
            return  # as noted at its beginning, or not at all
        try:
            self.begin()  # there may have been nothing to read
            self.runs.end(self.run, at=datetime.now(tz=UTC), outcome=outcome, summary=self.summary)
        except (StoreError, sqlite3.Error) as error:
            self.logger.warning("This run is missing from the history. %s", self.told(error))

    def _outcome(self) -> str:
        if self.signal:
            return signal.Signals(self.signal).name
        if self.failure is not None:
            return type(self.failure).__name__
        if not self._read_all:
            return NOT_FINISHED
        return TOO_MANY_REJECTS if self.command == LOAD and self.too_many_rejects() else DONE

    @override
    def _end_grace(self) -> None:
        super()._end_grace()
        self.note_end()

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
            history = History(store, plugin=cls.name)
            history.begin(run, at=now)
            history.end(run, at=now, outcome=type(error).__name__, summary=Summary())
        except StoreError as reason:
            cls.logger.warning("This run is missing from the history. %s", reason)
        finally:
            store.close()


def store_path(target: type[RecordedTarget], config: Mapping[str, Any]) -> str:
    """Where the store of a target is."""
    return str(config.get("store_path") or f"{target.name}.sqlite")
