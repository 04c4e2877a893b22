"""What the operations about flows and segments allow, revision 2026-07-15."""

from __future__ import annotations

from nevent_sandbox.klaviyo.operation import ExtraLimit, Operation

_FOUR_OPS = "greater-or-equal greater-than less-or-equal less-than"
_SORTS = "created id name updated"

OF_MARKETING = (
    Operation(
        "GET /api/flows",
        3,
        60,
        "flows:read",
        page=(50, 50),
        cursor=True,
        sorts=f"{_SORTS} status trigger_type",
        filters={
            "id": "any",
            "name": "contains ends-with equals starts-with",
            "status": "equals",
            "archived": "equals",
            "created": f"equals {_FOUR_OPS}",
            "updated": f"equals {_FOUR_OPS}",
            "trigger_type": "equals",
        },
        includes="flow-actions tags",
        fields="flow flow-action tag",
    ),
    Operation(
        "GET /api/flows/{id}",
        3,
        60,
        "flows:read",
        includes="flow-actions tags",
        fields="flow flow-action tag",
        additional="flow",
    ),
    Operation(
        "GET /api/segments",
        75,
        750,
        "segments:read",
        page=(10, 10),
        cursor=True,
        sorts=_SORTS,
        filters={
            "name": "any equals",
            "id": "any equals",
            "created": "greater-than",
            "updated": "greater-than",
            "is_active": "any equals",
            "is_starred": "equals",
        },
        includes="flow-triggers tags",
        fields="flow segment tag",
    ),
    Operation(
        "GET /api/segments/{id}",
        75,
        750,
        "segments:read",
        includes="flow-triggers tags",
        fields="flow segment tag",
        additional="segment",
    ),
)
SEGMENT_SIZE = ExtraLimit("additional-fields[segment]", "profile_count", 1, 15)
