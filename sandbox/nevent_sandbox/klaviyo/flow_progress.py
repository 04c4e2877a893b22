"""Live flows move people on: who met the trigger gets each message when its time has come."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo.engaging import message_of
from nevent_sandbox.klaviyo.touching import CLICKED, OPENED, RECEIVED, Message, Touch, Touches

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.errors import Document

_UNITS = {"minutes": 60, "hours": 3_600, "days": 86_400, "weeks": 604_800}
_SECONDARY = {"days": 3_600, "hours": 60}  # what `secondary_value` counts
_ENTERED = {
    # Metric: each event that is no history. List or segment: who joined since the flow is there.
    "metric": "SELECT e.profile, e.moment FROM events e JOIN metrics x ON x.n = e.metric "
    "WHERE x.id = ? AND e.moment >= ? AND NOT e.backfill ORDER BY e.moment, e.n",
    "list": "SELECT m.profile, m.joined FROM members m JOIN lists l ON l.n = m.list "
    "WHERE l.id = ? AND m.joined >= ? ORDER BY m.joined, m.profile",
    "segment": "SELECT m.profile, m.joined FROM segment_members m "
    "JOIN segments s ON s.n = m.segment "
    "WHERE s.id = ? AND m.joined >= ? ORDER BY m.joined, m.profile",
}
_CAN_MAIL = (
    "SELECT p.email FROM profiles p WHERE p.n = ? AND p.email IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.profile = p.n)"
)
_CLICKED = (
    "SELECT 1 FROM touches WHERE profile = ? AND flow = ? AND kind = 'clicked' "
    "AND moment BETWEEN ? AND ?"
)


class Progress(msgspec.Struct, forbid_unknown_fields=True):
    """How people take the mails of flows."""

    opens: float = 0.4
    clicks: float = 0.25  # of those who opened
    seed: int = 1


def progress(account: Account, wanted: Progress) -> Document:
    """Send what is due by now, each message once to an entry; how many `events` that made."""
    now = account.clock.time()
    with account.store.writing() as db:
        writer = Touches(db, now=now, visible=now + account.knobs.visibility_seconds)
        rows = db.execute(
            "SELECT n, id, created, definition FROM flows WHERE status = 'live' AND NOT archived"
        ).fetchall()
        written = 0
        for number, identifier, created, blob in rows:
            definition = msgspec.json.decode(blob)
            for profile, entered in _entries(db, definition, created):
                walk = _Walk(db, number, identifier, definition)
                touches = walk.touches(profile, entered, now, wanted)
                written += writer.write(touches)
    return {"events": written}


def _entries(db: sqlite3.Connection, definition: Document, created: int) -> list[tuple[int, int]]:
    trigger = (definition["triggers"] or [{}])[0]
    sql = _ENTERED.get(str(trigger.get("type")))
    return db.execute(sql, (trigger["id"], created)).fetchall() if sql else []


class _Walk:
    """One flow, from its entry along its actions."""

    def __init__(
        self, db: sqlite3.Connection, number: int, identifier: str, definition: Document
    ) -> None:
        self._db = db
        self._number = number
        self._identifier = identifier
        self._actions = {each["id"]: each for each in definition["actions"]}
        self._entry = definition.get("entry_action_id")

    def touches(self, profile: int, entered: int, now: float, wanted: Progress) -> Iterator[Touch]:
        """What was sent to one entry by now, and how it was taken."""
        at, key = float(entered), self._entry
        while key is not None and at <= now:
            action: dict[str, Any] = self._actions[key]
            links = action.get("links") or {}
            if action["type"] == "time-delay":
                at += _delay(action["data"])
            elif action["type"] == "conditional-split":
                found = self._db.execute(_CLICKED, (profile, self._number, entered, int(at)))
                key = links["next_if_true" if found.fetchone() else "next_if_false"]
                continue
            else:
                message = message_of(action, self._number, self._identifier)
                person = self._db.execute(_CAN_MAIL, (profile,)).fetchone()
                sends = (action.get("data") or {}).get("status", "live") != "draft"
                if message is not None and person is not None and sends:
                    yield from _taken(profile, person[0], message, entered, at, now, wanted)
            key = links.get("next")


def _taken(  # one message to one person
    profile: int,
    address: str,
    message: Message,
    entered: int,
    at: float,
    now: float,
    wanted: Progress,
) -> Iterator[Touch]:
    chance = random.Random(f"{wanted.seed}:{message.id}:{address}:{entered}")  # noqa: S311  # no secret
    key = f"{message.id}:{profile}:{entered}"
    domain = address.rpartition("@")[2]

    def touch(kind: str, moment: float) -> Touch:
        return Touch(profile, kind, moment, at, message, domain, unique_id=f"{key}:{kind}")

    yield touch(RECEIVED, at)
    if message.channel != "email" or chance.random() >= wanted.opens:
        return
    opened = at + 60 + chance.random() * 3_600
    if opened <= now:
        yield touch(OPENED, opened)
        if chance.random() < wanted.clicks and opened + 30 <= now:
            yield touch(CLICKED, opened + 30)


def _delay(data: Document) -> float:
    unit = str(data.get("unit"))
    seconds = float(data.get("value") or 0) * _UNITS.get(unit, 0)
    return seconds + float(data.get("secondary_value") or 0) * _SECONDARY.get(unit, 0)
