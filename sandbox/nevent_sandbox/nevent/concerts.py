"""The concerts of the tenant: some past, some to come, counted from the day the sandbox starts."""

from typing import Any

from msgspec import Struct

from nevent_sandbox.nevent.arithmetic import mix
from nevent_sandbox.nevent.identifiers import Identifiers
from nevent_sandbox.nevent.instants import DAY, HOUR, MINUTE, date_text

PAST = 40
FUTURE_DAYS = (4, 12, 26, 45, 62, 95, 110, 140, 170, 205, 245, 285, 330, 365)
_GAP_DAYS = 24
_FESTIVALS = ("Festival Marisma", "Festival Cierzo", "Brisa Atlántica Fest")
_NIGHTS = ("Noche de {genre}", "{artist} en concierto", "Sesión {genre}: {artist}")
_VENUES = (
    ("Recinto del Parque Norte", "Madrid", "ES"),
    ("Sala Razzle", "Barcelona", "ES"),
    ("Palacio de la Marina", "València", "ES"),
    ("Auditorio del Río", "Sevilla", "ES"),
    ("Plaza de la Muralla", "Logroño", "ES"),
    ("Nave Portuaria", "Bilbao", "ES"),
)
_ABROAD = {"GBP": ("The Old Foundry", "London", "GB"), "USD": ("Bayside Hall", "Miami", "US")}
_PRICES = (1800, 2250, 2995, 3500, 4200)


class TicketType(Struct):
    """One price of a concert, in cents."""

    name: str
    price: int
    vip: bool = False


class Concert(Struct):
    """One concert or festival; moments in milliseconds."""

    index: int
    id: str
    name: str
    date: int
    end: int
    venue: str
    city: str
    country: str
    currency: str
    on_sale: int
    created: int
    updated: int
    genres: list[str]
    types: dict[str, TicketType]
    lineup: list[dict[str, Any]]
    days: int = 1
    weight: float = 1.0
    fixed_status: str | None = None

    def status(self, now: int) -> str:
        """What the API calls its state at this moment."""
        if self.fixed_status:
            return self.fixed_status
        if now < self.date:
            return "SCHEDULED"
        return "RUNNING" if now < self.end else "FINISHED"

    def changed(self, now: int) -> int:
        """The last change: an edit, or the passing of its start or end."""
        passed = [m for m in (self.date, self.end) if m <= now and not self.fixed_status]
        return max([self.updated, *passed])


def _day_offsets(seed: int) -> list[int]:
    past = [-(8 + _GAP_DAYS * k + mix(k, seed) % 9) for k in reversed(range(PAST))]
    return past + list(FUTURE_DAYS)


def concerts(
    start: int, seed: int, identifiers: Identifiers, artists: list[dict[str, Any]]
) -> list[Concert]:
    """All concerts in the order of their dates; `start` is midnight of the first day."""
    return [
        _concert(index, days, start, seed, identifiers, artists)
        for index, days in enumerate(_day_offsets(seed))
    ]


def _concert(
    index: int,
    offset: int,
    start: int,
    seed: int,
    identifiers: Identifiers,
    artists: list[dict[str, Any]],
) -> Concert:
    festival = index % 5 == 1
    currency = {7: "GBP", 43: "GBP", 13: "USD"}.get(index, "EUR")
    chance = mix(index, seed + 31)
    venue, city, country = _ABROAD.get(currency) or _VENUES[chance % len(_VENUES)]
    date = start + offset * DAY + 18 * HOUR + 30 * MINUTE
    days = 3 if festival else 1
    billed = [
        artists[(index * 7 + n * 5 + chance) % len(artists)] for n in range(8 if festival else 2)
    ]
    on_sale = date - (200 if festival else 120) * DAY - 8 * HOUR
    genres = list(dict.fromkeys(genre for artist in billed for genre in artist["genres"]))
    year = date_text(date)[:4]
    pattern = _FESTIVALS[index % 3] if festival else _NIGHTS[index % 3]
    name = pattern.format(genre=genres[0], artist=billed[0]["name"])
    created = on_sale - 20 * DAY
    elapsed = min(1.0, max(0.0, (start - on_sale) / (date - on_sale)))
    return Concert(
        index=index,
        id=identifiers.make("event", index),
        name=f"{name} {year}",
        date=date,
        end=date + (days - 1) * DAY + 7 * HOUR,
        venue=venue,
        city=city,
        country=country,
        currency=currency,
        on_sale=on_sale,
        created=min(created, start - DAY),
        updated=min(created + 5 * DAY, start - HOUR),
        genres=genres,
        types=_types(festival=festival, price=_PRICES[chance // 7 % len(_PRICES)]),
        lineup=lineup(date, days, billed),
        days=days,
        weight=(6.0 if festival else 1.0 + chance % 2) * elapsed,
        fixed_status={44: "CANCELLED", 52: "DRAFT"}.get(index),
    )


def _types(*, festival: bool, price: int) -> dict[str, TicketType]:
    base = price * 3 if festival else price
    word = "Abono" if festival else "Entrada"
    return {
        "general": TicketType(f"{word} General", base),
        "early": TicketType(f"{word} Early Bird", base * 4 // 5),
        "vip": TicketType(f"{word} VIP", base * 5 // 2, vip=True),
        "free": TicketType("Invitación", 0),
    }


def lineup(date: int, days: int, billed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Days, stages and sessions; session times are moments, written out by the route."""
    per_day = -(-len(billed) // days)
    stages = ("Escenario Principal", "Escenario Club") if days > 1 else ("Sala",)
    return [
        {
            "date": date + day * DAY,
            "stages": [
                {
                    "stage": stage,
                    "sessions": [
                        {
                            "name": artist["name"],
                            "start": date + day * DAY + n * 90 * MINUTE,
                            "end": date + day * DAY + n * 90 * MINUTE + 75 * MINUTE,
                            "performer": artist["id"],
                        }
                        for n, artist in enumerate(billed[day * per_day : (day + 1) * per_day])
                        if n % len(stages) == place
                    ],
                }
                for place, stage in enumerate(stages)
            ],
        }
        for day in range(days)
    ]
