"""Concerts, line-ups, artists and who likes them."""

from typing import Any

from starlette.requests import Request

from nevent_sandbox.nevent.answers import MissingError
from nevent_sandbox.nevent.paging import list_page, moment_of, wanted
from nevent_sandbox.nevent.routing import ASSUMED, NO_TOKEN, Routes, Side


def add(routes: Routes) -> None:
    """Serve /events, line-ups and performers."""
    routes.get("/events", _events, ASSUMED)
    routes.get("/public/events/{id}/lineup", _lineup, NO_TOKEN)
    routes.get("/admin/performers", _performers)
    routes.get("/admin/performers/{id}/likes", _likes)


def _events(side: Side, request: Request) -> dict[str, Any]:
    page = wanted(request.query_params, ("updatedAt", "date", "id", "createdAt", "name"))
    since = moment_of(request.query_params, "updatedFrom")
    now = side.store.now()
    rows = [c for c in side.store.concerts if since is None or c.changed(now) >= since]
    written = [side.wire.event(concert) for concert in rows]
    field = page.field or "id"
    written.sort(key=lambda row: (row[field], row["id"]), reverse=page.descending)
    return list_page(written, page, lambda row: row)


def _lineup(side: Side, request: Request) -> dict[str, Any]:
    concert = side.store.concert(request.path_params["id"])
    if concert is None:
        raise MissingError("Event not found")
    return side.wire.lineup(concert, side.likings)


def _performers(side: Side, request: Request) -> dict[str, Any]:
    page = wanted(request.query_params, ("id", "name"))
    rows = sorted(
        side.store.artists, key=lambda row: row[page.field or "id"], reverse=page.descending
    )
    return list_page(rows, page, lambda row: row)


def _likes(side: Side, request: Request) -> dict[str, Any]:
    number = side.store.identifiers.number("performer", request.path_params["id"])
    if number is None or number >= len(side.store.artists):
        raise MissingError("Performer not found")
    page = wanted(request.query_params, ("createdAt",))
    rows = side.likings.of_artist(number)
    if page.descending:
        rows = rows[::-1]
    return list_page(rows, page, side.likings.written)
