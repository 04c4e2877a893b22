"""Which message an event is owed to: the last that the person opened or clicked before it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from nevent_sandbox.klaviyo.documents import reference, resource
from nevent_sandbox.klaviyo.identities import AMONG
from nevent_sandbox.klaviyo.metrics import NATIVE_SERVICE
from nevent_sandbox.klaviyo.touching import CLICKED, METRICS, OPENED

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.calls import Call
    from nevent_sandbox.klaviyo.errors import Document

WINDOW = 5 * 86_400  # seconds after opening or clicking a mail, or clicking a text
PUSH_WINDOW = 86_400
_PUSH = METRICS["mobile_push"][OPENED]

# The number of the touch that event `e` is owed to; takes :now. Of two in one second the later
# written one counts.
LAST_TOUCH = f"""(
    SELECT last.event FROM touches last JOIN events happened ON happened.n = last.event
    WHERE last.profile = e.profile AND last.moment <= e.moment
    AND last.moment > e.moment - {WINDOW} AND last.kind IN ('{OPENED}', '{CLICKED}')
    AND happened.visible <= :now
    AND (last.moment > e.moment - {PUSH_WINDOW} OR happened.metric NOT IN (
        SELECT n FROM metrics WHERE name = '{_PUSH}' AND service = '{NATIVE_SERVICE}'))
    ORDER BY last.moment DESC, last.event DESC LIMIT 1
)"""  # noqa: S608  # our own names
# Events that can be owed to a message, each with the touch `t` that it is owed to.
ATTRIBUTED = f"""
    events e JOIN metrics x ON x.n = e.metric AND x.service <> '{NATIVE_SERVICE}'
    CROSS JOIN touches t ON t.event = {LAST_TOUCH}
"""
_OF_EVENTS = f"""
    SELECT e.n, e.id, o.id, c.id, f.id, t.message
    FROM {ATTRIBUTED} JOIN events o ON o.n = t.event
    LEFT JOIN campaigns c ON c.n = t.campaign LEFT JOIN flows f ON f.n = t.flow
    WHERE e.n IN {AMONG.replace("?", ":events")} ORDER BY e.n
"""  # noqa: S608  # our own names


def attributions(call: Call, db: sqlite3.Connection, events: str) -> dict[int, Document]:
    """The attribution resource of each event that has one; `events` is a JSON array of numbers."""
    rows = db.execute(_OF_EVENTS, {"events": events, "now": call.account.clock.time()})
    return {number: _attribution(call, *row) for number, *row in rows}


def _attribution(  # a row
    call: Call, event: str, touch: str, campaign: str | None, flow: str | None, message: str
) -> Document:
    related = {
        "event": reference("event", event),
        "attributed-event": reference("event", touch),
    }
    if campaign is not None:
        related["campaign"] = reference("campaign", campaign)
        related["campaign-message"] = reference("campaign-message", message)
    if flow is not None:
        related["flow"] = reference("flow", flow)
        related["flow-message"] = reference("flow-message", message)
    identifier = uuid.uuid5(uuid.NAMESPACE_OID, f"{event} {touch}").hex
    made = resource(call, "attribution", identifier, {}, tuple(related), related)
    del made["attributes"]  # it has none
    return made
