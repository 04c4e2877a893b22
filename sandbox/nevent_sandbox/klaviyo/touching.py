"""What people did with messages, written down: an event of Klaviyo's own, and of which message."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from nevent_sandbox.klaviyo.consents import BOUNCE, COMPLAINT, EMAIL, SMS, Act, Register
from nevent_sandbox.klaviyo.identifiers import short_id
from nevent_sandbox.klaviyo.metrics import NATIVE_SERVICE, Metrics

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from nevent_sandbox.klaviyo.errors import Document

RECEIVED, OPENED, CLICKED = "received", "opened", "clicked"
BOUNCED, DROPPED, SPAM, UNSUBSCRIBED = "bounced", "dropped", "spam", "unsubscribed"
METRICS = {
    "email": {
        RECEIVED: "Received Email",
        OPENED: "Opened Email",
        CLICKED: "Clicked Email",
        BOUNCED: "Bounced Email",
        DROPPED: "Dropped Email",
        SPAM: "Marked Email as Spam",
        UNSUBSCRIBED: "Unsubscribed from Email Marketing",
    },
    "sms": {
        RECEIVED: "Received Text Message",
        CLICKED: "Clicked Text Message",
        BOUNCED: "Failed to Deliver Text Message",
        UNSUBSCRIBED: "Unsubscribed from Text Messaging Marketing",
    },
    "mobile_push": {
        RECEIVED: "Received Push",
        OPENED: "Opened Push",
        BOUNCED: "Bounced Push",
    },
}
"""What Klaviyo calls these by channel, since July 2026."""


class Message(NamedTuple):
    """What was sent: of a campaign, or of a flow (by its number and its id)."""

    id: str
    name: str
    subject: str | None
    channel: str
    campaign: int | None = None
    flow: int | None = None
    flow_id: str | None = None


class Touch(NamedTuple):
    """One thing that happened between a message and a person. Times are seconds."""

    profile: int
    kind: str
    moment: float
    sent: float
    message: Message
    domain: str = "nevent-demo.es"
    audience: str | None = None
    machine: bool = False
    url: str | None = None
    bounce: str = "Hard"
    visible: float | None = None  # None: as everything is
    unique_id: str | None = None
    metric: str | None = None  # a name of former times; None: today's


def properties(touch: Touch) -> Document:
    """The event's properties, by the names that Klaviyo uses."""
    message = touch.message
    told: Document = {"$message": message.id, "Campaign Name": message.name}
    if message.flow_id is not None:
        told["$flow"] = message.flow_id
    if message.channel != "email":
        return told if touch.url is None else {**told, "URL": touch.url}
    told |= {
        "$message_interaction": message.id,
        "Subject": message.subject,
        "Email Domain": touch.domain,
        "Inbox Provider": "Other",
    }
    if touch.kind in {OPENED, CLICKED}:
        client = "Apple Mail Privacy Proxy" if touch.machine else "Gmail"
        told |= {"Client Name": client, "Client Type": "mobile", "Client OS": "iOS"}
    if touch.kind == OPENED:
        told["machine_open"] = touch.machine
    if touch.kind == CLICKED:
        told["URL"] = touch.url or "https://nevent-demo.es/entradas"
    if touch.kind == BOUNCED:
        told["Bounce Type"] = touch.bounce
    return told


class Touches:
    """Writes touches inside one transaction.

    Args:
        now: seconds.
        visible: from when reads see the events, where a touch does not say.
    """

    def __init__(self, db: sqlite3.Connection, *, now: float, visible: float) -> None:
        self._db = db
        self._now = now
        self._visible = visible
        self._metrics = Metrics(db, now)

    def write(self, touches: Iterable[Touch]) -> int:
        """Write those that are not there yet; how many were new.

        Raises:
            ValueError: the channel knows no such thing.
        """
        written = 0
        for touch in touches:
            name = METRICS[touch.message.channel].get(touch.kind)
            if name is None:
                raise ValueError(f"There is no '{touch.kind}' on {touch.message.channel}.")
            name = touch.metric or name
            moment = int(touch.moment)
            inserted = self._db.execute(
                "INSERT OR IGNORE INTO events (id, profile, metric, unique_id, moment, backfill, "
                "visible, properties) VALUES (?, ?, ?, ?, ?, 0, ?, ?)",
                (
                    short_id(11),
                    touch.profile,
                    self._metrics.number(name, NATIVE_SERVICE),
                    touch.unique_id or short_id(22),
                    moment,
                    self._visible if touch.visible is None else touch.visible,
                    msgspec.json.encode(properties(touch)),
                ),
            )
            if not inserted.rowcount:
                continue
            written += 1
            self._db.execute(
                "INSERT INTO touches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    inserted.lastrowid,
                    touch.profile,
                    touch.kind,
                    moment,
                    int(touch.sent),
                    touch.message.campaign,
                    touch.message.flow,
                    touch.message.id,
                    touch.audience,
                    touch.machine,
                ),
            )
            self._db.execute(
                "UPDATE profiles SET last_event = max(coalesce(last_event, 0), ?) WHERE n = ?",
                (moment, touch.profile),
            )
            self._consequences(touch)
        return written

    def _consequences(self, touch: Touch) -> None:
        """An opt-out, a complaint, a hard bounce keeps further mail away; its event is written."""
        act = Act(touch.moment, "PREFERENCE_PAGE")
        register = Register(self._db, act, visible=self._visible)  # never saved: no second event
        if touch.kind == UNSUBSCRIBED:
            channel = EMAIL if touch.message.channel == "email" else SMS
            register.unsubscribe(touch.profile, channel, touch.moment)
        elif touch.kind == SPAM:
            register.suppress(touch.profile, COMPLAINT, touch.moment)
        elif touch.kind == BOUNCED and touch.bounce == "Hard" and touch.message.channel == "email":
            register.suppress(touch.profile, BOUNCE, touch.moment)
        else:
            return
        self._db.execute(
            "UPDATE profiles SET updated = max(updated, ?) WHERE n = ?",
            (int(self._now), touch.profile),
        )
