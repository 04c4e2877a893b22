"""The door of a side of the sandbox: request log and faults, before any rule applies."""

from __future__ import annotations

import asyncio
import time
import zlib
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from nevent_sandbox.faults import AT_THE_DOOR
from nevent_sandbox.requestlog import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from nevent_sandbox.clock import Clock
    from nevent_sandbox.faults import Fault, Faults
    from nevent_sandbox.requestlog import RequestLog

ABORT = "nevent_sandbox.abort"  # ASGI extension: cuts the connection
CONTROL = "/_sandbox"
MOST_BYTES = 32_000_000  # of a body that is read at all; what follows is thrown away
CHALLENGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    "<body>Checking that the connection is secure.</body></html>"
)


class Front:
    """ASGI middleware for everything but the control plane.

    Args:
        operation_of: method and path → "METHOD /path/{template}", or the path as it is.
        refusal: the body that this side answers an ordered refusal with.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        faults: Faults,
        log: RequestLog,
        clock: Clock,
        operation_of: Callable[[str, str], str],
        refusal: Callable[[Fault], Response],
    ) -> None:
        self._app = app
        self._faults = faults
        self._log = log
        self._clock = clock
        self._operation_of = operation_of
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, and note it."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        visit = _Visit(scope, receive, send, self._clock)
        begun = time.perf_counter()
        number = self._log.next_number()
        operation = self._operation_of(scope["method"], scope["path"])
        await visit.read()
        try:
            await self._serve(visit, operation)
        finally:
            query = scope["query_string"].decode("latin-1")
            body = visit.state.get("plain") or _inflated(scope, visit.body)
            entry = Entry(
                n=number,
                method=scope["method"],
                path=scope["path"] + (f"?{query}" if query else ""),
                operation=operation,
                status=visit.status,
                items=visit.state.get("items"),
                bytes=len(body),
                ms=round((time.perf_counter() - begun) * 1000, 3),
                at=self._clock.now().isoformat(),
            )
            self._log.add(entry, body)

    async def _serve(self, visit: _Visit, operation: str) -> None:
        fault = self._faults.take(operation, *AT_THE_DOOR)
        if fault is not None and fault.kind == "delay":  # once a request; another may come upon it
            resets = self._faults.resets
            await asyncio.sleep(fault.seconds)
            if self._faults.resets != resets:  # whom it was sent to is no more
                await visit.cut()
                return
            fault = self._faults.take(operation, *(set(AT_THE_DOOR) - {"delay"}))
        if fault is None:
            await self._app(visit.scope, visit.replay, visit.watch)
        elif fault.kind == "refuse":
            await visit.answer(self._refusal(fault))
        elif fault.kind == "html_403":
            page = HTMLResponse(CHALLENGE, 403, {"cf-mitigated": "challenge"})
            await visit.answer(page)
        elif fault.kind == "drop":
            await visit.cut()
        else:
            await self._app(visit.scope, visit.replay, _swallow)
            await visit.cut()


class _Visit:
    """One request: its body, read whole, and the status it is answered with."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, clock: Clock) -> None:
        self.scope = scope
        self.state: dict[str, Any] = scope.setdefault("state", {})
        self.body = b""
        self.status: int | None = None
        self._receive = receive
        self._send = send
        self._told = False
        self._clock = clock

    async def read(self) -> None:
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self._receive()
            if message["type"] != "http.request":
                return
            part = message.get("body", b"")
            if size <= MOST_BYTES:
                parts.append(part)
            size += len(part)
            more = message.get("more_body", False)
        self.body = b"".join(parts)

    async def replay(self) -> Message:
        if self._told:
            return await self._receive()
        self._told = True
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def watch(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message).setdefault(
                "date", format_datetime(self._clock.now(), usegmt=True)
            )
        await self._send(message)

    async def answer(self, response: Response) -> None:
        await response(self.scope, self.replay, self.watch)

    async def cut(self) -> None:
        """Close the connection without a word, and wait until it is."""
        self.scope["extensions"][ABORT]()
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def _swallow(message: Message) -> None:
    """Answer nobody."""


def _inflated(scope: Scope, body: bytes) -> bytes:
    if Request(scope).headers.get("content-encoding") != "gzip":
        return body
    try:
        return zlib.decompressobj(wbits=31).decompress(body, MOST_BYTES)
    except zlib.error:
        return body
