"""A Nevent to talk to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from nevent_client.session import Session
from nevent_sandbox import Sandbox
from nevent_sandbox.credentials import NEVENT_REFRESH_TOKEN, NEVENT_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nevent_sandbox.nevent_handle import NeventHandle


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    """One sandbox for all tests of a process."""
    with Sandbox(fans=120) as sandbox:
        yield sandbox


@pytest.fixture
def nevent(served: Sandbox) -> NeventHandle:
    """Nevent as just served."""
    served.reset()
    return served.nevent


@pytest.fixture
def connect(nevent: NeventHandle) -> Iterator[Callable[..., Session]]:
    """Opens sessions with the sandbox's credentials, quick to try again."""
    opened: list[Session] = []

    def connected(**changes: Any) -> Session:
        settings = {
            "api_url": nevent.url,
            "data_api_url": nevent.url,
            "auth_token": NEVENT_TOKEN,
            "refresh_token": NEVENT_REFRESH_TOKEN,
            "pause": 0.01,
            **changes,
        }
        session = Session(**settings)
        opened.append(session)
        return session

    yield connected
    for session in opened:
        session.close()
