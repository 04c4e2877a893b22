"""Rows that wait to be sent: compacted per person, cut by count and by bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from klaviyo_client.limits import MAX_BODY_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Set as AbstractSet

    from singer_outcomes.ledger import Ticket
    from singer_outcomes.sink import OutcomeSink

    from target_klaviyo.shipments import Shipment


OVERHEAD = 300  # bytes of a request around its items


class Origin(NamedTuple):
    """The record that a row, or a part of it, came from."""

    sink: OutcomeSink
    key: str
    ticket: Ticket


class Row:
    """One item of a request, with the records it came from.

    `people` holds every identifier of the person; rows that share one are about the same person.
    """

    __slots__ = ("body", "hash", "identity", "origins", "people")

    def __init__(self, identity: str, people: tuple[str, ...], body: bytes, origin: Origin) -> None:
        self.identity = identity
        self.people = people
        self.body = body
        self.origins = [origin]
        self.hash = ""


class Queue:
    """Rows of one kind, from all streams of it, in the order in which their person first came."""

    def __init__(self, shipment: Shipment) -> None:
        self.shipment = shipment
        self.people: set[str] = set()
        self._max_bytes = MAX_BODY_BYTES - OVERHEAD
        self._rows: dict[str, Row] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def full(self) -> bool:
        """Whether a whole request can be made."""
        return len(self._rows) >= self.shipment.max_items or self._bytes >= self._max_bytes

    def put(self, row: Row) -> None:
        """Add a row; one of the same identity is merged with it, field by field, last wins."""
        queued = self._lifted(row.identity)
        self._place(row if queued is None else self._merged(queued, row))

    def put_back(self, row: Row, amended: Callable[[bytes], bytes]) -> None:
        """Add a row that was taken before, amended; one that came meanwhile is newer and wins."""
        queued = self._lifted(row.identity)
        row = row if queued is None else self._merged(row, queued)
        row.body = amended(row.body)
        self._place(row)

    def _lifted(self, identity: str) -> Row | None:
        row = self._rows.get(identity)
        if row is not None:
            self._bytes -= len(row.body) + 1
        return row

    def _place(self, row: Row) -> None:
        self._rows[row.identity] = row
        self._bytes += len(row.body) + 1
        self.people.update(row.people)

    def _merged(self, earlier: Row, later: Row) -> Row:
        earlier.body = self.shipment.merge(earlier.body, later.body)
        earlier.origins += later.origins
        earlier.people = tuple({*earlier.people, *later.people})
        return earlier

    def take(self, busy: AbstractSet[str], *, apart: bool, whole: bool) -> list[Row]:
        """Up to one request of rows, leaving those whose person is busy elsewhere.

        Args:
            busy: identifiers of people who are in a request or job that is not settled.
            apart: leave a second row of one person too: order within a job is not kept.
            whole: take nothing where it is not enough for a whole request.
        """
        rows: list[Row] = []
        size = 0
        seen: set[str] = set()
        for row in self._rows.values():
            if not busy.isdisjoint(row.people) or not seen.isdisjoint(row.people):
                if apart:
                    seen.update(row.people)  # a later row of theirs must not overtake this one
                continue
            size += len(row.body) + 1
            if rows and size > self._max_bytes:
                break
            rows.append(row)
            if apart:
                seen.update(row.people)
            if len(rows) == self.shipment.max_items:
                break
        else:
            if whole:
                return []
        self._drop(rows)
        return rows

    def _drop(self, rows: Iterable[Row]) -> None:
        for row in rows:
            del self._rows[row.identity]
            self._bytes -= len(row.body) + 1
        self.people = {person for row in self._rows.values() for person in row.people}
