"""Sends what the sinks queue, in the background, each person's rows in order."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from singer_outcomes.queues import Kind, Origin, Queue, Row
from singer_outcomes.rejects import record_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from singer_outcomes.fates import Fates
    from singer_outcomes.ledger import Ledger, Ticket
    from singer_outcomes.sink import OutcomeSink

SENDING = 4  # rounds of requests under way at once
STATE_WAITS = 60.0  # seconds after which a waiting STATE sends a batch that is not full
ERASED = "the person is erased"


class Loader:
    """The way of rows from queue to settled.

    One lock guards queues, people and counts; sending happens outside of it. The reading thread
    waits here when too much is under way: memory is bounded by that, never by the size of the
    audience.

    `deliver` holds, per kind, what sends a round of its rows and settles each of them; it is set
    when the target is wired.

    Args:
        kinds: of streams, one queue each.
        fates: what settles rows.
        ledger: of the run.
        let_go: ends every wait of the session, from any thread.
        close: closes its connections.
    """

    def __init__(
        self,
        kinds: Iterable[Kind],
        fates: Fates,
        *,
        ledger: Ledger,
        let_go: Callable[[], None],
        close: Callable[[], None],
    ) -> None:
        self.queues = {kind.name: Queue(kind) for kind in kinds}
        self.deliver: Mapping[str, Callable[[list[Row]], None]] = {}
        self._fates = fates
        self._fates.free = self._free
        self._ledger = ledger
        self._let_go = let_go
        self._close = close
        self._lock = threading.RLock()  # callbacks may run in the thread that holds it
        self._changed = threading.Condition(self._lock)
        self._busy: set[str] = set()
        self._sending: Counter[str] = Counter()  # rounds under way by kind
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
            Exception: whatever failed in the background and ends the run.
        """
        queue = self.queues[kind]
        digest = record_hash(body)
        with self._lock:
            ticket = self._tickets.get(kind) or self._open(kind)
            ticket.records += 1
            queue.put(Row(identity, people, body, Origin(sink, key, ticket, digest), group))
            if queue.full:
                self._make_room(queue)

    def _open(self, kind: str) -> Ticket:
        """A ticket for the rows of a kind that follow."""
        if not self._watched:
            self._watched = True
            self._watchers.submit(self._watch).add_done_callback(self._ended)
        ticket = self._tickets[kind] = self._ledger.ticket()
        return ticket

    def _make_room(self, queue: Queue) -> None:
        """Send what is a whole request; wait while the queue holds more than it may."""
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
        self._let_go()

    def stop(self) -> None:
        """End the background threads; after the grace period without waiting for requests."""
        patient = not self._stopping
        self.expire()
        self._senders.shutdown(wait=patient, cancel_futures=True)
        self._watchers.shutdown(wait=patient)
        if patient:
            self._close()

    @property
    def _under_way(self) -> bool:
        return bool(self._sending.total())

    @property
    def _room(self) -> bool:
        """Whether another round may begin."""
        return self._sending.total() < SENDING

    def _start(self, queue: Queue, *, half: bool = False) -> bool:
        """Begin one round of this queue, if there is room and someone free to send."""
        name = queue.kind.name
        if not len(queue) or not self._room or self._sending[name] >= queue.kind.at_once:
            return False
        before = [each for each in self.queues.values() if each.kind.rank < queue.kind.rank]
        if queue.kind.alone and (self._under_way or any(map(len, before))):
            return False
        half = half and queue.kind.apart and queue.kind.patient and not queue.kind.alone
        rows = queue.take(self._busy, half=half, after=[each.people for each in before])
        if not rows:
            return False
        for row in rows if queue.kind.apart else ():
            row.holds = True
            self._busy.update(row.people)
        self._seal(queue)
        self._sending[name] += 1
        deliver = partial(self.deliver[name], rows)
        self._senders.submit(deliver).add_done_callback(partial(self._sent, name))
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

    def _sent(self, kind: str, future: Future[None]) -> None:
        with self._changed:
            self._ended(future)
            self._sending[kind] -= 1

    def _ended(self, future: Future[None]) -> None:
        """Keep what failed in a thread for the reading thread to raise."""
        with self._changed:
            if not future.cancelled() and (error := future.exception()) is not None:
                self._error = self._error or error
            self._changed.notify_all()

    # The watching thread's side.

    def _watch(self) -> None:
        while not self._stopping and self._error is None:
            self._look()
            with self._changed:
                self._start_waiting()
                self._changed.wait(self._pause)

    @property
    def _pause(self) -> float:
        """Seconds until the next look; asked under the lock."""
        return 1.0

    def _look(self) -> None:
        """Look after what was sent and has not ended."""

    def _start_waiting(self) -> None:
        """Begin rounds of what is full, and of all when a STATE has waited long enough."""
        overdue = self._ledger.waited() > STATE_WAITS
        for queue in self.queues.values():
            while (overdue or queue.full) and self._start(queue, half=not overdue):
                pass

    def _free(self, rows: Sequence[Row]) -> None:
        """These people may be sent again."""
        with self._changed:
            busy = self._busy
            for row in rows:
                if row.holds:
                    row.holds = False
                    busy.difference_update(row.people)
            self._changed.notify_all()
