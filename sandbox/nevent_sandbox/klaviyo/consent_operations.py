"""What the operations about consent, suppression and deletion allow, revision 2026-07-15."""

from __future__ import annotations

from nevent_sandbox.klaviyo.operation import Operation

_CONSENT = "lists:write profiles:write subscriptions:write"
_SUPPRESS = "profile-suppression-bulk-create-job"
_UNSUPPRESS = "profile-suppression-bulk-delete-job"
_JOB_FILTERS = dict.fromkeys(("status", "list_id", "segment_id"), "equals")


def _suppression_jobs(kind: str, scopes: str) -> tuple[Operation, ...]:
    path, read = f"/api/{kind}s", "subscriptions:read"
    return (
        Operation(f"POST {path}", 75, 750, scopes, fields=kind),
        Operation(
            f"GET {path}",
            75,
            750,
            read,
            cursor=True,
            sorts="created",
            filters=_JOB_FILTERS,
            fields=kind,
        ),
        Operation(f"GET {path}/{{job_id}}", 75, 750, read, fields=kind),
    )


OF_CONSENT = (
    Operation("POST /api/profile-subscription-bulk-create-jobs", 75, 750, _CONSENT),
    Operation("POST /api/profile-subscription-bulk-delete-jobs", 75, 750, _CONSENT),
    *_suppression_jobs(_SUPPRESS, "profiles:write subscriptions:write"),
    *_suppression_jobs(_UNSUPPRESS, "subscriptions:write"),
    Operation("POST /api/data-privacy-deletion-jobs", 3, 60, "data-privacy:write"),
)
