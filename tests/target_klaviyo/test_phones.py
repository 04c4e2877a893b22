"""Whose number is whose, of the people read last."""

from __future__ import annotations

from target_klaviyo import phones
from target_klaviyo.phones import Phones

NUMBER = "+34600112233"


def test_a_number_is_that_of_whoever_was_read_with_it_first() -> None:
    """Again with it, they still have it."""
    known = Phones()
    told = [known.of_another(NUMBER, owner) for owner in ("ana", "eva", "ana", "eva")]
    assert told == [False, True, False, True]


def test_it_remembers_so_many_and_no_more() -> None:
    """Memory does not grow with the audience; what is forgotten is told by Klaviyo."""
    known = Phones()
    known.of_another(NUMBER, "ana")
    for number in range(phones.MOST + 10):
        known.of_another(f"+34{number}", "somebody")
    assert known.of_another(NUMBER, "eva")
    for number in range(2 * phones.MOST + 10):
        known.of_another(f"+35{number}", "somebody")
    assert not known.of_another(NUMBER, "eva")
