"""Bulk import jobs watched to their end, and their errors read to the last page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client import KlaviyoError
from klaviyo_client.errors import redacted
from klaviyo_client.limits import GET_IMPORT_ERRORS, LIST_IMPORT_JOBS

from target_klaviyo.shipments import PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klaviyo_client import KlaviyoSession
    from singer_outcomes.queues import Row

PAGE = 100


class StuckJobError(KlaviyoError):
    """A job does not come to an end; its records' fate is unknown and the state stays."""


class ImportJob(NamedTuple):
    """Rows that Klaviyo accepted as one job, without their bodies."""

    id: str
    kind: str
    rows: list[Row]
    accepted_at: float


class FinishedJob(NamedTuple):
    """A job at its end, and how many of its items failed."""

    job: ImportJob
    failed: int


def finished(
    session: KlaviyoSession, jobs: dict[str, ImportJob], *, patience: float
) -> Iterator[FinishedJob]:
    """Those of these jobs that have come to their end, from one listing of a hundred a page.

    Raises:
        StuckJobError: one was cancelled, has vanished, or takes longer than `patience` seconds.
    """
    missing = dict(jobs)
    fields = "status,failed_count,created_at"
    params: dict[str, Any] = {"sort": "-created_at", "page[size]": PAGE}
    params["fields[profile-bulk-import-job]"] = fields
    for page in session.pages(LIST_IMPORT_JOBS, **params):
        for each in page["data"]:
            job = missing.pop(each["id"], None)
            if job is None:
                continue
            status = each["attributes"]["status"]
            if status == "complete":
                yield FinishedJob(job, each["attributes"].get("failed_count") or 0)
            elif status == "cancelled" or time.monotonic() - job.accepted_at > patience:
                raise StuckJobError(
                    f"Import job {job.id} is still '{status}' {patience / 60:.0f} minutes after it "
                    "was accepted. The state stays before it; run again, and ask Klaviyo's "
                    "support about the job if that repeats."
                    if status != "cancelled"
                    else f"Import job {job.id} was cancelled in Klaviyo. The state stays before "
                    "it; run again to repeat its records."
                )
        if not missing:
            return
    lost = next(iter(missing.values()))
    if time.monotonic() - lost.accepted_at > patience:
        raise StuckJobError(f"Klaviyo no longer lists import job {lost.id}. Run again.")


def require_patience(job: ImportJob, patience: float) -> None:
    """Go on waiting for all errors of an ended job.

    Raises:
        StuckJobError: after `patience` seconds some are still missing, or name nobody we sent.
    """
    if time.monotonic() - job.accepted_at > patience:
        raise StuckJobError(
            f"Import job {job.id} ended with more failures than errors that name a record of it. "
            "The state stays before it; run again."
        )


class ImportFault(NamedTuple):
    """What Klaviyo says of one item that a job failed to import."""

    row: Row | None
    code: str
    reason: str
    pointer: str | None
    payload: Any


def faults(session: KlaviyoSession, job: ImportJob) -> Iterator[ImportFault]:
    """All import errors of a job, each with its row: by the payload, else by the pointer."""
    by_person = {person: row for row in job.rows for person in row.people}
    for page in session.pages(GET_IMPORT_ERRORS, path_id=job.id, **{"page[size]": PAGE}):
        for each in page["data"]:
            error = each["attributes"]
            pointer = (error.get("source") or {}).get("pointer")
            payload = error.get("original_payload") or {}
            attributes = payload.get("attributes", payload)
            people = [str(attributes.get(name) or "") for name in ("email", "phone_number")]
            row = next(
                (by_person[each.lower()] for each in people if each.lower() in by_person), None
            )
            index = PROFILES.item_index(pointer)
            if row is None and not any(people) and index is not None and index < len(job.rows):
                row = job.rows[index]
            code = str(error.get("code", "invalid"))
            reason = f"Klaviyo: {code}: {redacted(str(error.get('detail', '')))}"
            yield ImportFault(row, code, reason, pointer, payload)
