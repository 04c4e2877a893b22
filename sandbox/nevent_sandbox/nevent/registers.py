"""A computed collection with the few rows that changed laid over it, in order of last change."""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Raw

Row = TypeVar("Row")
Standing = tuple[int, str, Row | None, int]
"""Last change and id, which give the order; the row if it is late, else its rank in the base."""
_KEPT_ORDERS = 6


class Rows(Protocol[Row]):
    """A base collection: rows by rank, ranks by `updatedAt`, nothing stored."""

    size: int

    def row(self, rank: int) -> Row:
        """Compose the row with this rank."""

    def updated_at(self, rank: int) -> int:
        """Its last change; never falls as ranks rise."""

    def rank(self, identifier: str) -> int | None:
        """The rank of an id; None for an id that is not of the base."""

    def field(self, rank: int, name: str) -> Any:
        """One field of a row, by its API name, more cheaply than the row."""

    def identify(self, row: Row) -> str:
        """The id of a row."""

    def changed(self, row: Row) -> int:
        """The last change of a row."""

    def read(self, row: Row, name: str) -> Any:
        """The same field from a composed row."""


class Register(Generic[Row]):
    """Reads rows by id or in order; takes changed, new and removed ones.

    The base lacks the rows that changed or went (holes); those that changed or came (late) stand
    among it by their last change. Both are kept in order change by change; where they stand is
    worked out when somebody reads in order.
    """

    def __init__(self, base: Rows[Row]) -> None:
        self.base = base
        self.changed: dict[str, Row] = {}
        self.gone: set[str] = set()
        self.version = 0
        self._late: list[Row] = []
        self._late_keys: list[tuple[int, str]] = []  # last change and id of each
        self._late_ranks: list[int] = []  # the first rank of the base that comes after each
        self._keys: dict[str, tuple[int, str]] = {}
        self._holes: list[int] = []  # ranks
        self._without: set[str] = set()  # ids that were of the base
        self._placed = True
        self._late_places: list[int] = []
        self._hole_offsets: list[int] = []
        self._orders: dict[tuple[object, ...], Sequence[int]] = {}

    def __len__(self) -> int:
        return self.base.size - len(self._holes) + len(self._late)

    def get(self, identifier: str) -> Row | None:
        """The row with this id, or None."""
        row = self.changed.get(identifier)
        if row is not None or identifier in self.gone:
            return row
        rank = self.base.rank(identifier)
        return None if rank is None else self.base.row(rank)

    def put(self, row: Row) -> None:
        """Add a row, or replace the one with its id."""
        identifier = self.base.identify(row)
        self._take_out(identifier)
        self.changed[identifier] = row
        moment = self.base.changed(row)
        key = self._keys[identifier] = moment, identifier
        nth = bisect_left(self._late_keys, key)
        self._late_keys.insert(nth, key)
        self._late.insert(nth, row)
        self._late_ranks.insert(nth, self._first_rank(moment + 1))

    def remove(self, identifier: str) -> None:
        """Take a row away."""
        self._take_out(identifier)
        self.changed.pop(identifier, None)
        self.gone.add(identifier)

    def at(self, position: int) -> Row:
        """The row at a position, counted in order of last change."""
        late = self._late_before(position)
        if self._is_late(late, position):
            return self._late[late]
        return self.base.row(self._base_rank(position - late))

    def written(
        self, position: int, write: Callable[[Row], Any], text: Callable[[int], bytes] | None
    ) -> Any:
        """The row at a position as the API tells it; `text` is the JSON of a base row, by rank."""
        late = self._late_before(position)
        if self._is_late(late, position):
            return write(self._late[late])
        rank = self._base_rank(position - late)
        return write(self.base.row(rank)) if text is None else Raw(text(rank))

    def standing(self, identifier: str) -> Standing[Row] | None:
        """A row by its id, and where it stands; not composed while it is as in the base."""
        row = self.changed.get(identifier)
        if row is not None:
            return (*self._keys[identifier], row, -1)
        if identifier in self.gone:
            return None
        rank = self.base.rank(identifier)
        return None if rank is None else (self.base.updated_at(rank), identifier, None, rank)

    def told(
        self,
        standing: Standing[Row],
        write: Callable[[Row], Any],
        text: Callable[[int], bytes] | None,
    ) -> Any:
        """Such a row as the API tells it; `text` as for `written`."""
        _, _, row, rank = standing
        if row is None and text is not None:
            return Raw(text(rank))
        return write(self.base.row(rank) if row is None else row)

    def since(self, moment: int) -> int:
        """The position of the first row whose last change is at or after a moment."""
        low = self._first_rank(moment)
        remaining = low - bisect_left(self._holes, low)
        return remaining + bisect_left(self._late_keys, (moment, ""))

    def field(self, position: int, name: str) -> Any:
        """One field of the row at a position."""
        late = self._late_before(position)
        if self._is_late(late, position):
            return self.base.read(self._late[late], name)
        return self.base.field(self._base_rank(position - late), name)

    def ordered(
        self,
        key: tuple[object, ...],
        by: str | None,
        first: int = 0,
        wanted: Callable[[int], bool] | None = None,
    ) -> Sequence[int]:
        """Positions from `first` on, filtered, by last change or by another field.

        `key` names filter and order; the last few answers are kept until something changes.
        """
        self._place()
        positions: Sequence[int] = range(first, len(self))
        if wanted is None and by is None:
            return positions
        found = self._orders.get(key)
        if found is None:
            if wanted is not None:
                positions = array("I", (p for p in positions if wanted(p)))
            if by is not None:
                positions = self._sorted(positions, by)
            if len(self._orders) >= _KEPT_ORDERS:
                self._orders.pop(next(iter(self._orders)))
            found = self._orders[key] = positions
        return found

    def _sorted(self, positions: Iterable[int], by: str) -> Sequence[int]:
        def sort_key(position: int) -> tuple[bool, Any]:
            value = self.field(position, by)
            return value is not None, "" if value is None else value

        return array("I", sorted(positions, key=sort_key))

    def _take_out(self, identifier: str) -> None:
        """Take a row out of where it stands, before it changes or goes."""
        self.version += 1
        self._placed = False
        self._orders.clear()
        key = self._keys.pop(identifier, None)
        if key is not None:
            nth = bisect_left(self._late_keys, key)
            del self._late_keys[nth], self._late[nth], self._late_ranks[nth]
        if identifier not in self._without:
            self._without.add(identifier)
            rank = self.base.rank(identifier)
            if rank is not None:
                insort(self._holes, rank)

    def _place(self) -> None:
        """Work out where all that is late stands, for a page of rows."""
        if self._placed:
            return
        self._late_places = [self._late_place(nth) for nth in range(len(self._late))]
        self._hole_offsets = [rank - nth for nth, rank in enumerate(self._holes)]
        self._placed = True

    def _late_place(self, nth: int) -> int:
        rank = self._late_ranks[nth]
        return rank - bisect_left(self._holes, rank) + nth

    def _late_before(self, position: int) -> int:
        """How many of those that are late stand before a position."""
        if self._placed:
            return bisect_left(self._late_places, position)
        return bisect_left(range(len(self._late)), position, key=self._late_place)

    def _is_late(self, nth: int, position: int) -> bool:
        if nth >= len(self._late):
            return False
        return (self._late_places[nth] if self._placed else self._late_place(nth)) == position

    def _first_rank(self, moment: int) -> int:
        return bisect_left(range(self.base.size), moment, key=self.base.updated_at)

    def _base_rank(self, remaining: int) -> int:
        if self._placed:
            return remaining + bisect_right(self._hole_offsets, remaining)
        holes = self._holes
        return remaining + bisect_right(
            range(len(holes)), remaining, key=lambda nth: holes[nth] - nth
        )
