"""Spring pages: what a request asks for, and the envelope it gets."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec import Struct
from starlette.datastructures import QueryParams

from nevent_sandbox.nevent.answers import BadRequestError
from nevent_sandbox.nevent.instants import moment
from nevent_sandbox.nevent.registers import Register

Row = TypeVar("Row")
DEFAULT_SIZE = 20
MOST = 1000
_MOST_IDS = 100


class Wanted(Struct):
    """One page: its number, its size, the sorting field and direction."""

    number: int
    size: int
    field: str | None
    descending: bool


def wanted(query: QueryParams, fields: tuple[str, ...]) -> Wanted:
    """Read page, size and sort; a size above the cap is cut without a word, as Spring does.

    Raises:
        BadRequestError: not a number, or a field that cannot be sorted by.
    """
    field, _, direction = query.get("sort", "").partition(",")
    if field and field not in fields:
        raise BadRequestError(f"No property '{field}' found")
    if direction.lower() not in {"", "asc", "desc"}:
        raise BadRequestError(f"Invalid sort direction '{direction}'")
    return Wanted(
        max(0, _number(query, "page", 0)),
        min(MOST, max(1, _number(query, "size", DEFAULT_SIZE))),
        field or None,
        direction.lower() == "desc",
    )


def moment_of(query: QueryParams, name: str) -> int | None:
    """A time parameter, or None if it is not given.

    Raises:
        BadRequestError: it is not ISO 8601.
    """
    text = query.get(name)
    if not text:
        return None
    try:
        return moment(text)
    except ValueError as error:
        raise BadRequestError(f"Parameter '{name}' is not an ISO 8601 time") from error


def identifiers_of(query: QueryParams, name: str) -> list[str] | None:
    """A comma list of at most 100 ids, or None if it is not given.

    Raises:
        BadRequestError: more than 100.
    """
    text = query.get(name)
    if text is None:
        return None
    found = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if len(found) > _MOST_IDS:
        raise BadRequestError(f"Parameter '{name}' takes at most {_MOST_IDS} ids")
    return found


def envelope(content: list[Any], page: Wanted, total: int) -> dict[str, Any]:
    """A Spring page."""
    pages = -(-total // page.size)
    return {
        "content": content,
        "totalElements": total,
        "totalPages": pages,
        "size": page.size,
        "number": page.number,
        "first": page.number == 0,
        "last": page.number + 1 >= pages,
        "empty": not content,
    }


def list_page(rows: Sequence[Row], page: Wanted, write: Callable[[Row], Any]) -> dict[str, Any]:
    """One page of rows that are already selected and in order."""
    first = page.number * page.size
    return envelope([write(row) for row in rows[first : first + page.size]], page, len(rows))


def register_page(
    register: Register[Row],
    page: Wanted,
    write: Callable[[Row], Any],
    *,
    first: int = 0,
    test: tuple[tuple[object, ...], Callable[[int], bool]] | None = None,
    text: Callable[[int], bytes] | None = None,
) -> dict[str, Any]:
    """One page of a register, from a position on, sorted, tested by position if asked.

    `text` is the JSON of a base row, by rank, where that is cheaper than `write`.
    """
    by = None if page.field == "updatedAt" else page.field
    key, keep = test or ((), None)
    positions = register.ordered((by, first, *key), by, first, keep)
    total = len(positions)
    begin = page.number * page.size
    places = range(begin, min(total, begin + page.size))
    if page.descending:
        places = range(total - 1 - begin, max(-1, total - 1 - begin - page.size), -1)
    return envelope(
        [register.written(positions[place], write, text) for place in places], page, total
    )


def _number(query: QueryParams, name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    try:
        return int(text)
    except ValueError as error:
        raise BadRequestError(f"Parameter '{name}' is not a number") from error
