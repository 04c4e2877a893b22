"""Property definitions, segments and the execution of a definition."""

from typing import Any

from starlette.requests import Request

from nevent_sandbox.nevent.answers import BadRequestError, MissingError, written
from nevent_sandbox.nevent.instants import iso
from nevent_sandbox.nevent.membership import DefinitionError
from nevent_sandbox.nevent.paging import list_page, wanted
from nevent_sandbox.nevent.routing import Routes, Side

_DEFAULT_SIZE = 20
_MOST = 100


def add(routes: Routes) -> None:
    """Serve /properties and /segments…."""
    routes.get("/properties", _properties)
    routes.get("/segments", _list)
    routes.get("/segments/{id}", _one)
    routes.post("/segments/execute", _execute)


def _properties(side: Side, request: Request) -> list[dict[str, Any]]:
    kind = request.query_params.get("type")
    rows = [row for row in side.store.definitions if kind in {None, "", row["propertyType"]}]
    if side.published:
        return [{key: row[key] for key in row if key != "sensitive"} for row in rows]
    return rows


def _list(side: Side, request: Request) -> dict[str, Any]:
    page = wanted(request.query_params, ("id", "name", "modifiedAt", "createdAt"))
    rows = sorted(
        side.store.segments, key=lambda row: row[page.field or "id"], reverse=page.descending
    )
    return list_page(rows, page, lambda row: row)


def _one(side: Side, request: Request) -> dict[str, Any]:
    for row in side.store.segments:
        if row["id"] == request.path_params["id"]:
            return row
    raise MissingError("Segment not found")


def _execute(side: Side, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
    page, size = body.get("page", 0), body.get("page_size", _DEFAULT_SIZE)
    if not isinstance(page, int) or page < 0:
        raise BadRequestError("page must be 0 or more")
    if not isinstance(size, int) or not 1 <= size <= _MOST:
        raise BadRequestError(f"page_size must be between 1 and {_MOST}")
    key = b"segments/execute " + written([body.get("definition"), page, size])
    data = side.keeping.told(key, lambda: _page(side, body.get("definition"), page, size))
    return wrapped(side, data)


def _page(side: Side, definition: Any, page: int, size: int) -> dict[str, Any]:
    try:
        members = side.members.members(definition)
    except (DefinitionError, ValueError) as error:
        raise BadRequestError(str(error)) from error
    pages = -(-len(members) // size)
    people = members[page * size : (page + 1) * size]
    return {
        "total_fans": len(members),
        "fans": [side.store.member_text(number) for number in people],
        "current_page": page,
        "total_pages": pages,
        "has_more": page + 1 < pages,
    }


def wrapped(side: Side, data: Any) -> dict[str, Any]:
    """The envelope of the data API."""
    return {"success": True, "data": data, "timestamp": iso(side.store.now())}
