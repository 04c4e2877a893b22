"""Fans as JSON, put together from pieces that are JSON already: a page has a thousand of them.

`Fans.fan` and `Fans.person` say what the rows are; a test holds these to the same, byte by byte.
The pieces are bytes: as text, one accent would have all of a fan widened, and narrowed again.
"""

import re
from typing import NamedTuple

from nevent_sandbox.nevent.custom_texts import (
    DIGITS,
    CustomTexts,
    Pieces,
    consent,
    encoded,
    preferences,
)
from nevent_sandbox.nevent.instants import DAY, date_text, iso_parts
from nevent_sandbox.nevent.people import (
    ABROAD,
    CATALAN,
    DOCUMENT_LETTERS,
    DOMAINS,
    SPANISH_PHONES,
    TAGS_PERIOD,
    TRAITS,
    Words,
    document_number,
    phone_number,
    tags,
)
from nevent_sandbox.nevent.pools import LANGUAGES, Country

_ODD_EMAIL = frozenset(
    {"no email", "unreachable", "same email", "invalid email", "padded email", "upper email"}
)
_ODD_PHONE = frozenset({"no phone", "unreachable", "invalid phone", "same phone"})
_ODD_NAME = frozenset({"same email", "long name", "emoji", "no name", "markup"})
_TAGS = [encoded(tags(n)) for n in range(TAGS_PERIOD)]
_BORN = [encoded(date_text(n * DAY)) for n in range(14000)]
_NUMBERS = [b" %d" % (number + 1) for number in range(180)]
_THREE = [b"%03d" % number for number in range(1000)]
_DOMAINS = [f'@{domain}"'.encode() for domain in DOMAINS]
_LETTERS = [letter.encode() for letter in DOCUMENT_LETTERS]
_PHONES = [
    re.sub("[a-h]", "%c", f'"{write("abcdefgh")}"').encode() for write in SPANISH_PHONES
]  # with a place for each of the eight digits


class _Pool(NamedTuple):
    """The words of one country, as JSON; last names, streets and slugs lack quotes."""

    first_names: list[bytes]
    last_names: list[bytes]
    streets: list[bytes]
    genders: list[bytes]
    cities: list[tuple[bytes, bytes, bool]]  # city; province; whether Catalan is spoken there
    first_slugs: list[bytes]
    last_slugs: list[bytes]
    country: bytes
    language: bytes


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
        self._custom = custom
        self._nowhere = encoded(nowhere)
        self._id = f'{{"id":"{prefix}'.encode()
        self._fan_id = f'{{"fan_id":"{prefix}'.encode()
        self._fixed = (
            '","profileImage":null,"role":"USER",'
            f'"tenantId":"{tenant}","memberOf":[],"customFieldValues":'
        ).encode()
        pools = {code: _pool(code, country) for code, country in countries.items()}
        self._kinds = [_kind(trait, pools) for trait in TRAITS]

    def person(self, fan: int, chance: int, created: int, updated: int) -> bytes:
        """What rows of other kinds embed of a fan."""
        kind = self._kinds[self._words.trait(fan)]
        pieces = [self._id, b"%08x" % fan, b'","email":']
        self._email(pieces, kind, fan, chance)
        pieces.append(b',"phone":')
        self._phone(pieces, kind, fan, chance)
        pieces.append(b',"name":')
        self._names(pieces, kind, fan, chance, b',"surname":')
        pieces.append(b',"thirdPartySharing":')
        consent(pieces, kind.trait, chance, created, updated)
        pieces.append(b"}")
        return b"".join(pieces)

    def member(self, fan: int, chance: int) -> bytes:
        """What the members of a segment are told as."""
        kind = self._kinds[self._words.trait(fan)]
        pieces = [self._fan_id, b"%08x" % fan, b'","first_name":']
        self._names(pieces, kind, fan, chance, b',"last_name":')
        pieces.append(b',"email":')
        self._email(pieces, kind, fan, chance)
        pieces.append(b',"phone":')
        self._phone(pieces, kind, fan, chance)
        pieces.append(b"}")
        return b"".join(pieces)

    def fan(self, fan: int, chance: int, created: int, updated: int) -> bytes:
        """All of a fan."""
        kind = self._kinds[self._words.trait(fan)]
        pool = kind.pool
        bits = chance & 0x3FFFFFFF  # small numbers are quicker
        pieces = [self._id, b"%08x" % fan, b'","email":']
        self._email(pieces, kind, fan, chance)
        pieces.append(b',"name":')
        self._names(pieces, kind, fan, chance, b',"surname":')
        pieces.append(b',"phone":')
        self._phone(pieces, kind, fan, chance)
        city, province, catalan = pool.cities[(chance >> 16) % len(pool.cities)]
        lives, travels = (city, city) if bits & 31 else (b"null", self._nowhere)
        number = document_number(fan)
        document = (DIGITS[number // 10_000], DIGITS[number % 10_000], _LETTERS[number % 23])
        rest = chance % 9000  # which 180 and 1,000 divide
        pieces += (
            b',"birthDate":',
            _BORN[(chance >> 9) % 14000] if bits & 3 else b"null",
            b',"gender":',
            pool.genders[fan * 7 % len(pool.genders)] if bits & 15 else b"null",
            b',"language":',
            b'"ca"' if catalan and bits & 1 else pool.language,
            b',"country":',
            pool.country,
            b',"city":',
            lives,
            b',"address":"',
            pool.streets[(chance >> 24) % len(pool.streets)],
            _NUMBERS[rest % 180],
            b'","postalCode":"',
            province,
            _THREE[rest % 1000],
            self._fixed,
        )
        self._custom.of(pieces, chance >> 20, travels, document)
        pieces.append(b',"communicationPreferences":')
        preferences(pieces, bits >> 7, created, updated)
        pieces += (b',"tags":', _TAGS[(chance >> 13) % TAGS_PERIOD])
        if bits & 5:
            pieces.append(b',"taxId":null,"thirdPartySharing":')
        else:
            pieces += (b',"taxId":"', *document, b'","thirdPartySharing":')
        consent(pieces, kind.trait, chance, created, updated)
        pieces += (b',"createdAt":"', *iso_parts(created))
        pieces += (b'","updatedAt":"', *iso_parts(updated), b'"}')
        return b"".join(pieces)

    def _email(self, pieces: Pieces, kind: _Kind, fan: int, chance: int) -> None:
        if kind.odd_email:
            pieces.append(encoded(self._words.email(fan, chance)))
            return
        pool = kind.pool
        pieces += (
            pool.first_slugs[fan * 7 % len(pool.first_slugs)],
            pool.last_slugs[fan * 11 % len(pool.last_slugs)],
            b"%d" % fan,
            _DOMAINS[fan & 3],
        )

    def _phone(self, pieces: Pieces, kind: _Kind, fan: int, chance: int) -> None:
        if kind.odd_phone or kind.abroad:
            pieces.append(encoded(self._words.phone(fan, chance)))
            return
        digits = b"%08d" % phone_number(fan)
        pieces.append(_PHONES[(chance >> 5) % len(_PHONES)] % tuple(digits))

    def _names(self, pieces: Pieces, kind: _Kind, fan: int, chance: int, between: bytes) -> None:
        if kind.odd_name:
            name, surname = self._words.names(fan, chance)
            pieces += (encoded(name), between, encoded(surname))
            return
        pool = kind.pool
        pieces += (
            pool.first_names[fan * 7 % len(pool.first_names)],
            between,
            b'"',
            pool.last_names[fan * 11 % len(pool.last_names)],
        )
        if not kind.abroad:
            pieces += (b" ", pool.last_names[(chance >> 28) % len(pool.last_names)])
        pieces.append(b'"')


def _kind(trait: str, pools: dict[str, _Pool]) -> _Kind:
    abroad = trait in ABROAD
    pool = pools[trait if abroad else "ES"]
    return _Kind(trait, pool, trait in _ODD_EMAIL, trait in _ODD_PHONE, trait in _ODD_NAME, abroad)


def _pool(code: str, country: Country) -> _Pool:
    return _Pool(
        first_names=[encoded(name) for name in country.first_names],
        last_names=[encoded(name)[1:-1] for name in country.last_names],
        streets=[encoded(street)[1:-1] for street in country.streets],
        genders=[encoded(gender) for gender in country.genders],
        cities=[
            (encoded(city), province.encode(), code == "ES" and province in CATALAN)
            for city, province in country.cities
        ],
        first_slugs=[f'"{slug}.'.encode() for slug in country.first_slugs],
        last_slugs=[slug.encode() for slug in country.last_slugs],
        country=encoded(code),
        language=encoded(LANGUAGES[code]),
    )
