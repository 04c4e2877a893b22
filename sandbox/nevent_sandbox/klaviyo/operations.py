"""What each operation of Klaviyo allows, revision 2026-07-15: limits, scopes, filters, pages.

Compared with the vendor's OpenAPI documents by `tests/sandbox/test_operations.py`.
"""

from __future__ import annotations

from nevent_sandbox.klaviyo.consent_operations import OF_CONSENT
from nevent_sandbox.klaviyo.marketing_operations import OF_MARKETING, SEGMENT_SIZE
from nevent_sandbox.klaviyo.operation import ExtraLimit, Operation
from nevent_sandbox.klaviyo.report_operations import OF_REPORTS

FOUR_OPS = "greater-or-equal greater-than less-or-equal less-than"
IS = "equals"
IS_ANY = "any equals"
AFTER_BEFORE = "greater-than less-than"

_JOBS = "/api/profile-bulk-import-jobs"
_MARKETING = "subscriptions.email.marketing"
_PROFILE_FILTERS = {
    "id": IS_ANY,
    "email": IS_ANY,
    "phone_number": IS_ANY,
    "external_id": IS_ANY,
    "_kx": IS,
    "created": AFTER_BEFORE,
    "updated": AFTER_BEFORE,
    f"{_MARKETING}.list_suppressions.reason": IS,
    f"{_MARKETING}.list_suppressions.timestamp": FOUR_OPS,
    f"{_MARKETING}.list_suppressions.list_id": IS,
    f"{_MARKETING}.suppression.reason": IS,
    f"{_MARKETING}.suppression.timestamp": FOUR_OPS,
}
_PROFILE_SORTS = (
    f"created email id updated {_MARKETING}.list_suppressions.timestamp "
    f"{_MARKETING}.suppression.timestamp"
)
_MEMBER_FILTERS = {
    "email": IS_ANY,
    "phone_number": IS_ANY,
    "push_token": IS_ANY,
    "_kx": IS,
    "joined_group_at": FOUR_OPS,
}
_LIST_FILTERS = {"name": IS_ANY, "id": IS_ANY, "created": "greater-than", "updated": "greater-than"}
_EVENT_FILTERS = {
    "metric_id": IS,
    "profile_id": IS,
    "profile": "has",
    "metric": "has",
    "datetime": FOUR_OPS,
    "timestamp": FOUR_OPS,
}
_EVENT_PARTS = "attribution event metric profile"
_EVENT_INCLUDES = "attributions metric profile"

_TABLE = (
    Operation("GET /api/accounts", 1, 15, "accounts:read", fields="account"),
    Operation("GET /api/accounts/{id}", 1, 15, "accounts:read", fields="account"),
    Operation(
        "GET /api/profiles",
        75,
        750,
        "profiles:read",
        page=(20, 100),
        cursor=True,
        sorts=_PROFILE_SORTS,
        filters=_PROFILE_FILTERS,
        includes="conversations push-tokens",
        fields="conversation profile push-token",
        additional="profile",
    ),
    Operation(
        "POST /api/profiles", 75, 750, "profiles:write", fields="profile", additional="profile"
    ),
    Operation(
        "GET /api/profiles/{id}",
        75,
        750,
        "profiles:read",
        includes="conversations lists push-tokens segments",
        fields="conversation list profile push-token segment",
        additional="profile",
    ),
    Operation("GET /api/profiles/{id}/lists", 3, 60, "lists:read profiles:read", fields="list"),
    Operation(
        "PATCH /api/profiles/{id}",
        75,
        750,
        "profiles:write",
        fields="profile",
        additional="profile",
    ),
    Operation(
        "POST /api/profile-import",
        75,
        750,
        "profiles:write",
        fields="profile",
        additional="profile",
    ),
    Operation("POST /api/profile-merge", 10, 150, "profiles:write", fields="profile"),
    Operation(
        f"GET {_JOBS}",
        10,
        150,
        "lists:read profiles:read",
        page=(20, 100),
        cursor=True,
        sorts="created_at",
        filters={"status": IS_ANY},
        fields="profile-bulk-import-job",
    ),
    Operation(
        f"POST {_JOBS}", 10, 150, "lists:write profiles:write", fields="profile-bulk-import-job"
    ),
    Operation(
        f"GET {_JOBS}/{{job_id}}",
        10,
        150,
        "lists:read profiles:read",
        includes="lists",
        fields="list profile-bulk-import-job",
    ),
    Operation(f"GET {_JOBS}/{{id}}/lists", 10, 150, "lists:read", fields="list"),
    Operation(f"GET {_JOBS}/{{id}}/relationships/lists", 10, 150, "lists:read"),
    Operation(
        f"GET {_JOBS}/{{id}}/profiles",
        10,
        150,
        "profiles:read",
        page=(20, 100),
        cursor=True,
        fields="profile",
        additional="profile",
    ),
    Operation(
        f"GET {_JOBS}/{{id}}/relationships/profiles",
        10,
        150,
        "profiles:read",
        page=(20, 100),
        cursor=True,
    ),
    Operation(
        f"GET {_JOBS}/{{id}}/import-errors",
        10,
        150,
        "profiles:read",
        page=(20, 100),
        cursor=True,
        fields="import-error",
    ),
    Operation(
        "GET /api/events",
        350,
        3500,
        "events:read",
        page=(200, 1000),
        cursor=True,
        sorts="datetime timestamp",
        filters=_EVENT_FILTERS,
        includes=_EVENT_INCLUDES,
        fields=_EVENT_PARTS,
    ),
    Operation("POST /api/events", 350, 3500, "events:write"),
    Operation(
        "GET /api/events/{id}",
        10,
        150,
        "events:read",
        includes=_EVENT_INCLUDES,
        fields=_EVENT_PARTS,
    ),
    Operation("POST /api/event-bulk-create-jobs", 10, 150, "events:write"),
    Operation(
        "GET /api/lists",
        75,
        750,
        "lists:read",
        page=(10, 10),
        cursor=True,
        sorts="created id name updated",
        filters=_LIST_FILTERS,
        includes="flow-triggers tags",
        fields="flow list tag",
    ),
    Operation("POST /api/lists", 10, 150, "lists:write", daily=150, fields="list"),
    Operation(
        "GET /api/lists/{id}",
        75,
        750,
        "lists:read",
        includes="flow-triggers tags",
        fields="flow list tag",
        additional="list",
    ),
    Operation(
        "GET /api/lists/{id}/profiles",
        75,
        750,
        "lists:read profiles:read",
        page=(20, 100),
        cursor=True,
        sorts="joined_group_at",
        filters=_MEMBER_FILTERS,
        fields="profile",
        additional="profile",
    ),
    Operation(
        "GET /api/lists/{id}/relationships/profiles",
        75,
        750,
        "lists:read profiles:read",
        page=(20, 100),
        cursor=True,
        sorts="joined_group_at",
        filters=_MEMBER_FILTERS,
    ),
    Operation("POST /api/lists/{id}/relationships/profiles", 10, 150, "lists:write profiles:write"),
    Operation(
        "DELETE /api/lists/{id}/relationships/profiles", 10, 150, "lists:write profiles:write"
    ),
)
OPERATIONS = {
    operation.name: operation for operation in (*_TABLE, *OF_CONSENT, *OF_MARKETING, *OF_REPORTS)
}
METRICS_PAGE = 200  # fixed

EXTRA_LIMITS = (
    ExtraLimit("additional-fields[profile]", "predictive_analytics", 10, 150),
    ExtraLimit("additional-fields[list]", "profile_count", 1, 15),
    SEGMENT_SIZE,
    ExtraLimit("include", "lists", 1, 15, "GET /api/profiles/{id}"),
    ExtraLimit("include", "segments", 1, 15, "GET /api/profiles/{id}"),
)
