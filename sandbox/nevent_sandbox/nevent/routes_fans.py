"""Fans: list, one, count, what belongs to one, and the erased."""

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from starlette.requests import Request

from nevent_sandbox.nevent.answers import MissingError
from nevent_sandbox.nevent.instants import moment
from nevent_sandbox.nevent.orders import COMPLETED
from nevent_sandbox.nevent.paging import (
    identifiers_of,
    list_page,
    moment_of,
    register_page,
    wanted,
)
from nevent_sandbox.nevent.routing import ASSUMED, KEPT, Routes, Side
from nevent_sandbox.nevent.rows import Fan

_SORTS = ("updatedAt", "createdAt", "id", "email")
_TEXTS = {"email": "email", "name": "fullName", "phone": "phone"}


def add(routes: Routes) -> None:
    """Serve /users…."""
    routes.get("/users", _list, KEPT)
    routes.get("/users/count", _count)
    routes.get("/users/deletions", _deletions, ASSUMED)
    routes.get("/users/email/{email:path}", _by_email)
    routes.get("/users/{id}", _one)
    routes.get("/users/{id}/communication-preferences", _preferences)
    routes.get("/users/{id}/purchases", _purchases)
    routes.get("/users/{id}/events", _events)


def _list(side: Side, request: Request) -> dict[str, Any]:
    query, fans = request.query_params, side.store.fans
    page = wanted(query, _SORTS)
    identifiers = None if side.published else identifiers_of(query, "ids")
    if identifiers is not None:
        found = [row for row in map(fans.standing, identifiers) if row is not None]
        found.sort(key=itemgetter(0, 1), reverse=page.descending)
        return list_page(found, page, lambda row: fans.told(row, side.wire.fan, side.wire.fan_text))
    since = None if side.published else moment_of(query, "updatedFrom")
    first = 0 if since is None else fans.since(since)
    return register_page(
        fans, page, side.wire.fan, first=first, test=_test(side, request), text=side.wire.fan_text
    )


def _test(side: Side, request: Request) -> tuple[tuple[object, ...], Callable[[int], bool]] | None:
    query, field = request.query_params, side.store.fans.field
    texts = {
        name: query[parameter].lower() for parameter, name in _TEXTS.items() if query.get(parameter)
    }
    low, high = moment_of(query, "createdFrom"), moment_of(query, "createdTo")
    if not texts and low is None and high is None:
        return None

    def keep(position: int) -> bool:
        for name, text in texts.items():
            if text not in (field(position, name) or "").lower():
                return False
        if low is None and high is None:
            return True
        created = moment(field(position, "createdAt"))
        return (low is None or created >= low) and (high is None or created <= high)

    return (low, high, *texts.items()), keep


def _count(side: Side, _request: Request) -> dict[str, int]:
    return {"count": len(side.store.fans)}


def _deletions(side: Side, request: Request) -> dict[str, Any]:
    page = wanted(request.query_params, ("deletedAt", "id"))
    since = moment_of(request.query_params, "deletedFrom")
    rows = [
        row for row in side.store.deletions if since is None or moment(row["deletedAt"]) >= since
    ]
    rows.sort(key=lambda row: row[page.field or "deletedAt"], reverse=page.descending)
    return list_page(rows, page, lambda row: row)


def _by_email(side: Side, request: Request) -> dict[str, Any]:
    found = side.store.fan_by_email(request.path_params["email"])
    if found is None:
        raise MissingError("User not found")
    return side.wire.fan(found)


def fan_of(side: Side, request: Request) -> Fan:
    """The fan whom the path names.

    Raises:
        MissingError: there is none, or none any more.
    """
    found = side.store.fans.get(request.path_params["id"])
    if found is None:
        raise MissingError("User not found")
    return found


def _one(side: Side, request: Request) -> dict[str, Any]:
    return side.wire.fan(fan_of(side, request))


def _preferences(side: Side, request: Request) -> dict[str, Any]:
    return side.wire.preferences(fan_of(side, request))


def _purchases(side: Side, request: Request) -> dict[str, Any]:
    fan = fan_of(side, request)
    rows = sorted(side.store.orders_of(fan["id"]), key=lambda order: order.purchased)
    return list_page(rows, wanted(request.query_params, ()), side.wire.order)


def _events(side: Side, request: Request) -> dict[str, Any]:
    fan, store = fan_of(side, request), side.store
    kind = request.query_params.get("type")
    found: set[int] = set()
    if kind != "attended":
        found |= {o.concert for o in store.orders_of(fan["id"]) if o.state in COMPLETED}
    if kind != "purchased":
        found |= {c.concert for c in store.check_ins_of(fan["id"]) if c.status != "VOIDED"}
    rows = sorted((store.concerts[index] for index in found), key=lambda c: (c.date, c.id))
    return list_page(rows, wanted(request.query_params, ()), side.wire.summary)
