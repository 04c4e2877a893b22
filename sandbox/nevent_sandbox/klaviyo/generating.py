"""Engagement in bulk: people, campaigns and what they did, composed by index, for load tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo import campaigns
from nevent_sandbox.klaviyo.campaigns import NewCampaign
from nevent_sandbox.klaviyo.identifiers import Ulids, short_id
from nevent_sandbox.klaviyo.identities import holding
from nevent_sandbox.klaviyo.metrics import NATIVE_SERVICE, Metrics
from nevent_sandbox.klaviyo.moments import parsed
from nevent_sandbox.klaviyo.touching import (
    CLICKED,
    METRICS,
    OPENED,
    RECEIVED,
    Message,
    Touch,
    properties,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.errors import Document
    from nevent_sandbox.klaviyo.identities import Identities

_DAY, _HOUR = 86_400, 3_600
_MIX = 2_654_435_761  # Knuth's multiplier: spreads an index over the outcomes
_KINDS = (RECEIVED, OPENED, CLICKED)
_OPENS, _MACHINE, _CLICKS = 5, 4, 3  # one in so many: opened; of these by machine; clicked
_EVENT = (
    "INSERT INTO events (n, id, profile, metric, unique_id, moment, backfill, visible, properties) "
    "VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)"
)
_TOUCH = "INSERT INTO touches VALUES (?, ?, ?, ?, ?, ?, NULL, ?, NULL, ?)"
Row = tuple[Any, ...]


class Load(msgspec.Struct, forbid_unknown_fields=True):
    """How much: so many events of so many people and campaigns, sent over so many days."""

    events: int = 100_000
    people: int = 20_000
    campaigns: int = 10
    days: float = 30
    seed: int = 1
    until: str | None = None  # ISO 8601; now


def generate(account: Account, wanted: Load) -> Document:
    """Make them, ties within a second included; how many `events` there are.

    Raises:
        ValueError: more events than so many people can have with so many campaigns.
    """
    now = account.clock.time()
    until = parsed(wanted.until) if wanted.until else now
    with account.store.writing() as db:
        people = _people(db, account.store.identities, wanted, now)
        sent = [
            int(until - wanted.days * _DAY + (number + 0.5) * wanted.days * _DAY / wanted.campaigns)
            for number in range(wanted.campaigns)
        ]
        messages = [_campaign(db, number, at, now) for number, at in enumerate(sent)]
        first = db.execute("SELECT coalesce(max(n), 0) + 1 FROM events").fetchone()[0]
        rows = _rows(wanted, people, messages, sent, int(until))
        metrics = Metrics(db, now)
        numbers = {kind: metrics.number(METRICS["email"][kind], NATIVE_SERVICE) for kind in _KINDS}
        prefix = short_id(4)
        made = list(enumerate(rows, first))
        if len(made) < wanted.events:
            raise ValueError(f"So few people and campaigns make {len(made)} events at most.")
        db.executemany(
            _EVENT,
            (
                (n, f"{prefix}{n:07x}", who, numbers[kind], f"{prefix}{n:x}", at, now, told)
                for n, (who, kind, at, _, _, told, _) in made
            ),
        )
        db.executemany(
            _TOUCH,
            (
                (n, who, kind, at, sent_at, message.campaign, message.id, machine)
                for n, (who, kind, at, sent_at, message, _, machine) in made
            ),
        )
    account.store.index("events")
    return {"events": len(made)}


def _rows(
    wanted: Load, people: range, messages: list[Message], sent: list[int], until: int
) -> Iterator[Row]:
    """Person, kind, moment, when it was sent, message, properties, whether a machine opened."""
    told = {
        (index, kind, machine): msgspec.json.encode(
            properties(Touch(0, kind, 0, 0, message, machine=machine))
        )
        for index, message in enumerate(messages)
        for kind in _KINDS
        for machine in (False, True)
    }
    left = wanted.events
    for pair in range(len(people) * len(messages)):
        index = pair % len(messages)
        message, at = messages[index], sent[index]
        who = people[pair // len(messages)]
        chance = (pair * _MIX + wanted.seed) >> 7
        moment = min(until, at + chance % _HOUR)
        found = [(RECEIVED, moment, False)]
        if chance % _OPENS == 0:
            machine = chance % (_OPENS * _MACHINE) == 0
            moment = min(until, moment + 1 + (chance >> 9) % _DAY)
            found.append((OPENED, moment, machine))
            if chance % (_OPENS * _CLICKS) == 0 and not machine:
                found.append((CLICKED, min(until, moment + 20), False))
        for kind, when, machine in found[:left]:
            yield who, kind, when, at, message, told[index, kind, machine], machine
        left -= min(left, len(found))
        if not left:
            return


def _people(db: sqlite3.Connection, identities: Identities, wanted: Load, now: float) -> range:
    """Profiles, nine in ten of them fans of Nevent; their numbers.

    Raises:
        ValueError: this seed's people are there already.
    """
    sql = f"SELECT 1 FROM profiles WHERE {holding('email')}"  # noqa: S608  # our own names
    if db.execute(sql, (_email(wanted, 0),)).fetchone():
        raise ValueError(f"The people of seed {wanted.seed} are there; take another seed.")
    first = int(db.execute("SELECT coalesce(max(n), 0) + 1 FROM profiles").fetchone()[0])
    ids = Ulids(now)
    attributes = msgspec.json.encode({"first_name": "Fan", "properties": {}})
    db.executemany(
        "INSERT INTO profiles (n, id, email, external_id, created, updated, visible, attributes) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                first + i,
                ids.next(),
                _email(wanted, i),
                _external_id(wanted, i) if i % 10 else None,
                int(now),
                int(now),
                now,
                attributes,
            )
            for i in range(wanted.people)
        ),
    )
    for i in range(wanted.people):
        identities.note("email", _email(wanted, i), first + i)
        if i % 10:
            identities.note("external_id", _external_id(wanted, i), first + i)
    return range(first, first + wanted.people)


def _email(wanted: Load, index: int) -> str:
    return f"carga{wanted.seed}.{index}@nevent-demo.es"


def _external_id(wanted: Load, index: int) -> str:
    return f"carga-{wanted.seed}-{index}"


def _campaign(db: sqlite3.Connection, number: int, at: float, now: float) -> Message:
    name = f"Boletín {number + 1}"
    row, _, message_id = campaigns.put(db, NewCampaign(name, sent=at), now)
    return Message(message_id, name, name, "email", campaign=row)
