"""What was given and what is lacking, through runs, late events and kills of every kind."""

from __future__ import annotations

import json
import random
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from klaviyo_client.own_metrics import Metric
from tap_klaviyo_engagement.events import Event, Happening, OwnAttributes, OwnProperties
from tap_klaviyo_engagement.events import Relationships as Related
from tap_klaviyo_engagement.fingerprints import Again, Cell
from tap_klaviyo_engagement.ledger import Ledger
from tap_klaviyo_engagement.reading import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

State = dict[str, Any]
BEGIN, HOUR, DAY = 1_790_000_000, 3_600, 86_400
METRIC = Metric("M", "Received Email", "Klaviyo", None, None, None, "received", "email")


class Seen(NamedTuple):
    """An event, and from when on reads show it."""

    happening: Happening
    visible: int


class Account:
    """Events that come about while runs follow one another, by a seeded chance."""

    def __init__(self, seed: int, *, late: int = 0, ahead: bool = False) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # a test's, not a secret's
        self.now = BEGIN + self.chance.randrange(HOUR, 9 * DAY)
        self.events: list[Seen] = []
        self.given: Counter[str] = Counter()
        self._late, self._ahead = late, ahead
        self._happen(self.now - BEGIN)

    def pass_time(self, seconds: int) -> None:
        """Let events happen meanwhile."""
        self.now += seconds
        self._happen(seconds)

    def read(self, state: State, *, lookback: int, killed: bool = False) -> State:
        """One run, in windows and pages of any size, in any order; the state that it leaves."""
        ledger = Ledger(state, now=self.now, lookback=lookback, start=0)
        windows = [list(self._pages(*each)) for each in self._windows(ledger)]
        left = self.chance.randrange(sum(map(len, windows))) if killed else None
        while any(windows):
            span = self.chance.choice([each for each in windows if each]).pop(0)
            new = ledger.sift(span)
            if left == 0:
                self._give(new[: self.chance.randrange(len(new) + 1)])
                break
            self._give(new)
            ledger.settle(span)
            left = None if left is None else left - 1
        saved: State = json.loads(json.dumps(ledger.saved()))
        return saved

    def shown(self) -> set[str]:
        """Events that reads show now."""
        return {each.happening.mark for each in self.events if each.visible <= self.now}

    def _happen(self, seconds: int) -> None:
        same = self.now - self.chance.randrange(seconds)  # a second that has many
        for _ in range(self.chance.randrange(150)):
            at = self.now - self.chance.randrange(seconds)
            at = same if self.chance.random() < 0.2 else at
            visible = self.now
            if self._ahead and self.chance.random() < 0.1:
                at = self.now + self.chance.randrange(20 * DAY)
            elif self._late and self.chance.random() < 0.2:
                at = self.now - self.chance.randrange(min(seconds, 60))
                visible = self.now + self.chance.randrange(self._late)
            identity = str(len(self.events))
            event = Event(identity, OwnAttributes(at, OwnProperties()), Related())
            self.events.append(Seen(Happening(at, identity, event, None), visible))

    def _give(self, happenings: Iterable[Happening]) -> None:
        self.given.update(each.mark for each in happenings)

    def _windows(self, ledger: Ledger) -> Iterable[tuple[int, int]]:
        for start, end in ledger.needs():
            cuts = {ledger.uncut(each) for each in self._moments(start, end)}
            yield from pairwise([start, *sorted(each for each in cuts if each > start), end])

    def _pages(self, start: int, end: int) -> Iterable[Span]:
        shown = [each.happening for each in self.events if each.visible <= self.now]
        cuts = sorted({each for each in self._moments(start, end) if each > start})
        for one, other in pairwise([start, *cuts, end]):
            rows = sorted(
                (each for each in shown if one <= each.at < other), key=lambda each: each.at
            )
            while rows and rows[0].at == one and self.chance.random() < 0.5:
                page = self.chance.randrange(sum(each.at == one for each in rows)) + 1
                yield Span(METRIC, one, one, rows[:page])
                rows = rows[page:]
            yield Span(METRIC, one, other, rows)

    def _moments(self, start: int, end: int) -> list[int]:
        low, high = max(start, BEGIN), min(end, self.now)
        wanted = self.chance.randrange(6) if low < high else 0
        full = [each.happening.at for each in self.events if low <= each.happening.at < high]
        return [
            self.chance.choice(full) if full and each else self.chance.randrange(low, high)
            for each in range(wanted)
        ]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("ahead", [False, True])
def test_events_in_time_are_given_once(seed: int, *, ahead: bool) -> None:
    """Those of the future too, in as many runs as it takes."""
    account = Account(seed, ahead=ahead)
    state: State = {}
    for _ in range(7):
        state = account.read(state, lookback=2 * DAY)
        assert account.given == Counter(account.shown())
        account.pass_time(account.chance.choice([60, HOUR, DAY, 3 * DAY]))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("lookback", [0, HOUR, 7 * DAY])
def test_nothing_is_missing_however_late_it_shows_and_whatever_is_killed(
    seed: int, lookback: int
) -> None:
    """And once all is given, nothing more is."""
    account = Account(seed, late=max(lookback, 120) // 2, ahead=True)
    state: State = {}
    for _ in range(8):
        killed = account.chance.random() < 0.5
        state = account.read(state, lookback=lookback, killed=killed)
        account.pass_time(account.chance.choice([1, 60, HOUR, DAY, 3 * DAY]))
    state = account.read(state, lookback=lookback)
    assert set(account.given) == account.shown()
    account.given.clear()
    account.now += 5
    account.read(state, lookback=lookback)
    assert not set(account.given) & {
        each.happening.mark for each in account.events if each.visible <= account.now - 5
    }


@pytest.mark.parametrize("seed", range(8))
def test_cells_too_large_to_be_held_are_read_once_more_where_they_changed(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is missing after another run, and nothing more is given when nothing changes."""
    monkeypatch.setattr("tap_klaviyo_engagement.fingerprints.LARGEST", 4)
    account = Account(seed, late=3 * DAY)
    state: State = {}
    for _ in range(8):
        state = account.read(state, lookback=7 * DAY)
        account.pass_time(account.chance.choice([1, 60, HOUR, DAY]))
    for _ in range(2):
        state = account.read(state, lookback=7 * DAY)
    assert set(account.given) == account.shown()
    account.given.clear()
    account.read(state, lookback=7 * DAY)
    assert not account.given


def test_no_more_events_of_a_cell_are_held_than_it_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where thousands come later they go on as they come; a large cell is not held at all."""
    monkeypatch.setattr("tap_klaviyo_engagement.fingerprints.LARGEST", 4)
    for had in (3, 9):
        again = Again(Cell(0, 60, had, 0))
        given: list[Happening] = []
        for number in range(50):
            event = Event(str(number), OwnAttributes(0, OwnProperties()), Related())
            given += again.take(number, Happening(0, str(number), event, None))
        assert len(given) >= 50 - had - 3
        assert again.torn == (had > 8)


def test_a_state_is_small_whatever_the_number_of_events() -> None:
    """Kilobytes, for weeks of events."""
    account = Account(3, late=HOUR)
    state: State = {}
    for _ in range(60):
        state = account.read(state, lookback=7 * DAY)
        account.pass_time(6 * HOUR)
    assert len(account.events) > 3000
    assert len(json.dumps(state)) < 10_000
