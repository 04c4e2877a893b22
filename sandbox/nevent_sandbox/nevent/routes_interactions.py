"""Interactions that happened elsewhere (assumed): one, many, and a fan's."""

from typing import Any

import msgspec
from starlette.requests import Request

from nevent_sandbox.nevent.answers import BadRequestError, UnprocessableError
from nevent_sandbox.nevent.bodies import past, read
from nevent_sandbox.nevent.interactions import Kind, Told
from nevent_sandbox.nevent.paging import list_page, wanted
from nevent_sandbox.nevent.routes_fans import fan_of
from nevent_sandbox.nevent.routing import ASSUMED, ONE, Routes, Side

_MOST = 500


def add(routes: Routes) -> None:
    """Serve /interactions and /users/{id}/interactions."""
    routes.get("/users/{id}/interactions", _of_fan, ASSUMED)
    routes.post("/users/{id}/interactions", _one, ASSUMED, ONE)
    routes.post("/interactions", _many, ASSUMED)


def _of_fan(side: Side, request: Request) -> dict[str, Any]:
    page = wanted(request.query_params, ("occurredAt", "id"))
    rows = side.store.interactions.of_fan(fan_of(side, request)["id"])
    if page.field == "id":
        rows.sort(key=lambda row: str(row["id"]))
    return list_page(rows[::-1] if page.descending else rows, page, lambda row: row)


def _one(side: Side, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    fan = fan_of(side, request)
    if "userId" in body:
        raise BadRequestError("Object contains unknown field `userId`")
    told = read({**body, "userId": fan["id"]}, Told)
    _check(side, told)
    status = side.store.interactions.add(told, side.store.now())
    return {"externalId": told.externalId, "status": status}


def _many(side: Side, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
    items = body.get("items")
    if set(body) != {"items"} or not isinstance(items, list):
        raise BadRequestError("The body holds items, a list, and nothing else")
    if not 1 <= len(items) <= _MOST:
        raise BadRequestError(f"items takes between 1 and {_MOST}")
    now = side.store.now()
    return {"results": [_result(side, item, now) for item in items]}


def _result(side: Side, item: Any, now: int) -> dict[str, Any]:
    """The fate of one of many: it never sinks the others."""
    try:
        told = msgspec.convert(item, Told)
        _check(side, told)
    except (msgspec.ValidationError, UnprocessableError) as error:
        name = item.get("externalId") if isinstance(item, dict) else None
        named = name if isinstance(name, str) else None
        return {"externalId": named, "status": "INVALID", "message": str(error)}
    if not side.store.knows(told.userId):
        return {
            "externalId": told.externalId,
            "status": "UNKNOWN_USER",
            "message": "User not found",
        }
    status = side.store.interactions.add(told, now)
    return {"externalId": told.externalId, "status": status}


def _check(side: Side, told: Told) -> None:
    """What types alone do not tell.

    Raises:
        UnprocessableError: a value that is not taken.
    """
    past(told.occurredAt, "occurredAt", side.store.now())
    if not told.source.strip() or not told.externalId.strip():
        raise UnprocessableError("Fields 'source' and 'externalId' may not be empty")
    if told.type is Kind.FLOW_STATUS and not (told.flowId and told.flowStatus):
        raise UnprocessableError("Fields 'flowId' and 'flowStatus' are required of a FLOW_STATUS")
    known = side.store.interactions.known(told)
    if known is not None and known.userId != told.userId:
        raise UnprocessableError("Field 'externalId' is of another user's interaction")
