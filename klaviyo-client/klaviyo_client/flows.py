"""Flows with their messages, archived or not: fifty to a request, their actions with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client.errors import RejectedError
from klaviyo_client.flow_graph import (
    FlowGraph,
    graph,
    is_message,
    messages_of,
    waits_for_a_date,
)
from klaviyo_client.limits import GET_FLOW, GET_FLOW_MESSAGES, GET_FLOWS, MAX_FLOWS_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klaviyo_client.session import KlaviyoSession

Resource = dict[str, Any]

SENDING = frozenset({"live", "manual"})  # statuses of a flow that may still send
NOT_FOUND = 404


class Flow(NamedTuple):
    """A flow; times are as Klaviyo writes them, `graph` holds its messages and their delays.

    `updated_at` is the latest of its own and its actions' times.
    """

    id: str
    name: str
    status: str | None
    archived: bool
    trigger_type: str | None
    created_at: str | None
    updated_at: str | None
    graph: FlowGraph

    @property
    def live(self) -> bool:
        """Whether it may still send."""
        return self.status in SENDING and not self.archived


def flows(session: KlaviyoSession) -> Iterator[Flow]:
    """All flows of the account.

    Asking for each flow's definition would be a request for each at 60 a minute. Only those are
    asked for that wait for a person's date, whose trigger says how long.

    Raises:
        DeniedError: the key lacks flows:read.
    """
    for archived in ("false", "true"):
        asked = {
            "filter": f"equals(archived,{archived})",
            "include": "flow-actions",
            "sort": "created",
            "page[size]": str(MAX_FLOWS_PAGE),
        }
        for page in session.pages(GET_FLOWS, **asked):
            actions = {each["id"]: each for each in page.get("included") or ()}
            for each in page["data"]:
                related = each["relationships"]["flow-actions"].get("data") or ()
                own = {one["id"]: actions.get(one["id"]) for one in related}
                found = [_action(identifier, action) for identifier, action in own.items()]
                yield _flow(
                    each, _graph(session, each["id"], found), _changed([each, *own.values()])
                )


def _action(identifier: str, resource: Resource | None) -> Resource:
    """An action's definition; its id alone where Klaviyo does not tell more."""
    definition = resource["attributes"].get("definition") if resource else None
    return {**(definition or {}), "id": identifier}


def _graph(session: KlaviyoSession, flow_id: str, actions: list[Resource]) -> FlowGraph:
    triggers: list[Resource] = []
    if any(waits_for_a_date(each) or not each.get("type") for each in actions):
        definition = _definition(session, flow_id)
        triggers = definition.get("triggers") or []
        actions = definition.get("actions") or actions
    return graph([_named(session, each) for each in actions], triggers)


def _definition(session: KlaviyoSession, flow_id: str) -> Resource:
    try:
        document = session.get(
            GET_FLOW, path_id=flow_id, **{"additional-fields[flow]": "definition"}
        )
    except RejectedError as error:
        if error.status != NOT_FOUND:
            raise
        return {}  # deleted since it was listed
    return document["data"]["attributes"].get("definition") or {}


def _named(session: KlaviyoSession, action: Resource) -> Resource:
    """The action with its message's id, which is asked for where the definition leaves it out."""
    data = action.get("data") or {}
    if not is_message(action) or "main_action" in data or any(messages_of(action)):
        return action
    try:
        found = session.get(GET_FLOW_MESSAGES, path_id=str(action["id"]))["data"]
    except RejectedError as error:
        if error.status != NOT_FOUND:
            raise
        found = []
    if not found:
        return action
    message = {**(data.get("message") or {}), "id": found[0]["id"]}
    return {**action, "data": {**data, "message": message}}


def _changed(resources: list[Resource | None]) -> str | None:
    """The latest of their times; all are in one offset."""
    times = [each["attributes"].get("updated") for each in resources if each]
    return max((each for each in times if each), default=None)


def _flow(resource: Resource, found: FlowGraph, changed: str | None) -> Flow:
    attributes = resource["attributes"]
    return Flow(
        resource["id"],
        str(attributes.get("name") or resource["id"]),
        attributes.get("status"),
        bool(attributes.get("archived")),
        attributes.get("trigger_type"),
        attributes.get("created"),
        changed,
        found,
    )
