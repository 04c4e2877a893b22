"""The Nevent side as an ASGI app: its routes behind the sandbox's door."""

import re
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp

from nevent_sandbox.clock import Clock
from nevent_sandbox.control import control_routes
from nevent_sandbox.faults import DEFAULT_STATUS, Fault, Faults
from nevent_sandbox.front import Front
from nevent_sandbox.nevent import (
    routes_access,
    routes_analytics,
    routes_control,
    routes_fans,
    routes_interactions,
    routes_music,
    routes_newsletters,
    routes_sales,
    routes_segments,
    routes_subscribe,
    routes_widget,
    routes_writing,
)
from nevent_sandbox.nevent.answers import answer
from nevent_sandbox.nevent.routing import Routes, Side, not_found
from nevent_sandbox.requestlog import RequestLog

_SUBJECTS = (
    routes_access,
    routes_fans,
    routes_writing,
    routes_widget,
    routes_subscribe,
    routes_interactions,
    routes_sales,
    routes_music,
    routes_newsletters,
    routes_segments,
    routes_analytics,
    routes_control,
)
_TOO_MANY = 429
_RETRY_AFTER = 2


def build_nevent(
    *,
    clock: Clock,
    fans: int = 50,
    seed: int = 42,
    contract: str = "assumed",
    amounts_in_cents: bool = False,
    limits: str = "off",
    keep: Path | None = None,
) -> ASGIApp:
    """Both Nevent services and their control plane, over an audience of so many fans.

    Answers carry a Date by the clock: run it with uvicorn's own one switched off.
    """
    side = Side(
        clock=clock,
        fans=fans,
        seed=seed,
        contract=contract,
        amounts_in_cents=amounts_in_cents,
        limits=limits,
        keep=keep,
    )
    faults, log = Faults(), RequestLog()
    routes = Routes(side)
    for subject in _SUBJECTS:
        subject.add(routes)
    app = Starlette(
        routes=[*control_routes(faults=faults, log=log, reset=side.start_again), *routes.routes],
        exception_handlers={HTTPException: not_found},
    )
    app.router.redirect_slashes = False
    return Front(
        app,
        faults=faults,
        log=log,
        clock=clock,
        operation_of=_operations(routes),
        refusal=refusal,
    )


def refusal(fault: Fault) -> Response:
    """What Nevent answers to a refusal that a test ordered: a 429 tells the wait in its body."""
    status = fault.status or DEFAULT_STATUS
    if status == _TOO_MANY:
        wait = _RETRY_AFTER if fault.retry_after is None else fault.retry_after
        return answer({"message": "Too many requests", "retryAfter": wait}, status)
    return answer({"message": "Ordered by a test", "status": status}, status)


class _Operations:
    """Names a request by its method and path template."""

    def __init__(self, routes: Routes) -> None:
        self._patterns = [
            (next(iter(route.methods - {"HEAD"})), route.path_regex, _template(route.path))
            for route in routes.routes
            if route.methods
        ]

    def __call__(self, method: str, path: str) -> str:
        for served, pattern, template in self._patterns:
            if served == method and pattern.match(path):
                return f"{method} {template}"
        return f"{method} {path}"


def _template(path: str) -> str:
    return re.sub(r":path\}", "}", path)


def _operations(routes: Routes) -> _Operations:
    return _Operations(routes)
