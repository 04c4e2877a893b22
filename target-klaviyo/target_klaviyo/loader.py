"""Sends what the sinks queue, in the background, and settles the fate of every row."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from klaviyo_client import KlaviyoError
from klaviyo_client import RejectedError as RefusedError
from singer_outcomes.rejects import RejectedError, record_hash

from target_klaviyo.jobs import ImportJob, faults, finished
from target_klaviyo.queues import Origin, Queue, Row
from target_klaviyo.shipments import EVENTS, PROFILES, Shipment, decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from klaviyo_client import KlaviyoSession
    from singer_outcomes.ledger import Ledger, Ticket
    from singer_outcomes.sink import OutcomeSink
    from singer_outcomes.summary import Summary

    Reject = Callable[..., None]

SENDING = 4  # requests under way at once
OPEN_JOBS = 24  # import jobs whose end is awaited; each holds the keys of up to 10,000 people
STATE_WAITS = 60.0  # seconds after which a waiting STATE sends a batch that is not full
FIRST_POLL, LAST_POLL = 0.1, 3.0  # seconds between looks at the open jobs
REFUSED_IN_A_ROW = 20  # then the fault is in every request, not in a row
HTTP_TOO_LARGE = 413
PROGRESS_EVERY = 10.0  # seconds

logger = logging.getLogger("target-klaviyo")


class Loader:
    """The way of rows from queue to settled.

    One lock guards queues, people and counts; sending and polling happen outside of it. The
    reading thread waits here when too much is under way: memory is bounded by that, never by the
    size of the audience.
    """

    def __init__(
        self,
        session: KlaviyoSession,
        *,
        ledger: Ledger,
        summary: Summary,
        reject: Reject,
        job_patience: float,
    ) -> None:
        self.profiles = Queue(PROFILES)
        self.events = Queue(EVENTS)
        self.list_id: str | None = None
        self._session = session
        self._ledger = ledger
        self._summary = summary
        self._reject = reject
        self._patience = job_patience
        self._changed = threading.Condition()
        self._busy: set[str] = set()
        self._sending = 0
        self._jobs: dict[str, ImportJob] = {}
        self._tickets: dict[int, Ticket] = {}
        self._error: BaseException | None = None
        self._stopping = False
        self._pool = ThreadPoolExecutor(SENDING, thread_name_prefix="send")
        self._watcher: threading.Thread | None = None

    # The reading thread's side.

    def add(
        self,
        queue: Queue,
        *,
        identity: str,
        people: tuple[str, ...],
        body: bytes,
        sink: OutcomeSink,
        key: str,
    ) -> None:
        """Queue one row; waits while too much is under way.

        Raises:
            KlaviyoError: whatever failed in the background and ends the run.
        """
        with self._changed:
            ticket = self._tickets.get(id(queue))
            if ticket is None:
                ticket = self._tickets[id(queue)] = self._ledger.ticket()
            self._ledger.add(ticket)
            queue.put(Row(identity, people, body, Origin(sink, key, ticket)))
            while queue.full and not self._stopping:
                self.check()
                if not self._start(queue):
                    self._changed.wait(0.5)

    def check(self) -> None:
        """Raise what failed in the background."""
        if self._error is not None:
            raise self._error

    def finish(self, *, seconds: float | None) -> None:
        """Send everything and wait for its end, at most this long."""
        deadline = None if seconds is None else time.monotonic() + seconds
        with self._changed:
            while len(self.profiles) or len(self.events) or self._sending or self._jobs:
                self.check()
                if deadline is not None and time.monotonic() > deadline:
                    return
                if not (self._start(self.profiles) or self._start(self.events)):
                    self._changed.wait(0.5)
        self.check()

    def stop(self) -> None:
        """End the background threads; what is not settled stays so."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._session.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._watcher is not None:
            self._watcher.join()

    def _start(self, queue: Queue) -> bool:
        """Begin one request from this queue, if there is room and someone free to send."""
        if queue is self.events and not self.events.people.isdisjoint(self.profiles.people):
            # A person's profile goes before their events.
            return self._start(self.profiles)
        if self._sending >= SENDING or self._sending + len(self._jobs) >= OPEN_JOBS:
            return False
        apart = queue is self.profiles
        rows = queue.take(self._busy, apart=apart)
        if not rows:
            return False
        if apart:
            self._busy.update(person for row in rows for person in row.people)
        ticket = self._tickets.pop(id(queue), None)
        if ticket is not None:
            self._ledger.seal(ticket)
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="watch", daemon=True)
            self._watcher.start()
        self._sending += 1
        self._pool.submit(self._deliver, queue.shipment, rows).add_done_callback(self._sent)
        return True

    def _sent(self, future: Future[None]) -> None:
        with self._changed:
            self._sending -= 1
            if not future.cancelled() and (error := future.exception()) is not None:
                self._error = self._error or error
            self._changed.notify_all()

    # The sending threads' side.

    def _deliver(self, shipment: Shipment, rows: list[Row]) -> None:
        """Send rows until all are in; strip those that Klaviyo names, halve where it names none."""
        parts = [rows]
        refused = 0
        while parts:
            part = parts.pop()
            try:
                body = shipment.body((row.body for row in part), list_id=self.list_id)
                answer = self._session.post(shipment.operation, body)
            except RefusedError as error:
                refused += 1
                parts += self._without_refused(shipment, part, error, last=refused)
            else:
                refused = 0
                self._accepted(shipment, part, answer)

    def _without_refused(
        self, shipment: Shipment, rows: list[Row], error: RefusedError, *, last: int
    ) -> list[list[Row]]:
        """What to send next after a refusal: the rest without the rows named, or two halves."""
        named = shipment.named(error, rows)
        if named:
            for index, problem in named.items():
                self._refuse(
                    rows[index],
                    f"Klaviyo: {problem.code}: {problem.detail}",
                    pointer=problem.pointer,
                    payload=decode(rows[index].body),
                )
            rest = [row for index, row in enumerate(rows) if index not in named]
            return [rest] if rest else []
        if len(rows) == 1 or (last > REFUSED_IN_A_ROW and error.status != HTTP_TOO_LARGE):
            raise error
        middle = len(rows) // 2
        return [rows[middle:], rows[:middle]]

    def _accepted(self, shipment: Shipment, rows: list[Row], answer: Any) -> None:
        if shipment is EVENTS:
            # There is no job to ask: being accepted is all that can be known.
            self._settle(rows, "accepted")
            return
        for row in rows:
            row.hash = record_hash(row.body)
            row.body = b""
        job = ImportJob(answer["data"]["id"], rows, time.monotonic())
        with self._changed:
            self._jobs[job.id] = job
            self._changed.notify_all()

    # The watching thread's side.

    def _watch(self) -> None:
        pause = FIRST_POLL
        told = time.monotonic()
        while not self._stopping and self._error is None:
            if time.monotonic() - told > PROGRESS_EVERY:
                told = time.monotonic()
                logger.info("Progress: %s", self._summary.progress())
            with self._changed:
                jobs = dict(self._jobs)
                if not jobs:
                    self._changed.wait(1)
                if self._ledger.waited() > STATE_WAITS:
                    self._start(self.profiles)
                    self._start(self.events)
            if not jobs:
                pause = FIRST_POLL
                continue
            try:
                ended = self._collect(jobs)
            except KlaviyoError as error:
                with self._changed:
                    self._error = self._error or error
                    self._changed.notify_all()
                return
            pause = FIRST_POLL if ended else min(pause * 1.5, LAST_POLL)
            with self._changed:
                self._changed.wait(pause)

    def _collect(self, jobs: dict[str, ImportJob]) -> bool:
        """Settle the rows of every job that has ended; whether there was one."""
        ended = False
        for job, failed in finished(self._session, jobs, patience=self._patience):
            ended = True
            refused: set[str] = set()
            if failed:
                for fault in faults(self._session, job):
                    if fault.row is None:
                        self._summary.note("import error of a person not in the request")
                    elif fault.row.identity not in refused:
                        refused.add(fault.row.identity)
                        self._refuse(
                            fault.row, fault.reason, pointer=fault.pointer, payload=fault.payload
                        )
            self._settle([row for row in job.rows if row.identity not in refused], "written")
            with self._changed:
                del self._jobs[job.id]
                self._changed.notify_all()
        return ended

    # Fates.

    def _refuse(self, row: Row, reason: str, *, pointer: str | None, payload: Any) -> None:
        for origin in row.origins:
            error = RejectedError(reason, pointer=pointer)
            self._reject(origin.sink, error, key=origin.key, payload=payload, identity=row.hash)
        self._free([row])

    def _settle(self, rows: list[Row], fate: str) -> None:
        for row in rows:
            first, *merged = row.origins
            self._summary.count(first.sink.stream_name, fate)
            for origin in merged:
                self._summary.count(origin.sink.stream_name, "merged")
        self._free(rows)

    def _free(self, rows: list[Row]) -> None:
        """Their fate is known: their people may be sent again, their tickets are settled."""
        with self._changed:
            self._busy.difference_update(person for row in rows for person in row.people)
            self._changed.notify_all()
        self._ledger.settle(origin.ticket for row in rows for origin in row.origins)
