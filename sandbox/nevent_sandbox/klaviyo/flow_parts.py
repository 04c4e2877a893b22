"""Actions of flows and the messages that they send, read out of the flows' definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo import flows, moments
from nevent_sandbox.klaviyo.documents import collection, reference, resource, single
from nevent_sandbox.klaviyo.errors import not_found
from nevent_sandbox.klaviyo.filters import Column, where
from nevent_sandbox.klaviyo.paging import Selection, page

if TYPE_CHECKING:
    from nevent_sandbox.klaviyo.calls import Answer, Call
    from nevent_sandbox.klaviyo.errors import Document

_TABLES = "flows f, json_each(CAST(f.definition AS TEXT), '$.actions') a"
_TYPE, _STATUS = "a.value ->> '$.type'", "a.value ->> '$.data.status'"
_ID = "a.value ->> '$.id'"
_MESSAGE = (  # of an experiment, the message that it began with
    "coalesce(a.value -> '$.data.message', a.value -> '$.data.main_action.data.message')"
)
_MESSAGE_ID = f"{_MESSAGE} ->> '$.id'"
COLUMNS = f"f.id, f.created, f.updated, a.value, {_MESSAGE}"
OF_ACTIONS, OF_MESSAGES = ("flow", "flow-messages"), ("flow-action", "template")
_TIMES = {
    "created": Column("f.created", moment=True),
    "updated": Column("f.updated", moment=True),
}
_ACTION_FILTERS = {
    "id": Column(_ID),
    "action_type": Column(_TYPE),
    "status": Column(_STATUS),
    **_TIMES,
}
_MESSAGE_FILTERS = {"id": Column(_MESSAGE_ID), "name": Column(f"{_MESSAGE} ->> '$.name'"), **_TIMES}
_ACTION_SORTS = {"action_type": _TYPE, "id": _ID, "status": _STATUS}
_MESSAGE_SORTS = {"id": _MESSAGE_ID, "name": f"{_MESSAGE} ->> '$.name'"}
_CHANNELS = {
    "send-email": "Email",
    "send-sms": "SMS",
    "send-mobile-push": "Mobile Push",
    "send-webhook": "Webhook",
    "send-internal-alert": "Email",
    "send-whatsapp": "WhatsApp",
}
Row = tuple[Any, ...]


def list_actions(call: Call) -> Answer:
    """One page of a flow's actions."""
    flows.known_flow(call)
    found = _page(call, "f.id = ?", _ACTION_FILTERS, _ACTION_SORTS)
    return collection(call, [_action(call, row[2:]) for row in found.rows], found)


def get_action(call: Call) -> Answer:
    """One action by its id."""
    row = _row(call, _ID, "flow-action")
    included = []
    if "flow" in call.query.include:
        included += flows.by_id(call, row[0])
    if "flow-messages" in call.query.include:
        included += _messages(call, row)
    return single(call, _action(call, row), included)


def list_messages(call: Call) -> Answer:
    """The message of an action, if it sends one."""
    _row(call, _ID, "flow-action")
    found = _page(call, f"{_ID} = ? AND {_MESSAGE} IS NOT NULL", _MESSAGE_FILTERS, _MESSAGE_SORTS)
    return collection(call, [_message(call, row[2:]) for row in found.rows], found)


def get_message(call: Call) -> Answer:
    """One message by its id."""
    row = _row(call, _MESSAGE_ID, "flow-message")
    included = [_action(call, row)] if "flow-action" in call.query.include else []
    return single(call, _message(call, row), included)


def _page(call: Call, which: str, filters: dict[str, Column], sorts: dict[str, str]) -> Any:
    clauses, values = where(list(call.query.conditions), filters, call.account.clock.time())
    sort = call.query.sort or "n"
    name = sort.removeprefix("-")
    selection = Selection(
        COLUMNS,
        _TABLES,
        [which, *clauses],
        [call.ids["id"], *values],
        "a.key" if name == "n" else sorts.get(name, f"f.{name}"),
        "a.key",
        descending=sort.startswith("-"),
    )
    return page(call.account.store.reading(), selection, call.query)


def _row(call: Call, column: str, kind: str) -> Row:
    sql = f"SELECT {COLUMNS} FROM {_TABLES} WHERE {column} = ?"  # noqa: S608  # our own names
    row = call.account.store.reading().execute(sql, (call.ids["id"],)).fetchone()
    if row is None:
        raise not_found(kind, call.ids["id"])
    found: Row = row
    return found


def _action(call: Call, row: Row) -> Document:
    flow, created, updated, definition, message = row
    action = msgspec.json.decode(definition)
    attributes = {
        "created": moments.told(created),
        "updated": moments.told(updated),
        "definition": action,
    }
    related: Document = {"flow": reference("flow", flow)}
    if "flow-messages" in call.query.include:
        told = [msgspec.json.decode(message)["id"]] if message else []
        related["flow-messages"] = [reference("flow-message", each) for each in told]
    return resource(call, "flow-action", action["id"], attributes, OF_ACTIONS, related)


def _messages(call: Call, row: Row) -> list[Document]:
    return [_message(call, row)] if row[4] else []


def _message(call: Call, row: Row) -> Document:
    _, created, updated, definition, message = row
    action, told = msgspec.json.decode(definition), msgspec.json.decode(message)
    kind = action["type"]
    if kind not in _CHANNELS:
        kind = action["data"]["main_action"]["type"]
    attributes = {
        "channel": _CHANNELS[kind],
        "created": moments.told(created),
        "updated": moments.told(updated),
        "definition": told,
    }
    related = {"flow-action": reference("flow-action", action["id"])}
    return resource(call, "flow-message", told["id"], attributes, OF_MESSAGES, related)


HANDLERS = {
    "GET /api/flows/{id}/flow-actions": list_actions,
    "GET /api/flow-actions/{id}": get_action,
    "GET /api/flow-actions/{id}/flow-messages": list_messages,
    "GET /api/flow-messages/{id}": get_message,
}
