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

    from klaviyo_client import KlaviyoSession

    from target_klaviyo.fates import Fates
    from target_klaviyo.queues import Row

REFUSED_IN_A_ROW = 20  # then the fault is in every request, not in a row
HTTP_TOO_LARGE = 413


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
        refused = 0
        while parts:
            part = parts.pop()
            body = shipment.body((row.body for row in part), list_id=self.list_id)
            try:
                answer = self._session.post(shipment.operation, body)
            except RefusedError as error:
                refused += 1
                parts += self._without_refused(shipment, part, error, refused=refused)
            else:
                refused = 0
                if shipment is EVENTS:
                    # There is no job to ask: being accepted is all that can be known.
                    self._fates.settle(part, "accepted")
                else:
                    yield _job(part, answer)

    def _without_refused(
        self, shipment: Shipment, rows: list[Row], error: RefusedError, *, refused: int
    ) -> list[list[Row]]:
        """What to send next: the rest without the rows named, or two halves."""
        named = shipment.named(error, rows)
        if named:
            for index, problem in named.items():
                self._fates.refuse(
                    rows[index],
                    f"Klaviyo: {problem.code}: {problem.detail}",
                    pointer=problem.pointer,
                    payload=decode(rows[index].body),
                )
            rest = [row for index, row in enumerate(rows) if index not in named]
            return [rest] if rest else []
        if len(rows) == 1 or (refused > REFUSED_IN_A_ROW and error.status != HTTP_TOO_LARGE):
            raise error
        middle = len(rows) // 2
        return [rows[middle:], rows[:middle]]


def _job(rows: list[Row], answer: Any) -> ImportJob:
    """The job, its rows without their bodies: open jobs may be many."""
    for row in rows:
        row.hash = record_hash(row.body)
        row.body = b""
    return ImportJob(answer["data"]["id"], rows, time.monotonic())
