"""Names, addresses and numbers of fans, with the oddities that real audiences have."""

from collections.abc import Callable
from math import lcm
from typing import NamedTuple

from nevent_sandbox.nevent.pools import LANGUAGES, countries

_TRAITS: dict[int, str] = {
    1: "FR",
    2: "GB",
    3: "DE",
    4: "PT",
    5: "no phone",
    6: "invalid phone",
    7: "invalid email",
    8: "no email",
    10: "same email",
    12: "same phone",
    13: "refused",
    14: "unasked",
    15: "withdrawn",
    16: "late consent",
    17: "unasked",
    18: "refused",
    19: "withdrawn",
    20: "refused",
    21: "unasked",
    22: "withdrawn",
    23: "long name",
    24: "emoji",
    25: "changed email",
    26: "padded email",
    27: "upper email",
    28: "no name",
    29: "unreachable",
    31: "FR",
    32: "PT",
    33: "GB",
    34: "DE",
    36: "markup",
    37: "unasked",
    40: "late consent",
    44: "no phone",
}
TRAITS = [_TRAITS.get(place, "") for place in range(50)]
"""Every fifty fans hold each of these once or more."""

TAGS = (
    "vip",
    "techno",
    "prensa",
    "socio",
    "voluntariado",
    "familia",
    "camping",
    "abonado 2024",
    "ñ-fan",
    "newsletter",
)
TAGS_PERIOD = lcm(12, len(TAGS) - 3, 4 << 5)
"""After so many numbers `tags` repeats itself."""
DOMAINS = ("correo-demo.es", "nevent-demo.es", "buzon-demo.es", "musica-demo.cat")
DOCUMENT_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
SPANISH_PHONES: tuple[Callable[[str], str], ...] = (  # of the eight digits after the 6
    lambda n: f"6{n[:2]} {n[2:4]} {n[4:6]} {n[6:]}",
    lambda n: f"+34 6{n}",
    lambda n: f"0034 6{n[:2]} {n[2:5]} {n[5:]}",
    lambda n: f"6{n}",
    lambda n: f"+346{n}",
    lambda n: f"6{n[:2]}-{n[2:5]}-{n[5:]}",
)
ABROAD = {
    "FR": ("06 1{1} {2}{3} {4}{5} {6}{7}", "+33 6 1{1} {2}{3} {4}{5} {6}{7}"),
    "GB": ("07{0}{1}{2} {3}{4}{5}{6}{7}0", "+44 7{0}{1}{2} {3}{4}{5}{6}{7}0"),
    "DE": ("0151 {0}{1}{2}{3}{4}{5}{6}{7}", "0049 151 {0}{1}{2}{3}{4}{5}{6}{7}"),
    "PT": ("91{1} {2}{3}{4} {5}{6}{7}", "+351 91{1} {2}{3}{4} {5}{6}{7}"),
}
CATALAN = frozenset({"08", "46", "07"})  # provinces where many speak it
_INVALID_PHONES = ("12345", "no tengo", "+34 600", "000000000", "6OO 12 34 56")
_LONG = "de la Santísima Trinidad y de Todos los Santos " * 4


class Home(NamedTuple):
    """Where a fan lives and what goes with it."""

    country: str
    language: str
    gender: str | None
    city: str | None
    address: str
    postal_code: str


class Words:
    """The words of one seed; `chance` is the fan's random number."""

    def __init__(self, seed: int) -> None:
        self._countries = countries(seed)
        self._turn = seed % len(TRAITS)

    def trait(self, fan: int) -> int:
        """The place of a fan among the traits."""
        return (fan + self._turn) % len(TRAITS)

    def country(self, fan: int) -> str:
        """Where a fan lives, in two letters."""
        trait = TRAITS[(fan + self._turn) % len(TRAITS)]
        return trait if trait in ABROAD else "ES"

    def names(self, fan: int, chance: int) -> tuple[str | None, str | None]:
        """First name and surname: two surnames for Spaniards, odd ones for a few."""
        trait = self._trait(fan)
        if trait == "same email":
            fan, chance = fan - 1, chance ^ 0xF0000000
        pool = self._countries[trait if trait in ABROAD else "ES"]
        first = pool.first_names[fan * 7 % len(pool.first_names)]
        last = pool.last_names[fan * 11 % len(pool.last_names)]
        if trait not in ABROAD:
            last = f"{last} {pool.last_names[(chance >> 28) % len(pool.last_names)]}"
        if trait == "long name":
            return f"{first} {_LONG.strip()}", f"{last} {_LONG.strip()}"
        if trait == "emoji":
            return f"{first} 🎶🕺🏽", f"{last} Ñúñez"
        if trait == "no name":
            return None, None
        if trait == "markup":
            return f'{first} "Nena"', f"{last} <b>& Söhne</b>, O'Neill"
        return first, last

    def email(self, fan: int, chance: int) -> str | None:
        """The e-mail as Nevent has it: not always one, not always valid, not always unique."""
        trait = self._trait(fan)
        if trait in {"no email", "unreachable"}:
            return None
        if trait == "same email":
            return self.plain_email(fan - 1).title()
        plain = self.plain_email(fan)
        if trait == "invalid email":
            return (plain.replace("@", "@@"), plain.replace("@", "."), f"{plain[:-3]}")[chance % 3]
        if trait == "padded email":
            return f" {plain} "
        return plain.upper() if trait == "upper email" else plain

    def plain_email(self, fan: int) -> str:
        """A well-formed address which ends, before the @, with the fan's number."""
        pool = self._countries[self.country(fan)]
        first = pool.first_slugs[fan * 7 % len(pool.first_slugs)]
        last = pool.last_slugs[fan * 11 % len(pool.last_slugs)]
        return f"{first}.{last}{fan}@{DOMAINS[fan % len(DOMAINS)]}"

    def former_email(self, fan: int) -> str | None:
        """The address that a fan with a changed one had before."""
        if self._trait(fan) != "changed email":
            return None
        return self.plain_email(fan).replace("@", ".antiguo@")

    def phone(self, fan: int, chance: int) -> str | None:
        """The phone as it was typed: with or without prefix, blanks, sense."""
        trait = self._trait(fan)
        if trait in {"no phone", "unreachable"}:
            return None
        if trait == "invalid phone":
            return _INVALID_PHONES[chance % len(_INVALID_PHONES)]
        if trait == "same phone":
            fan -= 1
        if trait in ABROAD:
            number = _digits(fan)
            digits = "1" + number[1:] if trait == "GB" else number
            return ABROAD[trait][chance >> 5 & 1].format(*digits)
        return self.spanish_phone(fan, chance)

    def spanish_phone(self, fan: int, chance: int) -> str:
        """A mobile number of Spain as it was typed."""
        return SPANISH_PHONES[(chance >> 5) % 6](_digits(fan))

    def home(self, fan: int, chance: int) -> Home:
        """Country, city, address; a few fans never said where they live."""
        country = self.country(fan)
        pool = self._countries[country]
        city, province = pool.cities[(chance >> 16) % len(pool.cities)]
        gender = pool.genders[fan * 7 % len(pool.genders)]
        language = LANGUAGES[country]
        if country == "ES" and province in CATALAN and chance & 1:
            language = "ca"
        street = pool.streets[(chance >> 24) % len(pool.streets)]
        return Home(
            country,
            language,
            gender if chance & 15 else None,
            city if chance & 31 else None,
            f"{street} {chance % 180 + 1}",
            f"{province}{chance % 1000:03d}",
        )

    def document(self, fan: int) -> str:
        """A Spanish identity number with its right letter."""
        number = document_number(fan)
        return f"{number:08d}{DOCUMENT_LETTERS[number % 23]}"

    def _trait(self, fan: int) -> str:
        trait = TRAITS[(fan + self._turn) % len(TRAITS)]
        return "" if fan == 0 and trait.startswith("same") else trait


def tags(chance: int) -> list[str]:
    """None to three tags; one fan in twelve is tagged VIP."""
    first = 1 + chance % (len(TAGS) - 3)
    found = list(TAGS[first : first + (chance >> 5) % 4])
    return ["vip", *found] if chance % 12 == 0 else found


def document_number(fan: int) -> int:
    """The eight digits of a fan's identity number."""
    return (fan * 104_729 + 11_223_344) % 100_000_000


def phone_number(fan: int) -> int:
    """The eight digits that a fan's phone has of his own."""
    return (fan * 7919 + 10_203_041) % 100_000_000


def _digits(fan: int) -> str:
    return f"{phone_number(fan):08d}"


def number_in_email(email: str) -> int | None:
    """The fan's number at the end of the local part of his address."""
    local = email.partition("@")[0].partition(".musica-demo")[0]
    digits = local[len(local.rstrip("0123456789")) :]
    return int(digits) if digits else None
