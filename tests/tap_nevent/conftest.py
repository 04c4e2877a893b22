"""A sandbox and a tap that runs against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from nevent_extraction import Output, Record, run
from nevent_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nevent_sandbox.nevent_handle import NeventHandle


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    """One sandbox with sixty fans for all tests of a process."""
    with Sandbox(fans=60) as sandbox:
        yield sandbox


@pytest.fixture
def nevent(served: Sandbox) -> NeventHandle:
    """Nevent as just served."""
    served.reset()
    return served.nevent


@pytest.fixture
def extract(nevent: NeventHandle) -> Callable[..., Output]:
    """Runs the tap against the sandbox."""

    def extracting(state: Record | None = None, *streams: str, **changes: Any) -> Output:
        return run(nevent.url, state, streams, **changes)

    return extracting
