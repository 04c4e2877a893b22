"""Calls to Nevent, counted by the streams that they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_client.errors import RefusedError
from nevent_client.rows import body

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from nevent_client.operation import Operation
    from nevent_client.session import Session
    from singer_outcomes.queues import Row
    from singer_outcomes.summary import Summary


class Calls:
    """One session; in a dry run it reads and never writes.

    Args:
        planned: whether this is a dry run.
    """

    def __init__(self, session: Session, summary: Summary, *, planned: bool) -> None:
        self.session = session
        self.planned = planned
        self.requests = 0
        self._summary = summary
        self._refused: dict[str, set[str]] = {}  # by operation: what was refused, in words

    def read(self, name: str, **asked: Any) -> Any:
        """What an operation answers."""
        self.requests += 1
        return self.session.call(name, **asked)

    def write(
        self,
        name: str,
        rows: Iterable[Row],
        columns: Mapping[str, Any],
        *,
        better: Iterable[tuple[str, Mapping[str, Any]]] = (),
        **asked: Any,
    ) -> Any:
        """Send these columns, in the operation's own form, for these rows.

        With nothing to send, or in a dry run, nothing is sent and the answer is None.

        Args:
            name: of the operation.
            rows: which ask for it.
            columns: what every Nevent should take.
            better: what is tried before, best first, each with what it means for this Nevent to
                refuse it, which the summary then tells.
            asked: path and parameters.

        Raises:
            NeventError: the subclass says who must act.
        """
        rows, fields = list(rows), self.operation(name).fields
        refused = self._refused.setdefault(name, set())
        news: list[str] = []
        for meaning, more in better:
            if meaning in refused:
                self._summary.note(meaning)
                continue
            try:
                answer = self.send(name, rows, body(fields, more), **asked)
            except RefusedError as error:
                if type(error) is not RefusedError:  # about a value, or there already
                    raise
                news.append(meaning)
                continue
            self._learn(name, news)
            return answer
        answer = self.send(name, rows, body(fields, columns), **asked) if columns else None
        self._learn(name, news)
        return answer

    def _learn(self, name: str, meanings: Iterable[str]) -> None:
        """Something less was taken: it was no value that was refused before."""
        for meaning in meanings:
            self._refused[name].add(meaning)
            self._summary.note(meaning)

    def send(self, name: str, rows: Iterable[Row], told: Mapping[str, Any], **asked: Any) -> Any:
        """Send this body for these rows; nothing in a dry run."""
        streams = {origin.sink.stream_name for row in rows for origin in row.origins}
        self._summary.request(streams, waited=0)
        if self.planned:
            return None
        self.requests += 1
        return self.session.call(name, body=told, **asked)

    def note(self, text: str) -> None:
        """Tell this in the summary, counted."""
        self._summary.note(text)

    def operation(self, name: str) -> Operation:
        """The contract's row of this name, as configured."""
        return self.session.operation(name)

    def now(self) -> datetime:
        """The time by Nevent's clock."""
        return self.session.now()
