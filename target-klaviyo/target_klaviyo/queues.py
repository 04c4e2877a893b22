"""Rows that wait to be sent: compacted per person, cut by count and by bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from klaviyo_client.limits import MAX_BODY_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable
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
    `holds` is set while the row keeps its people from being sent in another job.
    """

    __slots__ = ("body", "hash", "holds", "identity", "origins", "people")

    def __init__(self, identity: str, people: tuple[str, ...], body: bytes, origin: Origin) -> None:
        self.identity = identity
        self.people = people
        self.body = body
        self.origins = [origin]
        self.hash = ""
        self.holds = False


class Queue:
    """Rows of one kind, from all streams of it, in the order in which they came."""

    def __init__(self, shipment: Shipment) -> None:
        self.shipment = shipment
        self._max_bytes = MAX_BODY_BYTES - OVERHEAD
        self._rows: dict[int, Row] = {}
        self._next = 0
        self._places: dict[str, int] = {}  # identity -> the latest row of it
        self._latest: dict[str, int] = {}  # person -> the latest row about them
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def full(self) -> bool:
        """Whether a whole request can be made."""
        return len(self._rows) >= self.shipment.max_items or self._bytes >= self._max_bytes

    def about(self, others: Queue) -> bool:
        """Whether somebody here waits there as well."""
        return not self._latest.keys().isdisjoint(others._latest)

    def put(self, row: Row) -> None:
        """Add a row; into one of the same identity, field by field, last wins, where there is one.

        Not where that one is no longer the latest word on these people, or both are too large
        for one item: then the row waits until the earlier one is settled.
        """
        place = self._place_for(row)
        if place is not None:
            earlier = self._rows[place]
            body = self.shipment.merge(earlier.body, row.body)
            if len(body) <= self.shipment.max_item_bytes:
                self._merge(place, earlier, row, body)
                return
        self._insert(self._next, row)
        self._next += 1

    def put_back(self, row: Row, amended: Callable[[bytes], bytes]) -> None:
        """Add a row that was taken before, amended; what came meanwhile is newer and wins."""
        place = self._place_for(row)
        if place is None:
            row.body = amended(row.body)
            rows, self._rows = self._rows, {}
            self._insert(-1 - self._next, row)
            self._next += 1
            self._rows.update(rows)
            for key, later in rows.items():
                self._latest.update(dict.fromkeys(later.people, key))
                self._places[later.identity] = key
        else:
            later = self._rows[place]
            body = amended(self.shipment.merge(row.body, later.body))
            self._merge(place, later, row, body)

    def _place_for(self, row: Row) -> int | None:
        """The queued row that this one may be merged with, if there is one."""
        place = self._places.get(row.identity)
        if place is None or not self.shipment.apart:
            return place
        latest = self._latest
        return place if all(latest.get(each, place) == place for each in row.people) else None

    def _merge(self, place: int, into: Row, row: Row, body: bytes) -> None:
        self._bytes += len(body) - len(into.body)
        into.body = body
        into.origins += row.origins
        into.people = tuple({*into.people, *row.people})
        self._latest.update(dict.fromkeys(into.people, place))

    def _insert(self, place: int, row: Row) -> None:
        self._rows[place] = row
        self._places[row.identity] = place
        self._latest.update(dict.fromkeys(row.people, place))
        self._bytes += len(row.body) + 1

    def take(self, busy: AbstractSet[str], *, half: bool) -> list[Row]:
        """Up to one request of rows, leaving those whose person is busy elsewhere.

        Args:
            busy: identifiers of people who are in a job that is not settled.
            half: take nothing where it is not even half a request.
        """
        apart = self.shipment.apart
        rows: dict[int, Row] = {}
        size = 0
        seen: set[str] = set()
        for place, row in self._rows.items():
            if not busy.isdisjoint(row.people) or not seen.isdisjoint(row.people):
                if apart:
                    seen.update(row.people)  # a later row of theirs must not overtake this one
                continue
            if rows and size + len(row.body) + 1 > self._max_bytes:
                break
            size += len(row.body) + 1
            rows[place] = row
            if apart:
                seen.update(row.people)  # order within a job is not kept: one row a person
            if len(rows) == self.shipment.max_items:
                break
        if half and len(rows) * 2 < self.shipment.max_items and size * 2 < self._max_bytes:
            return []
        self._drop(rows)
        return list(rows.values())

    def _drop(self, rows: dict[int, Row]) -> None:
        for place, row in rows.items():
            del self._rows[place]
            self._bytes -= len(row.body) + 1
        self._places = {row.identity: place for place, row in self._rows.items()}
        self._latest = {each: place for place, row in self._rows.items() for each in row.people}
