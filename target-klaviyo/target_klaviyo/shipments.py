"""How rows of one kind become requests, and which of them a refusal names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from klaviyo_client.limits import (
    CREATE_EVENTS,
    IMPORT_PROFILES,
    MAX_BODY_BYTES,
    MAX_EVENTS,
    MAX_PROFILE_BYTES,
    MAX_PROFILES,
    Operation,
)

from target_klaviyo import payloads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from klaviyo_client import Problem
    from klaviyo_client import RejectedError as RefusedError

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


BLAMES_ITEMS = frozenset({400, 409, 413, 422})  # other statuses are about the request


class Shipment(NamedTuple):
    """One kind of request: its operation, its bounds, what stands around its items.

    `apart`: a request holds one item a person, as the order within it is not kept.
    """

    operation: Operation
    max_items: int
    max_item_bytes: int
    apart: bool
    items_pointer: str
    head: bytes
    tail: bytes
    merge: Callable[[bytes, bytes], bytes]

    def body(self, items: Iterable[bytes], *, list_id: str | None) -> bytes:
        """The document around items that are JSON already."""
        lists = _LISTS % encode(list_id) if list_id and self.operation is IMPORT_PROFILES else b""
        return self.head + b",".join(items) + self.tail % lists

    def item_index(self, pointer: str | None) -> int | None:
        """The item that a JSON pointer leads into: 3 for `…/data/3/attributes/email`."""
        if not pointer or not pointer.startswith(self.items_pointer):
            return None
        head = pointer[len(self.items_pointer) :].partition("/")[0]
        return int(head) if head.isdigit() else None

    def named(self, error: RefusedError, rows: Sequence[object]) -> dict[int, Problem]:
        """The rows that a refusal is about, by index; empty where it names none.

        Raises:
            RejectedError: the refusal itself, where it is about the request (its list, its path,
                its revision), not about what is in it.
        """
        if error.status not in BLAMES_ITEMS:
            raise error
        named: dict[int, Problem] = {}
        for problem in error.problems:
            index = self.item_index(problem.pointer)
            if index is not None and index < len(rows):
                named.setdefault(index, problem)
            elif problem.pointer and problem.pointer.startswith("/data/relationships"):
                raise error
        if not named and len(rows) == 1 and error.problems:
            return {0: error.problems[0]}
        return named


def _merge_profiles(earlier: bytes, later: bytes) -> bytes:
    return encode(payloads.merged_profile(decode(earlier), decode(later)))


def _keep_later(earlier: bytes, later: bytes) -> bytes:
    del earlier  # the same metric and unique_id: the event was read twice
    return later


_LISTS = b',"relationships":{"lists":{"data":[{"type":"list","id":%s}]}}'

PROFILES = Shipment(
    IMPORT_PROFILES,
    MAX_PROFILES,
    MAX_PROFILE_BYTES,
    True,  # noqa: FBT003  # apart
    "/data/attributes/profiles/data/",
    b'{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[',
    b"]}}%s}}",
    _merge_profiles,
)
EVENTS = Shipment(
    CREATE_EVENTS,
    MAX_EVENTS,
    MAX_BODY_BYTES,
    False,  # noqa: FBT003  # apart: an event stands for itself
    "/data/attributes/events-bulk-create/data/",
    b'{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[',
    b"]}}%s}}",
    _keep_later,
)
