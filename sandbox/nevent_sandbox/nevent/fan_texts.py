"""Fans as JSON, put together from pieces that are JSON already: a page has a thousand of them.

`Fans.fan` and `Fans.person` say what the rows are; a test holds these to the same, byte by byte.
"""

from typing import NamedTuple

from nevent_sandbox.nevent.custom_texts import CustomTexts, consent, encoded, preferences
from nevent_sandbox.nevent.instants import DAY, date_text, iso
from nevent_sandbox.nevent.people import ABROAD, CATALAN, DOMAINS, TAGS_PERIOD, TRAITS, Words, tags
from nevent_sandbox.nevent.pools import LANGUAGES, Country

_ODD_EMAIL = frozenset(
    {"no email", "unreachable", "same email", "invalid email", "padded email", "upper email"}
)
_ODD_PHONE = frozenset({"no phone", "unreachable", "invalid phone", "same phone"})
_ODD_NAME = frozenset({"same email", "long name", "emoji", "no name", "markup"})
_TAGS = [encoded(tags(n)) for n in range(TAGS_PERIOD)]


class _Pool(NamedTuple):
    """The words of one country, as JSON; those of names without quotes."""

    country: str
    language: str
    first_names: list[str]
    last_names: list[str]
    streets: list[str]
    genders: list[str]
    cities: list[tuple[str, str, bool]]  # city; province; whether Catalan is spoken there
    first_slugs: list[str]
    last_slugs: list[str]


class _Kind(NamedTuple):
    """What a trait means for the text of a fan."""

    trait: str
    pool: _Pool
    odd_email: bool
    odd_phone: bool
    odd_name: bool
    abroad: bool


class FanTexts:
    """The JSON of the fans of one seed; `chance` is the fan's random number."""

    def __init__(
        self,
        words: Words,
        countries: dict[str, Country],
        *,
        prefix: str,
        tenant: str,
        custom: CustomTexts,
        nowhere: str,
    ) -> None:
        self._words = words
        self._prefix = prefix
        self._custom = custom
        self._nowhere = encoded(nowhere)
        self._fixed = f'"profileImage":null,"role":"USER","tenantId":"{tenant}","memberOf":[]'
        pools = {code: _pool(code, country) for code, country in countries.items()}
        self._kinds = [_kind(trait, pools) for trait in TRAITS]

    def identity(self, fan: int, chance: int, kind: _Kind) -> tuple[str, str, str, str]:
        """E-mail, phone, name and surname."""
        pool, odd_email, odd_phone, odd_name, abroad = kind[1:]
        first, last = fan * 7 % len(pool.first_names), fan * 11 % len(pool.last_names)
        if odd_email:
            email = encoded(self._words.email(fan, chance))
        else:
            slugs = f"{pool.first_slugs[first]}.{pool.last_slugs[last]}"
            email = f'"{slugs}{fan}@{DOMAINS[fan % 4]}"'
        if odd_phone or abroad:
            phone = encoded(self._words.phone(fan, chance))
        else:
            phone = f'"{self._words.spanish_phone(fan, chance)}"'
        if odd_name:
            name, surname = map(encoded, self._words.names(fan, chance))
        elif abroad:
            name, surname = f'"{pool.first_names[first]}"', f'"{pool.last_names[last]}"'
        else:
            second = pool.last_names[(chance >> 28) % len(pool.last_names)]
            name, surname = f'"{pool.first_names[first]}"', f'"{pool.last_names[last]} {second}"'
        return email, phone, name, surname

    def person(self, fan: int, chance: int, created: int, updated: int) -> str:
        """What rows of other kinds embed of a fan."""
        kind = self._kinds[self._words.trait(fan)]
        email, phone, name, surname = self.identity(fan, chance, kind)
        sharing = consent(kind.trait, chance, created, updated)
        return (
            f'{{"id":"{self._prefix}{fan:08x}","email":{email},"phone":{phone},"name":{name},'
            f'"surname":{surname},"thirdPartySharing":{sharing}}}'
        )

    def member(self, fan: int, chance: int) -> str:
        """What the members of a segment are told as."""
        kind = self._kinds[self._words.trait(fan)]
        email, phone, name, surname = self.identity(fan, chance, kind)
        return (
            f'{{"fan_id":"{self._prefix}{fan:08x}","first_name":{name},"last_name":{surname},'
            f'"email":{email},"phone":{phone}}}'
        )

    def fan(self, fan: int, chance: int, created: int, updated: int) -> str:
        """All of a fan."""
        kind = self._kinds[self._words.trait(fan)]
        email, phone, name, surname = self.identity(fan, chance, kind)
        pool = kind.pool
        city, province, catalan = pool.cities[(chance >> 16) % len(pool.cities)]
        language = '"ca"' if catalan and chance & 1 else pool.language
        street = pool.streets[(chance >> 24) % len(pool.streets)]
        gender = pool.genders[fan * 7 % len(pool.genders)] if chance & 15 else "null"
        born = f'"{date_text((chance >> 9) % 14000 * DAY)}"' if chance & 3 else "null"
        lives, travels = (city, city) if chance & 31 else ("null", self._nowhere)
        document = self._words.document(fan) if not chance & 5 or not chance >> 30 & 3 else ""
        tax = f'"{document}"' if not chance & 5 else "null"
        return (
            f'{{"id":"{self._prefix}{fan:08x}","email":{email},"name":{name},"surname":{surname},'
            f'"phone":{phone},"birthDate":{born},"gender":{gender},"language":{language},'
            f'"country":{pool.country},"city":{lives},"address":"{street} {chance % 180 + 1}",'
            f'"postalCode":"{province}{chance % 1000:03d}",{self._fixed},'
            f'"customFieldValues":{self._custom.of(chance >> 20, travels, document)},'
            f'"communicationPreferences":{preferences(chance >> 7, created, updated)},'
            f'"tags":{_TAGS[(chance >> 13) % TAGS_PERIOD]},"taxId":{tax},'
            f'"thirdPartySharing":{consent(kind.trait, chance, created, updated)},'
            f'"createdAt":"{iso(created)}","updatedAt":"{iso(updated)}"}}'
        )


def _kind(trait: str, pools: dict[str, _Pool]) -> _Kind:
    abroad = trait in ABROAD
    pool = pools[trait if abroad else "ES"]
    return _Kind(trait, pool, trait in _ODD_EMAIL, trait in _ODD_PHONE, trait in _ODD_NAME, abroad)


def _pool(code: str, country: Country) -> _Pool:
    def bare(words: list[str]) -> list[str]:
        return [encoded(word)[1:-1] for word in words]

    return _Pool(
        encoded(code),
        encoded(LANGUAGES[code]),
        bare(country.first_names),
        bare(country.last_names),
        bare(country.streets),
        [encoded(gender) for gender in country.genders],
        [
            (encoded(city), province, code == "ES" and province in CATALAN)
            for city, province in country.cities
        ],
        country.first_slugs,
        country.last_slugs,
    )
