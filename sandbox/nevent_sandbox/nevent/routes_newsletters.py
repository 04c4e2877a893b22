"""Newsletters and their subscribers."""

from typing import Any

from starlette.requests import Request

from nevent_sandbox.nevent.answers import MissingError
from nevent_sandbox.nevent.newsletters import newsletters as rows
from nevent_sandbox.nevent.paging import list_page, wanted
from nevent_sandbox.nevent.routes_sales import changed_page
from nevent_sandbox.nevent.routing import ASSUMED, KEPT, Routes, Side
from nevent_sandbox.nevent.store import TENANT_ID


def add(routes: Routes) -> None:
    """Serve /newsletters…."""
    routes.get("/newsletters", _newsletters, ASSUMED)
    routes.get("/newsletters/{id}/subscribers", _subscribers, ASSUMED, KEPT)


def newsletters(side: Side) -> list[dict[str, Any]]:
    """All newsletters, with their numbers of subscribers."""
    store = side.store
    counts = [len(register) for register in store.subscriptions]
    return rows(store.identifiers, TENANT_ID, store.start, counts)


def _newsletters(side: Side, request: Request) -> dict[str, Any]:
    return list_page(
        newsletters(side), wanted(request.query_params, ("id", "name")), lambda row: row
    )


def _subscribers(side: Side, request: Request) -> dict[str, Any]:
    store = side.store
    number = store.identifiers.number("newsletter", request.path_params["id"])
    if number is None or number >= len(store.subscriptions):
        raise MissingError("Newsletter not found")
    return changed_page(
        request,
        store.subscriptions[number],
        ("updatedAt", "subscribedAt", "id"),
        side.wire.subscription,
        of_fan=lambda user: store.subscriptions_of(number, user),
        moved=lambda row: (row["updatedAt"], row["id"]),
    )
