"""Names behind Klaviyo's ids: campaigns, flows and their messages, lists, segments."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client.campaigns import Campaign, Message, campaigns
from klaviyo_client.errors import DeniedError
from klaviyo_client.flows import Flow, flows
from klaviyo_client.limits import (
    GET_LISTS,
    GET_SEGMENTS,
    MAX_LISTS_PAGE,
    Operation,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from klaviyo_client.session import KlaviyoSession

__all__ = ["Campaign", "Catalogue", "Flow", "Group", "Message"]


class Group(NamedTuple):
    """A list or a segment; `attributes` are Klaviyo's."""

    id: str
    name: str
    attributes: dict[str, Any]


class Catalogue:
    """One account's campaigns, flows, lists and segments. Any thread may ask.

    Each kind is read once, when it is first asked for. What the key may not read is empty, and
    `notes` says so by kind: ids of that kind stay unresolved.
    """

    def __init__(self, session: KlaviyoSession) -> None:
        self._session = session
        self._lock = threading.RLock()
        self._read: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, str] = {}

    @property
    def campaigns(self) -> dict[str, Campaign]:
        """Campaigns of every channel by id, archived ones included."""
        return self._once("campaigns", lambda: {each.id: each for each in campaigns(self._session)})

    @property
    def flows(self) -> dict[str, Flow]:
        """Flows by id, archived ones included."""
        return self._once("flows", lambda: {each.id: each for each in flows(self._session)})

    @property
    def lists(self) -> dict[str, Group]:
        """Lists by id."""
        return self._once("lists", lambda: self._groups(GET_LISTS))

    @property
    def segments(self) -> dict[str, Group]:
        """Segments by id."""
        return self._once("segments", lambda: self._groups(GET_SEGMENTS))

    def message(self, message_id: str, flow_id: str | None = None) -> Message | None:
        """What an event's `$message` is; of a flow where its `$flow` is given.

        A message that was taken out of its flow still tells the flow.
        """
        if flow_id is None:
            return self._once("campaign messages", self._campaign_messages).get(message_id)
        found: Message | None = self._once("flow messages", self._flow_messages).get(message_id)
        flow = self.flows.get(flow_id)
        if found is None and flow is not None:
            return Message(message_id, None, None, "", flow_id=flow.id, flow_name=flow.name)
        return found

    def group(self, group_id: str) -> Group | None:
        """A list or segment by its id."""
        return self.lists.get(group_id) or self.segments.get(group_id)

    def _once(self, what: str, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        with self._lock:
            if what not in self._read:
                try:
                    self._read[what] = read()
                except DeniedError as error:
                    self._read[what] = {}
                    self.notes[what] = f"{error} Until then the names of {what} stay unknown."
            return self._read[what]

    def _campaign_messages(self) -> dict[str, Message]:
        """By id; events of long ago carry the campaign's own id instead."""
        found: dict[str, Message] = {}
        for campaign in self.campaigns.values():
            for each in campaign.messages:
                found.setdefault(campaign.id, each)
                found[each.id] = each
        return found

    def _flow_messages(self) -> dict[str, Message]:
        return {
            each.id: Message(
                each.id,
                each.name,
                each.subject,
                each.channel,
                flow_id=flow.id,
                flow_name=flow.name,
            )
            for flow in self.flows.values()
            for each in flow.graph.messages
        }

    def _groups(self, operation: Operation) -> dict[str, Group]:
        found = {}
        for page in self._session.pages(
            operation, sort="created", **{"page[size]": str(MAX_LISTS_PAGE)}
        ):
            for each in page["data"]:
                name = str(each["attributes"].get("name") or each["id"])
                found[each["id"]] = Group(each["id"], name, each["attributes"])
        return found
