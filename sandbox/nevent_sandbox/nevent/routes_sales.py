"""Purchases and attendance of the whole tenant."""

from collections.abc import Callable
from typing import Any, TypeVar

from starlette.requests import Request

from nevent_sandbox.nevent.checkins import CheckIn
from nevent_sandbox.nevent.instants import moment
from nevent_sandbox.nevent.orders import Order
from nevent_sandbox.nevent.paging import (
    identifiers_of,
    list_page,
    moment_of,
    register_page,
    wanted,
)
from nevent_sandbox.nevent.registers import Register
from nevent_sandbox.nevent.routing import ASSUMED, KEPT, Routes, Side

Row = TypeVar("Row")


def add(routes: Routes) -> None:
    """Serve /purchases, /attendance and the newsletters."""
    routes.get("/purchases", _purchases, ASSUMED, KEPT)
    routes.get("/attendance", _attendance, ASSUMED, KEPT)


def _purchases(side: Side, request: Request) -> dict[str, Any]:
    store = side.store

    def moved(order: Order) -> tuple[int, int]:
        return order.updated, order.number

    return changed_page(
        request,
        store.orders,
        ("updatedAt", "purchasedAt", "id"),
        side.wire.order,
        of_fan=store.orders_of,
        moved=moved,
    )


def _attendance(side: Side, request: Request) -> dict[str, Any]:
    store = side.store

    def moved(check_in: CheckIn) -> tuple[int, int]:
        return check_in.updated, check_in.number

    return changed_page(
        request,
        store.check_ins,
        ("updatedAt", "checkedInAt", "id"),
        side.wire.check_in,
        of_fan=store.check_ins_of,
        moved=moved,
    )


def changed_page(
    request: Request,
    register: Register[Row],
    sorts: tuple[str, ...],
    write: Callable[[Row], Any],
    *,
    of_fan: Callable[[str], list[Row]],
    moved: Callable[[Row], tuple[Any, Any]],
) -> dict[str, Any]:
    """A page of a register by `updatedFrom`, or of some fans' rows by `userIds`."""
    query = request.query_params
    page = wanted(query, sorts)
    since = moment_of(query, "updatedFrom")
    users = identifiers_of(query, "userIds")
    if users is None:
        first = 0 if since is None else register.since(since)
        return register_page(register, page, write, first=first)
    rows = [row for user in users for row in of_fan(user)]
    if since is not None:
        rows = [row for row in rows if _moment(moved(row)[0]) >= since]
    field = page.field
    if field in {None, "updatedAt"}:
        rows.sort(key=moved, reverse=page.descending)
    else:
        rows.sort(key=lambda row: register.base.read(row, str(field)), reverse=page.descending)
    return list_page(rows, page, write)


def _moment(value: Any) -> int:
    return moment(value) if isinstance(value, str) else int(value)
