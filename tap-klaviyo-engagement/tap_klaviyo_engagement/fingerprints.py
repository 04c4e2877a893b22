"""What was given, in few bytes: counts and xors of hashes by stretches of time."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_klaviyo_engagement.intervals import touching

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_klaviyo_engagement.intervals import Interval

MINUTE = 60
SMALLEST = 200  # events that a cell should hold
MOST_CELLS = 48
_BYTES = 8


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
    if new == 2:  # noqa: PLR2004  # a pair is found by its xor
        for each in keys:
            if each ^ difference in found and each ^ difference != each:
                return {each, each ^ difference}
    return found


def merged(cells: list[Cell], gaps: list[Interval]) -> list[Cell]:
    """Fewer, larger cells; none of those that a gap touches, and none across one."""
    target = max(SMALLEST, sum(each.events for each in cells) // MOST_CELLS)
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
