"""What is asked of Nevent and where: data only, a row an operation.

`evidence` tells how far a row can be trusted: A, in code that Nevent runs; B, in a prototype that
Nevent published; C, in Nevent's browser SDK; assumed, modelled by us on its neighbours. `assumed`
lists what is invented on an operation that is otherwise published. Dotted paths lead into objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from string import Formatter
from types import MappingProxyType
from typing import Any

from nevent_client.fields import (
    ATTENDANCE,
    CHANGED_AT,
    FAN,
    FORM_FIELD,
    INTERACTION,
    NEVENT_EVENT,
    PREFERENCES,
    PROPERTY,
    PURCHASE,
    SEGMENT,
    SUBSCRIBE,
    SUBSCRIPTION,
    TENANT,
    USER_BODY,
)
from nevent_client.operation import PAGED, Operation

_PERSON_ROWS = MappingProxyType({**PAGED, "ids": "userIds"})

READING: Mapping[str, Operation] = MappingProxyType(
    {
        "me": Operation("A", "/auth/me"),
        "refresh": Operation("A", "/auth/refresh", "POST"),
        "tenants": Operation("A", "/users/accessible-tenants", fields=TENANT),
        "users": Operation(
            "B",
            "/users",
            params={**PAGED, "ids": "ids"},
            fields=FAN,
            assumed=("updatedFrom", "ids", "tags", "thirdPartySharing", *CHANGED_AT),
        ),
        "user_purchases": Operation("B", "/users/{id}/purchases", fields=PURCHASE),
        "user_nevent_events": Operation("B", "/users/{id}/events"),
        "properties": Operation("B", "/properties", fields=PROPERTY, assumed=("sensitive",)),
        "segments": Operation("A", "/segments", fields=SEGMENT, changed="modifiedAt"),
        "lineup": Operation("B", "/public/events/{id}/lineup"),
        "performers": Operation("B", "/admin/performers"),
        "purchases": Operation("assumed", "/purchases", params=_PERSON_ROWS, fields=PURCHASE),
        "attendance": Operation("assumed", "/attendance", params=_PERSON_ROWS, fields=ATTENDANCE),
        "nevent_events": Operation("assumed", "/events", fields=NEVENT_EVENT),
        "newsletters": Operation("assumed", "/newsletters"),
        "subscribers": Operation(
            "assumed",
            "/newsletters/{id}/subscribers",
            params=_PERSON_ROWS,
            fields=SUBSCRIPTION,
        ),
        "deletions": Operation(
            "assumed",
            "/users/deletions",
            params={**PAGED, "since": "deletedFrom"},
            changed="deletedAt",
            fields={
                "id": "id",
                "email": "email",
                "phone_number": "phone",
                "deleted_at": "deletedAt",
                "reason": "reason",
            },
        ),
        "capabilities": Operation("A", "/analytics/capabilities", service="data"),
        "analytics": Operation(
            "A",
            "/analytics/query",
            "POST",
            "data",
            assumed=("tickets", "attendance", "likes", "user_id and other columns of purchases"),
        ),
        "segment_fans": Operation("A", "/segments/execute", "POST", "data", max_size=100),
    }
)
"""What an extractor asks."""

WRITING: Mapping[str, Operation] = MappingProxyType(
    {
        "user": Operation(
            "B",
            "/users/{id}",
            fields=FAN,
            subject="person",
            assumed=("thirdPartySharing", "tags", *CHANGED_AT),
        ),
        "user_by_email": Operation(
            "B",
            "/users/email/{email}",
            fields=FAN,
            subject="person",
            assumed=("thirdPartySharing", "tags", *CHANGED_AT),
        ),
        "create_user": Operation(
            "B",
            "/users",
            "POST",
            fields={"email": "email", **USER_BODY},
            assumed=("thirdPartySharing", "409 for an e-mail that is known"),
            repeatable=False,
        ),
        "update_user": Operation(
            "B",
            "/users/{id}",
            "PUT",
            fields=USER_BODY,
            subject="person",
            assumed=("what is left out stays", "thirdPartySharing"),
        ),
        "preferences": Operation(
            "B",
            "/users/{id}/communication-preferences",
            fields=PREFERENCES,
            subject="person",
        ),
        "set_preferences": Operation(
            "B",
            "/users/{id}/communication-preferences",
            "PUT",
            fields=PREFERENCES,
            subject="person",
            assumed=("all four booleans", *CHANGED_AT),
        ),
        "newsletter_form": Operation(
            "C",
            "/public/widget/{id}/config",
            params={"tenant": "tenantId"},
            fields=FORM_FIELD,
            subject="newsletter",
        ),
        "subscribe": Operation(
            "C",
            "/public/newsletter/{id}/subscribe",
            "POST",
            params={"tenant": "tenantId"},
            headers={"key": "X-API-Key"},
            fields=SUBSCRIBE,
            subject="newsletter",
            assumed=("source", "409 for who is subscribed"),
        ),
        "interactions": Operation(
            "assumed", "/users/{id}/interactions", fields=INTERACTION, subject="person"
        ),
        "add_interaction": Operation(
            "assumed", "/users/{id}/interactions", "POST", fields=INTERACTION, subject="person"
        ),
        "interaction_batch": Operation(
            "assumed", "/interactions", "POST", fields=INTERACTION, max_size=500
        ),
    }
)
"""What a loader asks, looking up the person first."""

OPERATIONS: Mapping[str, Operation] = MappingProxyType({**READING, **WRITING})


def overridden(changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Operation]:
    """Operations as configured: `{"purchases": {"path": "/v2/purchases"}}`.

    `params` and `fields` are merged over ours, everything else replaces it.

    Raises:
        ValueError: an operation or a part of it that does not exist.
    """
    operations = dict(OPERATIONS)
    for name, change in changes.items():
        if name not in operations:
            raise ValueError(f"Unknown operation '{name}'; there are: {', '.join(OPERATIONS)}.")
        if not isinstance(change, Mapping):
            raise ValueError(f'Operation \'{name}\' is changed as {{"path": "/…"}}.')  # noqa: TRY004  # a setting, not a caller
        parts = set(Operation.__slots__) - {"evidence", "assumed"}
        if unknown := set(change) - parts:
            raise ValueError(
                f"Operation '{name}' has no part {', '.join(sorted(unknown))}; "
                f"there are: {', '.join(sorted(parts))}."
            )
        base = operations[name]
        _check_path(name, change.get("path", base.path), base.path)
        merged = {part: {**getattr(base, part), **change[part]} for part in _MERGED & set(change)}
        operations[name] = replace(base, **{**change, **merged})
    return operations


def _check_path(name: str, path: object, usual: str) -> None:
    known = {part for _, part, _, _ in Formatter().parse(usual) if part}
    try:
        parts = {part for _, part, _, _ in Formatter().parse(str(path)) if part is not None}
    except ValueError:
        parts = {""}
    if not str(path).startswith("/") or parts != known:
        raise ValueError(
            f"The path of operation '{name}' must begin with / and hold the same parts in braces "
            f"as '{usual}'."
        )


_MERGED = frozenset({"params", "headers", "fields"})
