"""A sandbox and both directions for the tests of one file, which build on each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from nevent_sandbox import Sandbox
from pipelines import BACK, FORWARD, Direction

if TYPE_CHECKING:
    from collections.abc import Iterator


class Both(NamedTuple):
    """Both sides, and the ways between them."""

    sandbox: Sandbox
    forward: Direction
    back: Direction

    def writes(self) -> list[str]:
        """What was written to either side since this was asked last: operations."""
        found = []
        for side in (self.sandbox.klaviyo, self.sandbox.nevent):
            found += [each["operation"] for each in side.requests() if each["method"] != "GET"]
            side.clear_requests()
        return [each for each in found if each not in READING]


READING = {
    "POST /analytics/query",
    "POST /segments/execute",
    "POST /auth/refresh",
    "POST /api/campaign-values-reports",
    "POST /api/flow-values-reports",
    "POST /api/segment-values-reports",
}
"""Requests that ask with a body."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Nothing has run yet."""
    folder = tmp_path_factory.mktemp("both")
    with Sandbox(fans=20, limits="off") as sandbox:
        yield Both(sandbox, Direction(FORWARD, sandbox, folder), Direction(BACK, sandbox, folder))
