"""How much of the vendor's ceiling was used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.ceilings import Allowed, pace

IMPORT = "POST /api/profile-bulk-import-jobs"
ALLOWED = Allowed(IMPORT, 150, 10_000, 5_000_000)  # one every 0.4 s
BEGAN = datetime(2026, 5, 1, tzinfo=UTC)


def _log(*sent: tuple[float, int, int], status: int = 202) -> list[dict[str, Any]]:
    """Requests: when they came (seconds), items, bytes. Each takes a quarter of a second."""
    return [
        {
            "operation": IMPORT,
            "path": "/api/profile-bulk-import-jobs",
            "status": status,
            "items": items,
            "bytes": size,
            "ms": 250.0,
            "at": (BEGAN + timedelta(seconds=at + 0.25)).isoformat(),
        }
        for at, items, size in sent
    ]


def test_full_requests_at_the_steady_distance_are_all_that_is_allowed() -> None:
    """A hundred percent is reached when, and only when, the quota is used up."""
    found = pace(_log(*((n * 0.4, 10_000, 4_000_000) for n in range(151))), ALLOWED)
    assert found.share == pytest.approx(1)
    assert found.ceiling == pytest.approx(25_000)
    assert found.rate == pytest.approx(25_000)
    assert found.seconds == pytest.approx(60)
    assert found.items == 1_510_000


def test_bodies_full_by_their_bytes_are_full() -> None:
    """Of big profiles fewer fit, and that is the vendor's limit, not ours."""
    found = pace(_log(*((n * 0.4, 5_000, 5_000_000) for n in range(10))), ALLOWED)
    assert found.share == pytest.approx(1)
    assert found.ceiling == pytest.approx(12_500)


def test_a_last_request_that_is_not_full_costs_nothing() -> None:
    """Something is always left over at the end."""
    full = [(n * 0.4, 10_000, 4_000_000) for n in range(10)]
    assert pace(_log(*full, (4.0, 17, 6_800)), ALLOWED).share == pytest.approx(1)


@pytest.mark.parametrize("full", [0.5, 0.9])
def test_requests_that_are_not_full_lower_the_share(full: float) -> None:
    """Quota spent on half a request is lost."""
    items, size = int(10_000 * full), int(4_000_000 * full)
    found = pace(_log(*((n * 0.4, items, size) for n in range(50))), ALLOWED)
    assert found.share == pytest.approx(full)


def test_late_requests_lower_the_share() -> None:
    """Quota that is not used is lost."""
    found = pace(_log(*((n * 0.8, 10_000, 4_000_000) for n in range(50))), ALLOWED)
    assert found.share == pytest.approx(0.5)


def test_what_was_refused_does_not_count() -> None:
    """Only what Klaviyo took has arrived; other operations are others' business."""
    taken = _log((0, 10_000, 4_000_000), (0.4, 10_000, 4_000_000))
    other = [{**each, "operation": "GET /api/lists"} for each in taken]
    refused = _log((0.2, 10_000, 4_000_000), status=429)
    found = pace([*taken, *refused, *other], ALLOWED)
    assert (found.requests, found.items) == (2, 20_000)
    assert found.share == pytest.approx(1)


def test_what_is_read_twice_counts_once() -> None:
    """Pages that overlap are no faster than those that do not."""
    log = _log((0, 60, 0), (1, 60, 0), (2, 60, 0))
    found = pace(log, Allowed(IMPORT, 60, 60), items=150)
    assert found.items == 150
    assert found.rate == pytest.approx(50)
    assert found.share == pytest.approx(50 / 60)


def test_one_request_alone_has_no_rate() -> None:
    """There is no time between a first request and itself; nor is there any in no request."""
    assert pace(_log((0, 10, 100)), ALLOWED).rate is None
    assert pace([], ALLOWED).share is None


def test_nevent_has_no_ceiling() -> None:
    """It documents no limit, so there is nothing to have a share of."""
    found = pace(_log((0, 100, 0), (1, 100, 0)), Allowed(IMPORT, None, 100))
    assert found.rate == pytest.approx(100)
    assert found.share is None
