"""Which metric an account takes for its revenue, for carts, for refunds and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_sandbox.klaviyo import metrics, moments
from nevent_sandbox.klaviyo.calls import Answer, Call
from nevent_sandbox.klaviyo.documents import collection, reference, resource
from nevent_sandbox.klaviyo.errors import not_found
from nevent_sandbox.klaviyo.paging import Page

if TYPE_CHECKING:
    from nevent_sandbox.klaviyo.errors import Document

MAPPINGS = (
    *("added_to_cart", "cancelled_sales", "ordered_product", "refunded_sales", "revenue"),
    *("started_checkout", "viewed_product"),
)
RELATIONSHIPS = ("metric", "custom-metric")
_OPENED = 1_735_689_600  # when the account was: an unmapped one has not changed since
Row = tuple[Any, ...]


def list_mapped(call: Call) -> Answer:
    """All seven, mapped or not."""
    rows = {each: _metric(call, each) for each in MAPPINGS}
    made = [_mapped(call, each, row) for each, row in rows.items()]
    return collection(call, made, Page([]), _included(call, list(rows.values())))


def get_mapped(call: Call) -> Answer:
    """One by its id."""
    row = _known(call)
    answer = Answer(200, {"data": _mapped(call, call.ids["id"], row), "links": _links(call)}, 1)
    if call.query.include and answer.document is not None:
        answer.document["included"] = _included(call, [row])
    return answer


def get_metric(call: Call) -> Answer:
    """The metric of a mapping; null where there is none."""
    row = _known(call)
    return _told(call, metrics.metric(call, row) if row else None)


def get_metric_id(call: Call) -> Answer:
    """Its type and id."""
    row = _known(call)
    return _told(call, reference("metric", row[0]) if row else None)


def get_custom_metric(call: Call) -> Answer:
    """Null: no account here has metrics computed of others."""
    _known(call)
    return _told(call, None)


def _told(call: Call, data: Document | None) -> Answer:
    return Answer(200, {"data": data, "links": _links(call)}, int(data is not None))


def _links(call: Call) -> Document:
    return {"self": f"{call.url}/"}


def _known(call: Call) -> Row | None:
    identifier = call.ids["id"]
    if identifier not in MAPPINGS:
        raise not_found("mapped-metric", identifier)
    return _metric(call, identifier)


def _metric(call: Call, mapping: str) -> Row | None:
    """The row of the metric that is mapped: the first of its name."""
    name = call.account.knobs.mapped_metrics.get(mapping)
    sql = f"SELECT {metrics.COLUMNS} FROM metrics x WHERE x.name = ? ORDER BY x.n LIMIT 1"  # noqa: S608  # our own names
    row: Row | None = call.account.store.reading().execute(sql, (name,)).fetchone()
    return row


def _mapped(call: Call, mapping: str, row: Row | None) -> Document:
    attributes = {"updated": moments.told(row[4] if row else _OPENED)}
    related = {"metric": reference("metric", row[0])} if row else {}
    return resource(call, "mapped-metric", mapping, attributes, RELATIONSHIPS, related)


def _included(call: Call, rows: list[Row | None]) -> list[Document]:
    if "metric" not in call.query.include:
        return []
    plain = call._replace(query=call.query._replace(include=()))
    found = {row[0]: row for row in rows if row}
    return [metrics.metric(plain, row) for row in found.values()]


_PATH = "GET /api/mapped-metrics"
HANDLERS = {
    _PATH: list_mapped,
    f"{_PATH}/{{id}}": get_mapped,
    f"{_PATH}/{{id}}/metric": get_metric,
    f"{_PATH}/{{id}}/relationships/metric": get_metric_id,
    f"{_PATH}/{{id}}/custom-metric": get_custom_metric,
    f"{_PATH}/{{id}}/relationships/custom-metric": get_custom_metric,
}
