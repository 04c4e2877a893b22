"""What lets a row be computed from its number: mixing, a bijection, a periodic pattern."""

from collections.abc import Sequence
from math import gcd
from typing import Generic, TypeVar

Item = TypeVar("Item")

_MASK = (1 << 64) - 1
_GOLDEN = 0.6180339887498949


def mix(number: int, key: int) -> int:
    """64 bits that look random but depend on number and key only."""
    h = ((number + key) * 0x9E3779B97F4A7C15) & _MASK
    h = ((h ^ (h >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    return h ^ (h >> 31)


class Shuffle:
    """A bijection of 0..size-1 onto itself; neighbours land far and evenly apart."""

    def __init__(self, size: int, key: int) -> None:
        self.size = size
        step = max(1, int(size * _GOLDEN) + mix(key, 1) % max(1, size // 50))
        while gcd(step, size) != 1:
            step += 1
        self._step = step % max(1, size)
        self._back = pow(step, -1, size) if size > 1 else 0
        self._shift = mix(key, 2) % max(1, size)

    def __call__(self, position: int) -> int:
        """The image of a position."""
        return (position * self._step + self._shift) % self.size

    def inverse(self, image: int) -> int:
        """The position that lands on this image."""
        return (image - self._shift) * self._back % self.size

    def inverses(self, images: range) -> list[int]:
        """The positions that land on images which follow each other."""
        first, back, size = (images.start - self._shift) * self._back, self._back, self.size
        return [(first + nth * back) % size for nth in range(len(images))]


class Pattern(Generic[Item]):
    """Items hung on the numbers 0, 1, 2, … and repeating with a period.

    Counts the items before a number, and finds the n-th item, without walking there.
    """

    def __init__(self, period: Sequence[Sequence[Item]]) -> None:
        self.length = len(period)
        self._prefix = [0]
        self._flat: list[tuple[int, Item]] = []
        for offset, items in enumerate(period):
            self._flat.extend((offset, item) for item in items)
            self._prefix.append(len(self._flat))
        self.total = len(self._flat)

    def before(self, number: int) -> int:
        """How many items hang on smaller numbers."""
        turns, offset = divmod(number, self.length)
        return turns * self.total + self._prefix[offset]

    def span(self, number: int) -> range:
        """The items that hang on a number, counted from 0."""
        turns, offset = divmod(number, self.length)
        before = turns * self.total
        return range(before + self._prefix[offset], before + self._prefix[offset + 1])

    def on(self, number: int) -> list[tuple[int, Item]]:
        """The items that hang on a number, each with its place among all."""
        turns, offset = divmod(number, self.length)
        first, last = self._prefix[offset], self._prefix[offset + 1]
        before = turns * self.total
        return [(before + nth, self._flat[nth][1]) for nth in range(first, last)]

    def at(self, nth: int) -> tuple[int, Item]:
        """Number and item of the n-th item (from 0)."""
        turns, place = divmod(nth, self.total)
        offset, item = self._flat[place]
        return turns * self.length + offset, item


def shares(total: int, weights: Sequence[float]) -> list[int]:
    """Running sums that divide a total by weight: n+1 numbers from 0 to the total."""
    whole = sum(weights) or 1.0
    sums, running = [0], 0.0
    for weight in weights:
        running += weight
        sums.append(round(total * running / whole))
    return sums
