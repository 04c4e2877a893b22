"""What is asked of Nevent and where: data only, a row an operation.

`evidence` tells how far a row can be trusted: A, in code that Nevent runs; B, in a prototype that
Nevent published; C, in Nevent's browser SDK; assumed, modelled by us on its neighbours. `assumed`
lists what is invented on an operation that is otherwise published. Dotted paths lead into objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from string import Formatter
from types import MappingProxyType
from typing import Any, Literal

Evidence = Literal["A", "B", "C", "assumed"]
_PAGED = MappingProxyType({"page": "page", "size": "size", "sort": "sort", "since": "updatedFrom"})
_PERSON_ROWS = MappingProxyType({**_PAGED, "ids": "userIds"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing Nevent can be asked.

    `params` maps our names (page, size, sort, since, ids) to the query's; `fields` maps columns to
    paths in a row; `changed` is the path of the time that `since` filters and `sort` orders by.
    """

    evidence: Evidence
    path: str
    method: str = "GET"
    service: Literal["api", "data"] = "api"
    params: Mapping[str, str] = field(default_factory=lambda: _PAGED)
    max_size: int = 1000
    max_ids: int = 100
    key: str = "id"
    changed: str = "updatedAt"
    fields: Mapping[str, str] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()


_FAN = {
    "id": "id",
    "email": "email",
    "first_name": "name",
    "last_name": "surname",
    "phone_number": "phone",
    "city": "city",
    "country": "country",
    "locale": "language",
    "nevent_tags": "tags",
    "email_enabled": "communicationPreferences.emailEnabled",
    "email_changed_at": "communicationPreferences.emailChangedAt",
    "sms_enabled": "communicationPreferences.smsEnabled",
    "sms_changed_at": "communicationPreferences.smsChangedAt",
    "push_enabled": "communicationPreferences.pushEnabled",
    "push_changed_at": "communicationPreferences.pushChangedAt",
    "whatsapp_enabled": "communicationPreferences.whatsappEnabled",
    "whatsapp_changed_at": "communicationPreferences.whatsappChangedAt",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
}
_PURCHASE = {
    "id": "id",
    "fan_id": "userId",
    "nevent_event_id": "eventId",
    "event_name": "event.name",
    "event_date": "event.date",
    "total_price": "totalPrice",
    "refunded_amount": "refundedAmount",
    "currency": "currency",
    "status": "status",
    "purchased_at": "purchasedAt",
    "updated_at": "updatedAt",
}
_ATTENDANCE = {
    "fan_id": "userId",
    "nevent_event_id": "eventId",
    "event_name": "event.name",
    "event_date": "event.date",
    "venue": "event.venueName",
    "ticket_type": "ticketTypeName",
    "checked_in_at": "checkedInAt",
    "updated_at": "updatedAt",
}
_SUBSCRIPTION = {
    "id": "id",
    "fan_id": "userId",
    "newsletter_id": "newsletterId",
    "status": "status",
    "subscribed_at": "subscribedAt",
    "unsubscribed_at": "unsubscribedAt",
    "source": "source",
    "event_name": "eventName",
    "consent_at": "consent.timestamp",
    "updated_at": "updatedAt",
}
_NEVENT_EVENT = {
    "id": "id",
    "name": "name",
    "starts_at": "date",
    "ends_at": "endDate",
    "venue": "venueName",
    "city": "city",
    "country": "country",
    "status": "status",
    "on_sale_at": "onSaleAt",
    "currency": "currency",
    "genres": "genres",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
}
_SEGMENT = {
    "id": "id",
    "name": "name",
    "description": "description",
    "status": "status",
    "estimated_count": "estimatedCount",
    "last_executed_at": "lastExecutedAt",
    "created_at": "createdAt",
    "modified_at": "modifiedAt",
}
_PROPERTY = {
    "id": "id",
    "name": "name",
    "display_name": "displayName",
    "data_type": "dataType",
    "property_type": "propertyType",
    "required": "required",
    "list_values": "listValues",
}
_TENANT = {"id": "id", "name": "name", "domain": "domain", "level": "level"}
_TENANT |= {"parent_id": "parentId"}

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "me": Operation("A", "/auth/me"),
        "refresh": Operation("A", "/auth/refresh", "POST"),
        "tenants": Operation("A", "/users/accessible-tenants", fields=_TENANT),
        "users": Operation(
            "B",
            "/users",
            params={**_PAGED, "ids": "ids"},
            fields=_FAN,
            assumed=(
                *("updatedFrom", "ids", "tags", "thirdPartySharing"),
                *("emailChangedAt", "smsChangedAt", "pushChangedAt", "whatsappChangedAt"),
            ),
        ),
        "user_purchases": Operation("B", "/users/{id}/purchases", fields=_PURCHASE),
        "user_nevent_events": Operation("B", "/users/{id}/events"),
        "properties": Operation("B", "/properties", fields=_PROPERTY, assumed=("sensitive",)),
        "segments": Operation("A", "/segments", fields=_SEGMENT, changed="modifiedAt"),
        "lineup": Operation("B", "/public/events/{id}/lineup"),
        "performers": Operation("B", "/admin/performers"),
        "purchases": Operation("assumed", "/purchases", params=_PERSON_ROWS, fields=_PURCHASE),
        "attendance": Operation("assumed", "/attendance", params=_PERSON_ROWS, fields=_ATTENDANCE),
        "nevent_events": Operation("assumed", "/events", fields=_NEVENT_EVENT),
        "newsletters": Operation("assumed", "/newsletters"),
        "subscribers": Operation(
            "assumed",
            "/newsletters/{id}/subscribers",
            params=_PERSON_ROWS,
            fields=_SUBSCRIPTION,
        ),
        "deletions": Operation(
            "assumed",
            "/users/deletions",
            params={**_PAGED, "since": "deletedFrom"},
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
            raise ValueError(f'Operation \'{name}\' is changed as {{"path": "/…"}}.')  # noqa: TRY004
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


_MERGED = frozenset({"params", "fields"})
