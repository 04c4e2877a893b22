"""A report as a document, and what both kinds of series have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from nevent_sandbox.klaviyo.calls import Answer
from nevent_sandbox.klaviyo.documents import sparse
from nevent_sandbox.klaviyo.errors import invalid, refused
from nevent_sandbox.klaviyo.query import REPORT_CURSOR, skip_text
from nevent_sandbox.klaviyo.timeframes import POINTER

if TYPE_CHECKING:
    from datetime import datetime

    from nevent_sandbox.klaviyo.calls import Call
    from nevent_sandbox.klaviyo.errors import Document
    from nevent_sandbox.klaviyo.timeframes import Span

_LONGEST = {"hourly": 7, "daily": 60, "monthly": 52 * 7}  # days


def series_limits(span: Span, interval: str) -> None:
    """Refuse a timeframe that is too long for its interval.

    Raises:
        ApiError: 400, it is.
    """
    longest = _LONGEST.get(interval)
    if longest is not None and span.days > longest + 1 / 86_400:  # the end belongs to it
        detail = f"If {interval} is used, the timeframe cannot be longer than {longest} days."
        raise refused(invalid(detail, POINTER))


def report(
    call: Call,
    results: list[Document],
    total: int,
    dates: list[datetime] | None = None,
    relationships: Document | None = None,
) -> Answer:
    """One page of results; `total` is how many all pages have, `dates` where intervals begin."""
    kind = call.data["type"]
    attributes: Document = {"results": results}
    if dates is not None:
        attributes["date_times"] = [each.isoformat() for each in dates]
    wanted = call.query.fields.get(kind)
    made: Document = {
        "type": kind,
        "attributes": attributes if wanted is None else sparse(attributes, wanted),
    }
    if relationships is not None:
        made["relationships"] = relationships
    links: Document = {"self": _link(call, call.pairs)}
    if call.operation.report_cursor:
        told = call.query.skip + len(results)
        links["next"] = None
        if results and told < total:
            kept = [pair for pair in call.pairs if pair[0] != REPORT_CURSOR]
            links["next"] = _link(call, [*kept, (REPORT_CURSOR, skip_text(told))])
    return Answer(200, {"data": made, "links": links}, len(results))


def _link(call: Call, pairs: list[tuple[str, str]]) -> str:
    return f"{call.url}/?{urlencode(pairs)}" if pairs else f"{call.url}/"
