"""The sandbox as a process and as a context manager."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
from nevent_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADERS = {"Authorization": "Klaviyo-API-Key pk_sandbox_full", "revision": "2026-07-15"}


@pytest.fixture(scope="module")
def limited() -> Iterator[Sandbox]:
    """A sandbox of its own with real limits."""
    with Sandbox(fans=0, limits="real") as served:
        yield served


def test_over_http_the_second_account_read_in_a_second_is_429(limited: Sandbox) -> None:
    """Retry-After takes the place of the other headers."""
    url = f"{limited.klaviyo.url}/api/accounts"
    first, second = (httpx.get(url, headers=HEADERS) for _ in range(2))
    assert (first.status_code, first.headers["RateLimit-Limit"]) == (200, "15")
    assert (second.status_code, second.headers["Retry-After"]) == (429, "1")
    assert "RateLimit-Limit" not in second.headers
    (error,) = second.json()["errors"]
    assert error["code"] == "throttled"
    assert error["detail"].endswith("Expected available in 1 second.")


def test_two_sandboxes_share_nothing(limited: Sandbox) -> None:
    """Each has its ports and its data."""
    with Sandbox(fans=0) as other:
        httpx.post(
            f"{other.klaviyo.url}/api/lists",
            headers={**HEADERS, "Content-Type": "application/vnd.api+json"},
            json={"data": {"type": "list", "attributes": {"name": "Fans"}}},
        )
        assert (other.klaviyo.counts()["lists"], limited.klaviyo.counts()["lists"]) == (1, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_where_it_serves_and_ends_cleanly(number: signal.Signals) -> None:
    """URLs, credentials, the three variables; exit code 0."""
    command = [sys.executable, "-c", "from nevent_sandbox.cli import cli; cli()", "serve"]
    options = ["--nevent-port", "0", "--klaviyo-port", "0", "--fans", "5"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(6)]
        variables = dict(line.strip().split("=", 1) for line in told[3:])
        state = httpx.get(f"{variables['TARGET_KLAVIYO_API_URL']}/_sandbox/state?kind=counts")
        process.send_signal(number)
        assert process.wait(timeout=30) == 0
    assert state.json()["counts"]["profiles"] == 0
    assert {"TAP_NEVENT_API_URL", "TAP_NEVENT_DATA_API_URL"} < variables.keys()


@pytest.mark.parametrize("only", ["nevent", "klaviyo"])
def test_one_side_can_be_served_alone(only: str) -> None:
    """Its handle is there, the other one is not."""
    with Sandbox(fans=3, only=only) as sandbox:
        assert getattr(sandbox, only).counts()
        assert not hasattr(sandbox, {"nevent": "klaviyo", "klaviyo": "nevent"}[only])
        sandbox.reset()


def test_a_port_in_use_is_told_in_one_line(limited: Sandbox) -> None:
    """With what to do."""
    port = int(limited.klaviyo.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="choose another"):
        Sandbox(fans=0, klaviyo_port=port)
