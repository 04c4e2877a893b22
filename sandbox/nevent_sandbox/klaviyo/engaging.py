"""Single things that people do with messages, as tests order them, and the messages of flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo.identities import holding
from nevent_sandbox.klaviyo.moments import parsed
from nevent_sandbox.klaviyo.touching import Message, Touch, Touches

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.errors import Document


class Engagement(msgspec.Struct, forbid_unknown_fields=True):
    """One thing that a person did with a message, at any time, seen from `visible_after` on."""

    what: str
    email: str | None = None
    profile_id: str | None = None
    at: str | None = None
    sent_at: str | None = None
    campaign: str | None = None
    flow: str | None = None
    message: str | None = None
    url: str | None = None
    machine: bool = False
    bounce: str = "Hard"
    metric: str | None = None  # under a name of former times, such as "Received SMS"
    visible_after: float = 0.0  # seconds from now


class Engagements(msgspec.Struct, forbid_unknown_fields=True):
    """Several of them, written together."""

    events: list[Engagement]


def engage(account: Account, wanted: Engagements) -> Document:
    """Write single engagements; how many there were.

    Raises:
        ValueError: a person or message that there is not.
    """
    now = account.clock.time()
    with account.store.writing() as db:
        visible = now + account.knobs.visibility_seconds
        touches = [_touch(db, each, now) for each in wanted.events]
        written = Touches(db, now=now, visible=visible).write(touches)
    return {"events": written}


def _touch(db: sqlite3.Connection, wanted: Engagement, now: float) -> Touch:
    found = "id = ?1" if wanted.profile_id else holding("email")
    sql = f"SELECT n, email FROM profiles WHERE {found}"  # noqa: S608  # our own names
    person = db.execute(sql, (wanted.profile_id or wanted.email,)).fetchone()
    if person is None:
        raise ValueError("There is no such person.")
    at = parsed(wanted.at) if wanted.at else now
    sent = parsed(wanted.sent_at) if wanted.sent_at else at
    return Touch(
        person[0],
        wanted.what,
        at,
        sent,
        _message(db, wanted),
        (person[1] or "@nevent-demo.es").rpartition("@")[2],
        machine=wanted.machine,
        url=wanted.url,
        bounce=wanted.bounce,
        metric=wanted.metric,
        visible=now + wanted.visible_after if wanted.visible_after else None,
    )


def _message(db: sqlite3.Connection, wanted: Engagement) -> Message:
    if wanted.campaign:
        sql = "SELECT n, name, channel, message, content FROM campaigns WHERE id = ?"
        row = db.execute(sql, (wanted.campaign,)).fetchone()
        if row is None:
            raise ValueError("There is no such campaign.")
        number, name, channel, message_id, content = row
        told: dict[str, Any] = msgspec.json.decode(content).get("content") or {}
        return Message(message_id, name, told.get("subject"), channel, campaign=number)
    for message in flow_messages(db, wanted.flow or ""):
        if wanted.message in {None, message.id}:
            return message
    raise ValueError("There is no such flow or message.")


def flow_messages(db: sqlite3.Connection, flow_id: str) -> list[Message]:
    """The messages of a flow, in the order of its actions."""
    row = db.execute("SELECT n, definition FROM flows WHERE id = ?", (flow_id,)).fetchone()
    actions = msgspec.json.decode(row[1])["actions"] if row else []
    return [found for each in actions if (found := message_of(each, row[0], flow_id)) is not None]


_BY_ACTION = {"send-email": "email", "send-sms": "sms", "send-mobile-push": "mobile_push"}


def message_of(action: Document, flow: int, flow_id: str) -> Message | None:
    """The message that an action of a flow sends; None if it sends none to the person."""
    told = (action.get("data") or {}).get("message")
    channel = _BY_ACTION.get(action["type"])
    if not told or channel is None:
        return None
    subject = told.get("subject_line") or told.get("body")
    name = told.get("name") or subject or action["id"]
    return Message(told["id"], name, subject, channel, flow=flow, flow_id=flow_id)


def touches(account: Account, db: sqlite3.Connection, query: dict[str, str]) -> list[Document]:
    """All touches, each with whom and what it is about, for the control plane."""
    sql = (
        "SELECT e.id, p.id, p.email, p.external_id, t.kind, t.moment, t.sent, c.id, f.id, "
        "t.message, t.audience, t.machine, e.visible FROM touches t JOIN events e ON e.n = t.event "
        "JOIN profiles p ON p.n = t.profile LEFT JOIN campaigns c ON c.n = t.campaign "
        "LEFT JOIN flows f ON f.n = t.flow ORDER BY t.event LIMIT ? OFFSET ?"
    )
    names = (
        *("id", "profile_id", "email", "external_id", "kind", "moment", "sent", "campaign"),
        *("flow", "message", "audience", "machine", "visible"),
    )
    rows = db.execute(sql, (int(query.get("limit", -1)), int(query.get("offset", 0))))
    now = account.clock.time()
    made = [dict(zip(names, row, strict=True)) for row in rows]
    for each in made:
        each.update(machine=bool(each["machine"]), visible=each["visible"] <= now)
    return made
