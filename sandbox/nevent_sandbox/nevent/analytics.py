"""Evaluates one query of the data API: filter, group, aggregate, sort, cut at the limit."""

from collections.abc import Iterator
from typing import Any

import msgspec

from nevent_sandbox.nevent.answers import BadRequestError
from nevent_sandbox.nevent.comparing import OPERATORS, compare
from nevent_sandbox.nevent.store import Store
from nevent_sandbox.nevent.tables import PUBLISHED, TABLES, Line, Lines, Table

MOST_ROWS = 1000
_LAST = 0xFFFFFFFF


class Dimension(msgspec.Struct, forbid_unknown_fields=True):
    """A column to group by."""

    field: str
    alias: str = ""


class Metric(msgspec.Struct, forbid_unknown_fields=True):
    """A column to aggregate; count needs none."""

    operation: str
    field: str = ""
    alias: str = ""


class Filter(msgspec.Struct, forbid_unknown_fields=True):
    """A condition on a column."""

    field: str
    value: Any
    operator: str = "eq"


class Sort(msgspec.Struct, forbid_unknown_fields=True):
    """A result column by alias, or by the field behind it."""

    field: str
    order: str = "asc"


class Span(msgspec.Struct, forbid_unknown_fields=True):
    """Start inclusive, end exclusive, of the collection's time field."""

    start: str
    end: str


class Query(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a query; there is no offset, page or cursor."""

    collection: str
    dimensions: list[Dimension] = []
    metrics: list[Metric] = []
    filters: list[Filter] = []
    sort: Sort | list[Sort] = []
    limit: int = 100
    timeRange: Span | None = None  # noqa: N815 - the API's name


class Group:
    """The running aggregates of one group."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics
        self._values: list[Any] = [
            set() if metric.operation == "count_distinct" else None for metric in metrics
        ]
        self._count = 0

    def add(self, line: Line) -> None:
        """Take a row in."""
        self._count += 1
        for place, metric in enumerate(self._metrics):
            found = line.get(metric.field)
            known = self._values[place]
            if found is None or metric.operation == "count":
                continue
            if metric.operation == "count_distinct":
                known.add(found)
            elif known is None:
                self._values[place] = found
            elif metric.operation == "sum":
                self._values[place] = known + found
            else:
                chosen = min if metric.operation == "min" else max
                self._values[place] = chosen(known, found)

    def results(self) -> Iterator[Any]:
        """The aggregates in the order of the metrics."""
        for metric, value in zip(self._metrics, self._values, strict=True):
            if metric.operation == "count":
                yield self._count
            elif metric.operation == "count_distinct":
                yield len(value)
            else:
                yield value


def parsed(body: dict[str, Any], *, published: bool) -> tuple[Query, Table]:
    """Read and check a query.

    Raises:
        BadRequestError: an unknown key, collection, column, operation or operator; a bad limit.
    """
    try:
        query = msgspec.convert(body, Query)
    except msgspec.ValidationError as error:
        raise BadRequestError(str(error)) from error
    table = (PUBLISHED if published else TABLES).get(query.collection)
    if table is None:
        raise BadRequestError(f"Unknown collection: {query.collection}")
    if not 1 <= query.limit <= MOST_ROWS:
        raise BadRequestError(f"limit must be between 1 and {MOST_ROWS}")
    _check(query, table)
    for dimension in query.dimensions:
        dimension.alias = dimension.alias or dimension.field
    for metric in query.metrics:
        metric.alias = metric.alias or "_".join(filter(None, (metric.operation, metric.field)))
    return query, table


def _check(query: Query, table: Table) -> None:
    for metric in query.metrics:
        if metric.operation not in {"sum", "count", "count_distinct", "min", "max"}:
            raise BadRequestError(f"Unknown operation: {metric.operation}")
        if metric.operation == "sum" and table.columns.get(metric.field) != "INTEGER":
            raise BadRequestError(f"Cannot sum {metric.field}")
    counted = [m.field for m in query.metrics if m.field or m.operation != "count"]
    for field in [
        *(d.field for d in query.dimensions),
        *(f.field for f in query.filters),
        *counted,
    ]:
        if field not in table.columns:
            raise BadRequestError(f"Unknown field: {field}")
    for condition in query.filters:
        if condition.operator not in OPERATORS:
            raise BadRequestError(f"Unknown operator: {condition.operator}")
        if condition.operator == "in" and not isinstance(condition.value, list):
            raise BadRequestError("Operator in takes a list")


def rows(store: Store, query: Query, table: Table) -> list[Line]:
    """The result rows, keyed by alias."""
    filters = list(query.filters)
    if query.timeRange:
        filters.append(Filter(table.time_field, query.timeRange.start, "gte"))
        filters.append(Filter(table.time_field, query.timeRange.end, "lt"))
    sorts = query.sort if isinstance(query.sort, list) else [query.sort]
    names = {d.field: d.alias for d in query.dimensions}
    names |= {m.field: m.alias for m in query.metrics if m.field and m.field not in names}
    aliases = {d.alias for d in query.dimensions} | {m.alias for m in query.metrics}
    keys = [
        (s.field if s.field in aliases else names.get(s.field, ""), s.order.lower()) for s in sorts
    ]
    if any(not alias or order not in {"asc", "desc"} for alias, order in keys):
        raise BadRequestError("sort must name a dimension or metric, asc or desc")
    by_fan = bool(keys) and keys[0] == (names.get("user_id"), "asc") and "user_id" in names
    fields = [d.field for d in query.dimensions]
    groups: dict[tuple[Any, ...], Group] = {}
    user: object = None
    for line in _lines(store, query.collection, filters):
        if by_fan and line["user_id"] != user:
            if len(groups) >= query.limit:
                break
            user = line["user_id"]
        key = tuple([line[field] for field in fields])
        group = groups.get(key)
        if group is None:
            group = groups[key] = Group(query.metrics)
        group.add(line)
    if not fields and not groups:
        groups[()] = Group(query.metrics)
    written = [_written(query, key, group) for key, group in groups.items()]
    for alias, order in reversed(keys):
        written.sort(
            key=lambda row: (
                (row[alias] is not None, row[alias] or 0)
                if not isinstance(row[alias], str)
                else (True, row[alias])
            ),
            reverse=order == "desc",
        )
    return written[: query.limit]


def _written(query: Query, key: tuple[Any, ...], group: Group) -> Line:
    found = {d.alias: value for d, value in zip(query.dimensions, key, strict=True)}
    found |= {m.alias: value for m, value in zip(query.metrics, group.results(), strict=True)}
    return found


def _lines(store: Store, collection: str, filters: list[Filter]) -> Iterator[Line]:
    lines = Lines(store)
    if collection == "events":
        found: Iterator[Line] = iter(lines.events())
        yield from (line for line in found if _holds(line, filters))
        return
    for user in _users(store, lines, filters):
        for line in lines.of_fan(collection, user):
            if _holds(line, filters):
                yield line


def _users(store: Store, lines: Lines, filters: list[Filter]) -> Iterator[str]:
    """The fans whose rows can pass, ascending: a filter on the fan keeps the work small."""
    first, last = 0, _LAST
    for condition in filters:
        if condition.field != "user_id":
            continue
        if condition.operator in {"in", "eq"}:
            value = condition.value
            wanted = value if isinstance(value, list) else [value]
            return iter(sorted({str(user) for user in wanted}))
        number = store.identifiers.number("user", str(condition.value))
        if number is not None and condition.operator in {"gt", "gte"}:
            first = max(first, number)
        elif number is not None:
            last = min(last, number)
    return lines.users(first, last)


def _holds(line: Line, filters: list[Filter]) -> bool:
    try:
        return all(compare(f.operator, line[f.field], f.value) for f in filters)
    except ValueError as error:
        raise BadRequestError(str(error)) from error
