"""What reports call campaigns, flows, their messages and audiences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevent_sandbox.klaviyo.engaging import flow_messages

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from nevent_sandbox.klaviyo.message_counts import Part

Labels = dict[str, str | None]
TEXT = "sms"
_CHANNELS = {"email": "email", TEXT: TEXT, "mobile_push": "push-notification"}
_NOTHING: Labels = dict.fromkeys(("tag_id", "tag_name", "variation", "variation_name"))


def labels(db: sqlite3.Connection, of: str) -> Callable[[Part], Labels]:
    """What gives every name that a part can be grouped and filtered by, of campaigns or flows."""
    return _of_campaigns(db) if of == "campaign" else _of_flows(db)


def _of_campaigns(db: sqlite3.Connection) -> Callable[[Part], Labels]:
    campaigns = {
        number: row for number, *row in db.execute("SELECT n, id, name, channel FROM campaigns")
    }
    groups = dict(db.execute("SELECT id, name FROM lists UNION SELECT id, name FROM segments"))

    def named(part: Part) -> Labels:
        identifier, name, channel = campaigns[part.owner]
        return {
            "campaign_id": identifier,
            "campaign_message_id": part.message,
            "campaign_message_name": name,
            "group": part.audience,
            "group_name": groups.get(part.audience),
            **_sent_as(channel),
        }

    return named


def _of_flows(db: sqlite3.Connection) -> Callable[[Part], Labels]:
    flows = {number: row for number, *row in db.execute("SELECT n, id, name FROM flows")}
    messages = {
        message.id: message
        for identifier, _ in flows.values()
        for message in flow_messages(db, identifier)
    }

    def named(part: Part) -> Labels:
        identifier, name = flows[part.owner]
        message = messages[part.message]
        return {
            "flow_id": identifier,
            "flow_name": name,
            "flow_message_id": part.message,
            "flow_message_name": message.name,
            **_sent_as(message.channel),
        }

    return named


def _sent_as(channel: str) -> Labels:
    """Tags and variations are never there."""
    form = "sms" if channel == TEXT else None
    return {"send_channel": _CHANNELS[channel], "text_message_format": form, **_NOTHING}
