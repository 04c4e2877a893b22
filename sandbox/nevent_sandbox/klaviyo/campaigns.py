"""Campaigns and their messages: read by their channel, as they were planned and sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from nevent_sandbox.klaviyo import moments
from nevent_sandbox.klaviyo.documents import collection, reference, resource, single
from nevent_sandbox.klaviyo.errors import bad_parameter, not_found
from nevent_sandbox.klaviyo.filters import BOOLEANS, Column, where
from nevent_sandbox.klaviyo.identifiers import Ulids
from nevent_sandbox.klaviyo.paging import Page, Selection, page

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.calls import Answer, Call
    from nevent_sandbox.klaviyo.errors import Document

Channel = Literal["email", "sms", "mobile_push"]
CHANNELS = ("email", "sms", "mobile_push")
STATUSES = (
    *("Adding Recipients", "Cancelled", "Cancelled: Account Disabled", "Cancelled: Billing Limit"),
    *("Cancelled: Internal Error", "Cancelled: Misconfigured", "Cancelled: No Recipients"),
    *("Cancelled: Smart Sending", "Draft", "Preparing to schedule", "Preparing to send"),
    *("Queued without Recipients", "Scheduled", "Sending", "Sending Segments", "Sent", "Unknown"),
    "Variations Sent",
)
COLUMNS = (
    "c.id, c.name, c.channel, c.status, c.archived, c.included, c.excluded, c.sent, c.created, "
    "c.scheduled, c.updated, c.message, c.content"
)
RELATIONSHIPS = ("campaign-messages", "tags")
OF_MESSAGES = ("campaign", "template", "image")
_FILTERS = {
    "messages.channel": Column("c.channel", only=CHANNELS),
    "id": Column("c.id"),
    "name": Column("c.name"),
    "status": Column("c.status", only=STATUSES),
    "archived": Column("c.archived", only=BOOLEANS),
    "created_at": Column("c.created", moment=True),
    "scheduled_at": Column("c.scheduled", moment=True),
    "updated_at": Column("c.updated", moment=True),
}
_SORTS = {"created_at": "created", "scheduled_at": "scheduled", "updated_at": "updated"}


class NewCampaign(msgspec.Struct, forbid_unknown_fields=True):
    """A campaign as a test puts it into the account. Times are seconds."""

    name: str
    channel: Channel = "email"
    status: str = "Sent"
    archived: bool = False
    included: list[str] = []
    excluded: list[str] = []
    subject: str | None = None
    sent: float | None = None
    created: float | None = None


def list_campaigns(call: Call) -> Answer:
    """One page of the campaigns of one channel; archived ones only if asked for."""
    conditions = list(call.query.conditions)
    if not any(each.field == "messages.channel" for each in conditions):
        raise bad_parameter(
            "filter", "A channel filter is required: equals(messages.channel,'email')."
        )
    clauses, values = where(conditions, _FILTERS, call.account.clock.time())
    if not any(each.field == "archived" for each in conditions):
        clauses.append("NOT c.archived")
    sort = call.query.sort or "n"
    name = sort.removeprefix("-")
    selection = Selection(
        COLUMNS,
        "campaigns c",
        ["1", *clauses],
        values,
        f"c.{_SORTS.get(name, name)}",
        "c.n",
        descending=sort.startswith("-"),
    )
    found = page(call.account.store.reading(), selection, call.query)
    rows = [row[2:] for row in found.rows]
    return collection(call, [campaign(call, row) for row in rows], found, _messages(call, rows))


def get_campaign(call: Call) -> Answer:
    """One campaign by its id."""
    row = _row(call, "c.id", "campaign")
    return single(call, campaign(call, row), _messages(call, [row]))


def list_messages(call: Call) -> Answer:
    """The one message of a campaign."""
    row = _row(call, "c.id", "campaign")
    return collection(call, [message(call, row)], Page([]), _campaigns(call, row))


def get_message(call: Call) -> Answer:
    """One message by its id."""
    row = _row(call, "c.message", "campaign-message")
    return single(call, message(call, row), _campaigns(call, row))


def campaign(call: Call, columns: tuple[Any, ...]) -> Document:
    """A campaign resource of a row of `COLUMNS`."""
    identifier, name, channel, status, archived, included, excluded, sent, *rest = columns
    created, scheduled, updated, message_id, _ = rest
    email = {"is_tracking_clicks": True, "is_tracking_opens": True} if channel == "email" else {}
    attributes = {
        "name": name,
        "status": status,
        "archived": bool(archived),
        "audiences": {
            "included": msgspec.json.decode(included),
            "excluded": msgspec.json.decode(excluded),
        },
        "send_options": {"use_smart_sending": True},
        "tracking_options": {
            "add_tracking_params": False,
            "custom_tracking_params": [],
            **email,
        },
        "send_strategy": {"method": "immediate"},
        "created_at": moments.told(created),
        "scheduled_at": moments.told(scheduled),
        "updated_at": moments.told(updated),
        "send_time": moments.told(sent),
    }
    related: Document = {each: [] for each in call.query.include if each in RELATIONSHIPS}
    related["campaign-messages"] = [reference("campaign-message", message_id)]
    return resource(call, "campaign", identifier, attributes, RELATIONSHIPS, related)


def message(call: Call, columns: tuple[Any, ...]) -> Document:
    """The message resource of a campaign's row."""
    identifier, *_, sent, created, _, updated, message_id, content = columns
    attributes = {
        "definition": msgspec.json.decode(content),
        "send_times": [] if sent is None else [{"datetime": moments.told(sent), "is_local": False}],
        "created_at": moments.told(created),
        "updated_at": moments.told(updated),
    }
    related = {"campaign": reference("campaign", identifier)}
    return resource(call, "campaign-message", message_id, attributes, OF_MESSAGES, related)


def _messages(call: Call, rows: Iterable[tuple[Any, ...]]) -> list[Document]:
    wanted = "campaign-messages" in call.query.include
    return [message(call, row) for row in rows] if wanted else []


def _campaigns(call: Call, row: tuple[Any, ...]) -> list[Document]:
    return [campaign(call, row)] if "campaign" in call.query.include else []


def _row(call: Call, column: str, kind: str) -> tuple[Any, ...]:
    sql = f"SELECT {COLUMNS} FROM campaigns c WHERE {column} = ?"  # noqa: S608  # our own names
    row = call.account.store.reading().execute(sql, (call.ids["id"],)).fetchone()
    if row is None:
        raise not_found(kind, call.ids["id"])
    found: tuple[Any, ...] = row
    return found


def put(db: sqlite3.Connection, new: NewCampaign, now: float) -> tuple[int, str, str]:
    """Put a campaign into the account: its number, its id, the id of its message.

    Raises:
        ValueError: a status that there is not.
    """
    if new.status not in STATUSES:
        raise ValueError(f"A campaign is never '{new.status}'.")
    made = int(new.created or min(new.sent or now, now))
    sent = int(new.sent or now) if new.status == "Sent" else None
    ids = Ulids(now)
    identifier, message_id = ids.next(), ids.next()
    number = db.execute(
        "INSERT INTO campaigns (id, name, channel, status, archived, included, excluded, sent, "
        "created, scheduled, updated, message, content) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            identifier,
            new.name,
            new.channel,
            new.status,
            new.archived,
            msgspec.json.encode(new.included).decode(),
            msgspec.json.encode(new.excluded).decode(),
            sent,
            made,
            sent,
            sent or made,
            message_id,
            msgspec.json.encode(_content(new)),
        ),
    ).lastrowid
    return int(number or 0), identifier, message_id


def _content(new: NewCampaign) -> Document:
    subject = new.subject or new.name
    if new.channel == "email":
        sender = {"from_email": "hola@nevent-demo.es", "from_label": "Nevent"}
        return {
            "channel": "email",
            "label": new.name,
            "content": {"subject": subject, "preview_text": "", **sender},
        }
    if new.channel == "sms":
        return {"channel": "sms", "content": {"body": subject}}
    return {
        "channel": "mobile_push",
        "notification_type": "standard",
        "content": {"title": subject, "body": subject},
    }


def add(account: Account, new: NewCampaign) -> Document:
    """Put a campaign that nobody received into the account: its `id` and its `message`'s."""
    with account.store.writing() as db:
        _, identifier, message_id = put(db, new, account.clock.time())
    return {"id": identifier, "message": message_id}


def dump(_: Account, db: sqlite3.Connection, query: dict[str, str]) -> list[Document]:
    """Id, name, channel, status, archived, sent, message of each, for the control plane."""
    names = ("id", "name", "channel", "status", "archived", "sent", "message")
    sql = f"SELECT {', '.join(names)} FROM campaigns ORDER BY n LIMIT ? OFFSET ?"  # noqa: S608  # our own names
    rows = db.execute(sql, (int(query.get("limit", -1)), int(query.get("offset", 0))))
    made = [dict(zip(names, row, strict=True)) for row in rows]
    for each in made:
        each.update(archived=bool(each["archived"]), sent=moments.told(each["sent"]))
    return made


HANDLERS = {
    "GET /api/campaigns": list_campaigns,
    "GET /api/campaigns/{id}": get_campaign,
    "GET /api/campaigns/{id}/campaign-messages": list_messages,
    "GET /api/campaign-messages/{id}": get_message,
}
