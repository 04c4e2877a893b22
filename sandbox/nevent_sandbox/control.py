"""The part of the control plane that both sides share. Unauthenticated, never logged or limited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request  # noqa: TC002  # Starlette's endpoints are called with it
from starlette.responses import Response
from starlette.routing import Route

from nevent_sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.faults import Faults
    from nevent_sandbox.requestlog import RequestLog

_FAULT = msgspec.json.Decoder(Fault)


def told(document: Any, status: int = 200) -> Response:
    """A plain JSON answer of the control plane."""
    return Response(msgspec.json.encode(document), status, media_type="application/json")


def control_routes(
    *,
    faults: Faults,
    log: RequestLog,
    reset: Callable[[], None],
    cleared: Callable[[], None] = lambda: None,
) -> list[Route]:
    """Routes for requests, faults and reset.

    `reset` empties this side's own data; faults and log are cleared here. `cleared` is told when
    faults are lifted.
    """

    async def requests(request: Request) -> Response:
        query = request.query_params
        since, bodies = int(query.get("since", 0)), query.get("bodies", "0") in {"1", "true"}
        return told({"requests": log.told(since=since, bodies=bodies)})

    async def forget(_: Request) -> Response:
        log.clear()
        return told({"cleared": True})

    async def order(request: Request) -> Response:
        try:
            fault = _FAULT.decode(await request.body())
        except msgspec.DecodeError as error:
            return told({"error": str(error)}, 400)
        faults.order(fault)
        return told({"faults": len(faults.pending())}, 201)

    async def pending(_: Request) -> Response:
        return told({"faults": faults.pending()})

    async def lift(request: Request) -> Response:
        faults.clear(lasting=request.query_params.get("lasting", "1") in {"1", "true"})
        cleared()
        return told({"faults": len(faults.pending())})

    async def start_again(_: Request) -> Response:
        faults.reset()
        reset()
        log.clear()
        return told({"reset": True})

    return [
        Route("/_sandbox/requests", requests, methods=["GET"]),
        Route("/_sandbox/requests", forget, methods=["DELETE"]),
        Route("/_sandbox/faults", order, methods=["POST"]),
        Route("/_sandbox/faults", pending, methods=["GET"]),
        Route("/_sandbox/faults", lift, methods=["DELETE"]),
        Route("/_sandbox/reset", start_again, methods=["POST"]),
    ]
