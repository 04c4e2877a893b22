"""The ledger: no STATE passes a record whose fate is unknown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_outcomes.ledger import Ledger, Ticket


@pytest.fixture
def told() -> list[Any]:
    """States emitted so far."""
    return []


def _sealed(ledger: Ledger, records: int) -> Ticket:
    ticket = ledger.ticket()
    ticket.records = records
    ledger.seal(ticket)
    return ticket


def test_a_state_with_nothing_before_it_is_told_at_once(told: list[Any]) -> None:
    """No record, nothing to wait for."""
    Ledger(told.append).state("a")
    assert told == ["a"]


def test_a_state_waits_for_the_records_before_it(told: list[Any]) -> None:
    """Two records on a ticket: the second settlement lets the state out."""
    ledger = Ledger(told.append)
    ticket = _sealed(ledger, 2)
    ledger.state("a")
    ledger.settle([ticket])
    assert told == []
    ledger.settle([ticket])
    assert told == ["a"]


def test_a_ticket_that_may_still_get_records_holds_its_state(told: list[Any]) -> None:
    """All its records are settled, but it is not sealed."""
    ledger = Ledger(told.append)
    ticket = ledger.ticket()
    ticket.records += 1
    ledger.settle([ticket])
    ledger.state("a")
    assert told == []
    ledger.seal(ticket)
    assert told == ["a"]


def test_a_later_batch_settled_first_tells_nothing_yet(told: list[Any]) -> None:
    """Batches end in any order; the state after both waits for both, and is told once."""
    ledger = Ledger(told.append)
    first = _sealed(ledger, 1)
    ledger.state("a")
    second = _sealed(ledger, 1)
    ledger.state("b")
    ledger.settle([second])
    assert told == []
    ledger.settle([first])
    assert told == ["b"]


def test_waiting_is_measured_from_the_oldest_state(told: list[Any]) -> None:
    """A partial batch is sent when a state has waited long: someone has to know how long."""
    ledger = Ledger(told.append)
    assert ledger.waited() == 0
    ticket = _sealed(ledger, 1)
    ledger.state("a")
    assert ledger.waited() > 0
    ledger.settle([ticket])
    assert ledger.waited() == 0


def test_states_with_no_record_between_them_are_one(told: list[Any]) -> None:
    """A tap may write one a record; only the last would ever be told."""
    ledger = Ledger(told.append)
    ticket = _sealed(ledger, 1)
    for number in range(1000):
        ledger.state(number)
    assert len(ledger._states) == 1  # noqa: SLF001  # memory is the promise
    ledger.settle([ticket])
    assert told == [999]


@given(
    st.lists(st.sampled_from(["batch", "state"]), max_size=30),
    st.randoms(use_true_random=False),
)
def test_whatever_the_order_of_settling_no_state_overtakes_its_records(
    script: list[str], random: Any
) -> None:
    """Each state told comes after every batch read before it, and the last one is told."""
    told: list[int] = []
    settled: set[int] = set()
    ledger = Ledger(told.append)
    batches: list[tuple[int, Ticket]] = []
    last_state = None
    for position, step in enumerate(script):
        if step == "batch":
            batches.append((position, _sealed(ledger, 1)))
        else:
            ledger.state(position)
            last_state = position
    random.shuffle(batches)
    for position, ticket in batches:
        ledger.settle([ticket])
        settled.add(position)
        for state in told:
            before = {p for p, step in enumerate(script[:state]) if step == "batch"}
            assert before <= settled
    assert told == sorted(told)
    if last_state is not None:
        assert told[-1] == last_state
