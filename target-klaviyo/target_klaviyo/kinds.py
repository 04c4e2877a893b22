"""The kinds of stream that are loaded, and how their rows wait for each other."""

from __future__ import annotations

from klaviyo_client.limits import (
    MAX_BODY_BYTES,
    MAX_EVENTS,
    MAX_PROFILE_BYTES,
    MAX_PROFILES,
    MAX_SUBSCRIBES,
    MAX_SUPPRESSIONS,
)
from singer_outcomes.queues import Kind

from target_klaviyo import consents, payloads
from target_klaviyo.shipments import decode, encode

MOST_BYTES = MAX_BODY_BYTES - 300  # without what stands around the items of a request
PATIENT = 3 * MAX_PROFILES  # light rows that may wait for their people's profiles
DELETED_TOGETHER = 100  # people looked up by one request


def _merge_profiles(earlier: bytes, later: bytes) -> bytes:
    return encode(payloads.merged_profile(decode(earlier), decode(later)))


def _keep_later(earlier: bytes, later: bytes) -> bytes:
    del earlier  # the same thing, read twice
    return later


PROFILES = Kind("profiles", 0, MAX_PROFILES, MAX_PROFILE_BYTES, MOST_BYTES, _merge_profiles)
# An event stands for itself: a request may hold many of one person, in any order.
EVENTS = Kind(
    "events",
    1,
    MAX_EVENTS,
    MAX_BODY_BYTES,
    MOST_BYTES,
    _keep_later,
    apart=False,
    room=4 * MAX_EVENTS,
)
LIST_MEMBERS = Kind(
    "list_members", 1, MAX_PROFILES, MAX_PROFILE_BYTES, MOST_BYTES, _keep_later, room=PATIENT
)
SUBSCRIPTIONS = Kind(
    "subscriptions", 2, MAX_SUBSCRIBES, MAX_PROFILE_BYTES, MOST_BYTES, consents.merged, room=PATIENT
)
SUPPRESSIONS = Kind(
    "suppressions",
    3,
    MAX_SUPPRESSIONS,
    MAX_PROFILE_BYTES,
    MOST_BYTES,
    _keep_later,
    room=10 * MAX_SUPPRESSIONS,
)
DELETIONS = Kind(
    "deletions",
    4,
    DELETED_TOGETHER,
    MAX_PROFILE_BYTES,
    MOST_BYTES,
    _keep_later,
    room=1_000,
    alone=True,
)
KINDS = (PROFILES, EVENTS, LIST_MEMBERS, SUBSCRIPTIONS, SUPPRESSIONS, DELETIONS)
