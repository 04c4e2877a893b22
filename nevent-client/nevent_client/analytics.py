"""Groups out of Nevent's analytics, which answers 1,000 rows at most and knows no offset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nevent_client.rows import Row
    from nevent_client.session import Session

LIMIT = 1000
Filter = dict[str, Any]


def where(field: str, operator: str, value: Any) -> Filter:
    """One condition of a query; operators are eq, in, gt, gte, lt and lte."""
    return {"field": field, "operator": operator, "value": value}


def groups(
    session: Session,
    collection: str,
    *,
    by: Sequence[str],
    sums: Mapping[str, str] | None = None,
    filters: Sequence[Filter] = (),
) -> Iterator[Row]:
    """All groups, ordered by the columns `by`; `sums` maps our names to columns to add up.

    Walks by key: a full answer may cut the last key's rows, so the next one begins with that key.
    """
    body = {
        "collection": collection,
        "dimensions": [{"field": column, "alias": column} for column in by],
        "metrics": [
            {"field": column, "operation": "sum", "alias": name}
            for name, column in (sums or {}).items()
        ],
        "sort": [{"field": column, "order": "asc"} for column in by],
        "limit": LIMIT,
    }
    yield from _walk(session, body, list(by), list(filters))


def _walk(
    session: Session, body: dict[str, Any], by: list[str], filters: list[Filter]
) -> Iterator[Row]:
    key, reached = by[0], list(filters)
    while True:
        answer = session.call("analytics", body={**body, "filters": reached})
        rows: list[Row] = answer["data"] if isinstance(answer, dict) else answer
        if len(rows) < LIMIT:
            yield from rows
            return
        last = rows[-1][key]
        whole = [row for row in rows if row[key] != last]
        if whole or len(by) == 1:
            yield from whole or rows
            reached = [*filters, where(key, "gte" if whole else "gt", last)]
        else:  # one key alone has more rows than an answer
            yield from _walk(session, body, by[1:], [*filters, where(key, "eq", last)])
            reached = [*filters, where(key, "gt", last)]
