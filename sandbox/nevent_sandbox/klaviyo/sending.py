"""Campaigns sent to the people of lists and segments, and how these take them."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from nevent_sandbox.klaviyo import campaigns
from nevent_sandbox.klaviyo.campaigns import Channel, NewCampaign
from nevent_sandbox.klaviyo.identifiers import short_id
from nevent_sandbox.klaviyo.metrics import DEFAULT_SERVICE, Metrics
from nevent_sandbox.klaviyo.moments import parsed
from nevent_sandbox.klaviyo.touching import (
    BOUNCED,
    CLICKED,
    DROPPED,
    OPENED,
    RECEIVED,
    SPAM,
    UNSUBSCRIBED,
    Message,
    Touch,
    Touches,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.errors import Document

PURCHASE = "Purchased Ticket"
_AGO = 2 * 3600  # when a campaign was sent, unless told
_CAN_MAIL = """
SELECT p.n, p.email FROM profiles p WHERE p.n IN ({members}) AND p.email IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.profile = p.n)
AND NOT EXISTS (SELECT 1 FROM list_suppressions s WHERE s.profile = p.n AND s.list = ?)
AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.profile = p.n AND c.channel = 'email.marketing'
                AND c.consent = 'UNSUBSCRIBED')
ORDER BY p.n
"""
_CAN_TEXT = """
SELECT p.n, p.phone_number FROM profiles p JOIN consents c ON c.profile = p.n
WHERE p.n IN ({members}) AND p.phone_number IS NOT NULL AND c.channel = 'sms.marketing'
AND c.consent = 'SUBSCRIBED' AND ? IS NOT NULL ORDER BY p.n
"""
_ON = {
    "lists": "SELECT m.profile FROM members m JOIN lists g ON g.n = m.list WHERE g.id = ?",
    "segments": "SELECT m.profile FROM segment_members m JOIN segments g ON g.n = m.segment "
    "WHERE g.id = ?",
}


class Sending(msgspec.Struct, forbid_unknown_fields=True):
    """A campaign to send; shares are of those who received it, `clicks` of those who opened."""

    name: str
    lists: list[str] = []
    segments: list[str] = []
    excluded: list[str] = []
    channel: Channel = "email"
    at: str | None = None  # ISO 8601
    subject: str | None = None
    opens: float = 0.4
    clicks: float = 0.25
    bounces: float = 0.01
    dropped: float = 0.0
    spam: float = 0.001
    unsubscribes: float = 0.004
    machine: float = 0.2
    purchases: float = 0.0  # of those who clicked
    price: float = 45.0
    archived: bool = False
    seed: int = 1


def send(account: Account, wanted: Sending) -> Document:
    """Send a campaign: its `id`, its `message`'s, and how many `events` of each kind it made.

    Raises:
        ValueError: a list or segment that there is not, a time in the future.
    """
    now = account.clock.time()
    at = parsed(wanted.at) if wanted.at else now - _AGO
    if at > now:
        raise ValueError("It can only have been sent by now.")
    with account.store.writing() as db:
        new = NewCampaign(
            wanted.name,
            wanted.channel,
            archived=wanted.archived,
            included=[*wanted.lists, *wanted.segments],
            excluded=wanted.excluded,
            subject=wanted.subject,
            sent=at,
        )
        recipients = _recipients(db, wanted)
        number, identifier, message_id = campaigns.put(db, new, now)
        subject = wanted.subject or wanted.name
        message = Message(message_id, wanted.name, subject, wanted.channel, campaign=number)
        touches, buyers = [], []
        for profile, (address, audience) in recipients.items():
            chance = random.Random(f"{wanted.seed}:{wanted.name}:{address}")  # noqa: S311  # no secret
            told = list(_outcomes(wanted, chance, at, now))
            domain = address.rpartition("@")[2]
            touches += [
                Touch(profile, kind, moment, at, message, domain, audience, machine=machine)
                for kind, moment, machine in told
            ]
            clicked = next((moment for kind, moment, _ in told if kind == CLICKED), None)
            if clicked is not None and chance.random() < wanted.purchases:
                bought = clicked + chance.random() * min(now - clicked, 4 * 86400)
                buyers.append((profile, int(bought), f"sandbox:{message_id}:{profile}"))
        visible = now + account.knobs.visibility_seconds
        Touches(db, now=now, visible=visible).write(touches)
        _buy(db, buyers, wanted.price, now, visible)
    counts = Counter(each.kind for each in touches)
    return {"id": identifier, "message": message_id, "events": {**counts, "purchases": len(buyers)}}


def _recipients(db: sqlite3.Connection, wanted: Sending) -> dict[int, tuple[str, str]]:
    """Whom it reaches: number → address, and the list or segment that it reached them by."""
    left_out = {
        profile
        for each in wanted.excluded
        for sql in _ON.values()
        for (profile,) in db.execute(sql, (each,))
    }
    can = _CAN_MAIL if wanted.channel == "email" else _CAN_TEXT
    found: dict[int, tuple[str, str]] = {}
    for kind, groups in (("lists", wanted.lists), ("segments", wanted.segments)):
        for each in groups:
            if not db.execute(f"SELECT 1 FROM {kind} WHERE id = ?", (each,)).fetchone():  # noqa: S608  # our own names
                raise ValueError(f"There is no such one among the {kind}.")
            for profile, address in db.execute(can.format(members=_ON[kind]), (each, each)):
                if profile not in left_out:
                    found.setdefault(profile, (address, each))
    return found


def _outcomes(
    wanted: Sending, chance: random.Random, at: float, now: float
) -> Iterator[tuple[str, float, bool]]:
    """What one recipient does, when, and whether it was their mail program that did."""
    span = max(now - at, 1.0)

    def later(since: float) -> float:
        return min(now, since + 1 + chance.random() * (at + span - since))

    if chance.random() < wanted.dropped:
        yield DROPPED, at, False
        return
    if chance.random() < wanted.bounces:
        yield BOUNCED, at + min(span, 2), False
        return
    received = at + chance.random() * min(span, 60)
    yield RECEIVED, received, False
    if wanted.channel == "email" and chance.random() < wanted.machine:
        yield OPENED, min(now, received + 1), True
    moment = received
    if wanted.channel == "email":
        if chance.random() >= wanted.opens:
            return
        moment = later(received)
        yield OPENED, moment, False
        if chance.random() < wanted.spam:
            yield SPAM, later(moment), False
            return
    if chance.random() < wanted.clicks:
        moment = later(moment)
        yield CLICKED, moment, False
    if chance.random() < wanted.unsubscribes:
        yield UNSUBSCRIBED, later(moment), False


def _buy(
    db: sqlite3.Connection,
    buyers: list[tuple[int, int, str]],
    price: float,
    now: float,
    visible: float,
) -> None:
    if not buyers:
        return
    metric = Metrics(db, now).number(PURCHASE, DEFAULT_SERVICE)
    told = msgspec.json.encode({"price": price, "currency": "EUR", "event_name": "Demo"})
    db.executemany(
        "INSERT OR IGNORE INTO events (id, profile, metric, unique_id, moment, value, currency, "
        "backfill, visible, properties) VALUES (?, ?, ?, ?, ?, ?, 'EUR', 0, ?, ?)",
        [
            (short_id(11), profile, metric, unique, moment, price, visible, told)
            for profile, moment, unique in buyers
        ],
    )
