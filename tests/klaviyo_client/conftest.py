"""A Klaviyo to talk to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from klaviyo_client import KlaviyoSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nevent_sandbox.handles import KlaviyoHandle


@pytest.fixture
def connect(klaviyo: KlaviyoHandle) -> Iterator[Callable[..., KlaviyoSession]]:
    """Opens sessions on the sandbox's account."""
    opened: list[KlaviyoSession] = []

    def connected(key: str = "pk_sandbox_full", **changes: Any) -> KlaviyoSession:
        opened.append(KlaviyoSession(key, **{"api_url": klaviyo.url, **changes}))
        return opened[-1]

    yield connected
    for session in opened:
        session.close()


@pytest.fixture
def session(connect: Callable[..., KlaviyoSession]) -> KlaviyoSession:
    """A session that may do everything."""
    return connect()
