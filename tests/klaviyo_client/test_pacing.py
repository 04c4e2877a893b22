"""Requests keep within Klaviyo's windows, wherever those begin."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st
from klaviyo_client import Operation
from klaviyo_client.pacing import Pacer


def _schedule(operation: Operation, requests: int) -> list[float]:
    pacer = Pacer()
    return [time.monotonic() + pacer.reserve(operation) for _ in range(requests)]


@settings(max_examples=25)
@given(st.integers(1, 75), st.integers(1, 10), st.integers(1, 400))
def test_no_second_and_no_minute_ever_holds_more_than_allowed(
    burst: int, factor: int, requests: int
) -> None:
    """The k-th request after one is at least a window away from it."""
    steady = burst * factor
    moments = _schedule(Operation("GET", "/api/x", burst, steady, ()), requests)
    for limit, window in ((burst, 1.0), (steady, 60.0)):
        gaps = [later - earlier for earlier, later in zip(moments, moments[limit:], strict=False)]
        assert all(gap >= window for gap in gaps)


def test_the_whole_minute_quota_is_used() -> None:
    """Pacing costs at most two per cent of what Klaviyo allows."""
    moments = _schedule(Operation("POST", "/api/x", 10, 150, ()), 1_501)
    assert moments[-1] - moments[0] <= 600 * 1.02


def test_operations_have_quotas_of_their_own() -> None:
    """Reading jobs does not slow down sending them."""
    pacer = Pacer()
    for _ in range(10):
        pacer.reserve(Operation("POST", "/api/x", 10, 150, ()))
    assert pacer.reserve(Operation("GET", "/api/x", 10, 150, ())) == 0


def test_a_retry_after_quiets_the_operation_for_every_thread() -> None:
    """Whoever asks next waits as long as Klaviyo said."""
    pacer = Pacer()
    operation = Operation("POST", "/api/x", 10, 150, ())
    pacer.quiet(operation, 30)
    assert 29 < pacer.reserve(operation) <= 30


def test_none_left_by_klaviyos_own_count_waits_for_the_window_to_end() -> None:
    """Another program uses the same account: its requests count as ours."""
    pacer = Pacer()
    operation = Operation("POST", "/api/x", 10, 150, ())
    pacer.told(operation, remaining=3, reset=20)
    assert pacer.reserve(operation) == 0
    pacer.told(operation, remaining=0, reset=20)
    assert 19 < pacer.reserve(operation) <= 20
