"""How items become requests, and which of them a refusal names."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # a NamedTuple's field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from klaviyo_client.limits import (
    ADD_MEMBERS,
    CREATE_EVENTS,
    IMPORT_PROFILES,
    MAX_EVENTS,
    MAX_MEMBERS,
    MAX_PROFILES,
    MAX_SUBSCRIBES,
    MAX_SUPPRESSIONS,
    MAX_UNSUBSCRIBES,
    REMOVE_MEMBERS,
    SUBSCRIBE,
    SUPPRESS,
    UNSUBSCRIBE,
    UNSUPPRESS,
    Operation,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from klaviyo_client import Problem
    from klaviyo_client import RejectedError as RefusedError

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode

BLAMES_ITEMS = frozenset({400, 409, 413, 422})  # other statuses are about the request
TOO_LARGE = 413


class Shipment(NamedTuple):
    """One kind of request, with the most items that it may hold.

    Its items stand in `attributes.<holder>.data`, or alone in `data` where there is no `resource`.
    `lists` is the relationship that names the list: "list", "lists", or "" where the path does.
    """

    operation: Operation
    max_items: int
    resource: str = ""
    holder: str = "profiles"
    lists: str = ""

    @property
    def items_pointer(self) -> str:
        """What every pointer into an item begins with."""
        return f"/data/attributes/{self.holder}/data/" if self.resource else "/data/"

    def item_index(self, pointer: str | None) -> int | None:
        """The item that a JSON pointer leads into: 3 for `…/data/3/attributes/email`."""
        start = self.items_pointer
        if not pointer or not pointer.startswith(start):
            return None
        head = pointer[len(start) :].partition("/")[0]
        return int(head) if head.isdigit() else None

    def named(self, error: RefusedError, items: Sequence[object]) -> dict[int, Problem]:
        """The items that a refusal is about, by index; empty where it names none.

        Raises:
            RejectedError: the refusal itself, where it is about the request (its list, its path,
                its revision), not about what is in it.
        """
        if error.status not in BLAMES_ITEMS:
            raise error
        named: dict[int, Problem] = {}
        for problem in error.problems:
            index = self.item_index(problem.pointer)
            if index is not None and index < len(items):
                named.setdefault(index, problem)
            elif problem.pointer and problem.pointer.startswith("/data/relationships"):
                raise error
        if not named and len(items) == 1 and error.problems:
            return {0: error.problems[0]}
        return named


class Envelope(NamedTuple):
    """What stands around the items of one request: its kind, its list, attributes of its own."""

    shipment: Shipment
    list_id: str | None = None
    attributes: Mapping[str, Any] = {}

    @property
    def path_id(self) -> str:
        """What the path names."""
        return "" if self.shipment.resource else self.list_id or ""

    def body(self, items: Iterable[bytes]) -> bytes:
        """The document around items that are JSON already."""
        shipment = self.shipment
        inner = b",".join(items)
        if not shipment.resource:
            return b'{"data":[%s]}' % inner
        own = b"".join(
            b"%s:%s," % (encode(name), encode(value)) for name, value in self.attributes.items()
        )
        related = b""
        if self.list_id:
            data: Any = {"type": "list", "id": self.list_id}
            data = [data] if shipment.lists == "lists" else data
            related = b',"relationships":%s' % encode({shipment.lists: {"data": data}})
        return b'{"data":{"type":"%s","attributes":{%s"%s":{"data":[%s]}}%s}}' % (
            shipment.resource.encode(),
            own,
            shipment.holder.encode(),
            inner,
            related,
        )


PROFILES = Shipment(IMPORT_PROFILES, MAX_PROFILES, "profile-bulk-import-job", lists="lists")
EVENTS = Shipment(CREATE_EVENTS, MAX_EVENTS, "event-bulk-create-job", holder="events-bulk-create")
SUBSCRIPTIONS = Shipment(
    SUBSCRIBE, MAX_SUBSCRIBES, "profile-subscription-bulk-create-job", lists="list"
)
UNSUBSCRIPTIONS = Shipment(
    UNSUBSCRIBE, MAX_UNSUBSCRIBES, "profile-subscription-bulk-delete-job", lists="list"
)
SUPPRESSIONS = Shipment(SUPPRESS, MAX_SUPPRESSIONS, "profile-suppression-bulk-create-job")
UNSUPPRESSIONS = Shipment(UNSUPPRESS, MAX_SUPPRESSIONS, "profile-suppression-bulk-delete-job")
MEMBERS = Shipment(ADD_MEMBERS, MAX_MEMBERS)
FORMER_MEMBERS = Shipment(REMOVE_MEMBERS, MAX_MEMBERS)
