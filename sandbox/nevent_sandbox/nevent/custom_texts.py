"""What hangs on a fan's random number, as JSON: custom values, tags, channels, consent.

Each function says as text what its namesake in `definitions`, `fans` and `consents` says as a row.
Bits that are looked at together are an index into a table of what they make.
"""

import msgspec

from nevent_sandbox.nevent.consents import SOURCES, TEXT_VERSIONS
from nevent_sandbox.nevent.definitions import ALLERGIES, ORIGINS, STYLES, CustomValues
from nevent_sandbox.nevent.instants import DAY, date_text, iso

_FLAGS = ("false", "true")
_SINCE = 3000  # days in which the first visit was


def encoded(value: object) -> str:
    """Its JSON."""
    return msgspec.json.encode(value).decode()


class CustomTexts:
    """`CustomValues.of` as JSON."""

    def __init__(self, custom: CustomValues, start: int) -> None:
        def item(name: str, value: str) -> str:
            return f'{{"propertyDefinitionId":"{custom.identifier(name)}","value":{value}}},'

        self._origins = [
            item("origen_fan", encoded(ORIGINS[n % len(ORIGINS)])) if n & 7 else ""
            for n in range(8 * len(ORIGINS))
        ]
        self._companions = [
            [item("num_acompanantes", encoded(n + (0.5 if bits & 3 == 0 else 0))) for n in range(9)]
            for bits in range(4)
        ]
        self._visits = [
            item("primera_visita", f'"{date_text(start - n * DAY)}"') for n in range(_SINCE)
        ]
        self._member = ["", item("socio_club", "false"), "", item("socio_club", "true")]
        self._styles = [
            [
                item("estilos_favoritos", encoded(list(STYLES[first : first + 1 + more])))
                for more in range(3)
            ]
            for first in range(len(STYLES))
        ]
        self._city = item("city", "%s")
        self._document = item("dni", '"%s"')
        self._allergies = [item("alergias", encoded([name])) for name in ALLERGIES]

    def of(self, chance: int, city: str, document: str) -> str:
        """The values that a fan with this chance has; city is JSON, document plain text."""
        text = self._origins[chance % 48]
        if chance & 8:
            text += self._companions[chance & 3][(chance >> 4) % 9]
        if chance & 16:
            text += self._visits[chance % _SINCE]
        text += self._member[chance >> 5 & 3]
        if chance & 128:
            text += self._styles[(chance >> 8) % 5][(chance >> 12) % 3]
        if not chance & 0x300:
            text += self._city % city
        if not chance & 0xC00:
            text += self._document % document
        if not chance & 0x7000:
            text += self._allergies[chance % 3]
        return f"[{text[:-1]}]"


_EMAIL, _PUSH, _SMS, _WHATSAPP = (
    [f'"{name}Enabled":{_FLAGS[bits < share]},"{name}ChangedAt":' for bits in range(8)]
    for name, share in (("email", 6), ("push", 3), ("sms", 2), ("whatsapp", 1))
)


def preferences(chance: int, created: int, updated: int) -> str:
    """`communicationPreferences`."""
    span = updated - created
    text = "{" + _EMAIL[chance & 7]
    text += f'"{iso(created + span * (chance & 63) // 64)}",' if chance & 8 else "null,"
    bits = chance >> 4
    text += _PUSH[bits & 7]
    text += f'"{iso(created + span * (bits & 63) // 64)}",' if bits & 8 else "null,"
    bits = chance >> 8
    text += _SMS[bits & 7]
    text += f'"{iso(created + span * (bits & 63) // 64)}",' if bits & 8 else "null,"
    bits = chance >> 12
    text += _WHATSAPP[bits & 7]
    return text + (f'"{iso(created + span * (bits & 63) // 64)}"}}' if bits & 8 else "null}")


_ORIGINS = [
    f'"source":"{SOURCES[n % len(SOURCES)]}","textVersion":"{TEXT_VERSIONS[n % 3]}"}}'
    for n in range(len(SOURCES) * len(TEXT_VERSIONS))
]


def consent(trait: str, chance: int, created: int, updated: int) -> str:
    """`thirdPartySharing`."""
    if trait == "unasked":
        return "null"
    origin = _ORIGINS[chance % 12]
    if trait == "refused":
        return f'{{"granted":false,"consentedAt":null,"withdrawnAt":null,{origin}'
    if trait == "late consent":
        granted = updated
    else:
        granted = created + (updated - created) * (chance % 90) // 100
    if trait == "withdrawn":
        withdrawn = iso(granted + (updated - granted) * (1 + chance % 99) // 100)
        return (
            f'{{"granted":false,"consentedAt":"{iso(granted)}","withdrawnAt":"{withdrawn}",{origin}'
        )
    return f'{{"granted":true,"consentedAt":"{iso(granted)}","withdrawnAt":null,{origin}'
