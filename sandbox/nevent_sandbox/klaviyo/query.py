"""The query string of a read, checked against what its operation takes."""

from __future__ import annotations

import base64
import binascii
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec

from nevent_sandbox.klaviyo.errors import bad_parameter
from nevent_sandbox.klaviyo.fields import ADDITIONAL, allowed
from nevent_sandbox.klaviyo.filters import Condition, conditions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nevent_sandbox.klaviyo.operation import Operation

CURSOR = "page[cursor]"
REPORT_CURSOR = "page_cursor"


class Cursor(NamedTuple):
    """The row that a page starts after, in the order of its sort."""

    backwards: bool
    value: Any
    n: int


class Query(NamedTuple):
    """What a request wants of a resource."""

    size: int = 0
    cursor: Cursor | None = None
    sort: str | None = None  # "-created" is descending
    conditions: tuple[Condition, ...] = ()
    include: tuple[str, ...] = ()
    fields: Mapping[str, frozenset[str]] = MappingProxyType({})
    additional: frozenset[str] = frozenset()
    skip: int = 0  # results of a report that were told before


def parsed_query(pairs: list[tuple[str, str]], operation: Operation) -> Query:
    """Read and check every parameter.

    Raises:
        ApiError: 400 that names the parameter.
    """
    query = Query(size=operation.page[0] if operation.page else 0)
    fields: dict[str, frozenset[str]] = {}
    for name, value in pairs:
        if name == "page[size]" and operation.page:
            query = query._replace(size=_size(value, operation.page[1]))
        elif name == CURSOR and operation.cursor:
            query = query._replace(cursor=_cursor(value))
        elif name == REPORT_CURSOR and operation.report_cursor:
            query = query._replace(skip=skipped(value))
        elif name == "sort" and operation.sorts:
            if value.removeprefix("-") not in operation.sorts.split():
                raise bad_parameter("sort", f"'{value}' is not an allowed sort for this resource.")
            query = query._replace(sort=value)
        elif name == "filter" and operation.filters:
            query = query._replace(conditions=tuple(conditions(value, operation)))
        elif name == "include" and operation.includes:
            query = query._replace(include=_include(value, operation))
        elif name.startswith("fields[") and name[7:-1] in operation.fields.split():
            kind = name[7:-1]
            names = allowed(kind, operation.name, additional=kind == operation.additional)
            fields[kind] = frozenset(_listed(name, value, names))
        elif operation.additional and name == f"additional-fields[{operation.additional}]":
            names = ADDITIONAL[operation.additional]
            query = query._replace(additional=frozenset(_listed(name, value, names)))
        else:
            raise bad_parameter(name, f"'{name}' is not a valid parameter for this resource.")
    return query._replace(fields=fields)


def cursor_text(cursor: Cursor) -> str:
    """An opaque text for a link."""
    return base64.urlsafe_b64encode(msgspec.json.encode(list(cursor))).decode()


def _cursor(text: str) -> Cursor:
    """Also takes what the vendor's SDK makes of one: a leading `=`, or the whole link."""
    if text.startswith(("http://", "https://")):
        text = dict(parse_qsl(urlsplit(text).query)).get(CURSOR, "")
    try:
        backwards, value, n = msgspec.json.decode(
            base64.urlsafe_b64decode(text.removeprefix("=")),
            type=tuple[bool, int | float | str | None, int],
        )
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise bad_parameter(CURSOR, "Invalid cursor provided.") from None
    return Cursor(backwards, value, n)


def skip_text(skip: int) -> str:
    """An opaque text for the link to a report's next page."""
    return base64.urlsafe_b64encode(msgspec.json.encode(["skip", skip])).decode()


def skipped(text: str) -> int:
    """How many results a report's cursor passes over; takes the whole link, too.

    Raises:
        ApiError: 400 for a cursor that is none.
    """
    if text.startswith(("http://", "https://")):
        text = dict(parse_qsl(urlsplit(text).query)).get(REPORT_CURSOR, "")
    try:
        _, skip = msgspec.json.decode(base64.urlsafe_b64decode(text), type=tuple[str, int])
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise bad_parameter(REPORT_CURSOR, "Invalid cursor provided.") from None
    return max(skip, 0)


def _size(text: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise bad_parameter("page[size]", f"Page size must be an integer between 1 and {most}.")
    return int(text)


def _include(value: str, operation: Operation) -> tuple[str, ...]:
    names = tuple(name for name in value.split(",") if name)
    for name in names:
        if name not in operation.includes.split():
            raise bad_parameter(
                "include", f"'{name}' is not an allowed include parameter for this resource."
            )
    return names


def _listed(parameter: str, value: str, names: frozenset[str]) -> list[str]:
    wanted = [name for name in value.split(",") if name]
    for name in wanted:
        if name not in names:
            raise bad_parameter(
                parameter, f"'{name}' is not an allowed field parameter for this resource."
            )
    return wanted
