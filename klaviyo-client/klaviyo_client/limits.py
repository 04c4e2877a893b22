"""Klaviyo's operations and what it allows of each (OpenAPI, revision 2026-07-15).

Source: `x-klaviyo-ratelimit` and `x-klaviyo-scopes` of github.com/klaviyo/openapi. Counters are
per account and operation; all private keys of an account share them.
"""

from __future__ import annotations

from typing import NamedTuple


class Operation(NamedTuple):
    """A method and path, the requests allowed per second, minute and day, the scopes needed."""

    method: str
    path: str
    burst: int
    steady: int
    scopes: tuple[str, ...]
    daily: int | None = None

    @property
    def name(self) -> str:
        """As people write it: `POST /api/lists`."""
        return f"{self.method} {self.path}"


GET_ACCOUNT = Operation("GET", "/api/accounts", 1, 15, ("accounts:read",))

GET_PROFILES = Operation("GET", "/api/profiles", 75, 750, ("profiles:read",))
GET_PROFILE_LISTS = Operation(
    "GET", "/api/profiles/{id}/lists", 3, 60, ("lists:read", "profiles:read")
)
PATCH_PROFILE = Operation("PATCH", "/api/profiles/{id}", 75, 750, ("profiles:write",))
MERGE_PROFILES = Operation("POST", "/api/profile-merge", 10, 150, ("profiles:write",))

IMPORT_PROFILES = Operation(
    "POST", "/api/profile-bulk-import-jobs", 10, 150, ("lists:write", "profiles:write")
)
LIST_IMPORT_JOBS = Operation(
    "GET", "/api/profile-bulk-import-jobs", 10, 150, ("lists:read", "profiles:read")
)
GET_IMPORT_ERRORS = Operation(
    "GET", "/api/profile-bulk-import-jobs/{id}/import-errors", 10, 150, ("profiles:read",)
)

CREATE_EVENTS = Operation("POST", "/api/event-bulk-create-jobs", 10, 150, ("events:write",))
GET_EVENTS = Operation("GET", "/api/events", 350, 3500, ("events:read",))

_CONSENT = ("lists:write", "profiles:write", "subscriptions:write")
SUBSCRIBE = Operation("POST", "/api/profile-subscription-bulk-create-jobs", 75, 750, _CONSENT)
UNSUBSCRIBE = Operation("POST", "/api/profile-subscription-bulk-delete-jobs", 75, 750, _CONSENT)
_SUPPRESSING = "/api/profile-suppression-bulk-create-jobs"
_UNSUPPRESSING = "/api/profile-suppression-bulk-delete-jobs"
SUPPRESS = Operation("POST", _SUPPRESSING, 75, 750, ("profiles:write", "subscriptions:write"))
UNSUPPRESS = Operation("POST", _UNSUPPRESSING, 75, 750, ("subscriptions:write",))
GET_SUPPRESS_JOB = Operation("GET", f"{_SUPPRESSING}/{{job_id}}", 75, 750, ("subscriptions:read",))
GET_UNSUPPRESS_JOB = Operation(
    "GET", f"{_UNSUPPRESSING}/{{job_id}}", 75, 750, ("subscriptions:read",)
)

GET_LISTS = Operation("GET", "/api/lists", 75, 750, ("lists:read",))
CREATE_LIST = Operation("POST", "/api/lists", 10, 150, ("lists:write",), daily=150)
GET_LIST_MEMBERS = Operation(
    "GET", "/api/lists/{id}/profiles", 75, 750, ("lists:read", "profiles:read")
)
ADD_MEMBERS = Operation(
    "POST", "/api/lists/{id}/relationships/profiles", 10, 150, ("lists:write", "profiles:write")
)
REMOVE_MEMBERS = Operation(
    "DELETE", "/api/lists/{id}/relationships/profiles", 10, 150, ("lists:write", "profiles:write")
)

DELETE_PERSON = Operation("POST", "/api/data-privacy-deletion-jobs", 3, 60, ("data-privacy:write",))

GET_FLOWS = Operation("GET", "/api/flows", 3, 60, ("flows:read",))
GET_FLOW = Operation("GET", "/api/flows/{id}", 3, 60, ("flows:read",))
GET_FLOW_ACTIONS = Operation("GET", "/api/flows/{id}/flow-actions", 3, 60, ("flows:read",))
GET_FLOW_MESSAGES = Operation("GET", "/api/flow-actions/{id}/flow-messages", 3, 60, ("flows:read",))
GET_CAMPAIGNS = Operation("GET", "/api/campaigns", 10, 150, ("campaigns:read",))
GET_SEGMENTS = Operation("GET", "/api/segments", 75, 750, ("segments:read",))
GET_SEGMENT = Operation("GET", "/api/segments/{id}", 75, 750, ("segments:read",))
GET_SEGMENT_MEMBERS = Operation(
    "GET", "/api/segments/{id}/profiles", 75, 750, ("profiles:read", "segments:read")
)
GET_LIST_MEMBER_IDS = Operation(
    "GET", "/api/lists/{id}/relationships/profiles", 75, 750, ("lists:read", "profiles:read")
)
GET_METRICS = Operation("GET", "/api/metrics", 10, 150, ("metrics:read",))
GET_MAPPED_METRICS = Operation("GET", "/api/mapped-metrics", 3, 60, ("metrics:read",))
AGGREGATE_METRIC = Operation("POST", "/api/metric-aggregates", 3, 60, ("metrics:read",))
REPORT_CAMPAIGNS = Operation(
    "POST", "/api/campaign-values-reports", 1, 2, ("campaigns:read",), daily=225
)
REPORT_FLOWS = Operation("POST", "/api/flow-values-reports", 1, 2, ("flows:read",), daily=225)
REPORT_SEGMENTS = Operation(
    "POST", "/api/segment-values-reports", 1, 2, ("segments:read",), daily=225
)

MAX_PROFILES = 10_000  # per import job
MAX_EVENTS = 1_000  # per bulk request
MAX_SUBSCRIBES = 1_000  # per request
MAX_UNSUBSCRIBES = 100  # per request
MAX_SUPPRESSIONS = 100  # e-mails per request, suppressed or unsuppressed
MAX_MEMBERS = 1_000  # profile ids per request, added or removed
MAX_PAGE = 100  # `page[size]` of profiles, members, jobs and import errors
MAX_EVENTS_PAGE = 1_000
MAX_LISTS_PAGE = 10  # and of segments
MAX_CAMPAIGNS_PAGE = 100
MAX_FLOWS_PAGE = 50  # and of their actions and messages
MAX_BODY_BYTES = 4_900_000  # 5 MB, decimal or binary is not said: stay below both
MAX_PROFILE_BYTES = 100_000
MAX_CUSTOM_PROPERTIES = 200  # no documented limit; the product page warns above it
MAX_EVENT_PROPERTIES = 400
MAX_METRIC_NAME = 127
MAX_EMAIL = 100
MAX_EXTERNAL_ID = 255
MAX_UNIQUE_ID = 255
"""Klaviyo's documented bounds, in items, bytes of compact JSON, or characters."""
