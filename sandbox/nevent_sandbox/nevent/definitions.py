"""The tenant's property definitions, and the custom values that fans have."""

from typing import Any

from nevent_sandbox.nevent.identifiers import Identifiers
from nevent_sandbox.nevent.instants import DAY, date_text

ORIGINS = ("instagram", "boca a boca", "cartel", "web", "tiktok", "medio: Diari d'Ací")
STYLES = ("Techno", "Indie", "Flamenco", "House", "Rumba catalana")
ALLERGIES = ("frutos secos", "gluten", "marisco")
_STANDARD = (
    ("email", "Correo electrónico", "TEXT"),
    ("name", "Nombre", "TEXT"),
    ("surname", "Apellidos", "TEXT"),
    ("phone", "Teléfono", "TEXT"),
    ("birthDate", "Fecha de nacimiento", "DATE"),
    ("gender", "Género", "LIST"),
    ("postalCode", "Código postal", "TEXT"),
)
_CUSTOM: tuple[tuple[str, str, str, list[str] | None, bool], ...] = (
    ("origen_fan", "¿Cómo nos conociste?", "TEXT", None, False),
    ("num_acompanantes", "Acompañantes habituales", "NUMBER", None, False),
    ("primera_visita", "Primera visita", "DATE", None, False),
    ("socio_club", "Socio del club", "BOOLEAN", None, False),
    ("estilos_favoritos", "Estilos favoritos", "LIST", list(STYLES), False),
    ("city", "Ciudad desde la que viaja", "TEXT", None, False),
    ("dni", "DNI", "TEXT", None, True),
    ("alergias", "Alergias", "LIST", list(ALLERGIES), True),
)
CUSTOM_NAMES = tuple(row[0] for row in _CUSTOM)


def definitions(identifiers: Identifiers, tenant: str) -> list[dict[str, Any]]:
    """All definitions, the standard ones first, in the shape of the API."""
    rows = [
        *((name, shown, kind, None, False, "STANDARD") for name, shown, kind in _STANDARD),
        *((*row, "CUSTOM") for row in _CUSTOM),
    ]
    return [
        {
            "id": identifiers.make("property", number),
            "name": name,
            "displayName": shown,
            "dataType": kind,
            "propertyType": group,
            "tenantId": tenant,
            "required": name == "email",
            "defaultValue": None,
            "listValues": values or [],
            "validators": [],
            "sensitive": sensitive,
        }
        for number, (name, shown, kind, values, sensitive, group) in enumerate(rows)
    ]


class CustomValues:
    """Composes a fan's `customFieldValues`; most fans have some, few have all."""

    def __init__(self, identifiers: Identifiers, start: int) -> None:
        self._start = start
        self._ids = {
            name: identifiers.make("property", len(_STANDARD) + number)
            for number, name in enumerate(CUSTOM_NAMES)
        }

    def identifier(self, name: str) -> str | None:
        """The id of a custom property by its technical name."""
        return self._ids.get(name)

    def of(self, chance: int, city: str, document: str) -> list[dict[str, Any]]:
        """The values that a fan with this chance has; document is his identity card number."""
        values = [(name, self.one(name, chance, city, document)) for name in CUSTOM_NAMES]
        return [
            {"propertyDefinitionId": self._ids[name], "value": value}
            for name, value in values
            if value is not None
        ]

    def one(self, name: str, chance: int, city: str, document: str) -> Any:  # noqa: PLR0911  # one return a name
        """One of these values by its technical name; None if the fan has none."""
        if name == "origen_fan":
            return ORIGINS[chance % len(ORIGINS)] if chance & 7 else None
        if name == "num_acompanantes":
            return (chance >> 4) % 9 + (0.5 if chance & 3 == 0 else 0) if chance & 8 else None
        if name == "primera_visita":
            return date_text(self._start - chance % 3000 * DAY) if chance & 16 else None
        if name == "socio_club":
            return bool(chance & 64) if chance & 32 else None
        if name == "estilos_favoritos":
            first = (chance >> 8) % len(STYLES)
            return list(STYLES[first : first + 1 + (chance >> 12) % 3]) if chance & 128 else None
        if name == "city":
            return city if chance >> 8 & 3 == 0 else None
        if name == "dni":
            return document if chance >> 10 & 3 == 0 else None
        if name == "alergias":
            return [ALLERGIES[chance % len(ALLERGIES)]] if chance >> 12 & 7 == 0 else None
        return None
