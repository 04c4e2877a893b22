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
        self._refused: set[str] = set()  # operations that do not take what is assumed of them

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
        assumed: Mapping[str, Any] | None = None,
        **asked: Any,
    ) -> Any:
        """Send these columns, in the operation's own form, for these rows.

        What is `assumed` is left out where this Nevent refuses it; with nothing else to send, or in
        a dry run, nothing is sent and the answer is None.

        Raises:
            NeventError: the subclass says who must act.
        """
        rows, fields = list(rows), self.operation(name).fields
        if assumed and name not in self._refused:
            try:
                return self.send(name, rows, body(fields, {**columns, **assumed}), **asked)
            except RefusedError as error:
                if type(error) is not RefusedError:  # about a value, or there already
                    raise
                self._refused.add(name)
        if assumed:
            self._summary.note(f"{self.operation(name).label}: sent without what it refuses")
        return self.send(name, rows, body(fields, columns), **asked) if columns else None

    def send(self, name: str, rows: Iterable[Row], told: Mapping[str, Any], **asked: Any) -> Any:
        """Send this body for these rows; nothing in a dry run."""
        streams = {origin.sink.stream_name for row in rows for origin in row.origins}
        self._summary.request(streams, waited=0)
        if self.planned:
            return None
        self.requests += 1
        return self.session.call(name, body=told, **asked)

    def operation(self, name: str) -> Operation:
        """The contract's row of this name, as configured."""
        return self.session.operation(name)

    def now(self) -> datetime:
        """The time by Nevent's clock."""
        return self.session.now()
