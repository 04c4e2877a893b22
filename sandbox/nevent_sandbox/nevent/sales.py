"""Which order comes when: the orders of every concert, laid out in the order of their last change.

An order has a *number* (concert after concert) and a *rank* (by `updatedAt`); either is computed
from the other. Orders that nobody used changed last while tickets were on sale, the others when
they were scanned at the door, or when a late scan was uploaded. Sale days and concert days never
overlap, so the ranks need no sorting.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from msgspec import Struct

from nevent_sandbox.nevent.arithmetic import Pattern, shares
from nevent_sandbox.nevent.concerts import Concert
from nevent_sandbox.nevent.instants import DAY, HOUR
from nevent_sandbox.nevent.shapes import SHAPES, VISITS

DOORS = -1 * HOUR  # from the start of the concert
DOORS_OPEN = 4 * HOUR
LATE = 5 * HOUR  # from the end of the concert
LATE_OPEN = 30 * HOUR
_SLICE = 5 * DAY
_EVERY: Pattern[int] = Pattern([(0,) for _ in SHAPES])


class Segment(Struct):
    """Some orders of one concert whose last changes follow each other in one stretch of time."""

    rank: int
    concert: int
    visit: str
    first: int
    count: int
    begin: int
    end: int

    def time(self, place: int) -> int:
        """When the place-th order of the segment changed, spread evenly."""
        return self.begin + (2 * place + 1) * (self.end - self.begin) // (2 * self.count)


class Sales:
    """The arithmetic between order numbers, concerts and ranks."""

    def __init__(self, concerts: Sequence[Concert], start: int, size: int) -> None:
        self.size = size
        self.starts = shares(size, [concert.weight for concert in concerts])
        self.visited = [c.end < start and not c.fixed_status for c in concerts]
        self._segments: list[Segment] = []
        self._places: dict[tuple[int, str], list[Segment]] = {}
        for segment in self._laid_out(concerts, start):
            segment.rank = (
                self._segments[-1].rank + self._segments[-1].count if self._segments else 0
            )
            self._segments.append(segment)
            self._places.setdefault((segment.concert, segment.visit), []).append(segment)
        self._ranks = [segment.rank for segment in self._segments]
        self._firsts = {key: [s.first for s in found] for key, found in self._places.items()}

    def concert(self, number: int) -> int:
        """The concert that an order is for."""
        return bisect_right(self.starts, number) - 1

    def bounds(self, concert: int) -> tuple[int, int]:
        """The numbers of a concert's orders: from, to (exclusive)."""
        return self.starts[concert], self.starts[concert + 1]

    def visit(self, concert: int, number: int) -> str:
        """What changed the order last: sale, or one of the visits of a past concert."""
        return SHAPES[number % len(SHAPES)].visit if self.visited[concert] else "sale"

    def number(self, rank: int) -> int:
        """The order with this rank."""
        segment = self._segments[bisect_right(self._ranks, rank) - 1]
        return _pattern(segment.visit).at(segment.first + rank - segment.rank)[0]

    def place(self, number: int) -> tuple[Segment, int]:
        """The segment of an order, and its place there; its rank is the sum of both."""
        concert = self.concert(number)
        visit = self.visit(concert, number)
        nth = _pattern(visit).before(number)
        key = (concert, visit)
        segment = self._places[key][bisect_right(self._firsts[key], nth) - 1]
        return segment, nth - segment.first

    def _laid_out(self, concerts: Sequence[Concert], start: int) -> Iterator[Segment]:
        slices = list(_sale_slices(concerts, start))
        rows: list[Segment] = []
        wanted: list[list[int]] = [[] for _ in concerts]
        open_in: list[list[int]] = []
        for begin, end in slices:
            selling = [c.index for c in concerts if c.on_sale <= begin and end <= c.date]
            open_in.append(selling)
            for index in selling:
                wanted[index].append(len(open_in) - 1)
        for concert in concerts:
            low, high = self.bounds(concert.index)
            visit = "idle" if self.visited[concert.index] else "sale"
            pattern = _pattern(visit)
            first, last = pattern.before(low), pattern.before(high)
            pieces = wanted[concert.index]
            cuts = shares(last - first, [1.0] * len(pieces))
            for nth, piece in enumerate(pieces):
                if cuts[nth + 1] > cuts[nth]:
                    begin, end = slices[piece]
                    selling = open_in[piece]
                    width = (end - begin) // len(selling)
                    at = begin + selling.index(concert.index) * width
                    rows.append(
                        Segment(
                            0,
                            concert.index,
                            visit,
                            first + cuts[nth],
                            cuts[nth + 1] - cuts[nth],
                            at,
                            at + width,
                        )
                    )
            if self.visited[concert.index]:
                rows.extend(self._visits(concert, low, high))
        return iter(sorted(rows, key=lambda segment: segment.begin))

    def _visits(self, concert: Concert, low: int, high: int) -> Iterator[Segment]:
        doors, late = concert.date + DOORS, concert.end + LATE
        for visit, begin, end in (
            ("gate", doors, doors + DOORS_OPEN),
            ("late", late, late + LATE_OPEN),
        ):
            pattern = VISITS[visit]
            first, count = pattern.before(low), pattern.before(high) - pattern.before(low)
            if count:
                yield Segment(0, concert.index, visit, first, count, begin, end)


def _pattern(visit: str) -> Pattern[int]:
    return VISITS.get(visit, _EVERY)


def _sale_slices(concerts: Sequence[Concert], start: int) -> Iterator[tuple[int, int]]:
    """The time between concerts, cut at the starts of sales and into a few days each."""
    cursor = min(concert.on_sale for concert in concerts)
    sales = sorted({concert.on_sale for concert in concerts if concert.on_sale < start} | {start})
    past = [c for c in concerts if c.end < start]
    for begin, end in [
        *((c.date + DOORS, c.end + LATE + LATE_OPEN) for c in past),
        (start, start),
    ]:
        while cursor < begin:
            cut = next((s for s in sales if s > cursor), begin)
            until = min(begin, cursor + _SLICE, cut)
            yield cursor, until
            cursor = until
        cursor = max(cursor, end)
