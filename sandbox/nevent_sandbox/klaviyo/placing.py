"""What tests put into an account although this sandbox serves no operation that writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002  # Starlette's endpoints are called with it
from starlette.responses import Response  # noqa: TC002  # the same
from starlette.routing import Route

from nevent_sandbox.control import told
from nevent_sandbox.klaviyo import (
    advancing,
    campaigns,
    engaging,
    flow_progress,
    flows,
    generating,
    metrics,
    segment_reports,
    segments,
    sending,
)
from nevent_sandbox.klaviyo.advancing import Ahead
from nevent_sandbox.klaviyo.campaigns import NewCampaign
from nevent_sandbox.klaviyo.engaging import Engagements
from nevent_sandbox.klaviyo.flow_progress import Progress
from nevent_sandbox.klaviyo.flows import NewFlow
from nevent_sandbox.klaviyo.generating import Load
from nevent_sandbox.klaviyo.metrics import NewMetric
from nevent_sandbox.klaviyo.segment_reports import Leaving
from nevent_sandbox.klaviyo.segments import Joining, NewSegment
from nevent_sandbox.klaviyo.sending import Sending

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.errors import Document

New = TypeVar("New")


def routes(account: Account) -> list[Route]:
    """POST of a thing or an act: 201 with its id or what came of it, 400 where it cannot be."""
    return [
        _route(account, "flows", NewFlow, flows.add),
        _route(account, "segments", NewSegment, segments.add),
        _route(account, "segment-members", Joining, segments.join),
        _route(account, "segment-leavers", Leaving, segment_reports.leave),
        _route(account, "metrics", NewMetric, metrics.add),
        _route(account, "campaigns", NewCampaign, campaigns.add),
        _route(account, "sendings", Sending, sending.send),
        _route(account, "engagements", Engagements, engaging.engage),
        _route(account, "loads", Load, generating.generate),
        _route(account, "flow-progress", Progress, flow_progress.progress),
        _route(account, "advance", Ahead, advancing.advance),
    ]


def _route(
    account: Account, kind: str, model: type[New], add: Callable[[Account, New], str | Document]
) -> Route:
    async def place(request: Request) -> Response:
        try:
            new: Any = msgspec.json.decode(await request.body(), type=model)
            made = await run_in_threadpool(add, account, new)
            return told(made if isinstance(made, dict) else {"id": made}, 201)
        except ValueError as error:  # a body or an order that makes no sense
            return told({"error": str(error)}, 400)

    return Route(f"/_sandbox/{kind}", place, methods=["POST"])
