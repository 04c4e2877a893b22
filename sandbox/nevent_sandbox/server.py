"""The sides served on this machine's loopback address, each by its own thread."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from nevent_sandbox.clock import Clock
from nevent_sandbox.front import ABORT, CONTROL
from nevent_sandbox.handles import KlaviyoHandle
from nevent_sandbox.klaviyo import build_klaviyo

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from nevent_sandbox.handle import Handle
    from nevent_sandbox.nevent_handle import NeventHandle

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds to start or to stop in


class Sandbox:
    """Nevent and Klaviyo on free ports, until the `with` block ends.

    Args:
        fans: people known to Nevent; 0 serves an empty tenant.
        seed: decides every generated value.
        limits: Klaviyo's rate limits and those of Nevent's forms: "real", "scaled=N" (windows N
            times shorter) or "off".
        latency_ms: waited before every answer.
        nevent_contract: "assumed" or "published": which paths and fields Nevent has.
        nevent_port, klaviyo_port: 0 takes a free one.
        only: "nevent" or "klaviyo" serves this side alone; the other one has no handle.
        keep: a folder for Nevent's pages, which the next one with the same fans takes from there.
    """

    nevent: NeventHandle
    klaviyo: KlaviyoHandle

    def __init__(  # noqa: PLR0913  # each is a choice of its own
        self,
        *,
        fans: int = 50,
        seed: int = 42,
        limits: str = "off",
        latency_ms: float = 0,
        nevent_contract: str = "assumed",
        nevent_port: int = 0,
        klaviyo_port: int = 0,
        only: str | None = None,
        keep: Path | None = None,
    ) -> None:
        self.clock = Clock()
        self._servers: list[_Served] = []
        self._handles: list[Handle] = []
        ports = {"nevent": nevent_port, "klaviyo": klaviyo_port}
        served = {side: port for side, port in ports.items() if only in {None, side}}
        sockets = dict(zip(served, _bound(*served.values()), strict=True))
        urls = {side: f"http://{HOST}:{sock.getsockname()[1]}" for side, sock in sockets.items()}
        apps: dict[str, ASGIApp] = {}
        if "nevent" in served:
            from nevent_sandbox.nevent import build_nevent  # noqa: PLC0415  # its pools are big
            from nevent_sandbox.nevent_handle import NeventHandle  # noqa: PLC0415  # the same

            apps["nevent"] = build_nevent(
                clock=self.clock,
                fans=fans,
                seed=seed,
                contract=nevent_contract,
                limits=limits,
                keep=keep,
            )
            self.nevent = NeventHandle(urls["nevent"])
            self._handles.append(self.nevent)
        if "klaviyo" in served:
            apps["klaviyo"] = build_klaviyo(clock=self.clock, limits=limits)
            self.klaviyo = KlaviyoHandle(urls["klaviyo"])
            self._handles.append(self.klaviyo)
        for side, app in apps.items():
            late = _Latency(app, latency_ms / 1000) if latency_ms else app
            self._servers.append(_Served(late, sockets[side]))

    def start(self) -> None:
        """Serve; returns when all sides answer."""
        for server in self._servers:
            server.begin()

    def stop(self) -> None:
        """End all servers and let go of every file."""
        for handle in self._handles:
            handle.close()
        for server in self._servers:
            server.end()

    def reset(self) -> None:
        """All sides as if just served."""
        for handle in self._handles:
            handle.reset()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Served:
    """One application on one socket, in a thread of its own."""

    def __init__(self, app: ASGIApp, sock: socket.socket) -> None:
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            lifespan="on",
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._sock = sock
        self._thread = threading.Thread(target=self._server.run, args=([sock],), daemon=True)

    def begin(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + PATIENCE
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("The sandbox did not start; the log above says why.")
            time.sleep(0.005)

    def end(self) -> None:
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)
        self._sock.close()


class _Latency:
    """ASGI middleware that answers late, but for the control plane."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(CONTROL):
            await asyncio.sleep(self._seconds)
        await self._app(scope, receive, send)


class _Protocol(HttpToolsProtocol):
    """Hands applications a way to cut the connection, as an ASGI extension."""

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: dict[str, Any] = {ABORT: self.transport.abort}
        self.scope["extensions"] = extensions


def _bound(*ports: int) -> list[socket.socket]:
    """A socket for each port, or none at all."""
    sockets: list[socket.socket] = []
    for port in ports:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sockets.append(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, port))
            sock.listen()
        except OSError as error:
            for each in sockets:
                each.close()
            why = f"Port {port} cannot be used ({error.strerror}); choose another."
            raise OSError(why) from error
    return sockets
