"""Klaviyo's rate limits, on a clock that tests move."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from nevent_sandbox.clock import Clock
from nevent_sandbox.klaviyo.errors import ApiError
from nevent_sandbox.klaviyo.limits import Limits, window_scale
from nevent_sandbox.klaviyo.operations import OPERATIONS

IMPORT = OPERATIONS["POST /api/profile-bulk-import-jobs"]
LISTS = OPERATIONS["GET /api/lists"]
CREATE_LIST = OPERATIONS["POST /api/lists"]
REPORT = "POST /api/campaign-values-reports"
PROFILES = OPERATIONS["GET /api/profiles"]


class Hands(Clock):
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.at = datetime(2026, 7, 15, tzinfo=UTC).timestamp()

    def time(self) -> float:
        """Where the hands stand."""
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move them."""
        self.at += by.total_seconds()


SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def clock() -> Hands:
    """Standing still."""
    return Hands()


def _wait(limits: Limits, operation: str = IMPORT.name, **query: str) -> int | None:
    """Seconds to wait; None when the request is let in."""
    try:
        limits.admit(OPERATIONS[operation], query)
    except ApiError as error:
        return int(error.headers["Retry-After"])
    return None


def test_the_eleventh_import_within_a_second_has_to_wait_one(clock: Hands) -> None:
    """Burst."""
    limits = Limits(clock, "real")
    assert [_wait(limits) for _ in range(11)] == [None] * 10 + [1]
    clock.advance(SECOND)
    assert _wait(limits) is None


def test_150_imports_fill_a_minute(clock: Hands) -> None:
    """Steady: the window began with the first of them."""
    limits = Limits(clock, "real")
    for _ in range(15):
        assert [_wait(limits) for _ in range(10)] == [None] * 10
        clock.advance(SECOND)
    assert _wait(limits) == 45
    clock.advance(timedelta(seconds=45))
    assert _wait(limits) is None


def test_150_lists_fill_a_day(clock: Hands) -> None:
    """Daily."""
    limits = Limits(clock, "real")
    for _ in range(150):
        assert _wait(limits, CREATE_LIST.name) is None
        clock.advance(SECOND)
    assert _wait(limits, CREATE_LIST.name) == 86_400 - 150
    clock.advance(DAY)
    assert _wait(limits, CREATE_LIST.name) is None


@pytest.mark.parametrize(("mode", "scale"), [("real", 1), ("scaled=60", 60)])
def test_225_reports_fill_a_day(clock: Hands, mode: str, scale: int) -> None:
    """Two a minute; then it is hours that one is told to wait. Each kind counts by itself."""
    limits, day = Limits(clock, mode), 86_400 / scale
    half_minute = timedelta(seconds=30 / scale)
    for _ in range(225):
        assert _wait(limits, REPORT) is None
        clock.advance(half_minute)
    assert _wait(limits, REPORT) == math.ceil(day - 225 * half_minute.total_seconds())
    assert _wait(limits, "POST /api/flow-values-reports") is None
    clock.advance(timedelta(seconds=day))
    assert _wait(limits, REPORT) is None


def test_the_third_report_of_a_minute_has_to_wait(clock: Hands) -> None:
    """One a second, two a minute."""
    limits = Limits(clock, "real")
    assert [_wait(limits, REPORT) for _ in range(2)] == [None, 1]
    clock.advance(SECOND)
    assert [_wait(limits, REPORT) for _ in range(2)] == [None, 59]


def test_reading_and_writing_one_path_are_counted_apart(clock: Hands) -> None:
    """The counter is the operation's."""
    limits = Limits(clock, "real")
    assert [_wait(limits) for _ in range(11)][-1] == 1
    assert _wait(limits, "GET /api/profile-bulk-import-jobs") is None


def test_headers_tell_of_the_minute(clock: Hands) -> None:
    """Limit, what remains of it, and when it begins anew."""
    limits = Limits(clock, "real")
    limits.admit(LISTS, {})
    clock.advance(timedelta(seconds=20))
    assert limits.admit(LISTS, {}) == {
        "RateLimit-Limit": "750",
        "RateLimit-Remaining": "748",
        "RateLimit-Reset": "40",
    }


def test_predictions_make_reading_profiles_slower(clock: Hands) -> None:
    """10 a second instead of 75, in addition and across operations."""
    limits, query = Limits(clock, "real"), {"additional-fields[profile]": "predictive_analytics"}
    for _ in range(10):
        assert _wait(limits, PROFILES.name, **query) is None
    assert _wait(limits, "GET /api/profiles/{id}", **query) == 1
    assert _wait(limits, PROFILES.name) is None


@pytest.mark.parametrize("kind", ["list", "segment"])
def test_the_size_of_a_list_or_segment_may_be_read_once_a_second(clock: Hands, kind: str) -> None:
    """1 a second, 15 a minute."""
    limits, query = Limits(clock, "real"), {f"additional-fields[{kind}]": "profile_count"}
    operation = f"GET /api/{kind}s/{{id}}"
    assert _wait(limits, operation, **query) is None
    assert _wait(limits, operation, **query) == 1
    assert _wait(limits, operation) is None


def test_scaled_windows_are_shorter(clock: Hands) -> None:
    """A minute is a second; Retry-After stays a whole number."""
    limits = Limits(clock, "scaled=60")
    assert [_wait(limits) for _ in range(11)][-1] == 1
    clock.advance(timedelta(seconds=1 / 60))
    assert _wait(limits) is None


def test_off_counts_nothing(clock: Hands) -> None:
    """Neither 429 nor headers."""
    limits = Limits(clock, "off")
    assert [limits.admit(IMPORT, {}) for _ in range(500)] == [{}] * 500


@pytest.mark.parametrize("mode", ["", "fast", "scaled", "scaled=0", "scaled=x"])
def test_an_unknown_mode_is_refused(mode: str) -> None:
    """With the modes there are."""
    with pytest.raises(ValueError, match="real, scaled=N"):
        window_scale(mode)
