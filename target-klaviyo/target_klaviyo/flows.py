"""Which live flows a load would start, read from Klaviyo once per run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client import DeniedError, RejectedError
from klaviyo_client.limits import GET_FLOW, GET_FLOWS, GET_LISTS, GET_METRICS, GET_SEGMENTS

from target_klaviyo.flow_rules import could_start, started
from target_klaviyo.loads import Load
from target_klaviyo.segment_rules import Seen, Segment

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from klaviyo_client import KlaviyoSession, Operation

__all__ = ["LiveFlows", "Load", "StartedFlow"]

Resource = dict[str, Any]

NOT_FOUND = 404
IDS = 50  # named in one filter, to keep URLs short


class StartedFlow(NamedTuple):
    """A live flow that a load would start, or might: one that cannot be told is named too."""

    id: str
    name: str
    reason: str  # "people are added to its list 'Nevent - All Contacts'"


class _Flow(NamedTuple):
    """A live flow as the list of flows tells it."""

    id: str
    name: str
    trigger_type: str | None


class LiveFlows:
    """The account's live flows. Any thread may ask; read is only what the asked load can touch.

    A flow of which something may not or cannot be read counts as started, and its reason says so.
    """

    def __init__(self, session: KlaviyoSession) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._denied: set[Operation] = set()
        self._flows: list[_Flow] | None = None
        self._triggers: dict[str, list[Resource] | None] = {}  # by flow; None: cannot be read
        self._metrics: dict[str, str] | None = None
        self._segments: dict[str, Segment] = {}
        self._asked: set[str] = set()  # ids looked for among the segments
        self._lists: dict[str, str] = {}

    @property
    def visible(self) -> bool:
        """False when the key lacks flows:read: then nothing can be said of any flow."""
        with self._lock:
            self._read_flows()
            return GET_FLOWS not in self._denied

    def started_by(self, load: Load) -> list[StartedFlow]:
        """The live flows that this load would start, oldest first; none if they are not visible.

        Raises:
            UnavailableError: Klaviyo does not answer.
        """
        if not any(load):
            return []
        with self._lock:
            looked_at = [
                flow for flow in self._read_flows() if could_start(flow.trigger_type, load)
            ]
            for flow in looked_at:
                self._read_triggers(flow)
            flows = [flow for flow in looked_at if flow.id in self._triggers]
            seen = self._read_about(flows, load)
            triggers = dict(self._triggers)
        found = []
        for flow in flows:
            known = triggers[flow.id]
            reason = (
                "its definition could not be read"
                if known is None
                else started(known, flow.trigger_type, load, seen)
            )
            if reason:
                found.append(StartedFlow(flow.id, flow.name, reason))
        return found

    def _read_flows(self) -> list[_Flow]:
        if self._flows is None:
            self._flows = [
                _Flow(each["id"], _name(each), each["attributes"].get("trigger_type"))
                for each in self._all(
                    GET_FLOWS,
                    sort="created",
                    filter='equals(status,"live"),equals(archived,false)',
                )
            ]
        return self._flows

    def _read_triggers(self, flow: _Flow) -> None:
        if flow.id in self._triggers:
            return
        asked = {"additional-fields[flow]": "definition"}
        try:
            document = self._session.get(GET_FLOW, path_id=flow.id, **asked)
        except RejectedError as error:
            if error.status != NOT_FOUND:  # else it was deleted since it was listed
                self._triggers[flow.id] = None
        except DeniedError:
            self._triggers[flow.id] = None
        else:
            definition = document["data"]["attributes"].get("definition") or {}
            self._triggers[flow.id] = definition.get("triggers") or []

    def _read_about(self, flows: list[_Flow], load: Load) -> Seen:
        """What deciding about these flows needs, as far as it was not read yet."""
        if flows and self._metrics is None:
            self._metrics = {each["id"]: _name(each) for each in self._all(GET_METRICS)}
        triggers = [each for flow in flows for each in self._triggers[flow.id] or ()]
        named = {kind: _ids(triggers, kind) for kind in ("segment", "list")}
        self._read_segments(named["segment"], load)
        groups: set[str] = set().union(*(each.groups for each in self._segments.values()))
        self._read_lists(load.list_ids & (groups | named["list"]))
        return Seen(
            metrics=None if GET_METRICS in self._denied else self._metrics or {},
            segments=None if GET_SEGMENTS in self._denied else dict(self._segments),
            lists=dict(self._lists),
        )

    def _read_segments(self, ids: AbstractSet[str], load: Load) -> None:
        """These, and those that they are made of; an id that is a list's is not found."""
        while new := ids - self._asked - load.list_ids:
            for each in self._by_id(GET_SEGMENTS, new):
                definition = each["attributes"].get("definition")
                self._segments[each["id"]] = Segment(_name(each), definition)
            self._asked |= new
            ids = set().union(*(each.groups for each in self._segments.values()))

    def _read_lists(self, ids: AbstractSet[str]) -> None:
        """Their names, for who reads the reason; without lists:read it shows ids."""
        for each in self._by_id(GET_LISTS, ids - self._lists.keys()):
            self._lists[each["id"]] = _name(each)

    def _by_id(self, operation: Operation, ids: AbstractSet[str]) -> list[Resource]:
        wanted, found = sorted(ids), []
        for start in range(0, len(wanted), IDS):
            quoted = ",".join(f'"{each}"' for each in wanted[start : start + IDS])
            found += self._all(operation, filter=f"any(id,[{quoted}])")
        return found

    def _all(self, operation: Operation, **params: Any) -> list[Resource]:
        """All resources of a collection; none where the key may not look, which is noted."""
        if operation in self._denied:
            return []
        try:
            return [
                each for page in self._session.pages(operation, **params) for each in page["data"]
            ]
        except DeniedError:
            self._denied.add(operation)
            return []


def _name(resource: Resource) -> str:
    return str(resource["attributes"].get("name") or resource["id"])


def _ids(triggers: list[Resource], kind: str) -> set[str]:
    """What the triggers of a kind name."""
    return {each["id"] for each in triggers if each.get("type") == kind and each.get("id")}
