"""What hangs on a fan's random number, as JSON: custom values, tags, channels, consent.

Each function adds to the pieces of a fan what its namesake in `definitions`, `fans` and `consents`
says as a row. Bits that are looked at together are an index into a table of what they make.
"""

import msgspec

from nevent_sandbox.nevent.consents import SOURCES, TEXT_VERSIONS
from nevent_sandbox.nevent.definitions import ALLERGIES, ORIGINS, STYLES, CustomValues
from nevent_sandbox.nevent.instants import DAY, date_text, iso_parts

Pieces = list[bytes]
encoded = msgspec.json.Encoder().encode
DIGITS = [b"%04d" % number for number in range(10_000)]
_FLAGS = (b"false", b"true")
_SINCE = 3000  # days in which the first visit was


class CustomTexts:
    """`CustomValues.of` as JSON."""

    def __init__(self, custom: CustomValues, start: int) -> None:
        def item(name: str, value: object) -> bytes:
            return encoded({"propertyDefinitionId": custom.identifier(name), "value": value}) + b","

        self._origins = [item("origen_fan", origin) for origin in ORIGINS]
        self._companions = [
            [item("num_acompanantes", n + (0.5 if bits & 3 == 0 else 0)) for n in range(9)]
            for bits in range(4)
        ]
        self._visits = [item("primera_visita", date_text(start - n * DAY)) for n in range(_SINCE)]
        self._member = [item("socio_club", value) for value in (False, True)]
        self._styles = [
            [item("estilos_favoritos", STYLES[first : first + 1 + more]) for more in range(3)]
            for first in range(len(STYLES))
        ]
        self._city, self._city_end = item("city", None).split(b"null")
        self._document, self._document_end = item("dni", "@").split(b"@")
        self._allergies = [item("alergias", [name]) for name in ALLERGIES]

    def of(self, pieces: Pieces, chance: int, city: bytes, document: tuple[bytes, ...]) -> None:
        """The values that a fan with this chance has; city is JSON, document plain text."""
        pieces.append(b"[")
        bits = chance & 0x7FFF  # small numbers are quicker
        if bits & 7:
            pieces.append(self._origins[chance % len(ORIGINS)])
        if bits & 8:
            pieces.append(self._companions[bits & 3][(chance >> 4) % 9])
        if bits & 16:
            pieces.append(self._visits[chance % _SINCE])
        if bits & 32:
            pieces.append(self._member[bits >> 6 & 1])
        if bits & 128:
            pieces.append(self._styles[(chance >> 8) % 5][(chance >> 12) % 3])
        if not bits & 0x300:
            pieces += (self._city, city, self._city_end)
        if not bits & 0xC00:
            pieces += (self._document, *document, self._document_end)
        if not bits & 0x7000:
            pieces.append(self._allergies[chance % 3])
        last = pieces[-1]
        pieces[-1] = last[:-1] + b"]" if len(last) > 1 else b"[]"  # without its comma


def _channel(name: bytes, share: int) -> list[bytes]:
    """By a bit of the channel before (its date is open) and four of its own (the last: dated)."""
    return [
        (b'",' if bits & 1 else b"")
        + b'"%bEnabled":%b,"%bChangedAt":' % (name, _FLAGS[(bits >> 1 & 7) < share], name)
        + (b'"' if bits & 16 else b"null,")
        for bits in range(32)
    ]


_EMAIL, _PUSH, _SMS = _channel(b"email", 6), _channel(b"push", 3), _channel(b"sms", 2)
_WHATSAPP = [text.removesuffix(b",") for text in _channel(b"whatsapp", 1)]
_END = (b"}", b'"}')


def preferences(pieces: Pieces, chance: int, created: int, updated: int) -> None:
    """`communicationPreferences`."""
    span = updated - created
    bits = chance & 0x7FFFF
    pieces += (b"{", _EMAIL[bits << 1 & 31])
    if bits & 8:
        pieces += iso_parts(created + span * (bits & 63) // 64)
    pieces.append(_PUSH[bits >> 3 & 31])
    if bits & 0x80:
        pieces += iso_parts(created + span * (bits >> 4 & 63) // 64)
    pieces.append(_SMS[bits >> 7 & 31])
    if bits & 0x800:
        pieces += iso_parts(created + span * (bits >> 8 & 63) // 64)
    pieces.append(_WHATSAPP[bits >> 11 & 31])
    if bits & 0x8000:
        pieces += iso_parts(created + span * (bits >> 12 & 63) // 64)
    pieces.append(_END[bits >> 15 & 1])


_ORIGINS = [
    f'"source":"{SOURCES[n % len(SOURCES)]}","textVersion":"{TEXT_VERSIONS[n % 3]}"}}'.encode()
    for n in range(len(SOURCES) * len(TEXT_VERSIONS))
]
_GRANTED = b'{"granted":true,"consentedAt":"'
_REFUSED = b'{"granted":false,"consentedAt":null,"withdrawnAt":null,'
_WITHDRAWN = b'{"granted":false,"consentedAt":"'


def consent(pieces: Pieces, trait: str, chance: int, created: int, updated: int) -> None:
    """`thirdPartySharing`."""
    if trait == "unasked":
        pieces.append(b"null")
        return
    origin = _ORIGINS[chance % 12]
    if trait == "refused":
        pieces += (_REFUSED, origin)
        return
    if trait == "late consent":
        granted = updated
    else:
        granted = created + (updated - created) * (chance % 90) // 100
    if trait == "withdrawn":
        withdrawn = granted + (updated - granted) * (1 + chance % 99) // 100
        pieces += (_WITHDRAWN, *iso_parts(granted), b'","withdrawnAt":"', *iso_parts(withdrawn))
        pieces += (b'",', origin)
    else:
        pieces += (_GRANTED, *iso_parts(granted), b'","withdrawnAt":null,', origin)
