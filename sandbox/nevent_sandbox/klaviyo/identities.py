"""Who may hold an identifier: in memory, since an index in the file costs most of a bulk import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

OTHERS = ("external_id", "anonymous_id")
IDENTIFIERS = ("email", "phone_number", *OTHERS)
AMONG = "(SELECT value FROM json_each(?))"  # of a JSON array


def holding(name: str, table: str = "profiles") -> str:
    """SQL: the identifier `name` is `?1`, found by way of its holders."""
    holders = f"SELECT value FROM json_each(holders('{name}', ?1))"  # noqa: S608  # our own names
    return f"{table}.n IN ({holders}) AND {table}.{name} = ?1"


class Identities:
    """Numbers of profiles by the hashes of their identifiers; 250 bytes a profile.

    A hint: whoever holds an identifier is among the numbers that are told, others may be, too
    (of the same hash, or who held it before). So the profile is read, and compared.
    """

    def __init__(self) -> None:
        self.by: dict[str, dict[int, int | tuple[int, ...]]] = {name: {} for name in IDENTIFIERS}

    def clear(self) -> None:
        """Forget all."""
        for numbers in self.by.values():
            numbers.clear()

    def note(self, name: str, value: str, number: int) -> None:
        """A profile holds an identifier from now on."""
        numbers, key = self.by[name], hash(value)
        known = numbers.setdefault(key, number)
        if known == number:
            return
        several = known if isinstance(known, tuple) else (known,)
        if number not in several:
            numbers[key] = (*several, number)

    def of(self, name: str, values: Iterable[str]) -> set[int]:
        """The numbers of those who may hold one of these."""
        numbers = self.by[name]
        found: set[int] = set()
        for value in values:
            known = numbers.get(hash(value))
            if known is None:
                continue
            if isinstance(known, tuple):
                found.update(known)
            else:
                found.add(known)
        return found

    def serve(self, db: sqlite3.Connection) -> None:
        """Give SQL the function holders(name, value): a JSON array of numbers."""

        def holders(name: str, value: str | None) -> str:
            found = () if value is None else sorted(self.of(name, [value]))
            return msgspec.json.encode(found).decode()

        db.create_function("holders", 2, holders)
