"""Small pools of words, drawn once with Faker; rows are put together from them by number."""

import unicodedata
from functools import lru_cache

from faker import Faker
from msgspec import Struct

LOCALES = {"ES": "es_ES", "FR": "fr_FR", "GB": "en_GB", "DE": "de_DE", "PT": "pt_PT"}
LANGUAGES = {"ES": "es", "FR": "fr", "GB": "en", "DE": "de", "PT": "pt"}
SPANISH_CITIES = (
    ("Madrid", "28"),
    ("Barcelona", "08"),
    ("València", "46"),
    ("Sevilla", "41"),
    ("Zaragoza", "50"),
    ("Málaga", "29"),
    ("Bilbao", "48"),
    ("A Coruña", "15"),
    ("Donostia / San Sebastián", "20"),
    ("Palma", "07"),
    ("Logroño", "26"),
    ("Córdoba", "14"),
    ("Granada", "18"),
    ("Cádiz", "11"),
    ("L'Hospitalet de Llobregat", "08"),
    ("Las Palmas de Gran Canaria", "35"),
)


class Country(Struct):
    """The words that people of one country are made of."""

    first_names: list[str]
    genders: list[str]
    first_slugs: list[str]
    last_names: list[str]
    last_slugs: list[str]
    cities: list[tuple[str, str]]
    streets: list[str]


def slug(text: str) -> str:
    """A name as it stands in an e-mail address: lower case, no accents, no blanks."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in plain if letter.isalnum())


@lru_cache(maxsize=8)
def countries(seed: int) -> dict[str, Country]:
    """The pools of the five countries, the same for the same seed."""
    return {code: _country(code, seed) for code in LOCALES}


def _country(code: str, seed: int) -> Country:
    faker = Faker(LOCALES[code], use_weighting=False)
    faker.seed_instance(seed)
    size = 240 if code == "ES" else 60
    firsts, genders = [], []
    for n in range(size):
        firsts.append(faker.first_name_female() if n % 2 else faker.first_name_male())
        genders.append("FEMALE" if n % 2 else "MALE")
    lasts = sorted({faker.last_name() for _ in range(size * 2)})
    faker.random.shuffle(lasts)
    cities = (
        list(SPANISH_CITIES)
        if code == "ES"
        else [(faker.city(), f"{faker.random.randrange(10, 99)}") for _ in range(20)]
    )
    return Country(
        first_names=firsts,
        genders=genders,
        first_slugs=[slug(name) or "fan" for name in firsts],
        last_names=lasts,
        last_slugs=[slug(name) or "demo" for name in lasts],
        cities=cities,
        streets=[faker.street_name() for _ in range(size)],
    )
