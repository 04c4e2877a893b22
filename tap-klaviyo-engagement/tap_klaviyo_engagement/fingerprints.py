"""What was given, in few bytes: counts and xors of hashes by stretches of time."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_klaviyo_engagement.intervals import touching

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_klaviyo_engagement.events import Happening
    from tap_klaviyo_engagement.intervals import Interval

MINUTE = 60
SMALLEST = 200  # events that a cell should hold
MOST_CELLS = 48
LARGEST = 5_000  # events that a cell should hold, however many cells that makes
_BYTES = 8
_FOUND = 2  # so many new events among those of a cell are told from the others


def hashed(mark: str) -> int:
    """64 bits of an event's identity."""
    return int.from_bytes(blake2b(mark.encode(), digest_size=_BYTES).digest(), "big")


class Cell(NamedTuple):
    """Events given in [start, end), seconds since 1970."""

    start: int
    end: int
    events: int
    xor: int


class Minute:
    """Events given of one minute; `hashes` is None where there were too many to know each."""

    __slots__ = ("count", "hashes", "xor")

    def __init__(self, hashes: Iterable[int] | None = ()) -> None:
        self.hashes = None if hashes is None else set(hashes)
        self.count = len(self.hashes or ())
        self.xor = 0
        for each in self.hashes or ():
            self.xor ^= each

    def add(self, key: int, most: int) -> None:
        """Count an event, and know it as long as there are no more than `most`."""
        if self.hashes is not None:
            if key in self.hashes:
                return
            if self.count >= most:
                self.hashes = None
            else:
                self.hashes.add(key)
        self.count += 1
        self.xor ^= key


class Again:
    """Events of a cell as they are read again.

    They are held until all are there, unless they are too many to be held: then they are counted,
    and where something turns out to be new, the cell is `torn`: to be read and given anew.
    """

    def __init__(self, known: Cell) -> None:
        self._known = known
        self._rows: list[tuple[int, Happening]] = []
        self._holds = known.events <= 2 * LARGEST
        self._passes = False
        self.count = self.xor = 0

    def take(self, key: int, happening: Happening) -> list[Happening]:
        """Note an event; those to be given already, for all are once more than two are new."""
        self.count += 1
        self.xor ^= key
        if self._passes:
            return [happening]
        if self._holds:
            self._rows.append((key, happening))
        if self.count <= self._known.events + _FOUND:
            return []
        self._passes = True
        rows, self._rows = self._rows, []
        return [each for _, each in rows]

    def new(self) -> list[Happening]:
        """What was not given before, and was not told by `take`, when all are there."""
        found = unknown([key for key, _ in self._rows], self._known) if self._rows else ()
        return [each for key, each in self._rows if key in found]

    @property
    def torn(self) -> bool:
        """Whether something is new of what was not held."""
        as_it_was = self.count == self._known.events and self.xor == self._known.xor
        return not (self._holds or as_it_was)


def unknown(keys: list[int], known: Cell) -> set[int]:
    """Which of a cell's events were not given before, as far as its fingerprint can tell.

    One or two are found exactly; where there are more, or some vanished, it is all of them.
    """
    difference = known.xor
    for each in keys:
        difference ^= each
    new = len(keys) - known.events
    if new == 0 and difference == 0:
        return set()
    found = set(keys)
    if new == 1 and difference in found:
        return {difference}
    if new == _FOUND:  # a pair is found by its xor
        for each in keys:
            if each ^ difference in found and each ^ difference != each:
                return {each, each ^ difference}
    return found


def merged(cells: list[Cell], gaps: list[Interval]) -> list[Cell]:
    """Fewer, larger cells; none of those that a gap touches, and none across one."""
    target = max(SMALLEST, min(LARGEST, sum(each.events for each in cells) // MOST_CELLS))
    result: list[Cell] = []
    for each in sorted(cells):
        last = result[-1] if result else None
        if (
            last is None
            or last.events + each.events > target
            or touching(gaps, (last.start, each.end))
        ):
            result.append(each)
        else:
            both = (last.events + each.events, last.xor ^ each.xor)
            result[-1] = Cell(last.start, each.end, *both)
    return result


def packed_cells(cells: Iterable[Cell]) -> list[list[Any]]:
    """Cells as they stand in the state."""
    return [[c.start, c.end - c.start, c.events, f"{c.xor:x}"] for c in cells]


def unpacked_cells(told: Iterable[list[Any]]) -> list[Cell]:
    """Cells of a state."""
    return [Cell(start, start + long, count, int(xor, 16)) for start, long, count, xor in told]


def packed_minutes(known: Mapping[int, Iterable[int]]) -> dict[str, str]:
    """Single events by minute (since 1970), as they stand in the state."""
    return {
        str(minute): urlsafe_b64encode(
            b"".join(each.to_bytes(_BYTES, "big") for each in sorted(hashes))
        ).decode()
        for minute, hashes in sorted(known.items())
    }


def unpacked_minutes(told: Mapping[str, str]) -> dict[int, Minute]:
    """Minutes of a state, by the second in which they begin."""
    found = {}
    for minute, text in told.items():
        whole = urlsafe_b64decode(text)
        pieces = (whole[i : i + _BYTES] for i in range(0, len(whole), _BYTES))
        found[int(minute) * MINUTE] = Minute(int.from_bytes(each, "big") for each in pieces)
    return found
