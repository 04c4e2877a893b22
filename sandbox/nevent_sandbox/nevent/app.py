"""The Nevent side as a Starlette app."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from nevent_sandbox.nevent import (
    routes_access,
    routes_fans,
    routes_music,
    routes_newsletters,
    routes_sales,
    routes_segments,
)
from nevent_sandbox.nevent.routing import Routes, Side, not_found
from nevent_sandbox.nevent.ticking import Clock


def build_nevent(
    *,
    clock: Clock,
    fans: int = 50,
    seed: int = 42,
    contract: str = "assumed",
    amounts_in_cents: bool = False,
) -> Starlette:
    """Both Nevent services and their control plane, over an audience of so many fans.

    The app sets the Date header from the clock: run it with uvicorn's own one switched off.
    `app.state.side` gives in-process parts of the sandbox the data and the tokens.
    """
    side = Side(
        clock=clock, fans=fans, seed=seed, contract=contract, amounts_in_cents=amounts_in_cents
    )
    routes = Routes(side)
    for subject in (
        routes_access,
        routes_fans,
        routes_sales,
        routes_music,
        routes_newsletters,
        routes_segments,
    ):
        subject.add(routes)
    app = Starlette(
        routes=routes.routes,
        exception_handlers={HTTPException: not_found(side)},
    )
    app.router.redirect_slashes = False
    app.state.side = side
    return app
