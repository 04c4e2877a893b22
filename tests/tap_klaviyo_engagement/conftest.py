"""A tap that runs against the sandbox's Klaviyo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from klaviyo_extraction import Output, Record, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle


@pytest.fixture(autouse=True)
def _brisk(brisk: None) -> None:
    """No test waits for a quota or a retry."""


@pytest.fixture
def extract(klaviyo: KlaviyoHandle) -> Callable[..., Output]:
    """Runs the tap against the sandbox."""

    def extracting(state: Record | None = None, *streams: str, **changes: Any) -> Output:
        return run(klaviyo.url, state, streams, **changes)

    return extracting
