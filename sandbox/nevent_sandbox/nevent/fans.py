"""Fans, put together from their number out of the pools."""

from collections.abc import Sequence
from typing import Any

from nevent_sandbox.nevent.arithmetic import Shuffle, mix
from nevent_sandbox.nevent.concerts import Concert
from nevent_sandbox.nevent.consents import consent, preferences
from nevent_sandbox.nevent.custom_texts import CustomTexts
from nevent_sandbox.nevent.definitions import CustomValues
from nevent_sandbox.nevent.fan_texts import FanTexts
from nevent_sandbox.nevent.identifiers import Identifiers
from nevent_sandbox.nevent.instants import DAY, date_text, iso
from nevent_sandbox.nevent.orders import Orders
from nevent_sandbox.nevent.people import TAGS_PERIOD, TRAITS, Words, tags
from nevent_sandbox.nevent.pools import countries

_NOWHERE = "Soria"
_IMPORTED = (0.30, 0.33, 2500)  # this stretch of ranks was imported at one instant; at most so many


class Fans:
    """The base audience by number, and its order by `updatedAt` (the rank)."""

    def __init__(
        self,
        *,
        size: int,
        seed: int,
        start: int,
        tenant: str,
        concerts: Sequence[Concert],
        orders: Orders,
        identifiers: Identifiers,
    ) -> None:
        self.size = size
        self.words = Words(seed)
        self._seed = seed
        self._tenant = tenant
        self._orders = orders
        self._on_sale = [concert.on_sale for concert in concerts]
        self._identifiers = identifiers
        self._custom = CustomValues(identifiers, start)
        self._texts = FanTexts(
            self.words,
            countries(seed),
            prefix=identifiers.prefix("user"),
            tenant=tenant,
            custom=CustomTexts(self._custom, start),
            nowhere=_NOWHERE,
        )
        self._ranks = Shuffle(max(1, size), seed + 9)
        self._begin = min(self._on_sale) - 30 * DAY
        self._span = start - self._begin
        low, high, most = _IMPORTED
        self._import = range(int(size * low), min(int(size * high), int(size * low) + most))

    def at(self, rank: int) -> int:
        """The fan with this rank."""
        return self._ranks(rank)

    def rank(self, fan: int) -> int:
        """The rank of a fan."""
        return self._ranks.inverse(fan)

    def updated_at(self, rank: int) -> int:
        """The last change of the fan with this rank; never falls as ranks rise."""
        if rank in self._import:
            rank = self._import.start
        return self._begin + (2 * rank + 1) * self._span // (2 * self.size)

    def created(self, fan: int, updated: int) -> int:
        """When the account was made: before its last change and its first order."""
        chance = mix(fan, self._seed + 1)
        created = updated - chance % (400 * DAY)
        concert = self._orders.sales.concert
        for number in self._orders.of_fan(fan):
            on_sale = self._on_sale[concert(number)]
            if on_sale < created:
                created = on_sale - chance % (20 * DAY)
        return created

    def word(self, fan: int, name: str) -> str | None:
        """The e-mail, phone or full name of a fan."""
        chance = mix(fan, self._seed)
        if name == "email":
            return self.words.email(fan, chance)
        if name == "phone":
            return self.words.phone(fan, chance)
        return " ".join(part or "" for part in self.words.names(fan, chance))

    def tags_index(self, fan: int) -> int:
        """One of a few numbers of which `tags` makes the fan's."""
        return (mix(fan, self._seed) >> 13) % TAGS_PERIOD

    def custom_value(self, fan: int, name: str) -> Any:
        """The value of one custom property, by its technical name; None without one."""
        chance = mix(fan, self._seed)
        city = (self.words.home(fan, chance).city or _NOWHERE) if name == "city" else ""
        document = self.words.document(fan) if name == "dni" else ""
        return self._custom.one(name, chance >> 20, city, document)

    def member_text(self, fan: int) -> bytes:
        """A fan as the members of segments are told, as JSON."""
        return self._texts.member(fan, mix(fan, self._seed))

    def trait(self, fan: int, name: str) -> Any:
        """Tags, country or custom values of a fan."""
        if name == "country":
            return self.words.country(fan)
        chance = mix(fan, self._seed)
        if name == "tags":
            return tags(chance >> 13)
        city = self.words.home(fan, chance).city or _NOWHERE
        return self._custom.of(chance >> 20, city, self.words.document(fan))

    def person(self, fan: int) -> dict[str, Any]:
        """What rows of other kinds embed of a fan."""
        updated = self.updated_at(self.rank(fan))
        words, chance = self.words, mix(fan, self._seed)
        name, surname = words.names(fan, chance)
        return {
            "id": self._identifiers.make("user", fan),
            "email": words.email(fan, chance),
            "phone": words.phone(fan, chance),
            "name": name,
            "surname": surname,
            "thirdPartySharing": consent(
                TRAITS[words.trait(fan)], chance, self.created(fan, updated), updated
            ),
        }

    def text(self, rank: int) -> bytes:
        """The fan with this rank as JSON, in the shape of the API."""
        fan, updated = self._ranks(rank), self.updated_at(rank)
        return self._texts.fan(fan, mix(fan, self._seed), self.created(fan, updated), updated)

    def person_text(self, fan: int) -> bytes:
        """What rows of other kinds embed of a fan, as JSON."""
        updated = self.updated_at(self.rank(fan))
        created = self.created(fan, updated)
        return self._texts.person(fan, mix(fan, self._seed), created, updated)

    def fan(self, fan: int) -> dict[str, Any]:
        """Compose a fan of the base audience, in the shape of the API."""
        words, chance = self.words, mix(fan, self._seed)
        trait = TRAITS[words.trait(fan)]
        updated = self.updated_at(self.rank(fan))
        created = self.created(fan, updated)
        name, surname = words.names(fan, chance)
        home = words.home(fan, chance)
        document = words.document(fan)
        return {
            "id": self._identifiers.make("user", fan),
            "email": words.email(fan, chance),
            "name": name,
            "surname": surname,
            "phone": words.phone(fan, chance),
            "birthDate": date_text((chance >> 9) % 14000 * DAY) if chance & 3 else None,
            "gender": home.gender,
            "language": home.language,
            "country": home.country,
            "city": home.city,
            "address": home.address,
            "postalCode": home.postal_code,
            "profileImage": None,
            "role": "USER",
            "tenantId": self._tenant,
            "memberOf": [],
            "customFieldValues": self._custom.of(chance >> 20, home.city or _NOWHERE, document),
            "communicationPreferences": preferences(chance >> 7, created, updated),
            "tags": tags(chance >> 13),
            "taxId": document if not chance & 5 else None,
            "thirdPartySharing": consent(trait, chance, created, updated),
            "createdAt": iso(created),
            "updatedAt": iso(updated),
        }
