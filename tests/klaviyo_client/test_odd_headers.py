"""Headers that are missing, or that something between Klaviyo and us has made up."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from klaviyo_client import KlaviyoSession, Operation
from klaviyo_client.answers import RetryError, failure
from klaviyo_client.pacing import Quota

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ANY = Operation("GET", "/api/x", 10, 150, ())


@contextmanager
def _answering(headers: Mapping[str, str]) -> Iterator[KlaviyoSession]:
    """A session with a server that answers `{}` with these headers, and no Date of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    session = KlaviyoSession("pk_x", api_url=f"http://127.0.0.1:{server.server_port}")
    try:
        yield session
    finally:
        session.close()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Date": "soon"},
        {"Date": "Tue, 24 Nov 2026 16:00:00"},
        {"Date": "Tue, 24 Nov 2026 16:00:00 -0000"},
        {"RateLimit-Remaining": "many", "RateLimit-Reset": "2026-11-24T16:00:00Z"},
        {"RateLimit-Remaining": "-1", "RateLimit-Reset": "-1"},
        {"RateLimit-Remaining": "\u00b2", "RateLimit-Reset": "\u00b2"},
        {"RateLimit-Remaining": "149"},
    ],
)
def test_headers_that_tell_nothing_end_no_run(headers: dict[str, str]) -> None:
    """The answer itself is good."""
    with _answering(headers) as session:
        assert session.get(ANY) == {}
        assert session.get(ANY) == {}
        assert session.now()


@pytest.mark.parametrize("remaining", [0, 1, 149])
def test_a_minute_ends_within_a_minute_whatever_is_told(remaining: int) -> None:
    """Many servers tell the moment of the reset, in seconds since 1970."""
    quota = Quota(ANY)
    number = quota.take(0)
    quota.told(number, 0.1, remaining=remaining, reset=1_790_000_000)
    assert quota.due(0.1) <= 61
    quota.take(61)
    assert quota.due(61) <= 62


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (None, None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("0", 1),
        ("7", 7),
    ],
)
def test_a_refusal_that_tells_no_time_is_waited_out_longer_each_time(
    told: str | None, seconds: int | None
) -> None:
    """A second each would be over long before the minute is."""
    response = httpx.Response(429, headers={"Retry-After": told} if told else {})
    error = failure(ANY, response)
    assert isinstance(error, RetryError)
    assert error.seconds == seconds
