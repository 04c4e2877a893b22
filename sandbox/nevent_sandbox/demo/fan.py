"""One fan in full: what Nevent knows beside what Klaviyo has, property by property."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_sandbox.demo.audience import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nevent_sandbox.demo.audience import Audience

Row = dict[str, Any]

ATTRIBUTES = ("email", "first_name", "last_name", "phone_number", "external_id")
PROPERTIES = (
    *("nevent_id", "total_events_attended", "total_spent", "favorite_genres"),
    *("first_event_date", "last_event_date", "vip_status", "nevent_tags"),
    *("favorite_artist", "recommended_artists", "last_event_attended", "next_event"),
)
"""What the product promises of each profile, besides email, name, phone and location."""
EVENT_PROPERTIES = {
    "Purchased Ticket": (
        *("event_name", "event_date", "ticket_type", "price", "currency", "venue"),
        "artist_lineup",
    ),
    "Attended Event": ("event_name", "event_date", "ticket_type"),
    "Newsletter Subscribed": ("source", "event_name"),
}
"""What the product promises of each event."""
_MORE = {
    "nevent_segments": "segments the fan is in",
    "next_event_date": "date of next_event",
    "next_event_on_sale": "on sale, no ticket yet",
    "next_event_on_sale_date": "date of next_event_on_sale",
}
_DAY = slice(0, 10)
_FEW_EVENTS = 4


class Pair(NamedTuple):
    """One property on both sides; `same` is None where Nevent has only what it follows from."""

    name: str
    nevent: Any
    klaviyo: Any
    same: bool | None


def complete(profiles: Iterable[Row], events: Iterable[Row], audience: Audience) -> Iterator[str]:
    """Ids of fans who have all that the product promises, those with few events first."""
    metrics: dict[str, list[Row]] = {}
    for event in events:
        metrics.setdefault(event["email"], []).append(event)
    found = []
    for profile in profiles:
        attributes, fan = profile["attributes"], profile["attributes"].get("external_id")
        if fan not in audience.fans or missing(profile):
            continue
        theirs = metrics.get(attributes["email"], [])
        shown = {each["metric"]: each["properties"] for each in theirs}
        if all(set(names) <= shown.get(metric, {}).keys() for metric, names in _PROMISED):
            found.append((abs(len(theirs) - _FEW_EVENTS), fan))
    return (fan for _, fan in sorted(found))


_PROMISED = tuple(EVENT_PROPERTIES.items())


def missing(profile: Row) -> list[str]:
    """Promised properties that a profile lacks."""
    attributes = profile["attributes"]
    location = attributes.get("location") or {}
    properties = attributes.get("properties") or {}
    lacking = [name for name in ATTRIBUTES if not attributes.get(name)]
    lacking += [f"location.{name}" for name in ("city", "country") if not location.get(name)]
    return lacking + [name for name in PROPERTIES if properties.get(name) in (None, [])]


def compare(fan: str, profile: Row, audience: Audience) -> list[Pair]:
    """Every promised property of a fan on both sides."""
    row, attributes = audience.fans[fan], profile["attributes"]
    location, properties = attributes["location"] or {}, attributes["properties"]
    attended = audience.attended(fan)
    tickets = audience.tickets[fan]
    currency = "EUR"
    orders = sum(order["currency"] == currency for order in audience.orders[fan])
    coming = sorted(
        {
            (audience.concerts[order["eventId"]]["date"], order["event"]["name"])
            for order, ticket in tickets
            if ticket["status"] in {"ACTIVE", "USED", "TRANSFERRED"}
        }
        - {(each["date"], each["name"]) for each in attended}
    )
    vip = [ticket["ticketTypeName"] for _, ticket in tickets if ticket["vip"]]
    exact = [
        ("email", row["email"], attributes["email"], row["email"].strip().lower()),
        ("first_name", row["name"], attributes["first_name"], row["name"]),
        ("last_name", row["surname"], attributes["last_name"], row["surname"]),
        ("phone_number", row["phone"], attributes["phone_number"], number(row)),
        ("location.city", row["city"], location["city"], row["city"]),
        ("location.country", row["country"], location["country"], row["country"]),
        ("nevent_id", row["id"], properties["nevent_id"], row["id"]),
        ("nevent_tags", row["tags"], properties["nevent_tags"], row["tags"]),
        (
            "total_events_attended",
            f"check-ins at {len(attended)} concerts",
            properties["total_events_attended"],
            len(attended),
        ),
        (
            "total_spent",
            f"{orders} completed orders in {currency}, less refunds",
            properties["total_spent"],
            audience.spent(fan, currency),
        ),
        (
            "first_event_date",
            attended[0]["date"],
            properties["first_event_date"],
            attended[0]["date"][_DAY],
        ),
        (
            "last_event_date",
            attended[-1]["date"],
            properties["last_event_date"],
            attended[-1]["date"][_DAY],
        ),
        (
            "last_event_attended",
            attended[-1]["name"],
            properties["last_event_attended"],
            attended[-1]["name"],
        ),
    ]
    derived = [
        ("next_event", f"tickets not used: {', '.join(name for _, name in coming) or 'none'}"),
        ("vip_status", f"VIP tickets: {', '.join(vip) or 'none'}; tags"),
        ("favorite_genres", "genres liked and heard"),
        ("favorite_artist", "artists liked and seen"),
        ("recommended_artists", "line-ups on sale in those genres"),
    ]
    pairs = [Pair(name, nevent, there, there == wanted) for name, nevent, there, wanted in exact]
    pairs += [Pair(name, basis, properties[name], None) for name, basis in derived]
    others = sorted(properties.keys() - {pair.name for pair in pairs})
    return pairs + [
        Pair(name, _MORE.get(name, "custom field"), properties[name], None) for name in others
    ]


def wrong_events(fan: str, events: Iterable[Row], audience: Audience) -> list[str]:
    """unique_id of each ticket's or concert's event that says something else than Nevent."""
    told: dict[str, Row] = {}
    for order, ticket in audience.tickets[fan]:
        concert = order["event"]
        kind = "transfer" if ticket["status"] == "TRANSFERRED" else "ticket"
        told[f"nevent:{kind}:{ticket['id']}"] = {
            "event_name": concert["name"],
            "event_date": concert["date"][_DAY],
            "venue": concert["venueName"],
            "ticket_type": ticket["ticketTypeName"],
            "price": ticket["price"],
            "currency": order["currency"],
        }
    for concert in audience.attended(fan):
        told[f"nevent:attendance:{fan}:{concert['id']}"] = {
            "event_name": concert["name"],
            "event_date": concert["date"][_DAY],
        }
    there = {event["unique_id"]: event["properties"] for event in events}
    return [
        name
        for name, each in told.items()
        if {key: there.get(name, {}).get(key) for key in each} != each
    ]
