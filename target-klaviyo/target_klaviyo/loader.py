"""Sends what the sinks queue, in the background, and settles the fate of every row."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, cast

from target_klaviyo.delivery import Delivery
from target_klaviyo.jobs import ImportFault, ImportJob, faults, finished, require_patience
from target_klaviyo.payloads import without_phone
from target_klaviyo.queues import Origin, Queue, Row
from target_klaviyo.shipments import EVENTS, PROFILES, Shipment, decode, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klaviyo_client import KlaviyoSession
    from singer_outcomes.ledger import Ledger, Ticket
    from singer_outcomes.sink import OutcomeSink

    from target_klaviyo.fates import Fates

SENDING = 4  # requests under way at once
OPEN_JOBS = 24  # import jobs whose end is awaited; each holds the keys of up to 10,000 people
STATE_WAITS = 60.0  # seconds after which a waiting STATE sends a batch that is not full
FIRST_POLL, LAST_POLL = 0.1, 3.0  # seconds between looks at the open jobs
DUPLICATE = "duplicate_profile"  # e-mail and phone belong to two profiles
PHONE_TAKEN = "phone number left out: another profile has it"
PROGRESS_EVERY = 10.0  # seconds

logger = logging.getLogger("target-klaviyo")


class Loader:
    """The way of rows from queue to settled.

    One lock guards queues, people and counts; sending and polling happen outside of it. The
    reading thread waits here when too much is under way: memory is bounded by that, never by the
    size of the audience.
    """

    def __init__(
        self, session: KlaviyoSession, fates: Fates, *, ledger: Ledger, job_patience: float
    ) -> None:
        self.profiles = Queue(PROFILES)
        self.events = Queue(EVENTS)
        self.phone_taken: set[tuple[str, str]] = set()  # identity and the phone another profile has
        self.delivery = Delivery(session, fates)
        self._session = session
        self._fates = fates
        self._fates.free = self._free
        self._ledger = ledger
        self._patience = job_patience
        self._changed = (
            threading.Condition()
        )  # of an RLock: callbacks may run in the thread that holds it
        self._busy: set[str] = set()
        self._sending = 0
        self._jobs: dict[str, ImportJob] = {}
        self._tickets: dict[int, Ticket] = {}
        self._error: BaseException | None = None
        self._stopping = False
        self._senders = ThreadPoolExecutor(SENDING, thread_name_prefix="send")
        self._watchers = ThreadPoolExecutor(1, thread_name_prefix="watch")
        self._watched = False

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
            if not self._watched:
                self._watched = True
                self._watchers.submit(self._watch).add_done_callback(self._ended)
            while queue.full and not self._stopping:
                self.check()
                # Most of these people may be in open jobs: better wait for those than send little.
                if not self._start(queue, half=bool(self._sending or self._jobs)):
                    self._changed.wait(0.5)

    def check(self) -> None:
        """Raise what failed in the background."""
        if self._error is not None:
            raise self._error

    def finish(self) -> None:
        """Send everything and wait for its end, or for that of the grace period."""
        with self._changed:
            while len(self.profiles) or len(self.events) or self._sending or self._jobs:
                self.check()
                if self._stopping:
                    return
                half = bool(self._sending or self._jobs)  # what is little goes last, together
                if not (self._start(self.profiles, half=half) or self._start(self.events)):
                    self._changed.wait(0.5)
        self.check()

    def expire(self) -> None:
        """Let go of every wait: what is not settled by now comes with the next run."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._session.stop()

    def stop(self) -> None:
        """End the background threads; after the grace period without waiting for requests."""
        patient = not self._stopping
        self.expire()
        self._senders.shutdown(wait=patient, cancel_futures=True)
        self._watchers.shutdown(wait=patient)
        if patient:
            self._session.close()

    def _start(self, queue: Queue, *, half: bool = False) -> bool:
        """Begin one request from this queue, if there is room and someone free to send."""
        if queue is self.events and self.events.about(self.profiles):
            # A person's profile goes before their events.
            return self._start(self.profiles, half=half)
        if self._sending >= SENDING or self._sending + len(self._jobs) >= OPEN_JOBS:
            return False
        rows = queue.take(self._busy, half=half)
        if not rows:
            return False
        for row in rows if queue.shipment.apart else ():
            row.holds = True
            self._busy.update(row.people)
        ticket = self._tickets.pop(id(queue), None)
        if ticket is not None:
            self._ledger.seal(ticket)
        self._sending += 1
        self._senders.submit(self._deliver, queue.shipment, rows).add_done_callback(self._sent)
        return True

    def _sent(self, future: Future[None]) -> None:
        with self._changed:
            self._ended(future)
            self._sending -= 1

    def _ended(self, future: Future[None]) -> None:
        """Keep what failed in a thread for the reading thread to raise."""
        with self._changed:
            if not future.cancelled() and (error := future.exception()) is not None:
                self._error = self._error or error
            self._changed.notify_all()

    def _deliver(self, shipment: Shipment, rows: list[Row]) -> None:
        for job in self.delivery.send(shipment, rows):
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
                logger.info("Progress: %s", self._fates.summary.progress())
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
            pause = FIRST_POLL if self._collect(jobs) else min(pause * 1.5, LAST_POLL)
            with self._changed:
                self._changed.wait(pause)

    def _collect(self, jobs: dict[str, ImportJob]) -> bool:
        """Settle the rows of every job that has ended; whether there was one."""
        ended = False
        for job, failed in finished(self._session, jobs, patience=self._patience):
            found = list(faults(self._session, job)) if failed else []
            handled = {fault.row.identity: fault for fault in found if fault.row is not None}
            if len(handled) < failed:
                # Errors may show later than the end of their job; guessing would lose someone.
                require_patience(job, self._patience)
                continue
            ended = True
            for fault in handled.values():
                self._handle(fault, cast("Row", fault.row))
            self._fates.settle([row for row in job.rows if row.identity not in handled], "written")
            with self._changed:
                del self._jobs[job.id]
                self._changed.notify_all()
        return ended

    def _handle(self, fault: ImportFault, row: Row) -> None:
        """Send once more without the phone where another profile has it; else reject."""
        again = without_phone(fault.payload)
        if fault.code != DUPLICATE or again is None:
            self._fates.refuse(row, fault.reason, pointer=fault.pointer, payload=fault.payload)
            return
        number = fault.payload["attributes"]["phone_number"]
        self._fates.summary.note(PHONE_TAKEN)
        with self._changed:
            row.holds = False
            self._busy.difference_update(row.people)
            self.phone_taken.add((row.identity, number))
            row.body = encode(again)
            self.profiles.put_back(row, partial(_without_phone, number=number))

    def _free(self, rows: Sequence[Row]) -> None:
        """These people may be sent again."""
        with self._changed:
            for row in rows:
                if row.holds:
                    self._busy.difference_update(row.people)
            self._changed.notify_all()


def _without_phone(body: bytes, *, number: str) -> bytes:
    """The resource without this number; another one may be right."""
    resource = decode(body)
    if resource["attributes"].get("phone_number") != number:
        return body
    return encode(without_phone(resource) or resource)
