"""What flows sent to whom, gathered."""

from __future__ import annotations

import tracemalloc
from contextlib import closing
from datetime import UTC, datetime

from tap_klaviyo_engagement.events import (
    Event,
    Happening,
    Included,
    IncludedAttributes,
    OwnAttributes,
    OwnProperties,
    Reference,
    Related,
    Relationships,
)
from tap_klaviyo_engagement.passes import Passage, Passes

BEGIN = 1_790_000_000


def happening(number: int, person: str, flow: str | None, email: str | None) -> Happening:
    """A mail that somebody received in that second."""
    told = OwnProperties(flow=flow, message=f"M{number}")
    of = Relationships(profile=Related(Reference(person)))
    event = Event(str(number), OwnAttributes(BEGIN + number, told), of)
    known = Included(person, IncludedAttributes(email=email)) if email else None
    return Happening(BEGIN + number, event.id, event, known)


def test_what_a_person_received_of_a_flow_is_together_whatever_came_between() -> None:
    """Flow by flow; the person is told by what was read last, mails without a flow are none."""
    with closing(Passes()) as passes:
        passes.take([happening(1, "P1", "F2", "a@nevent-demo.es"), happening(2, "P2", "F1", None)])
        passes.take([happening(3, "P1", None, None), happening(4, "P1", "F2", "b@nevent-demo.es")])
        found = list(passes.all())
    assert [(each.flow, each.profile, each.email) for each in found] == [
        ("F1", "P2", None),
        ("F2", "P1", "b@nevent-demo.es"),
    ]
    assert isinstance(found[1], Passage)
    assert {(each.at, each.message_id) for each in found[1].received} == {
        (datetime.fromtimestamp(BEGIN + number, UTC), f"M{number}") for number in (1, 4)
    }


def test_half_an_emoji_in_an_address_ends_no_run() -> None:
    """Texts are cut anywhere, and a table takes whole characters only."""
    with closing(Passes()) as passes:
        passes.take([happening(1, "P1", "F", "a\ud83d@nevent-demo.es")])
        assert [each.email for each in passes.all()] == ["a?@nevent-demo.es"]


def test_memory_does_not_grow_with_what_is_gathered() -> None:
    """A first run reads years."""
    with closing(Passes()) as passes:
        tracemalloc.start()
        for page in range(20):
            numbers = range(page * 500, page * 500 + 500)
            passes.take([happening(each, f"P{each}", "F", "a@nevent-demo.es") for each in numbers])
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert sum(1 for _ in passes.all()) == 10_000
    assert kept < 100_000
