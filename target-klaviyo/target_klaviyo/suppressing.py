"""Addresses that must not be mailed, whatever their consent; and those that may be again."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from klaviyo_client import DeniedError
from klaviyo_client.limits import GET_SUPPRESS_JOB, GET_UNSUPPRESS_JOB, Operation

from target_klaviyo.jobs import StuckJobError
from target_klaviyo.refusals import told
from target_klaviyo.replaying import payload_of
from target_klaviyo.shipments import SUPPRESSIONS, UNSUPPRESSIONS, Envelope, Shipment

if TYPE_CHECKING:
    from klaviyo_client import KlaviyoSession, Problem
    from singer_outcomes.fates import Fates
    from singer_outcomes.queues import Row

    from target_klaviyo.delivery import Delivery
    from target_klaviyo.records import Records

SUPPRESS, UNSUPPRESS = "suppress", "unsuppress"
UNSEEN = "suppression job not seen to its end: the key lacks subscriptions:read"
_JOBS: dict[str, tuple[Shipment, Operation]] = {
    SUPPRESS: (SUPPRESSIONS, GET_SUPPRESS_JOB),
    UNSUPPRESS: (UNSUPPRESSIONS, GET_UNSUPPRESS_JOB),
}
FIRST_POLL, LAST_POLL = 0.05, 3.0  # seconds


class Suppressing:
    """Suppresses and unsuppresses; each request is a job that is watched to its end.

    A row's group is what to do: `suppress` or `unsuppress`.
    """

    def __init__(
        self,
        session: KlaviyoSession,
        delivery: Delivery,
        fates: Fates,
        records: Records,
        *,
        patience: float,
    ) -> None:
        self._session = session
        self._delivery = delivery
        self._fates = fates
        self._records = records
        self._patience = patience

    def deliver(self, rows: list[Row]) -> None:
        """Send these addresses and settle the rows."""
        action = rows[0].group
        shipment, job = _JOBS[action]
        accepted = partial(self._accepted, action, job)
        self._delivery.send(Envelope(shipment), rows, accepted=accepted, refused=self._refused)

    def _accepted(self, action: str, operation: Operation, rows: list[Row], answer: Any) -> None:
        self._records.acted(action, [row.people for row in rows], reason="told by the source")
        fate = "written"
        if answer is not None and not self._ended(operation, answer["data"]["id"]):
            fate = "accepted"
            self._fates.summary.note(UNSEEN, len(rows))
        self._fates.settle(rows, fate)

    def _ended(self, operation: Operation, job_id: str) -> bool:
        """Wait for the end of a job; False where the key may not see it.

        Raises:
            StuckJobError: it takes too long, or was cancelled.
        """
        deadline = time.monotonic() + self._patience
        pause = FIRST_POLL
        while True:
            try:
                job = self._session.get(operation, path_id=job_id)
            except DeniedError:
                return False
            status = job["data"]["attributes"]["status"]
            if status == "complete":
                return True
            if status == "cancelled" or time.monotonic() > deadline:
                raise StuckJobError(
                    f"Suppression job {job_id} is '{status}'. The state stays before it; run "
                    "again, and ask Klaviyo's support about the job if that repeats."
                )
            self._session.pause(pause)
            pause = min(pause * 1.5, LAST_POLL)

    def _refused(self, row: Row, problem: Problem) -> None:
        payload = payload_of(row)
        self._fates.refuse(row, told(problem), pointer=problem.pointer, payload=payload)
