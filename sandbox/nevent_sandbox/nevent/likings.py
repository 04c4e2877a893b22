"""The likes of the audience, by artist and by fan."""

from typing import Any

from nevent_sandbox.nevent.arithmetic import mix
from nevent_sandbox.nevent.instants import iso
from nevent_sandbox.nevent.store import Store

_KEPT = 4


class Likings:
    """Reads likes; the lists of the last few artists asked for are remembered."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: dict[tuple[int, int], list[tuple[int, int]]] = {}

    def of_artist(self, artist: int) -> list[tuple[int, int]]:
        """Moment and fan of every like of an artist, the oldest first."""
        key = (artist, self._store.fans.version)
        if key not in self._found:
            if len(self._found) >= _KEPT:
                self._found.clear()
            gone = {self._store.identifiers.number("user", user) for user in self._store.fans.gone}
            numbers = (
                n
                for n in self._store.likes.fans(artist, self._store.fans_at_start)
                if n not in gone
            )
            self._found[key] = sorted((self.moment(n, artist), n) for n in numbers)
        return self._found[key]

    def moment(self, fan: int, artist: int) -> int:
        """When a fan of the base audience liked an artist: after joining, before the start."""
        base = self._store.base_fans
        created = base.created(fan, base.updated_at(base.rank(fan)))
        return created + (self._store.start - created) * (mix(fan, artist) % 1000) // 1000

    def written(self, row: tuple[int, int]) -> dict[str, Any]:
        """One like: the fan, and when."""
        person = self._store.person(self._store.identifiers.make("user", row[1])) or {}
        kept = {key: person[key] for key in ("id", "email", "name", "surname", "phone")}
        return {**kept, "createdAt": iso(row[0])}

    def count(self, performer: str) -> int:
        """How many fans of the base audience like an artist."""
        number = self._store.identifiers.number("performer", performer)
        return 0 if number is None else self._store.likes.count(number, self._store.fans_at_start)
