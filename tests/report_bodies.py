"""Bodies that ask for figures, and one good answer of each operation about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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


def asked(api: Any, kind: str, metric: str, **attributes: Any) -> list[Document]:
    """The results of a report that is answered."""
    body = report(kind, conversion_metric_id=metric, **attributes)
    answer = api.post(f"/{kind}s", body)
    assert answer.status_code == 200, answer.text
    results: list[Document] = answer.json()["data"]["attributes"]["results"]
    return results


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


def bodies(metric: str) -> tuple[Document, ...]:
    """One good body of every operation that takes one; `metric` is that of conversions."""
    now = datetime.now(UTC)
    year = [(now + timedelta(days=days)).isoformat() for days in (-300, 1)]
    week: Document = {"timeframe": {"key": "last_7_days"}, "interval": "daily"}
    return (
        report("campaign-values-report", conversion_metric_id=metric),
        report("flow-values-report", conversion_metric_id=metric),
        report("flow-series-report", conversion_metric_id=metric, **week),
        report("segment-values-report"),
        report("segment-series-report", **week),
        aggregate(metric, *year),
    )


def walk(api: Any, klaviyo: KlaviyoHandle, metric: str) -> dict[str, Any]:
    """One good answer of every operation about figures."""
    mapped = _prepared(klaviyo)
    answers = {f"POST /api/{each['data']['type']}s": api.change(each) for each in bodies(metric)}
    answers[f"GET /api{mapped}"] = api.get(mapped, include="metric,custom-metric")
    answers[f"GET /api{mapped}/{{id}}"] = api.get(f"{mapped}/revenue", include="metric")
    for part in ("metric", "custom-metric"):
        for way in (part, f"relationships/{part}"):
            answers[f"GET /api{mapped}/{{id}}/{way}"] = api.get(f"{mapped}/revenue/{way}")
    return answers


def read_by(sdk: Any, klaviyo: KlaviyoHandle) -> None:
    """The same by the vendor's SDK."""
    _prepared(klaviyo)
    metric = klaviyo.metric("Purchased Ticket")
    campaigns, flows, series, segments, growth, counted = bodies(metric)
    reporting, metrics = sdk.Reporting, sdk.Metrics
    (row,) = reporting.query_campaign_values(campaigns).data.attributes.results
    assert row.statistics["delivered"] > 0
    assert row.statistics["delivered"] == row.statistics["recipients"]
    (row,) = reporting.query_flow_values(flows).data.attributes.results
    assert row.statistics["delivered"] == 1
    told = reporting.query_flow_series(series).data.attributes
    assert sum(told.results[0].statistics["delivered"]) == 1
    assert len(told.date_times) == len(told.results[0].statistics["delivered"])
    assert reporting.query_segment_values(segments).data.attributes.results[0].groupings
    assert len(reporting.query_segment_series(growth).data.attributes.date_times) == 7
    (row,) = metrics.query_metric_aggregates(counted).data.attributes.data
    assert sum(row.measurements["count"]) == len(klaviyo.events("Purchased Ticket")) > 0
    assert len(metrics.get_mapped_metrics(include=["metric", "custom-metric"]).data) == 7
    read = metrics.get_mapped_metric("revenue", include=["metric"])
    assert read.data.relationships.metric.data.id == metric
    assert metrics.get_metric_for_mapped_metric("revenue").data.id == metric
    assert metrics.get_metric_id_for_mapped_metric("revenue").data.id == metric
    assert metrics.get_custom_metric_for_mapped_metric("revenue").data is None
    assert metrics.get_custom_metric_id_for_mapped_metric("revenue").data is None


def _prepared(klaviyo: KlaviyoHandle) -> str:
    """Revenue is mapped, and the first flow has sent a mail; the path of mapped metrics."""
    klaviyo.knobs(mapped_metrics={"revenue": "Purchased Ticket"})
    person = klaviyo.profiles()[0]["attributes"]["email"]
    received = {"what": "received", "email": person, "flow": klaviyo.flows()[0]["id"]}
    assert klaviyo.engage([received]) == 1
    return "/mapped-metrics"
