"""Live flows move people on: who met the trigger gets each message when its time has come."""

from __future__ import annotations

import operator
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
_JOINED = """
SELECT m.profile, m.joined FROM {members} m JOIN {groups} g ON g.n = m.{group}
LEFT JOIN flow_bystanders b ON b.flow = :flow AND b.profile = m.profile AND b.joined = m.joined
WHERE g.id = :trigger AND m.joined >= :created AND b.profile IS NULL ORDER BY m.joined, m.profile
"""
_ENTERED = {
    # Metric: each event that is no history. List or segment: who joined since the flow is there.
    "metric": "SELECT e.profile, e.moment FROM events e JOIN metrics x ON x.n = e.metric "
    "WHERE x.id = :trigger AND e.moment >= :created AND e.n > :last AND NOT e.backfill "
    "ORDER BY e.moment, e.n",
    "list": _JOINED.format(members="members", groups="lists", group="list"),
    "segment": _JOINED.format(members="segment_members", groups="segments", group="segment"),
}
_REACHED = {
    "email": "SELECT p.email FROM profiles p WHERE p.n = ? AND p.email IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.profile = p.n)",
    "sms": "SELECT p.phone_number FROM profiles p JOIN consents c ON c.profile = p.n "
    "WHERE p.n = ? AND p.phone_number IS NOT NULL AND c.channel = 'sms.marketing' "
    "AND c.consent = 'SUBSCRIBED'",
}
_COUNTED = (
    "SELECT count(*) FROM events e JOIN metrics x ON x.n = e.metric "
    "WHERE e.profile = ? AND x.id = ? AND e.moment BETWEEN ? AND ?"
)
_COMPARED = {
    "equals": operator.eq,
    "not-equals": operator.ne,
    "greater-than": operator.gt,
    "greater-than-or-equal": operator.ge,
    "less-than": operator.lt,
    "less-than-or-equal": operator.le,
}


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
            "SELECT n, id, created, last_event, definition FROM flows "
            "WHERE status = 'live' AND NOT archived"
        ).fetchall()
        written = 0
        for number, identifier, created, last, blob in rows:
            definition = msgspec.json.decode(blob)
            walk = _Walk(db, number, identifier, definition)
            since = {"flow": number, "created": created, "last": last}
            for profile, entered in _entries(db, definition, since):
                written += writer.write(walk.touches(profile, entered, now, wanted))
    return {"events": written}


def _entries(
    db: sqlite3.Connection, definition: Document, since: Document
) -> list[tuple[int, int]]:
    """Who entered and when, in the order of their entering."""
    trigger = (definition["triggers"] or [{}])[0]
    sql = _ENTERED.get(str(trigger.get("type")))
    return db.execute(sql, {**since, "trigger": trigger["id"]}).fetchall() if sql else []


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
        at, key, passed = float(entered), self._entry, set()
        while key is not None and at <= now and key not in passed:
            passed.add(key)
            action: dict[str, Any] = self._actions[key]
            links, data = action.get("links") or {}, action.get("data") or {}
            if action["type"] == "time-delay":
                at += _delay(data)
            elif action["type"] == "conditional-split":
                met = self._met(data.get("profile_filter"), profile, entered, at)
                key = links.get("next_if_true" if met else "next_if_false")
                continue
            else:
                message = message_of(action, self._number, self._identifier)
                if message is not None and data.get("status", "live") == "live":
                    sql = _REACHED.get(message.channel, _REACHED["email"])
                    reached = self._db.execute(sql, (profile,)).fetchone()
                    if reached is not None:
                        yield from _taken(profile, reached[0], message, entered, at, now, wanted)
            key = links.get("next") or links.get("next_if_false")

    def _met(self, wanted: Document | None, profile: int, entered: int, at: float) -> bool:
        """Whether a split's condition holds; only counts of a metric are understood."""
        return bool(wanted) and all(
            any(self._holds(each, profile, entered, at) for each in group["conditions"])
            for group in (wanted or {}).get("condition_groups", [])
        )

    def _holds(self, condition: Document, profile: int, entered: int, at: float) -> bool:
        if condition["type"] != "profile-metric" or condition["measurement"] != "count":
            return False
        since = entered if condition["timeframe_filter"]["operator"] == "flow-start" else 0
        row = (profile, condition["metric_id"], since, int(at))
        (count,) = self._db.execute(_COUNTED, row).fetchone()
        compared = condition["measurement_filter"]
        return bool(_COMPARED[compared["operator"]](count, compared["value"]))


def _taken(  # one message to one person
    profile: int,
    address: str,
    message: Message,
    entered: int,
    at: float,
    now: float,
    wanted: Progress,
) -> Iterator[Touch]:
    chance = random.Random(f"{wanted.seed}:{message.name}:{address}")  # noqa: S311  # no secret
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
