"""Another client on the same key, which takes its share of the rate limits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from nevent_sandbox import Sandbox
from nevent_sandbox.clock import Clock
from nevent_sandbox.klaviyo.competing import Competition
from nevent_sandbox.klaviyo.errors import ApiError
from nevent_sandbox.klaviyo.limits import Limits
from nevent_sandbox.klaviyo.operations import OPERATIONS

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

IMPORT = OPERATIONS["POST /api/profile-bulk-import-jobs"]  # ten a second, 150 a minute
OTHER = OPERATIONS["POST /api/event-bulk-create-jobs"]


class Hands(Clock):
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 1_800_000_000.0

    def time(self) -> float:
        """Where the hands stand."""
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move them."""
        self.at += by.total_seconds()


@pytest.fixture
def clock() -> Hands:
    """Standing still."""
    return Hands()


@pytest.fixture
def limits(clock: Hands) -> Limits:
    """As the vendor has them."""
    return Limits(clock, "real")


def _left(limits: Limits) -> int:
    return int(limits.admit(IMPORT, {})["RateLimit-Remaining"])


def test_a_competitor_uses_up_the_same_window(clock: Hands, limits: Limits) -> None:
    """RateLimit-Remaining falls by its requests and ours."""
    assert _left(limits) == 149
    limits.compete(Competition(IMPORT.name, per_second=2))
    clock.advance(timedelta(seconds=10))
    assert _left(limits) == 149 - 20 - 1


def test_a_competitor_fills_a_burst(clock: Hands, limits: Limits) -> None:
    """Ours are refused although we made none in this second."""
    limits.compete(Competition(IMPORT.name, per_second=20))
    clock.advance(timedelta(seconds=0.625))
    with pytest.raises(ApiError) as refusal:
        limits.admit(IMPORT, {})
    assert refusal.value.headers == {"Retry-After": "1"}
    (competitor,) = limits.competitors()
    assert (competitor.admitted, competitor.refused) == (10, 2)


def test_a_competitor_ends_by_itself(clock: Hands, limits: Limits) -> None:
    """After the seconds that it was given."""
    limits.compete(Competition(IMPORT.name, per_second=1, seconds=5))
    clock.advance(timedelta(seconds=30))
    assert _left(limits) == 150 - 5 - 1
    clock.advance(timedelta(seconds=10))
    assert _left(limits) == 150 - 5 - 2


def test_a_competitor_leaves_other_operations_alone(clock: Hands, limits: Limits) -> None:
    """Windows are of one operation each."""
    limits.compete(Competition(IMPORT.name, per_second=2))
    clock.advance(timedelta(seconds=10))
    assert limits.admit(OTHER, {})["RateLimit-Remaining"] == "149"


def test_a_competitor_is_ordered_over_http() -> None:
    """Started, told of, ended; its requests show in the headers."""
    headers = {"Authorization": "Klaviyo-API-Key pk_sandbox_full", "revision": "2026-07-15"}
    with Sandbox(fans=0, limits="real", only="klaviyo") as sandbox:
        klaviyo = sandbox.klaviyo
        klaviyo.compete("GET /lists", per_second=1, seconds=100)
        klaviyo.advance(hours=20 / 3600)
        left = httpx.get(f"{klaviyo.url}/api/lists", headers=headers).headers["RateLimit-Remaining"]
        assert int(left) in range(700, 730)
        assert klaviyo.competitors()[0]["admitted"] >= 20
        assert klaviyo.alone()[0]["operation"] == "GET /api/lists"
        assert klaviyo.competitors() == []


def test_nobody_competes_where_there_are_no_limits(klaviyo: KlaviyoHandle) -> None:
    """It would change nothing: the order is refused."""
    with pytest.raises(ValueError, match="no limits to compete for"):
        klaviyo.compete("POST /profile-bulk-import-jobs", per_second=1)


@pytest.mark.parametrize(
    ("operation", "per_second", "seconds"),
    [("GET /nothing", 1, 60), ("GET /lists", 0, 60), ("GET /lists", 1, 0), ("GET /lists", 1, 1e9)],
)
def test_an_order_that_makes_no_sense_is_refused(
    operation: str, per_second: float, seconds: float
) -> None:
    """An unknown operation, no rate, no end."""
    with (
        Sandbox(fans=0, limits="real", only="klaviyo") as sandbox,
        pytest.raises(ValueError, match="400"),
    ):
        sandbox.klaviyo.compete(operation, per_second=per_second, seconds=seconds)
