"""What the key may read, asked with one cheap read for each scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klaviyo_client import ForbiddenError, limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from klaviyo_client import KlaviyoSession, Operation

_ONE = {"page[size]": 1}
# Never a report: there are 225 a day, and their scopes show in what is read without counting.
PROBES: Mapping[str, tuple[Operation, Mapping[str, Any]]] = {
    "accounts:read": (limits.GET_ACCOUNT, {}),
    "campaigns:read": (
        limits.GET_CAMPAIGNS,
        {"filter": "equals(messages.channel,'email')", "page[size]": 1},
    ),
    "events:read": (limits.GET_EVENTS, _ONE),
    "flows:read": (limits.GET_FLOWS, _ONE),
    "lists:read": (limits.GET_LISTS, _ONE),
    "metrics:read": (limits.GET_METRICS, {}),
    "profiles:read": (limits.GET_PROFILES, _ONE),
    "segments:read": (limits.GET_SEGMENTS, _ONE),
}


def missing(session: KlaviyoSession, scopes: Iterable[str]) -> set[str]:
    """Those of the scopes that the key lacks.

    Raises:
        DeniedError: the key itself is not accepted.
    """
    lacking = set()
    for scope in sorted(set(scopes)):
        operation, params = PROBES[scope]
        try:
            session.get(operation, **params)
        except ForbiddenError:
            lacking.add(scope)
    return lacking
