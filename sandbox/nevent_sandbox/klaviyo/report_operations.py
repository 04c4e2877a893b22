"""What the operations about metrics and figures allow, revision 2026-07-15."""

from __future__ import annotations

from nevent_sandbox.klaviyo.operation import Operation

PAGED_REPORTS = {  # type → scope
    "campaign-values-report": "campaigns:read",
    "flow-values-report": "flows:read",
    "flow-series-report": "flows:read",
}
SEGMENT_REPORTS = ("segment-values-report", "segment-series-report")
_METRIC_FILTERS = {"integration.name": "equals", "integration.category": "equals"}
_MAPPED = "GET /api/mapped-metrics"
_MAPPED_FIELDS = "custom-metric mapped-metric metric"
_MAPPED_INCLUDES = "custom-metric metric"

OF_REPORTS = (
    Operation(
        "GET /api/metrics",
        10,
        150,
        "metrics:read",
        cursor=True,
        filters=_METRIC_FILTERS,
        includes="flow-triggers",
        fields="flow metric",
    ),
    Operation(
        "GET /api/metrics/{id}",
        10,
        150,
        "metrics:read",
        includes="flow-triggers",
        fields="flow metric",
    ),
    *(
        Operation(f"POST /api/{kind}s", 1, 2, scope, daily=225, fields=kind, report_cursor=True)
        for kind, scope in PAGED_REPORTS.items()
    ),
    *(
        Operation(f"POST /api/{kind}s", 1, 2, "segments:read", daily=225, fields=kind)
        for kind in SEGMENT_REPORTS
    ),
    Operation("POST /api/metric-aggregates", 3, 60, "metrics:read", fields="metric-aggregate"),
    Operation(_MAPPED, 3, 60, "metrics:read", includes=_MAPPED_INCLUDES, fields=_MAPPED_FIELDS),
    Operation(
        f"{_MAPPED}/{{id}}",
        3,
        60,
        "metrics:read",
        includes=_MAPPED_INCLUDES,
        fields=_MAPPED_FIELDS,
    ),
    Operation(f"{_MAPPED}/{{id}}/metric", 3, 60, "metrics:read", fields="metric"),
    Operation(f"{_MAPPED}/{{id}}/relationships/metric", 3, 60, "metrics:read"),
    Operation(f"{_MAPPED}/{{id}}/custom-metric", 3, 60, "metrics:read", fields="custom-metric"),
    Operation(f"{_MAPPED}/{{id}}/relationships/custom-metric", 3, 60, "metrics:read"),
)
