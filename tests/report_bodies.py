"""Bodies that ask for figures, and one good answer of each operation about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_sandbox.klaviyo.report_shapes import OF_MESSAGES, OF_SEGMENTS

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Document = dict[str, Any]
YEAR: Document = {"key": "last_365_days"}


def report(kind: str, **attributes: Any) -> Document:
    """A report of everything that is counted, of the last year unless told."""
    statistics = OF_SEGMENTS if kind.startswith("segment") else OF_MESSAGES
    about = {"statistics": [*statistics], "timeframe": YEAR, **attributes}
    return {"data": {"type": kind, "attributes": about}}


def aggregate(metric: str, start: str, end: str, **attributes: Any) -> Document:
    """An aggregate between two times; `filters` are further ones."""
    bounds = [f"greater-or-equal(datetime,{start})", f"less-than(datetime,{end})"]
    about = {
        "metric_id": metric,
        "measurements": ["count", "sum_value", "unique"],
        "filter": [*bounds, *attributes.pop("filters", [])],
        **attributes,
    }
    return {"data": {"type": "metric-aggregate", "attributes": about}}


def walk(api: Any, klaviyo: KlaviyoHandle, metric: str) -> dict[str, Any]:
    """One good answer of every operation about figures; `metric` is that of conversions."""
    week: Document = {"timeframe": {"key": "last_7_days"}, "interval": "daily"}
    klaviyo.knobs(mapped_metrics={"revenue": "Purchased Ticket"})
    mapped = "/mapped-metrics"
    bodies = (
        report("campaign-values-report", conversion_metric_id=metric),
        report("flow-values-report", conversion_metric_id=metric),
        report("flow-series-report", conversion_metric_id=metric, **week),
        report("segment-values-report"),
        report("segment-series-report", **week),
        aggregate(metric, "2026-01-01", "2026-12-31"),
    )
    answers = {f"POST /api/{each['data']['type']}s": api.change(each) for each in bodies}
    answers[f"GET /api{mapped}"] = api.get(mapped, include="metric,custom-metric")
    answers[f"GET /api{mapped}/{{id}}"] = api.get(f"{mapped}/revenue", include="metric")
    for part in ("metric", "custom-metric"):
        for way in (part, f"relationships/{part}"):
            answers[f"GET /api{mapped}/{{id}}/{way}"] = api.get(f"{mapped}/revenue/{way}")
    return answers
