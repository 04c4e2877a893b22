"""The artists: names, genres, and which fans like them."""

from itertools import product
from typing import Any

from nevent_sandbox.nevent.arithmetic import Pattern, mix
from nevent_sandbox.nevent.identifiers import Identifiers

GENRES = (
    "Techno",
    "House",
    "Indie",
    "Rock",
    "Pop",
    "Flamenco",
    "Reggaeton",
    "Electrónica",
    "Folk",
    "Metal",
)
_FIRSTS = ("Niña", "Los", "Club", "DJ", "Faro", "La", "Nova", "Orquesta")
_SECONDS = ("Polar", "Marea", "Ñandú", "Cierzo", "Amapola", "Neón")
COUNT = len(_FIRSTS) * len(_SECONDS)
_PERIOD = COUNT * 5
_MULTIPLIERS = (1, 7, 11, 13)  # coprime with the number of performers


def performers(identifiers: Identifiers, seed: int) -> list[dict[str, Any]]:
    """All artists, in the shape of the API."""
    found = []
    for number, (first, second) in enumerate(product(_FIRSTS, _SECONDS)):
        genre = number % len(GENRES)
        genres = [GENRES[genre]]
        if number % 3 == 0:
            genres.append(GENRES[(genre + 1 + number % 4) % len(GENRES)])
        found.append(
            {
                "id": identifiers.make("performer", number),
                "name": f"{first} {second}",
                "genres": genres,
                "tags": ["nacional" if number % 4 else "internacional"],
                "style": ("live", "dj set", "banda")[number % 3],
                "spotifyId": f"{mix(number, seed):016x}5pZ0qT" if number % 5 else None,
            }
        )
    return found


class Likes:
    """Who likes whom: none to four artists per fan, in a pattern that repeats over the fans."""

    def __init__(self, seed: int) -> None:
        self._shift = seed % COUNT
        self._fans = [
            Pattern([(0,) if artist in self.of(fan) else () for fan in range(_PERIOD)])
            for artist in range(COUNT)
        ]

    def of(self, fan: int) -> list[int]:
        """The artists that a fan of the base audience likes."""
        amount = (fan + fan // COUNT) % 5
        place = fan + self._shift
        liked = [(place * m + 5 * n) % COUNT for n, m in enumerate(_MULTIPLIERS[:amount])]
        return list(dict.fromkeys(liked))

    def count(self, artist: int, audience: int) -> int:
        """How many fans of the base audience like an artist."""
        return self._fans[artist].before(audience)

    def fans(self, artist: int, audience: int) -> list[int]:
        """The fans of the base audience who like an artist."""
        pattern = self._fans[artist]
        return [pattern.at(nth)[0] for nth in range(pattern.before(audience))]
