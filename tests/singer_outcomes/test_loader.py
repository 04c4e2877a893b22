"""Rounds under way: what is slow leaves room, what failed ends the run, a signal ends waits."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from singer_outcomes.fates import Fates
from singer_outcomes.ledger import Ledger
from singer_outcomes.loader import Loader
from singer_outcomes.queues import Kind
from singer_outcomes.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_outcomes.queues import Row


class _Sink:
    stream_name = "things"


class _Nothing:
    expected = False

    def loaded(self, stream: str, key: str) -> None:
        """Nothing was rejected before."""


def _later(_: bytes, later: bytes) -> bytes:
    return later


SLOW = Kind("slow", 0, 2, 100, 1_000, _later, room=100, patient=False, at_once=1)
QUICK = Kind("quick", 1, 2, 100, 1_000, _later, patient=False)


class Rounds:
    """A loader that notes its rounds; those of `slow` wait until they are let go."""

    def __init__(self) -> None:
        self.states: list[Any] = []
        self.begun: list[list[str]] = []
        self.go = threading.Event()
        self.error: Exception | None = None
        self.ledger = Ledger(self.states.append)
        self.fates = Fates(
            ledger=self.ledger,
            summary=Summary(),
            reject=lambda *_args, **_more: None,
            superseded=_Nothing(),  # type: ignore[arg-type]  # no file here
        )
        self.loader = Loader(
            (SLOW, QUICK), self.fates, ledger=self.ledger, let_go=self.go.set, close=self.go.set
        )
        self.loader.deliver = {"slow": self._slow, "quick": self._deliver}

    def add(self, kind: str, person: str) -> None:
        """Queue a row about somebody."""
        self.loader.add(
            kind,
            identity=person,
            people=(person,),
            body=person.encode(),
            sink=_Sink(),  # type: ignore[arg-type]  # its name is all that is asked of it
            key=person,
        )

    def _slow(self, rows: list[Row]) -> None:
        self.begun.append([row.identity for row in rows])
        self.go.wait(10)
        if self.error:
            raise self.error
        self.fates.settle(rows, "written")

    def _deliver(self, rows: list[Row]) -> None:
        self.begun.append([row.identity for row in rows])
        self.fates.settle(rows, "written")
        if self.fates.summary.totals["written"] == 3:  # all that is quick
            self.go.set()


@pytest.fixture
def rounds() -> Iterator[Rounds]:
    """A loader of two kinds."""
    made = Rounds()
    yield made
    made.loader.stop()


def test_what_is_slow_goes_one_round_at_a_time_and_all_else_meanwhile(rounds: Rounds) -> None:
    """However little the rest is, it does not wait for more."""
    for person in ("a", "b", "c", "d"):
        rounds.add("slow", person)
    for person in ("x", "y", "z"):
        rounds.add("quick", person)
    rounds.ledger.state("late")
    rounds.loader.finish()
    assert rounds.begun[0] == ["a", "b"]
    assert rounds.begun.index(["c", "d"]) > rounds.begun.index(["z"])
    assert rounds.states == ["late"]


def test_a_person_s_later_kind_waits_for_the_earlier_one(rounds: Rounds) -> None:
    """The order of a person's rows is that of their kinds."""
    rounds.add("quick", "a")
    rounds.add("slow", "a")
    rounds.go.set()
    rounds.loader.finish()
    assert rounds.begun == [["a"], ["a"]]
    assert not rounds.ledger.open


def test_what_fails_in_the_background_is_raised_where_records_are_read(rounds: Rounds) -> None:
    """And its rows have no fate."""
    rounds.error = RuntimeError("broken")
    rounds.add("slow", "a")
    rounds.ledger.state("late")
    rounds.go.set()
    with pytest.raises(RuntimeError, match="broken"):
        rounds.loader.finish()
    assert (rounds.states, rounds.ledger.open) == ([], True)


def test_after_the_grace_period_nothing_is_waited_for(rounds: Rounds) -> None:
    """What is not settled by then comes with the next run."""
    for person in ("a", "b", "c"):
        rounds.add("slow", person)
    rounds.loader.expire()
    rounds.loader.finish()
    assert rounds.ledger.open
