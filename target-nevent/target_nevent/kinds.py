"""The kinds of stream that are loaded, and how their rows wait for each other."""

from __future__ import annotations

from typing import Any

import msgspec
from singer_outcomes.queues import Kind

MOST_BYTES = 1_000_000  # of one request's rows; Nevent tells no bound, this one is ours
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def encode(record: dict[str, Any]) -> bytes:
    """What a row asks for, as its body."""
    return _encode(record)


def decode(body: bytes) -> dict[str, Any]:
    """What a row asks for."""
    record: dict[str, Any] = _decode(body)
    return record


def _latest_no(earlier: bytes, later: bytes) -> bytes:
    """Of two opt-outs the later one; one without a time always counts."""
    before, after = (decode(body)["changed_at"] for body in (earlier, later))
    return earlier if before is None or (after is not None and before > after) else later


def _keep_later(earlier: bytes, later: bytes) -> bytes:
    del earlier  # the same thing, read twice
    return later


def _keep_latest(earlier: bytes, later: bytes) -> bytes:
    return earlier if decode(earlier)["at"] > decode(later)["at"] else later


def _merge_values(earlier: bytes, later: bytes) -> bytes:
    before, after = decode(earlier), decode(later)
    return encode({**after, "values": {**before["values"], **after["values"]}})


# Slow by intent: one round at a time, so that opt-outs and the rest go on meanwhile.
SUBSCRIBERS = Kind(
    name="subscribers",
    rank=0,
    max_items=20,
    max_item_bytes=MOST_BYTES,
    max_bytes=MOST_BYTES,
    merge=_keep_later,
    room=20_000,
    patient=False,
    at_once=1,
)
FANS = Kind("fans", 1, 50, MOST_BYTES, MOST_BYTES, _merge_values, room=5_000, patient=False)
PREFERENCES = Kind(
    "preferences", 2, 50, MOST_BYTES, MOST_BYTES, _latest_no, room=5_000, patient=False
)
# An interaction stands for itself: a request may hold many of one person, in any order.
ENGAGEMENT = Kind(
    "engagement", 3, 500, MOST_BYTES, MOST_BYTES, _keep_later, apart=False, room=5_000
)
# Where somebody stands in a flow changes what Nevent has: one round at a time, in order.
FLOW_STATUS = Kind(
    "flow_status",
    3,
    500,
    MOST_BYTES,
    MOST_BYTES,
    _keep_latest,
    apart=False,
    room=5_000,
    at_once=1,
)
KINDS = (SUBSCRIBERS, FANS, PREFERENCES, ENGAGEMENT, FLOW_STATUS)
