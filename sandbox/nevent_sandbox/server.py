"""Both sides served on this machine's loopback address, each by its own thread."""

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
    from starlette.types import ASGIApp, Receive, Scope, Send

    from nevent_sandbox.handle import Handle

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
    """

    def __init__(
        self,
        *,
        fans: int = 50,
        seed: int = 42,
        limits: str = "off",
        latency_ms: float = 0,
        nevent_contract: str = "assumed",
        nevent_port: int = 0,
        klaviyo_port: int = 0,
    ) -> None:
        from nevent_sandbox.nevent import build_nevent  # noqa: PLC0415  # pools of names are big
        from nevent_sandbox.nevent_handle import NeventHandle  # noqa: PLC0415  # the same

        self.clock = Clock()
        sockets = _bound(nevent_port, klaviyo_port)
        nevent = build_nevent(
            clock=self.clock, fans=fans, seed=seed, contract=nevent_contract, limits=limits
        )
        klaviyo = build_klaviyo(clock=self.clock, limits=limits)
        apps = [_Latency(app, latency_ms / 1000) for app in (nevent, klaviyo)]
        self._servers = [_Served(app, sock) for app, sock in zip(apps, sockets, strict=True)]
        urls = [f"http://{HOST}:{sock.getsockname()[1]}" for sock in sockets]
        self.nevent = NeventHandle(urls[0])
        self.klaviyo = KlaviyoHandle(urls[1])

    def start(self) -> None:
        """Serve; returns when both sides answer."""
        for server in self._servers:
            server.begin()

    def stop(self) -> None:
        """End both servers and let go of every file."""
        handles: list[Handle] = [self.nevent, self.klaviyo]
        for handle in handles:
            handle.close()
        for server in self._servers:
            server.end()

    def reset(self) -> None:
        """Both sides as if just served."""
        self.nevent.reset()
        self.klaviyo.reset()

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
        if self._seconds and scope["type"] == "http" and not scope["path"].startswith(CONTROL):
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
