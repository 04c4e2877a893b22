"""What a stream was given of one metric, and what it still lacks."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from tap_klaviyo_engagement import fingerprints
from tap_klaviyo_engagement.events import FOREVER
from tap_klaviyo_engagement.fingerprints import MINUTE, Again, Cell, Minute, hashed
from tap_klaviyo_engagement.intervals import touching, union, without

if TYPE_CHECKING:
    from tap_klaviyo_engagement.events import Happening
    from tap_klaviyo_engagement.intervals import Interval
    from tap_klaviyo_engagement.reading import Span

SHORTEST = 120  # seconds that are always looked at again
_KNOWN_FOR = 3600  # seconds for which single events may be known
_MOST_OF_MINUTE = 200
_MOST_KNOWN = 400  # single events in the state


class Ledger:
    """Given: everything before `now`, but for gaps. What came in the look-back is known.

    The latest events are known one by one, the others by cells: count and xor of a stretch of
    time. A run reads the look-back again; a cell that is as it was holds nothing new. Nothing
    counts as given before `settle` is told so.

    Args:
        state: what `saved` made at an earlier run; empty at first.
        now: Klaviyo's time, in whole seconds since 1970. Events of the future are known one by
            one too, and do not move the time up to which everything was given.
    """

    def __init__(self, state: dict[str, Any], *, now: int, lookback: int, start: int) -> None:
        before = state.get("upto")
        lookback = max(lookback, SHORTEST)
        self._now = max(now, before or 0)
        self._kept_from = (self._now - lookback) // MINUTE
        self._known_from = (self._now - _KNOWN_FOR) // MINUTE
        self._gaps: list[Interval] = [(a, b) for a, b in state.get("gaps", ())]
        began = min(start, now - SHORTEST) if before is None else before
        if began < self._now:
            self._gaps.append((began, self._now))
        floor = self._now if before is None else max(start, before - lookback)
        floor = min(floor, state.get("again", floor))  # an earlier run did not come to its end
        floor = max(floor, state.get("from", 0) * MINUTE)  # nothing is known of what was earlier
        self._floor = min(floor, now - SHORTEST) // MINUTE * MINUTE
        cells = fingerprints.unpacked_cells(state.get("cells", ()))
        self._cells = [each for each in cells if each.end > self._floor]
        if self._cells:
            self._floor = min(self._floor, self._cells[0].start)
        self._unread: list[Interval] = [(self._floor, FOREVER)]
        self._noted_from = min(self._kept_from, self._floor // MINUTE)
        self._starts = [each.start for each in self._cells]
        self._pending: dict[int, Again] = {}
        self._torn: set[int] = set()
        self._minutes = fingerprints.unpacked_minutes(state.get("known", {}))
        present = self._now // MINUTE * MINUTE
        self._halved = None if present in self._minutes else present  # the present minute

    @property
    def upto(self) -> int:
        """Up to when everything was given."""
        return min((start for start, _ in self._gaps), default=self._now)

    def needs(self) -> list[Interval]:
        """What must be read in this run."""
        return union([*self._gaps, (self._floor, FOREVER)])

    def uncut(self, at: int) -> int:
        """This time, or the latest before it at which reading may be split."""
        number = self._cell(at)
        return at if number is None else self._starts[number]

    def sift(self, span: Span) -> list[Happening]:
        """The events of a span, and of cells that it completes, that were not given yet."""
        if span.start < self._floor and span.end <= self._floor:
            return self._wanted(span)
        new = []
        for each in self._wanted(span):
            number = self._cell(each.at)
            if number is None:
                if not self._knows(each):
                    new.append(each)
                continue
            again = self._pending.get(number)
            if again is None:
                again = self._pending[number] = Again(self._cells[number])
            new += again.take(hashed(each.mark), each)
        for number in self._completed(span):
            new += self._pending[number].new()
        return new

    def settle(self, span: Span) -> None:
        """All that `sift` told of this span was given."""
        if span.end >= self._noted_from * MINUTE:
            for each in self._wanted(span):
                if each.at // MINUTE >= self._noted_from and self._cell(each.at) is None:
                    self._know(each)
        for number in self._completed(span):
            again = self._pending.pop(number)
            self._cells[number] = self._cells[number]._replace(events=again.count, xor=again.xor)
            if again.torn:
                self._torn.add(number)
        self._gaps = without(self._gaps, (span.start, span.end))
        self._unread = without(self._unread, (span.start, span.end))

    def saved(self) -> dict[str, Any]:
        """What the state keeps."""
        gaps = union(
            [
                *self._gaps,
                *((self._cells[each].start, self._cells[each].end) for each in self._torn),
            ]
        )
        given = [(each.start, each.end) for each in self._cells]
        again = self._unread[0][0] if self._unread else self._now
        kept_from = self._noted_from if again < self._now else self._kept_from
        cells = [
            each
            for number, each in enumerate(self._cells)
            if each.end > kept_from * MINUTE and number not in self._torn
        ]
        known: dict[int, set[int]] = {}
        torn: list[Interval] = []
        left = _MOST_KNOWN
        for start in sorted(self._minutes, reverse=True):
            minute, each = start // MINUTE, self._minutes[start]
            if minute < kept_from:
                break
            stretch = self._stretch(start)
            missing = touching(gaps, stretch)
            if each.hashes is not None and (each.count <= left or missing):
                known.setdefault(minute, set()).update(each.hashes)
                left -= each.count
                continue
            left = 0  # from here on all are cells, which may be merged across what lies between
            parts = [stretch]
            for taken in (*missing, *touching(given, stretch)):
                parts = without(parts, taken)
            if len(parts) == 1:
                cells.append(Cell(*parts[0], each.count, each.xor))
            elif parts:  # given here and there: what is known of it cannot be told apart
                torn.append(stretch)
        gaps = union([*gaps, *torn])
        state: dict[str, Any] = {"upto": self._now, "from": kept_from}
        if again < self._now:
            state["again"] = again
        if gaps:
            state["gaps"] = [list(each) for each in gaps]
        if cells:
            state["cells"] = fingerprints.packed_cells(fingerprints.merged(cells, gaps))
        if known:
            state["known"] = fingerprints.packed_minutes(known)
        return state

    def _stretch(self, start: int) -> Interval:
        """The seconds that an entry of `_minutes` is about."""
        end = (start // MINUTE + 1) * MINUTE
        return start, self._now if start == self._halved and start < self._now else end

    def _wanted(self, span: Span) -> list[Happening]:
        if span.start >= self._floor or any(
            start <= span.start and span.end <= end for start, end in self._gaps
        ):
            return span.happenings
        return [
            each
            for each in span.happenings
            if each.at >= self._floor or any(a <= each.at < b for a, b in self._gaps)
        ]

    def _cell(self, at: int) -> int | None:
        number = bisect_right(self._starts, at) - 1
        return number if number >= 0 and at < self._cells[number].end else None

    def _completed(self, span: Span) -> list[int]:
        """Cells that end in this span; no window ends or begins inside one."""
        return [each for each in self._pending if span.start < self._cells[each].end <= span.end]

    def _entry(self, at: int) -> int:
        """Where in `_minutes` an event is noted: at its minute; the present one has two halves."""
        start = at // MINUTE * MINUTE
        return self._now if start == self._halved and at >= self._now else start

    def _knows(self, happening: Happening) -> bool:
        noted = self._minutes.get(self._entry(happening.at))
        return bool(noted and noted.hashes and hashed(happening.mark) in noted.hashes)

    def _know(self, happening: Happening) -> None:
        start = self._entry(happening.at)
        known = self._minutes.get(start)
        if known is None:
            known = Minute(() if start // MINUTE >= self._known_from else None)
            self._minutes[start] = known
        known.add(hashed(happening.mark), _MOST_OF_MINUTE)
