"""One sandbox for the whole run; each test starts with both sides as if just served."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import hypothesis
import pytest
import tenacity
from klaviyo_client import pacing, waiting
from nevent_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nevent_sandbox.handles import KlaviyoHandle
    from nevent_sandbox.nevent_handle import NeventHandle

# Folders, the one that takes longest first.
LONGEST = ("tests/end_to_end", "tests/chaos", "tests/both_ways", "tests/benchmark")

# A busy machine is no slow function.
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: a worker that begins one last works on when all others are idle."""
    items.sort(key=lambda item: [not item.nodeid.startswith(each) for each in LONGEST])


@pytest.fixture(autouse=True)
def _console() -> Iterator[None]:
    """Take away the handler that each call of a command line adds for its stderr (SDK 0.54)."""
    yield
    root = logging.getLogger()
    for handler in [each for each in root.handlers if type(each) is logging.StreamHandler]:
        root.removeHandler(handler)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Both sides, without rate limits, with a handful of fans."""
    with Sandbox(fans=20, limits="off") as served:
        yield served


@pytest.fixture
def klaviyo(sandbox: Sandbox) -> KlaviyoHandle:
    """An empty Klaviyo account, at the present time."""
    sandbox.clock.reset()
    sandbox.klaviyo.reset()
    return sandbox.klaviyo


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process nothing is waited for: no quota of a sandbox that counts none, no retry.

    How requests are paced and tried again is tested in klaviyo_client.
    """
    monkeypatch.setattr(pacing, "SECOND", 0.01)
    monkeypatch.setattr(pacing, "MINUTE", 0.6)
    monkeypatch.setattr(waiting, "_BACKOFF", tenacity.wait_fixed(0.01))


@pytest.fixture
def nevent(sandbox: Sandbox) -> NeventHandle:
    """A Nevent tenant as it was generated."""
    sandbox.nevent.reset()
    return sandbox.nevent
