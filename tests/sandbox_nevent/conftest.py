"""A Nevent side on a free port, alone, and a client that pages through it."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn
from nevent_sandbox.clock import Clock
from nevent_sandbox.credentials import NEVENT_TOKEN
from nevent_sandbox.handle import tls
from nevent_sandbox.nevent import build_nevent
from nevent_sandbox.nevent_handle import NeventHandle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

Row = dict[str, Any]


class Nevent(NeventHandle):
    """The handle, and the API itself with a valid token."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        headers = {"Authorization": f"Bearer {NEVENT_TOKEN}"}
        self.api = httpx.Client(
            base_url=url, headers=headers, timeout=60, trust_env=False, verify=tls()
        )

    def get(self, path: str, **query: Any) -> Any:
        """The body of a 200."""
        answer = self.api.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, path: str, **query: Any) -> list[Row]:
        """All rows of all pages."""
        found: list[Row] = []
        for number in range(10_000):
            page = self.get(path, page=number, **{"size": 1000, **query})
            found += page["content"]
            if page["last"]:
                break
        return found

    def query(self, **body: Any) -> list[Row]:
        """The rows of an analytics query."""
        answer = self.api.post("/analytics/query", json=body)
        assert answer.status_code == 200, answer.text
        rows: list[Row] = answer.json()["data"]["data"]
        return rows

    def close(self) -> None:
        """Let go of both connections."""
        self.api.close()
        super().close()


@contextmanager
def served(**options: Any) -> Iterator[Nevent]:
    """A Nevent side with these options, served until the block ends."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            build_nevent(clock=Clock(), **options), log_level="warning", date_header=False
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([sock],), daemon=True)
        sock.listen()  # requests wait in the socket until the server takes it
        thread.start()
        nevent = Nevent(f"http://127.0.0.1:{sock.getsockname()[1]}")
        try:
            nevent.counts()
            yield nevent
        finally:
            nevent.close()
            server.should_exit = True
            thread.join(30)


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[Nevent]]:
    """Serves another Nevent side for one test."""
    return served


@pytest.fixture(scope="session")
def audience() -> Iterator[Nevent]:
    """Three hundred fans that no test changes."""
    with served(fans=300) as nevent:
        yield nevent


@pytest.fixture(scope="session")
def _changing() -> Iterator[Nevent]:
    with served(fans=120) as nevent:
        yield nevent


@pytest.fixture
def nevent(_changing: Nevent) -> Nevent:
    """A hundred and twenty fans, as at the start of each test."""
    _changing.reset()
    return _changing
