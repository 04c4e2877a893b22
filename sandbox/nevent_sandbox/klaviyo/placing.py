"""What tests put into an account although this sandbox serves no operation that writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002  # Starlette's endpoints are called with it
from starlette.responses import Response  # noqa: TC002  # the same
from starlette.routing import Route

from nevent_sandbox.control import told
from nevent_sandbox.klaviyo import flows, metrics, segments
from nevent_sandbox.klaviyo.definitions import DefinitionError
from nevent_sandbox.klaviyo.flows import NewFlow
from nevent_sandbox.klaviyo.metrics import NewMetric
from nevent_sandbox.klaviyo.segments import NewSegment

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.klaviyo.account import Account

New = TypeVar("New")


def routes(account: Account) -> list[Route]:
    """POST of a flow, segment or metric: 201 with its id, 400 where Klaviyo would refuse it."""
    return [
        _route(account, "flows", NewFlow, flows.add),
        _route(account, "segments", NewSegment, segments.add),
        _route(account, "metrics", NewMetric, metrics.add),
    ]


def _route(
    account: Account, kind: str, model: type[New], add: Callable[[Account, New], str]
) -> Route:
    async def place(request: Request) -> Response:
        try:
            new: Any = msgspec.json.decode(await request.body(), type=model)
            return told({"id": await run_in_threadpool(add, account, new)}, 201)
        except (msgspec.DecodeError, DefinitionError) as error:
            return told({"error": str(error)}, 400)

    return Route(f"/_sandbox/{kind}", place, methods=["POST"])
