"""Requests beside Klaviyo's windows, as the sandbox counts them, in a time of the tests' own."""

from __future__ import annotations

import heapq
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from klaviyo_client import Operation
from klaviyo_client.pacing import Pacer, Quota
from nevent_sandbox.clock import Clock
from nevent_sandbox.klaviyo.competing import Competition
from nevent_sandbox.klaviyo.errors import ApiError
from nevent_sandbox.klaviyo.limits import Limits
from nevent_sandbox.klaviyo.operations import OPERATIONS
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE = 60.0
IN_FLIGHT = 16
NAMES = {  # burst and steady
    (10, 150): "POST /api/event-bulk-create-jobs",
    (75, 750): "GET /api/lists/{id}/profiles",
    (350, 3500): "GET /api/events",
    (3, 60): "GET /api/flows",
    (1, 2): "POST /api/flow-values-reports",
}


class Still(Clock):
    """A time that stands still until it is moved."""

    moment = 0.0

    @override
    def time(self) -> float:
        return self.moment


class Account:
    """One operation of an account, and those who use it. Seconds since the beginning."""

    def __init__(self, burst: int, steady: int, latency: float = 0.05) -> None:
        self.burst, self.steady = burst, steady
        self.taken: list[list[float]] = []  # by client: when its requests were let in
        self.refused: list[list[float]] = []  # by client
        self._latency = latency
        self._clock = Still()
        self._limits = Limits(self._clock, "real")
        self._operation = OPERATIONS[NAMES[burst, steady]]
        self._happens: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    @property
    def operation(self) -> Operation:
        """The same for a client."""
        return Operation("GET", "/api/x", self.burst, self.steady, ())

    def client(self, *, start: float = 0, end: float = 1e9) -> None:
        """One that keeps to `Quota`, and has always something to ask."""
        quota, (taken, refused) = Quota(self.operation), self._member()
        free, waiting = IN_FLIGHT, False

        def ask() -> None:
            nonlocal free, waiting
            now, waiting = self._clock.moment, False
            while free and now < end:
                due = quota.due(now)
                if due > now:
                    waiting = True
                    self._at(due, ask)
                    return
                free -= 1
                number = quota.take(now)
                self._at(now + self._latency / 2, partial(arrive, number))

        def arrive(number: int) -> None:
            told = self._admit(taken, refused)
            self._at(self._clock.moment + self._latency / 2, partial(answer, number, told))

        def answer(number: int, told: Any) -> None:
            nonlocal free
            free += 1
            now = self._clock.moment
            if isinstance(told, int):
                quota.quiet(now, told)
            else:
                remaining, reset = (int(told[f"RateLimit-{x}"]) for x in ("Remaining", "Reset"))
                quota.told(number, now, remaining=remaining, reset=reset)
            if not waiting:
                ask()

        self._at(start, ask)

    def stranger(self, per_minute: float, *, seconds: float = 3600) -> None:
        """One that knows nothing of quotas: evenly so many, refused or not."""
        self._limits.compete(
            Competition(self._operation.name, per_second=per_minute / MINUTE, seconds=seconds)
        )

    def pass_time(self, minutes: float) -> None:
        """Let happen what happens until then."""
        while self._happens and self._happens[0][0] < minutes * MINUTE:
            self._clock.moment, _, happen = heapq.heappop(self._happens)
            happen()

    def minute(self, number: int) -> list[int]:
        """Requests of each client in that minute, the first being 0."""
        return [sum(int(at // MINUTE) == number for at in each) for each in self.taken]

    @property
    def strangers(self) -> int:
        """Requests of the stranger that were let in up to now."""
        (stranger,) = self._limits.competitors()
        return stranger.admitted

    def _at(self, moment: float, happen: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._happens, (moment, self._count, happen))

    def _member(self) -> tuple[list[float], list[float]]:
        self.taken.append([])
        self.refused.append([])
        return self.taken[-1], self.refused[-1]

    def _admit(self, taken: list[float], refused: list[float]) -> Any:
        try:
            headers = self._limits.admit(self._operation, {})
        except ApiError as error:
            refused.append(self._clock.moment)
            return int(error.headers["Retry-After"])
        taken.append(self._clock.moment)
        return headers


@pytest.mark.parametrize("latency", [0, 0.05, 0.2])
@pytest.mark.parametrize("limits", sorted(NAMES))
def test_alone_all_of_the_quota_is_used_and_nothing_is_refused(
    limits: tuple[int, int], latency: float
) -> None:
    """Whatever the latency, minute after minute."""
    account = Account(*limits, latency)
    account.client()
    account.pass_time(3)
    assert not account.refused[0]
    assert len(account.taken[0]) >= 0.99 * 3 * account.steady


@settings(max_examples=30)
@given(st.sampled_from([(10, 150), (75, 750), (3, 60)]), st.floats(0, 2), st.floats(1, 100))
def test_a_window_may_begin_anywhere(limits: tuple[int, int], latency: float, start: float) -> None:
    """What another client used of it before is known from the first answer."""
    account = Account(*limits, latency)
    account.stranger(account.steady / 2, seconds=start)
    account.client(start=start)
    account.pass_time(5)
    assert not account.refused[0]


def test_the_first_requests_wait_for_nothing() -> None:
    """Half of what a second allows: another client may begin at the same moment."""
    account = Account(10, 150, latency=2)
    account.client()
    account.pass_time(2.5 / MINUTE)
    assert account.taken[0] == pytest.approx([1.0] * 5 + [2.05] * 5)


def test_a_few_requests_are_quick() -> None:
    """Nobody else is there: a tenth of the minute's quota takes less than a tenth of a minute."""
    account = Account(10, 150)
    account.client()
    account.pass_time(0.1)
    assert len(account.taken[0]) > 25


def test_what_was_missed_is_made_up_for() -> None:
    """Busy with something else for ten seconds, a client has its whole minute all the same."""
    quota, clock = Quota(Account(10, 150).operation), 0.0
    for number in range(1, 151):
        clock = quota.due(max(clock, 10.0) if number > 1 else 0)
        assert quota.take(clock) == number
        quota.told(number, clock, remaining=150 - number, reset=60 - clock)
    assert clock < 60
    assert quota.due(clock) == pytest.approx(60, abs=0.1)


def test_without_a_word_of_limits_no_second_and_no_minute_holds_too_many() -> None:
    """Wherever they begin."""
    quota, moments = Quota(Account(10, 150).operation), [0.0]
    for _ in range(500):
        quota.take(moments[-1])
        moments.append(quota.due(moments[-1]))
    for limit, window in ((10, 1.0), (150, 60.0)):
        gaps = [later - earlier for earlier, later in zip(moments, moments[limit:], strict=False)]
        assert min(gaps) >= window


@pytest.mark.parametrize("limits", [(10, 150), (75, 750), (350, 3500)])
@pytest.mark.parametrize("later", [0, 20, 45])
def test_two_of_ours_share_by_halves(limits: tuple[int, int], later: float) -> None:
    """Whenever the second begins; hardly any request is refused, hardly any left unused."""
    account = Account(*limits)
    account.client()
    account.client(start=later)
    account.pass_time(6)
    for each in account.minute(5):
        assert each == pytest.approx(account.steady / 2, rel=0.1)
    assert sum(account.minute(5)) >= 0.97 * account.steady
    assert sum(map(len, account.refused)) <= 3


def test_three_of_ours_share_by_thirds() -> None:
    """None knows how many there are."""
    account = Account(75, 750)
    for start in (0, 7, 70):
        account.client(start=start)
    account.pass_time(6)
    for each in account.minute(5):
        assert each == pytest.approx(250, rel=0.1)
    assert sum(account.minute(5)) >= 0.97 * account.steady


@pytest.mark.parametrize("per_minute", [20, 60])
def test_a_stranger_who_takes_less_than_half_leaves_us_the_rest(per_minute: float) -> None:
    """And is hardly ever refused because of us."""
    account = Account(10, 150)
    account.client()
    account.stranger(per_minute)
    account.pass_time(5)
    before = account.strangers
    account.pass_time(6)
    (ours,), theirs = account.minute(5), account.strangers - before
    assert theirs == pytest.approx(per_minute, rel=0.1)
    assert ours + theirs >= 0.97 * account.steady


@pytest.mark.parametrize("limits", [(10, 150), (75, 750)])
def test_a_stranger_who_wants_everything_gets_about_half(limits: tuple[int, int]) -> None:
    """One that slows down for nobody; neither starves."""
    account = Account(*limits)
    account.client()
    account.stranger(account.steady)
    account.pass_time(7)
    before = account.strangers
    account.pass_time(8)
    for each in (*account.minute(7), account.strangers - before):
        assert each >= 0.42 * account.steady
    assert len(account.refused[0]) <= 3


def test_when_the_other_has_gone_everything_is_ours_again() -> None:
    """In the minute after the next."""
    account = Account(75, 750)
    account.client()
    account.client(end=3 * MINUTE)
    account.pass_time(6)
    assert account.minute(5)[0] >= 0.99 * account.steady


def test_operations_have_quotas_of_their_own() -> None:
    """Reading jobs does not slow down sending them."""
    pacer = Pacer()
    assert pacer.take(Operation("POST", "/api/x", 1, 150, ())) == (0, 1)
    assert pacer.take(Operation("POST", "/api/x", 1, 150, ()))[0] > 0
    assert pacer.take(Operation("GET", "/api/x", 10, 150, ())) == (0, 1)


def test_a_retry_after_quiets_the_operation_for_every_thread() -> None:
    """Whoever asks next waits as long as Klaviyo said."""
    pacer = Pacer()
    operation = Operation("POST", "/api/x", 10, 150, ())
    pacer.quiet(operation, 30)
    assert 29 < pacer.take(operation)[0] <= 30


def test_none_left_by_klaviyos_own_count_waits_for_the_window_to_end() -> None:
    """Another program uses the same account: its requests count as ours."""
    pacer = Pacer()
    operation = Operation("POST", "/api/x", 10, 150, ())
    _, number = pacer.take(operation)
    pacer.told(operation, number, remaining=0, reset=20)
    assert 19 < pacer.take(operation)[0] <= 20.1
