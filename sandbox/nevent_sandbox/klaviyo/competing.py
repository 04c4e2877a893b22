"""Another process on the same key, as rate limits tell of it: it uses up the windows, too."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request  # noqa: TC002  # Starlette's endpoints are called with it
from starlette.responses import Response  # noqa: TC002  # the same
from starlette.routing import Route

from nevent_sandbox.control import told
from nevent_sandbox.klaviyo.operations import OPERATIONS

if TYPE_CHECKING:
    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.limits import Window

MOST_SECONDS = 86_400.0
MOST_RATE = 1_000.0  # a second


class Competition(msgspec.Struct, forbid_unknown_fields=True):
    """An order: requests of one operation at a steady rate, for so long."""

    operation: str  # "POST /api/profile-bulk-import-jobs"; the /api may be left out
    per_second: float
    seconds: float = 60.0


class Competitor:
    """One client that makes requests at a steady rate and takes no notice of its 429s.

    Nothing runs meanwhile: what it did since the last look is counted when somebody asks.
    """

    def __init__(self, order: Competition, since: float) -> None:
        self.operation = order.operation
        self.per_second = order.per_second
        self.since = since
        self.until = since + order.seconds
        self.admitted = 0
        self.refused = 0

    def count(self, windows: list[Window], now: float) -> None:
        """Make the requests that were due by now, each at its own time."""
        due = math.floor((min(now, self.until) - self.since) * self.per_second)
        for nth in range(self.admitted + self.refused + 1, due + 1):
            at = self.since + nth / self.per_second
            if any(window.left(at) <= 0 for window in windows):
                self.refused += 1
                continue
            self.admitted += 1
            for window in windows:
                window.count(at)

    def told(self) -> dict[str, Any]:
        """As the control plane tells of it; what it did is counted up to the last look."""
        return {
            "operation": self.operation,
            "per_second": self.per_second,
            "until": self.until,
            "admitted": self.admitted,
            "refused": self.refused,
        }


def routes(account: Account) -> list[Route]:
    """Start one more, look at them, end them all."""
    limits = account.limits

    async def start(request: Request) -> Response:
        try:
            order = msgspec.json.decode(await request.body(), type=Competition)
        except msgspec.DecodeError as error:
            return told({"error": str(error)}, 400)
        problem = _problem(order, limited=limits.limited)
        if problem:
            return told({"error": problem}, 400)
        if order.operation not in OPERATIONS:
            order.operation = order.operation.replace(" /", " /api/", 1)
        limits.compete(order)
        return told({"competitors": [each.told() for each in limits.competitors()]}, 201)

    async def look(_: Request) -> Response:
        return told({"competitors": [each.told() for each in limits.competitors()]})

    async def end(_: Request) -> Response:
        ended = [each.told() for each in limits.competitors()]
        limits.alone()
        return told({"competitors": ended})

    path = "/_sandbox/compete"
    return [
        Route(path, start, methods=["POST"]),
        Route(path, look, methods=["GET"]),
        Route(path, end, methods=["DELETE"]),
    ]


def _problem(order: Competition, *, limited: bool) -> str | None:
    if not limited:
        return "There are no limits to compete for: serve with --limits real or scaled=N."
    if not {order.operation, order.operation.replace(" /", " /api/", 1)} & OPERATIONS.keys():
        return f"There is no operation '{order.operation}'."
    if not 0 < order.per_second <= MOST_RATE:
        return f"per_second is more than 0 and at most {MOST_RATE:.0f}."
    if not 0 < order.seconds <= MOST_SECONDS:
        return f"seconds is more than 0 and at most {MOST_SECONDS:.0f}."
    return None
