"""Calls to Nevent, counted by the streams that they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from nevent_client.contract import Operation
    from nevent_client.session import Session
    from singer_outcomes.queues import Row
    from singer_outcomes.summary import Summary


class Calls:
    """One session; in a dry run it reads and never writes.

    Args:
        planned: whether this is a dry run.
    """

    def __init__(self, session: Session, summary: Summary, *, planned: bool) -> None:
        self._session = session
        self._summary = summary
        self.planned = planned
        self.requests = 0

    def read(self, name: str, **asked: Any) -> Any:
        """What an operation answers."""
        self.requests += 1
        return self._session.call(name, **asked)

    def write(
        self, name: str, rows: Iterable[Row], *, body: Mapping[str, Any], **asked: Any
    ) -> Any:
        """Send what these rows ask for; in a dry run only count it, the answer is None.

        Raises:
            NeventError: the subclass says who must act.
        """
        streams = {origin.sink.stream_name for row in rows for origin in row.origins}
        self._summary.request(streams, waited=0)
        if self.planned:
            return None
        self.requests += 1
        return self._session.call(name, body=body, **asked)

    def operation(self, name: str) -> Operation:
        """The contract's row of this name, as configured."""
        return self._session.operation(name)

    def now(self) -> datetime:
        """The time by Nevent's clock."""
        return self._session.now()
