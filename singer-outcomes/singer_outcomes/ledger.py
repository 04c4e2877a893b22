"""Which STATE may be told: the latest one whose every record has a known fate."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Ticket:
    """Some records that were read together; settled when the fate of each is known.

    Whoever reads counts `records`, without the ledger's lock: until the ticket is sealed nobody
    else looks at them but to see that some are open.
    """

    __slots__ = ("number", "records", "sealed", "settled")

    def __init__(self, number: int) -> None:
        self.number = number
        self.records = 0
        self.settled = 0
        self.sealed = False

    @property
    def open(self) -> bool:
        """Whether the fate of some record is not known."""
        return self.settled < self.records


class Ledger:
    """Holds each STATE back until the records read before it are settled.

    Records are counted on tickets. A STATE waits for all tickets handed out before it; when they
    are settled, the latest such STATE is emitted and the earlier ones are forgotten. Callers may
    be on any thread; `emit` is called by one at a time, in the order of the STATEs.
    """

    def __init__(self, emit: Callable[[Any], None]) -> None:
        self._emit = emit
        self._lock = threading.RLock()
        self._last_number = 0
        self._open: dict[int, Ticket] = {}
        self._states: deque[tuple[int, Any, float]] = deque()

    def ticket(self) -> Ticket:
        """Open a ticket for the records that follow."""
        with self._lock:
            self._last_number += 1
            ticket = self._open[self._last_number] = Ticket(self._last_number)
            return ticket

    def seal(self, ticket: Ticket) -> None:
        """No more records on this ticket."""
        with self._lock:
            ticket.sealed = True
            self._close_settled((ticket,))

    def settle(self, tickets: Iterable[Ticket]) -> None:
        """The fate of one record of each of these tickets is known (one entry a record)."""
        with self._lock:
            touched = []
            for ticket, number in Counter(tickets).items():
                ticket.settled += number
                if not ticket.open:
                    touched.append(ticket)
            self._close_settled(touched)

    def state(self, value: Any) -> None:
        """A STATE arrived: emit it as soon as all before it is settled."""
        with self._lock:
            since = time.monotonic()
            if self._states and self._states[-1][0] == self._last_number:
                since = self._states.pop()[2]  # nothing was read in between: the later one will do
            self._states.append((self._last_number, value, since))
            self._emit_ready()

    @property
    def open(self) -> bool:
        """Whether the fate of some record is not known."""
        with self._lock:
            return any(ticket.open for ticket in self._open.values())

    def waited(self) -> float:
        """Seconds that the oldest STATE has been waiting; 0 when none is."""
        with self._lock:
            return time.monotonic() - self._states[0][2] if self._states else 0.0

    def _close_settled(self, tickets: Iterable[Ticket]) -> None:
        for ticket in tickets:
            if ticket.sealed and not ticket.open:
                self._open.pop(ticket.number, None)
        self._emit_ready()

    def _emit_ready(self) -> None:
        oldest = next(iter(self._open), self._last_number + 1)  # insertion order is by number
        ready = None
        while self._states and self._states[0][0] < oldest:
            ready = self._states.popleft()
        if ready is not None:
            self._emit(ready[1])
