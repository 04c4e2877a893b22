"""Two newsletters and their subscriptions, of fans and of strangers."""

from collections.abc import Sequence
from typing import Any

from nevent_sandbox.nevent.arithmetic import Pattern, Shuffle, mix
from nevent_sandbox.nevent.concerts import Concert
from nevent_sandbox.nevent.fans import Fans
from nevent_sandbox.nevent.identifiers import Identifiers
from nevent_sandbox.nevent.instants import DAY, HOUR, iso, moment

NAMES = ("Agenda de conciertos", "Preventas y sorteos")
SOURCES = ("Event Registration", "Website Form", "Event Registration", "Instagram", "CSV Import")
_READERS = ({0, 1, 3, 4, 6, 8, 9, 12, 13, 15, 18}, {2, 3, 7, 11, 16})
_STRANGERS = ({5, 14}, {9})
_PERIOD = 20
_PER_NEWSLETTER = 1 << 28
_STATUSES = ("CONFIRMED",) * 14 + ("UNSUBSCRIBED",) * 4 + ("PENDING",) * 2

Subscription = dict[str, Any]


class Subscriptions:
    """The base subscriptions of one newsletter, in order of their last change."""

    def __init__(
        self,
        newsletter: int,
        *,
        seed: int,
        start: int,
        fans: Fans,
        concerts: Sequence[Concert],
        identifiers: Identifiers,
    ) -> None:
        self._newsletter = newsletter
        self._seed = seed + 100 + newsletter
        self._fans = fans
        self._identifiers = identifiers
        self._concerts = concerts
        self._pattern: Pattern[bool] = Pattern(
            [
                [True] * (place in _READERS[newsletter])
                + [False] * (place in _STRANGERS[newsletter])
                for place in range(_PERIOD)
            ]
        )
        self.people = fans.size
        self.size = self._pattern.before(fans.size)
        self._slots = Shuffle(max(1, self.size), self._seed)
        self._end = start
        self._span = 900 * DAY

    def number(self, rank: int) -> int:
        """The subscription number behind ids: new ones go on from the size."""
        return self._newsletter * _PER_NEWSLETTER + rank

    def identifier(self, rank: int) -> str:
        """The id of the subscription with this rank."""
        return self._identifiers.make("subscription", self.number(rank))

    def of_fan(self, fan: int) -> list[str]:
        """Ids of a base fan's subscriptions to this newsletter."""
        low, high = self._pattern.before(fan), self._pattern.before(fan + 1)
        return [
            self._identifiers.make("subscription", self.number(self._slots.inverse(slot)))
            for slot in range(low, high)
            if self._pattern.at(slot)[1]
        ]

    def row(self, rank: int) -> Subscription:
        """Compose a subscription, without its embedded fan."""
        fan, known = self._pattern.at(self._slots(rank))
        chance = mix(rank, self._seed)
        email = self._email(fan, known, chance)
        status = _STATUSES[chance % len(_STATUSES)]
        updated = self.updated_at(rank)
        subscribed = updated
        if status == "UNSUBSCRIBED":
            subscribed -= chance % (200 * DAY) + HOUR
        source = SOURCES[(chance >> 8) % len(SOURCES)]
        concert = None
        if source == "Event Registration":
            on_sale = [c for c in self._concerts if c.on_sale <= subscribed < c.date]
            concert = on_sale[chance % len(on_sale)] if on_sale else None
        return {
            "id": self.identifier(rank),
            "userId": self._identifiers.make("user", fan) if known and email else None,
            "email": email or f"lectora{rank}@correo-demo.es",
            "newsletterId": self._identifiers.make("newsletter", self._newsletter),
            "status": status,
            "customFields": {},
            "subscribedAt": iso(subscribed),
            "unsubscribedAt": iso(updated) if status == "UNSUBSCRIBED" else None,
            "updatedAt": iso(updated),
            "source": source,
            "eventId": concert.id if concert else None,
            "eventName": concert.name if concert else None,
            "consent": {"marketing": True, "timestamp": iso(subscribed)},
        }

    def updated_at(self, rank: int) -> int:
        """When a subscription last changed."""
        return self._end - self._span + (2 * rank + 1) * self._span // (2 * self.size)

    def rank(self, identifier: str) -> int | None:
        """Where a subscription stands."""
        number = self._identifiers.number("subscription", identifier)
        if number is None or number // _PER_NEWSLETTER != self._newsletter:
            return None
        rank = number % _PER_NEWSLETTER
        return rank if rank < self.size else None

    def field(self, rank: int, name: str) -> Any:
        """Any field of a subscription."""
        return self.row(rank)[name]

    def identify(self, row: Subscription) -> str:
        """Its id."""
        return str(row["id"])

    def changed(self, row: Subscription) -> int:
        """When it last changed."""
        return moment(row["updatedAt"])

    def read(self, row: Subscription, name: str) -> Any:
        """The same field of a composed one."""
        return row[name]

    def _email(self, fan: int, known: bool, chance: int) -> str | None:  # noqa: FBT001 - a pair
        if not known:
            return None
        words = self._fans.words
        return words.former_email(fan) or words.email(fan, chance)


def newsletters(
    identifiers: Identifiers, tenant: str, start: int, counts: Sequence[int]
) -> list[dict[str, Any]]:
    """Both newsletters in the shape of the API, with their numbers of subscribers."""
    return [
        {
            "id": identifiers.make("newsletter", number),
            "name": name,
            "description": f"{name}, cada quince días.",
            "tenantId": tenant,
            "subscriberCount": count,
            "createdAt": iso(start - 950 * DAY),
            "updatedAt": iso(start - 30 * DAY),
        }
        for number, (name, count) in enumerate(zip(NAMES, counts, strict=True))
    ]
