"""Rows that wait to be sent: compacted per person, cut by count and by bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, KeysView
    from collections.abc import Set as AbstractSet

    from singer_outcomes.ledger import Ticket
    from singer_outcomes.sink import OutcomeSink


class Origin(NamedTuple):
    """The record that a row, or a part of it, came from; `hash` is that of what it asks for."""

    sink: OutcomeSink
    key: str
    ticket: Ticket
    hash: str = ""


class Row:
    """What one record asks for, with the records it came from.

    `people` holds every identifier of the person, that by which the vendor finds them first; rows
    that share one are about the same person.
    `group` is what all rows of a request have in common, such as their list. `holds` is set while
    the row keeps its people from being sent elsewhere.
    """

    __slots__ = ("body", "group", "holds", "identity", "origins", "people")

    def __init__(
        self,
        identity: str,
        people: tuple[str, ...],
        body: bytes,
        origin: Origin,
        group: str = "",
    ) -> None:
        self.identity = identity
        self.people = people
        self.body = body
        self.origins = [origin]
        self.group = group
        self.holds = False


class Kind(NamedTuple):
    """How rows of one kind of stream wait.

    Args:
        name: as in the names of streams.
        rank: a person's rows of a lower rank go first: profile, events and lists, consent,
            suppression, deletion.
        max_items: rows of one request, or of one round of requests.
        max_item_bytes: of a merged row.
        max_bytes: of one request's items.
        merge: two bodies of one identity as one; the later one wins.
        apart: a round holds one row a person, who is kept from other rounds until it is settled,
            as the order within it is not kept. Not so for what stands for itself.
        room: rows that may wait for their people before reading stops.
        alone: sent only when nothing of a lower rank waits or is under way, whoever it is about.
        patient: waits for half a request's worth while something else is under way.
        at_once: rounds under way at a time; what is slow leaves room for the other kinds.
    """

    name: str
    rank: int
    max_items: int
    max_item_bytes: int
    max_bytes: int
    merge: Callable[[bytes, bytes], bytes]
    apart: bool = True
    room: int = 0
    alone: bool = False
    patient: bool = True
    at_once: int = 100


class Queue:
    """Rows of one kind, from all streams of it, in the order in which they came."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._rows: OrderedDict[int, Row] = OrderedDict()
        self._next = 0
        self._places: dict[str, int] = {}  # identity -> the latest row of it
        self._latest: dict[str, int] = {}  # person -> the latest row about them
        self._bytes = 0
        self._tried = 0  # rows that were there when none of them could go

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def people(self) -> KeysView[str]:
        """Everybody whom a row here is about."""
        return self._latest.keys()

    @property
    def full(self) -> bool:
        """Whether a whole request can be made."""
        kind = self.kind
        return self._bytes >= kind.max_bytes or len(self._rows) >= kind.max_items

    @property
    def due(self) -> bool:
        """Whether it is time to look for a request's worth of rows that can go."""
        return self.full and len(self._rows) >= self._tried

    @property
    def overfull(self) -> bool:
        """Whether no more should be read before something goes."""
        room = max(self.kind.room, self.kind.max_items)
        return (
            len(self._rows) >= room
            or self._bytes >= self.kind.max_bytes * room / self.kind.max_items
        )

    def postpone(self) -> None:
        """Nothing can go now: look again when half a request more has come."""
        self._tried = len(self._rows) + self.kind.max_items // 2

    def put(self, row: Row) -> None:
        """Add a row; into one of the same identity, field by field, last wins, where there is one.

        Not where that one is no longer the latest word on these people, or both are too large
        for one item: then the row waits until the earlier one is settled.
        """
        identity = row.identity
        # Nearly always this is the first row of its identity.
        if identity in self._places and self._into_earlier(row):
            return
        place = self._next
        self._next = place + 1
        self._rows[place] = row
        self._places[identity] = place
        latest = self._latest
        for each in row.people:
            latest[each] = place
        self._bytes += len(row.body) + 1

    def put_back(self, row: Row, amended: Callable[[bytes], bytes]) -> None:
        """Add a row that was taken before, amended; what came meanwhile is newer and wins."""
        place = self._place_for(row)
        if place is None or self._another(row.identity, than=place):
            row.body = amended(row.body)
            first, self._next = self._next, self._next + 1
            self._rows[first] = row
            self._rows.move_to_end(first, last=False)
            self._bytes += len(row.body) + 1
            # Whatever else is there about these people is later.
            self._places.setdefault(row.identity, first)
            for person in row.people:
                self._latest.setdefault(person, first)
        else:
            later = self._rows[place]
            body = amended(self.kind.merge(row.body, later.body))
            self._merge(place, later, row, body)

    def take(
        self, busy: AbstractSet[str], *, half: bool, after: Iterable[KeysView[str]] = ()
    ) -> list[Row]:
        """Up to one request of rows of one group, leaving those whose person must wait.

        Args:
            busy: identifiers of people who are in a request or job that is not settled.
            half: take nothing where it is not even half a request.
            after: people of other queues whose rows go first.
        """
        apart, most = self.kind.apart, self.kind.max_items
        rows: dict[int, Row] = {}
        group: str | None = None
        size = 0
        seen: set[str] = set()
        barriers = [*(each for each in (busy, *after) if each), seen]
        for place, row in self._rows.items():
            people = row.people
            free = group is None or row.group == group
            for barrier in barriers:
                free = free and barrier.isdisjoint(people)
            if not free:
                if apart:
                    seen.update(people)  # a later row of theirs must not overtake this one
                continue
            if rows and size + len(row.body) + 1 > self.kind.max_bytes:
                break
            size += len(row.body) + 1
            rows[place] = row
            group = row.group
            if apart:
                seen.update(people)  # order within a round is not kept: one row a person
            if len(rows) == most:
                break
        if half and len(rows) * 2 < most and size * 2 < self.kind.max_bytes:
            return []
        if rows:
            self._drop(rows, earliest=apart)
            self._tried = 0
        return list(rows.values())

    def drop(self, people: Collection[str]) -> list[Row]:
        """Take out every row about these people."""
        if _disjoint(self._latest, people):
            return []
        rows = {
            place: row for place, row in self._rows.items() if not _disjoint(people, row.people)
        }
        self._drop(rows, earliest=False)
        return list(rows.values())

    def _into_earlier(self, row: Row) -> bool:
        place = self._place_for(row)
        if place is None:
            return False
        earlier = self._rows[place]
        body = self.kind.merge(earlier.body, row.body)
        if len(body) > self.kind.max_item_bytes:
            return False
        self._merge(place, earlier, row, body)
        earlier.group = row.group
        return True

    def _place_for(self, row: Row) -> int | None:
        """The queued row that this one may be merged with, if there is one."""
        place = self._places.get(row.identity)
        if place is None or not self.kind.apart:
            return place
        latest = self._latest
        return place if all(latest.get(each, place) == place for each in row.people) else None

    def _another(self, identity: str, *, than: int) -> bool:
        """Whether another row of this identity waits as well, and would be overtaken."""
        return any(row.identity == identity for place, row in self._rows.items() if place != than)

    def _merge(self, place: int, into: Row, row: Row, body: bytes) -> None:
        self._bytes += len(body) - len(into.body)
        into.body = body
        into.origins += row.origins
        into.people = tuple(dict.fromkeys((*into.people, *row.people)))  # the first one leads
        self._latest.update(dict.fromkeys(into.people, place))

    def _drop(self, rows: dict[int, Row], *, earliest: bool) -> None:
        """Forget these; `earliest`: none that stays is about the same people and came before."""
        if len(rows) == len(self._rows):  # as a rule: what is full is sent
            self._rows.clear()
            self._places.clear()
            self._latest.clear()
            self._bytes = 0
            return
        for place, row in rows.items():
            del self._rows[place]
            self._bytes -= len(row.body) + 1
        if earliest:
            latest, places = self._latest, self._places
            for place, row in rows.items():
                for each in row.people:
                    if latest.get(each) == place:
                        del latest[each]
                if places.get(row.identity) == place:
                    del places[row.identity]
        else:
            self._places = {row.identity: place for place, row in self._rows.items()}
            self._latest = {each: place for place, row in self._rows.items() for each in row.people}


def _disjoint(people: Collection[str], others: Collection[str]) -> bool:
    """Whether nobody is in both; a row has few identifiers, so those are looked up one by one."""
    return not any(each in people for each in others)
