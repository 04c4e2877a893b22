"""Attendance of the base audience: one row per scan, in the order of the rows' last changes."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from msgspec import Struct

from nevent_sandbox.nevent.arithmetic import Pattern, mix
from nevent_sandbox.nevent.concerts import Concert
from nevent_sandbox.nevent.identifiers import Identifiers
from nevent_sandbox.nevent.instants import DAY, HOUR
from nevent_sandbox.nevent.orders import MOST_TICKETS, Orders
from nevent_sandbox.nevent.sales import DOORS, DOORS_OPEN, LATE, LATE_OPEN
from nevent_sandbox.nevent.shapes import ENTERING, SHAPES, scanned

SCANS = ("gate", "exit", "back", "day2", "day3", "void", "late")
MOST_SCANS = 8  # an attendance's number is its ticket's times eight plus the place of its scan


class CheckIn(Struct):
    """One scan; moments in milliseconds."""

    number: int
    user_id: str
    concert: int
    ticket: int
    type_name: str
    entered: int
    left: int | None
    status: str
    updated: int


class _Stretch(Struct):
    """The scans of one kind at one concert, spread evenly over some time."""

    rank: int
    concert: int
    scan: str
    pattern: Pattern[int]
    first: int
    count: int
    begin: int
    width: int

    def time(self, place: int) -> int:
        return self.begin + (2 * place + 1) * self.width // (2 * self.count)


class CheckIns:
    """The base audience's scans, by rank and by order."""

    def __init__(
        self, concerts: Sequence[Concert], orders: Orders, identifiers: Identifiers
    ) -> None:
        self._concerts = concerts
        self._orders = orders
        self._identifiers = identifiers
        self._prefix = identifiers.prefix("user")
        plain, festival = _patterns(1), _patterns(3)
        self._stretches: list[_Stretch] = []
        for concert in concerts:
            if orders.sales.visited[concert.index]:
                self._append(concert, festival if concert.days > 1 else plain)
        self._ranks = [stretch.rank for stretch in self._stretches]
        self._by_concert: dict[int, list[_Stretch]] = {}
        for stretch in self._stretches:
            self._by_concert.setdefault(stretch.concert, []).append(stretch)
        last = self._stretches[-1] if self._stretches else None
        self.size = last.rank + last.count if last else 0

    def at(self, rank: int) -> CheckIn:
        """The scan with this rank."""
        stretch = self._stretches[bisect_right(self._ranks, rank) - 1]
        place = rank - stretch.rank
        order, ticket = stretch.pattern.at(stretch.first + place)
        return self._check_in(stretch, place, order, ticket)

    def updated_at(self, rank: int) -> int:
        """The last change of the scan with this rank; never falls as ranks rise."""
        stretch = self._stretches[bisect_right(self._ranks, rank) - 1]
        return self._updated(stretch, rank - stretch.rank, rank)

    def rank(self, number: int) -> int | None:
        """The rank of a scan; None for one that is not of the base audience."""
        ticket, scan = divmod(number, MOST_SCANS)
        order, position = divmod(ticket, MOST_TICKETS)
        if order >= self._orders.size or scan >= len(SCANS):
            return None
        for stretch, nth, place in self._scans_of(order):
            if place == position and stretch.scan == SCANS[scan]:
                return stretch.rank + nth - stretch.first
        return None

    def of_order(self, order: int, fan: int | None = None) -> list[CheckIn]:
        """The scans of an order's tickets, of all or of one fan's."""
        tickets = SHAPES[order % len(SHAPES)].tickets
        attendee = self._orders.attendee
        return [
            self._check_in(stretch, nth - stretch.first, order, position)
            for stretch, nth, position in self._scans_of(order)
            if fan is None or attendee(order, tickets[position].holder) == fan
        ]

    def attendees(self, concert: int) -> Iterator[tuple[int, int]]:
        """Number and fan of each scan at a concert that nobody took back."""
        for stretch in self._by_concert.get(concert, ()):
            if stretch.scan == "void":
                continue
            scan = SCANS.index(stretch.scan)
            for nth in range(stretch.first, stretch.first + stretch.count):
                order, position = stretch.pattern.at(nth)
                holder = SHAPES[order % len(SHAPES)].tickets[position].holder
                ticket = order * MOST_TICKETS + position
                yield ticket * MOST_SCANS + scan, self._orders.attendee(order, holder)

    def _scans_of(self, order: int) -> Iterator[tuple[_Stretch, int, int]]:
        """Of each scan its stretch, its place in the pattern, and its ticket's in the order."""
        for stretch in self._by_concert.get(self._orders.sales.concert(order), ()):
            for nth, position in stretch.pattern.on(order):
                yield stretch, nth, position

    def _append(self, concert: Concert, patterns: dict[str, Pattern[int]]) -> None:
        low, high = self._orders.sales.bounds(concert.index)
        doors = concert.date + DOORS
        windows = {
            "gate": (doors, DOORS_OPEN),
            "exit": (doors + DOORS_OPEN, HOUR // 2),
            "back": (doors + DOORS_OPEN + HOUR // 2, HOUR),
            "day2": (doors + DAY, DOORS_OPEN),
            "day3": (doors + 2 * DAY, DOORS_OPEN),
            "void": (concert.end + HOUR, 2 * HOUR),
            "late": (concert.end + LATE, LATE_OPEN),
        }
        for scan, (begin, width) in windows.items():
            pattern = patterns.get(scan)
            if pattern is None:
                continue
            first = pattern.before(low)
            count = pattern.before(high) - first
            if count:
                last = self._stretches[-1] if self._stretches else None
                rank = last.rank + last.count if last else 0
                self._stretches.append(
                    _Stretch(rank, concert.index, scan, pattern, first, count, begin, width)
                )

    def _entered(self, stretch: _Stretch, order: int, position: int) -> int:
        plans = SHAPES[order % len(SHAPES)].tickets[:position]
        nth = sum([plan.scan in ENTERING for plan in plans])
        return self._orders.entered(stretch.concert, order, nth)

    def _updated(self, stretch: _Stretch, place: int, rank: int) -> int:
        return self.at(rank).updated if stretch.scan == "gate" else stretch.time(place)

    def _check_in(self, stretch: _Stretch, place: int, order: int, position: int) -> CheckIn:
        scan = stretch.scan
        entered = updated = stretch.time(place)
        left, status = None, "CHECKED_IN"
        if scan == "gate":
            entered = updated = self._entered(stretch, order, position)
        elif scan == "exit":
            entered, left, status = self._entered(stretch, order, position), updated, "CHECKED_OUT"
        elif scan in {"void", "late"}:
            doors = self._concerts[stretch.concert].date + DOORS
            entered = doors + mix(order, position) % DOORS_OPEN
            status = "VOIDED" if scan == "void" else status
        plan = SHAPES[order % len(SHAPES)].tickets[position]
        ticket = order * MOST_TICKETS + position
        return CheckIn(
            ticket * MOST_SCANS + SCANS.index(scan),
            f"{self._prefix}{self._orders.attendee(order, plan.holder):08x}",
            stretch.concert,
            ticket,
            self._concerts[stretch.concert].types[plan.kind].name,
            entered,
            left,
            status,
            updated,
        )


def _patterns(days: int) -> dict[str, Pattern[int]]:
    found = {
        "gate": scanned("stay", "day1", "days2"),
        "exit": scanned("return"),
        "back": scanned("return"),
        "void": scanned("void"),
        "late": scanned("late"),
    }
    if days > 1:
        found["day2"] = scanned(day=2)
        found["day3"] = scanned(day=3)
    return found
