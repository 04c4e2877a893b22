"""Requests that get through: whatever Klaviyo refuses in one is taken out of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from klaviyo_client import RejectedError as RefusedError
from singer_outcomes.rejects import record_hash

from target_klaviyo.jobs import ImportJob
from target_klaviyo.shipments import EVENTS, Shipment, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klaviyo_client import KlaviyoSession, Problem

    from target_klaviyo.fates import Fates
    from target_klaviyo.queues import Row

REFUSED_ALONE = 20  # rows, with none accepted: then the fault is in every request, not in a row


class Delivery:
    """Sends rows until each is accepted or refused by name."""

    def __init__(self, session: KlaviyoSession, fates: Fates) -> None:
        self.list_id: str | None = None
        self._session = session
        self._fates = fates

    def send(self, shipment: Shipment, rows: list[Row]) -> Iterator[ImportJob]:
        """The import jobs that these rows became; events become none, they are settled at once.

        Rows that a refusal names are rejected and the rest is sent again; where it names none,
        the request is halved until the bad row is alone.
        """
        parts = [rows]
        alone = 0
        while parts:
            part = parts.pop()
            body = shipment.body((row.body for row in part), list_id=self.list_id)
            try:
                answer = self._session.post(shipment.operation, body)
            except RefusedError as error:
                named = shipment.named(error, part)
                alone += len(part) == 1
                if alone > REFUSED_ALONE or (len(part) == 1 and not named):
                    raise
                parts += self._without_refused(part, named)
            else:
                alone = -len(rows)  # something is right: whatever is refused now is the row's fault
                if shipment is EVENTS:
                    # There is no job to ask: being accepted is all that can be known.
                    self._fates.settle(part, "accepted")
                else:
                    yield _job(part, answer)

    def _without_refused(self, rows: list[Row], named: dict[int, Problem]) -> list[list[Row]]:
        """What to send next: the rest without the rows named, or two halves, the first one last."""
        for index, problem in named.items():
            self._fates.refuse(
                rows[index],
                f"Klaviyo: {problem.code}: {problem.detail}",
                pointer=problem.pointer,
                payload=decode(rows[index].body),
            )
        if named:
            rest = [row for index, row in enumerate(rows) if index not in named]
            return [rest] if rest else []
        middle = len(rows) // 2
        return [rows[middle:], rows[:middle]]


def _job(rows: list[Row], answer: Any) -> ImportJob:
    """The job, its rows without their bodies: open jobs may be many."""
    for row in rows:
        row.hash = record_hash(row.body)
        row.body = b""
    return ImportJob(answer["data"]["id"], rows, time.monotonic())
