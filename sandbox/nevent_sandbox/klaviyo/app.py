"""The Klaviyo side as a Starlette app: each request through key, revision, limits, scopes, body."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from nevent_sandbox.credentials import KLAVIYO_ACCOUNT_ID
from nevent_sandbox.faults import DEFAULT_STATUS
from nevent_sandbox.front import Front
from nevent_sandbox.klaviyo import (
    account,
    aggregates,
    campaigns,
    control,
    deletions,
    events,
    flow_parts,
    flows,
    jobs,
    lists,
    mapped_metrics,
    members,
    message_reports,
    metrics,
    profile_pages,
    profiles,
    recording,
    segment_reports,
    segments,
    subscribing,
    suppressing,
)
from nevent_sandbox.klaviyo.access import check_revision, check_scopes, key_of
from nevent_sandbox.klaviyo.account import Account
from nevent_sandbox.klaviyo.bodies import check_shape, decoded, plain_body, sound
from nevent_sandbox.klaviyo.calls import Answer, Call
from nevent_sandbox.klaviyo.errors import ApiError, invalid, plain, throttled
from nevent_sandbox.klaviyo.operations import OPERATIONS
from nevent_sandbox.klaviyo.query import parsed_query
from nevent_sandbox.klaviyo.settling import settle
from nevent_sandbox.klaviyo.shapes import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from nevent_sandbox.clock import Clock
    from nevent_sandbox.faults import Fault
    from nevent_sandbox.klaviyo.operation import Operation

MEDIA_TYPE = "application/vnd.api+json"
HANDLERS: dict[str, Callable[[Call], Answer]] = {
    name: handler
    for resource in (
        *(account, profile_pages, profiles, jobs, recording, events, lists, members, metrics),
        *(subscribing, suppressing, deletions),
        *(flows, flow_parts, segments, campaigns),
        *(message_reports, segment_reports, aggregates, mapped_metrics),
    )
    for name, handler in resource.HANDLERS.items()
}
_PATTERNS = [
    (operation.method, re.compile(re.sub(r"\{\w+\}", "[^/]+", operation.path)), operation.name)
    for operation in OPERATIONS.values()
]
BAD_REQUEST, TOO_MANY = 400, 429
_encode = msgspec.json.Encoder().encode


def build_klaviyo(*, clock: Clock, limits: str = "off") -> Starlette:
    """One account behind Klaviyo's API, and its control plane.

    `limits` is "real", "scaled=N" or "off".
    """
    own = Account(clock, limits)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        own.close()

    front = Middleware(
        Front,
        faults=own.faults,
        log=own.log,
        clock=clock,
        operation_of=operation_of,
        refusal=_ordered,
    )
    routes = [_route(own, operation) for operation in OPERATIONS.values()]
    app = Starlette(
        routes=[*control.routes(own), *routes],
        middleware=[front, Middleware(_Slashes)],
        exception_handlers={HTTPException: _unrouted},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


def operation_of(method: str, path: str) -> str:
    """The name of the operation that a path belongs to, or method and path."""
    path = path.rstrip("/")
    for own, pattern, name in _PATTERNS:
        if own == method and pattern.fullmatch(path):
            return name
    return f"{method} {path}"


def _route(own: Account, operation: Operation) -> Route:
    handler = HANDLERS[operation.name]

    async def endpoint(request: Request) -> Response:
        headers: dict[str, str] = {}
        try:
            key = key_of(request.headers)
            check_revision(request.headers)
            headers = own.limits.admit(operation, request.query_params)
            check_scopes(key, operation)
            body = await request.body()
            answer = await asyncio.get_running_loop().run_in_executor(
                own.worker, _answered, own, operation, handler, request, body
            )
        except ApiError as error:
            return _refusal(error, headers, own.knobs.pointers)
        if answer.items is not None and operation.name not in SCHEMAS:
            request.state.items = answer.items
        return _told(answer.status, answer.document, headers)

    return Route(operation.path, endpoint, methods=[operation.method])


def _answered(
    own: Account,
    operation: Operation,
    handler: Callable[[Call], Answer],
    request: Request,
    body: bytes,
) -> Answer:
    settle(own)
    document: Any = None
    if operation.name in SCHEMAS:
        body = request.state.plain = plain_body(body, request.headers)
        document = sound(operation.name, body)
        if document is None:
            document = decoded(body)
            request.state.items = _items(document)
            check_shape(operation.name, document)
        else:
            request.state.items = len(document.rows)
    pairs = request.query_params.multi_items()
    query = parsed_query(pairs, operation)
    host = str(request.base_url).rstrip("/")
    path = request.url.path.rstrip("/")
    call = Call(own, operation, dict(request.path_params), query, pairs, document, host, path)
    return handler(call)


def _items(document: Any) -> int | None:
    """How many records a body holds, as far as its shape tells."""
    try:
        data = document["data"]
        if isinstance(data, list):
            return len(data)
        attributes = data.get("attributes") or {}
        if "profiles" in attributes:
            return len(attributes["profiles"]["data"])
        if "events-bulk-create" in attributes:
            entries = attributes["events-bulk-create"]["data"]
            return sum(len(each["attributes"]["events"]["data"]) for each in entries)
    except (KeyError, TypeError, AttributeError):
        return None
    return 1


def _refusal(error: ApiError, headers: dict[str, str], pointers: str) -> Response:
    errors = error.errors
    if error.status == BAD_REQUEST and "pointer" in errors[0]["source"]:
        if pointers == "first":
            errors = errors[:1]
        elif pointers == "none":
            errors = [invalid("The payload provided in the request is invalid.", "/data")]
    if error.status == TOO_MANY:
        headers = {}  # Retry-After takes their place
    return _told(error.status, {"errors": errors}, {**headers, **error.headers})


def _told(status: int, document: Any, headers: dict[str, str]) -> Response:
    content = b"" if document is None else _encode(document)
    media_type = None if document is None else MEDIA_TYPE
    return Response(content, status, {**headers, "CID": KLAVIYO_ACCOUNT_ID}, media_type=media_type)


def _ordered(fault: Fault) -> Response:
    """The refusal that a test ordered."""
    status = fault.status or DEFAULT_STATUS
    error = throttled(fault.retry_after or 0) if status == TOO_MANY else plain(status)
    if fault.retry_after is not None and (status == TOO_MANY or fault.retry_after):
        error.headers["Retry-After"] = str(fault.retry_after)
    return _refusal(error, {}, "all")


async def _unrouted(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _refusal(plain(status), {}, "all")


class _Slashes:
    """ASGI middleware: a path with a trailing slash is the path without it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != "/":
            scope["path"] = scope["path"].rstrip("/")
        await self._app(scope, receive, send)
