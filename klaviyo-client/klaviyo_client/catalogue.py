"""Names behind Klaviyo's ids: campaigns, flows and their messages, lists, segments."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from klaviyo_client.campaigns import Campaign, Message, campaigns
from klaviyo_client.errors import ForbiddenError
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

T = TypeVar("T")

__all__ = ["Campaign", "Catalogue", "Flow", "Group", "Message"]


class Group(NamedTuple):
    """A list or a segment; `attributes` are Klaviyo's."""

    id: str
    name: str
    attributes: dict[str, Any]


class Catalogue:
    """One account's campaigns, flows, lists and segments. Any thread may ask.

    Each kind is read once, when it is first asked for. Asking for a kind that the key may not read
    raises ForbiddenError; asking what an id is called does not: the id stays unresolved, and
    `notes` says so by kind.
    """

    def __init__(self, session: KlaviyoSession) -> None:
        self._session = session
        self._lock = threading.RLock()
        self._read: dict[str, dict[str, Any] | ForbiddenError] = {}
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
            named = self._known("campaigns", "campaign messages", self._campaign_messages)
            return named.get(message_id)
        named = self._known("flows", "flow messages", self._flow_messages)
        if (found := named.get(message_id)) is not None:
            return found
        flow = self.flow(flow_id)
        if flow is None:
            return None
        return Message(message_id, None, None, "", flow_id=flow.id, flow_name=flow.name)

    def flow(self, flow_id: str) -> Flow | None:
        """A flow by its id."""
        return self._known("flows", "flows", lambda: self.flows).get(flow_id)

    def campaign(self, campaign_id: str) -> Campaign | None:
        """A campaign by its id."""
        return self._known("campaigns", "campaigns", lambda: self.campaigns).get(campaign_id)

    def group(self, group_id: str) -> Group | None:
        """A list or segment by its id."""
        lists = self._known("lists", "lists", lambda: self.lists)
        return lists.get(group_id) or self._known(
            "segments", "segments", lambda: self.segments
        ).get(group_id)

    def _once(self, what: str, read: Callable[[], dict[str, T]]) -> dict[str, T]:
        """Read at most once, a refusal included.

        Raises:
            ForbiddenError: the key may not read it.
        """
        with self._lock:
            if what not in self._read:
                try:
                    self._read[what] = read()
                except ForbiddenError as error:
                    self._read[what] = error
            found = self._read[what]
        if isinstance(found, ForbiddenError):
            raise found
        return found

    def _known(self, kind: str, what: str, read: Callable[[], dict[str, T]]) -> dict[str, T]:
        """The same, empty and noted where it may not be read."""
        try:
            return self._once(what, read)
        except ForbiddenError as error:
            self.notes[kind] = f"{error} Until then the names of {kind} stay unknown."
            return {}

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
        found: dict[str, Group] = {}
        for page in self._session.pages(
            operation, sort="created", **{"page[size]": str(MAX_LISTS_PAGE)}
        ):
            for each in page["data"]:
                name = str(each["attributes"].get("name") or each["id"])
                found[each["id"]] = Group(each["id"], name, each["attributes"])
        return found
