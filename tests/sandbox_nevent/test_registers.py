"""A computed collection with changes laid over it reads as if it were a list that is sorted."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from nevent_sandbox.nevent.registers import Register


@dataclass
class Thing:
    """A row: its id, and when it last changed."""

    id: str
    changed: int


class Things:
    """Fifty of them, changed at 0, 10, 20, … in the order of their ids."""

    size = 50

    def row(self, rank: int) -> Thing:
        """With this rank."""
        return Thing(f"{rank:04d}", rank * 10)

    def updated_at(self, rank: int) -> int:
        """When it changed."""
        return rank * 10

    def rank(self, identifier: str) -> int | None:
        """Where it stands."""
        return int(identifier) if int(identifier) < self.size else None

    def field(self, rank: int, name: str) -> Any:
        """Of the row with this rank."""
        return self.read(self.row(rank), name)

    def identify(self, row: Thing) -> str:
        """Its id."""
        return row.id

    def changed(self, row: Thing) -> int:
        """When it changed."""
        return row.changed

    def read(self, row: Thing, name: str) -> Any:
        """One field."""
        return getattr(row, name)


@pytest.mark.parametrize("seed", range(5))
def test_rows_come_in_order_whatever_happened_and_however_they_are_read(seed: int) -> None:
    """One by one before anybody read a page, and as a page. Ties of late ones go by id."""
    chance, register = Random(seed), Register(Things())  # noqa: S311  # no secret
    plain = {row.id: row for row in map(Things().row, range(Things.size))}
    for _ in range(300):
        identifier = f"{chance.randrange(70):04d}"
        if chance.random() < 0.2:
            register.remove(identifier)
            plain.pop(identifier, None)
        else:
            plain[identifier] = Thing(identifier, chance.randrange(70) * 10 + 5)
            register.put(plain[identifier])
        expected = sorted(plain.values(), key=lambda row: (row.changed, row.id))
        since = chance.randrange(700)
        if chance.random() < 0.5:
            register.ordered((), None)
        assert [register.at(position) for position in range(len(register))] == expected
        assert register.since(since) == sum(row.changed < since for row in expected)
