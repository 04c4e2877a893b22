"""Sends what the sinks queue, in the background, each person's rows in order."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from singer_outcomes.rejects import record_hash

from target_klaviyo.kinds import KINDS
from target_klaviyo.queues import Origin, Queue, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from klaviyo_client import KlaviyoSession
    from singer_outcomes.ledger import Ledger, Ticket
    from singer_outcomes.sink import OutcomeSink

    from target_klaviyo.fates import Fates
    from target_klaviyo.imports import Imports
    from target_klaviyo.jobs import ImportJob

SENDING = 4  # rounds of requests under way at once
OPEN_JOBS = 24  # import jobs whose end is awaited; each holds the keys of up to 10,000 people
STATE_WAITS = 60.0  # seconds after which a waiting STATE sends a batch that is not full
FIRST_POLL, LAST_POLL = 0.1, 3.0  # seconds between looks at the open jobs
ERASED = "the person is erased"


class Loader:
    """The way of rows from queue to settled.

    One lock guards queues, people and counts; sending and polling happen outside of it. The
    reading thread waits here when too much is under way: memory is bounded by that, never by the
    size of the audience.

    `deliver` holds, per kind, what sends a round of its rows and settles each of them; it is set
    when the target is wired.
    """

    def __init__(
        self, session: KlaviyoSession, fates: Fates, imports: Imports, *, ledger: Ledger
    ) -> None:
        self.queues = {kind.name: Queue(kind) for kind in KINDS}
        self.deliver: Mapping[str, Callable[[list[Row]], None]] = {}
        self._session = session
        self._fates = fates
        self._fates.free = self._free
        self._imports = imports
        self._ledger = ledger
        # Of an RLock: callbacks may run in the thread that holds it.
        self._changed = threading.Condition()
        self._busy: set[str] = set()
        self._sending = 0
        self._jobs: dict[str, ImportJob] = {}
        self._tickets: dict[str, Ticket] = {}
        self._error: BaseException | None = None
        self._stopping = False
        self._senders = ThreadPoolExecutor(SENDING, thread_name_prefix="send")
        self._watchers = ThreadPoolExecutor(1, thread_name_prefix="watch")
        self._watched = False

    # The reading thread's side.

    def add(
        self,
        kind: str,
        *,
        identity: str,
        people: tuple[str, ...],
        body: bytes,
        sink: OutcomeSink,
        key: str,
        group: str = "",
    ) -> None:
        """Queue one row; waits while too much is under way.

        Raises:
            KlaviyoError: whatever failed in the background and ends the run.
        """
        queue = self.queues[kind]
        with self._changed:
            ticket = self._tickets.get(kind)
            if ticket is None:
                ticket = self._tickets[kind] = self._ledger.ticket()
            self._ledger.add(ticket)
            origin = Origin(sink, key, ticket, record_hash(body))
            queue.put(Row(identity, people, body, origin, group=group))
            if not self._watched:
                self._watched = True
                self._watchers.submit(self._watch).add_done_callback(self._ended)
            while queue.due and not self._stopping:
                self.check()
                # Most of these people may be in open jobs: better wait for those than send little.
                if self._start(queue, half=self._under_way):
                    continue
                if not queue.overfull:
                    queue.postpone()
                elif not self._start_before(queue):
                    self._changed.wait(0.5)

    def drop(self, people: Collection[str]) -> None:
        """Take every waiting row about someone who was erased out of its queue."""
        with self._changed:
            for queue in self.queues.values():
                if not queue.kind.alone and (rows := queue.drop(people)):
                    self._seal(queue)
                    self._fates.withhold(rows, ERASED)

    def put_back(self, kind: str, row: Row, amended: Callable[[bytes], bytes]) -> None:
        """Send a row once more, amended, under whatever came meanwhile."""
        with self._changed:
            self._free([row])
            self.queues[kind].put_back(row, amended)

    def track(self, job: ImportJob) -> None:
        """Watch an import job to its end."""
        with self._changed:
            self._jobs[job.id] = job
            self._changed.notify_all()

    def check(self) -> None:
        """Raise what failed in the background."""
        if self._error is not None:
            raise self._error

    def finish(self) -> None:
        """Send everything and wait for its end, or for that of the grace period."""
        with self._changed:
            while self._under_way or any(map(len, self.queues.values())):
                self.check()
                if self._stopping:
                    return
                half = self._under_way  # what is little goes last, together
                if not any(self._start(each, half=half) for each in self.queues.values()):
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

    @property
    def _under_way(self) -> bool:
        return bool(self._sending or self._jobs)

    def _start(self, queue: Queue, *, half: bool = False) -> bool:
        """Begin one round of this queue, if there is room and someone free to send."""
        if not len(queue) or self._sending >= SENDING:
            return False
        if self._sending + len(self._jobs) >= OPEN_JOBS:
            return False
        before = [each for each in self.queues.values() if each.kind.rank < queue.kind.rank]
        if queue.kind.alone and (self._under_way or any(map(len, before))):
            return False
        half = half and queue.kind.apart and not queue.kind.alone
        rows = queue.take(self._busy, half=half, after=[each.people for each in before])
        if not rows:
            return False
        for row in rows if queue.kind.apart else ():
            row.holds = True
            self._busy.update(row.people)
        self._seal(queue)
        self._sending += 1
        deliver = partial(self.deliver[queue.kind.name], rows)
        self._senders.submit(deliver).add_done_callback(self._sent)
        return True

    def _seal(self, queue: Queue) -> None:
        """Rows that come from now on are counted apart from those that go now."""
        ticket = self._tickets.pop(queue.kind.name, None)
        if ticket is not None:
            self._ledger.seal(ticket)

    def _start_before(self, queue: Queue) -> bool:
        """Begin a round of what goes first, however little it is."""
        others = (each for each in self.queues.values() if each.kind.rank < queue.kind.rank)
        return any(self._start(each, half=self._under_way) for each in others)

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

    # The watching thread's side.

    def _watch(self) -> None:
        pause = FIRST_POLL
        while not self._stopping and self._error is None:
            with self._changed:
                jobs = dict(self._jobs)
                if not jobs:
                    self._changed.wait(1)
                overdue = self._ledger.waited() > STATE_WAITS
                for queue in self.queues.values():
                    while (overdue or queue.full) and self._start(queue, half=not overdue):
                        pass
            if not jobs:
                pause = FIRST_POLL
                continue
            pause = FIRST_POLL if self._collect(jobs) else min(pause * 1.5, LAST_POLL)
            with self._changed:
                self._changed.wait(pause)

    def _collect(self, jobs: dict[str, ImportJob]) -> bool:
        """Settle the rows of every job that has ended; whether there was one."""
        ended = False
        for job in self._imports.settled(jobs):
            ended = True
            with self._changed:
                del self._jobs[job.id]
                self._changed.notify_all()
        return ended

    def _free(self, rows: Sequence[Row]) -> None:
        """These people may be sent again."""
        with self._changed:
            for row in rows:
                if row.holds:
                    row.holds = False
                    self._busy.difference_update(row.people)
            self._changed.notify_all()
