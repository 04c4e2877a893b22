"""People by bulk import: sent, watched to the end of the job, and settled one by one."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

from target_klaviyo.jobs import ImportFault, ImportJob, faults, finished, require_patience
from target_klaviyo.payloads import without_phone
from target_klaviyo.refusals import told
from target_klaviyo.replaying import payload_of
from target_klaviyo.shipments import PROFILES, Envelope, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from klaviyo_client import KlaviyoSession, Problem
    from singer_outcomes.fates import Fates
    from singer_outcomes.queues import Row

    from target_klaviyo.delivery import Delivery

DUPLICATE = "duplicate_profile"  # e-mail and phone belong to two profiles
MOST_TAKEN = 100_000  # of such people are remembered
PHONE_TAKEN = "phone number left out: another profile has it"


class Tracker(Protocol):
    """Who watches jobs and takes rows back (the loader)."""

    def track(self, job: ImportJob) -> None:
        """Watch a job to its end."""

    def put_back(self, kind: str, row: Row, amended: Callable[[bytes], bytes]) -> None:
        """Send a row once more."""


class Imports:
    """Bulk import of rows whose bodies are profile resources.

    Args:
        patience: seconds that a job may take.
    """

    def __init__(
        self, session: KlaviyoSession, delivery: Delivery, fates: Fates, *, patience: float
    ) -> None:
        self.tracker: Tracker  # set when the target is wired
        self.phone_taken: set[tuple[str, str]] = set()  # identity and the phone another profile has
        self._session = session
        self._delivery = delivery
        self._fates = fates
        self._patience = patience

    def send(self, rows: list[Row], *, kind: str, list_id: str | None) -> None:
        """Import these people; with a list they are added to it."""
        self._delivery.send(
            Envelope(PROFILES, list_id),
            rows,
            accepted=partial(self._accepted, kind),
            refused=self._refused,
        )

    def settled(self, jobs: dict[str, ImportJob]) -> Iterator[ImportJob]:
        """Those of these jobs that have ended, after each of their rows was settled.

        Raises:
            StuckJobError: a job does not come to its end.
        """
        for job, failed in finished(self._session, jobs, patience=self._patience):
            found = list(faults(self._session, job)) if failed else []
            handled = {fault.row.identity: fault for fault in found if fault.row is not None}
            if len(handled) < failed:
                # Errors may show later than the end of their job; guessing would lose someone.
                require_patience(job, self._patience)
                continue
            for fault in handled.values():
                self._handle(job, fault, cast("Row", fault.row))
            self._fates.settle([row for row in job.rows if row.identity not in handled], "written")
            yield job

    def _accepted(self, kind: str, rows: list[Row], answer: Any) -> None:
        if answer is None:  # a dry run
            self._fates.settle(rows, "written")
            return
        for row in rows:  # the job knows its rows; their bodies would be many
            row.body = b""
        self.tracker.track(ImportJob(answer["data"]["id"], kind, rows, time.monotonic()))

    def _refused(self, row: Row, problem: Problem) -> None:
        payload = payload_of(row)
        self._fates.refuse(row, told(problem), pointer=problem.pointer, payload=payload)

    def _handle(self, job: ImportJob, fault: ImportFault, row: Row) -> None:
        """Send once more without the phone where another profile has it; else reject."""
        again = without_phone(fault.payload)
        if fault.code != DUPLICATE or again is None:
            payload = {"group": row.group, "item": fault.payload} if row.group else fault.payload
            self._fates.refuse(row, fault.reason, pointer=fault.pointer, payload=payload)
            return
        number = fault.payload["attributes"]["phone_number"]
        self._fates.summary.note(PHONE_TAKEN)
        if len(self.phone_taken) >= MOST_TAKEN:
            self.phone_taken.clear()  # whoever comes again is found out again
        self.phone_taken.add((row.identity, number))
        row.body = encode(again)
        self.tracker.put_back(job.kind, row, partial(_without_phone, number=number))


def _without_phone(body: bytes, *, number: str) -> bytes:
    """The resource without this number; another one may be right."""
    resource = decode(body)
    if resource["attributes"].get("phone_number") != number:
        return body
    return encode(without_phone(resource) or resource)
