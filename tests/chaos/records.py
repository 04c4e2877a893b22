"""Records of profiles and events, each with a trace by which it can be found again.

A profile record leaves its `record_id` in a custom property of its own (`mark_…`), an event its
own as `unique_id`, a rejected one as key: whatever is lost on the way is seen to be missing,
even where a later record of the same person arrives.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from chaos.people import ONCE, Fan, identifiers
from singer_messages import Message, record, schema

if TYPE_CHECKING:
    import random
    from datetime import datetime

MARKS = 4  # records of one person in one stream, at most
METRICS = ("Purchased Ticket", "Attended Event", "Refunded Ticket", "Newsletter Subscribed")
_PROFILE = ("email", "phone_number", "external_id", "first_name", "city", "next_event", "visits")


class Stream(NamedTuple):
    """One stream of the input.

    `whole`: its source is read from the beginning in every run, as a table without a bookmark.
    `late`: it comes after the profiles of its people; `spread`: some of it does, some not.
    """

    schema: Message
    records: list[Message]
    whole: bool = False
    late: bool = False
    spread: bool = False


class Scene(NamedTuple):
    """What the generators of all kinds work from; ages count from `now`."""

    name: str  # of the input
    now: datetime
    fans: list[Fan]


def profiles(dice: random.Random, scene: Scene) -> list[Stream]:
    """Two sources about the same people: who they are, and what they did."""
    return [
        _profiles(dice, scene, "profiles", "mark", share=1.0),
        _profiles(dice, scene, "profiles__activity", "seen", share=0.6),
    ]


def _profiles(dice: random.Random, scene: Scene, stream: str, mark: str, *, share: float) -> Stream:
    marks = [f"{mark}_{number}" for number in range(MARKS)]
    own = ("total_spent", "vip_status") if mark == "seen" else _PROFILE
    columns = schema(stream, *dict.fromkeys((*_PROFILE[:3], *own, *marks)), keys=("record_id",))
    properties: Message = columns["schema"]["properties"]
    properties["record_id"] = {"type": "string"}
    if "visits" in properties:
        properties["visits"] = {"type": ["integer", "null"]}
    told: list[tuple[float, Message]] = []
    for fan in scene.fans:
        if dice.random() > share or (fan.trait in ONCE and mark == "seen"):
            continue
        versions = 1 if fan.trait in ONCE else dice.choice((1, 1, 1, 2, 2, 3, MARKS))
        moments = sorted(dice.random() for _ in range(versions))
        for version, moment in enumerate(moments):
            identity = f"{stream}-{fan.number}-{version}"
            values: dict[str, Any] = {"record_id": identity, **identifiers(dice, fan)}
            values |= _activity(dice) if mark == "seen" else _person(dice, fan)
            values[f"{mark}_{version}"] = identity
            told.append((fan.number / len(scene.fans) + moment / 3, record(stream, **values)))
    told.sort(key=lambda each: each[0])
    records = [each for _, each in told]
    return Stream(columns, _some_twice(dice, records, 0.03))


def _person(dice: random.Random, fan: Fan) -> dict[str, Any]:
    values: dict[str, Any] = {
        "first_name": dice.choice(("Ana", "Luis", "Eva María", "Núria", "José 🎉")),
        "city": dice.choice(("Madrid", "A Coruña", None)),
        "visits": dice.choice((0, 1, 12, None)),
    }
    if dice.random() < 0.6:
        values["next_event"] = dice.choice(("Sónar", "Primavera", None))
    if fan.trait == "refused_value":
        values["first_name"] = ["not", "text"]
    if fan.trait == "wrong_type":
        values["visits"] = "many"
    return values


def _activity(dice: random.Random) -> dict[str, Any]:
    return {
        "total_spent": dice.choice((0, 45.5, 120, None)),
        "vip_status": dice.choice((True, False, None)),
    }


def events(dice: random.Random, scene: Scene) -> list[Stream]:
    """Tickets of people with and without a profile record; some told twice, some wrong."""
    columns = schema(
        "events__ticket",
        *("email", "phone_number", "metric", "time", "unique_id"),
        *("value", "value_currency", "hall"),
        keys=("record_id",),
    )
    columns["schema"]["properties"]["record_id"] = {"type": "string"}
    strangers = [
        Fan(number, "plain", f"stranger{number}@nevent-demo.es", None)
        for number in range(1000, 1000 + len(scene.fans) // 6)
    ]
    crowd = scene.fans + strangers
    records = []
    for number in range(round(len(crowd) * dice.uniform(0.8, 2.5))):
        fan = dice.choice(crowd)
        who = identifiers(dice, fan)
        who.pop("external_id")
        if fan.email:
            who.pop("phone_number", None)
        age = dice.choice((timedelta(hours=dice.randrange(2, 40)), timedelta(days=number + 3)))
        values: dict[str, Any] = {
            **who,
            "record_id": f"event-{number}",
            "unique_id": f"event-{number}",
            "metric": dice.choice(METRICS),
            "time": (scene.now - age).isoformat(),
            "value": dice.choice((0, 45.5, 120)),
            "value_currency": "EUR",
            "hall": dice.choice(("Sala Apolo", "La Riviera", None)),
        }
        if dice.random() < 0.04:
            values |= dice.choice(({"metric": None}, {"time": "ayer"}, {"value": "45 €"}))
        records.append(record("events__ticket", **values))
    # A stream without records this time comes last, and shows that the others were read to their
    # ends: a mirrored list depends on it.
    refunds = {**columns, "stream": "events__refund"}
    return [Stream(columns, _some_twice(dice, records, 0.08)), Stream(refunds, [])]


def _some_twice(dice: random.Random, records: list[Message], share: float) -> list[Message]:
    """A share of them told once more, right after or soon: taps do when they look back."""
    told = list(records)
    for index in sorted(dice.sample(range(len(told)), round(len(told) * share)), reverse=True):
        told.insert(index + 1, told[index])
    return told
