"""How far a stream of a tap has read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from singer_outcomes.bookmark import Bookmark, moment

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def bookmark(state: dict[str, Any]) -> Bookmark:
    """One that reads a day again."""
    return Bookmark(state, lookback=timedelta(days=1), now=lambda: NOON)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("2026-05-01T12:00:00Z", "2026-05-01T12:00:00+00:00"),
        ("2026-05-01 14:00:00.987+02:00", "2026-05-01T12:00:00+00:00"),
        ("2026-05-01", "2026-05-01T00:00:00+00:00"),
        ("soon", None),
        (None, None),
        (1_790_000_000, None),
    ],
)
def test_times_have_one_form(told: Any, read: str | None) -> None:
    """In which they compare as text."""
    assert moment(told) == read


def test_it_never_falls_and_never_passes_now() -> None:
    """Whatever comes."""
    state: dict[str, Any] = {}
    marked = bookmark(state)
    for told in ("2026-04-30T00:00:00+00:00", "2026-04-01T00:00:00+00:00"):
        marked.reach(told)
        assert state["replication_key_value"] == "2026-04-30T00:00:00+00:00"
    marked.reach("2099-01-01T00:00:00+00:00")
    assert state["replication_key_value"] == NOON.isoformat()


def test_a_row_without_a_time_or_with_a_number_for_an_id_is_told_from_others() -> None:
    """Also by the next run."""
    state: dict[str, Any] = {}
    first = bookmark(state)
    first.meet_all({(7, NOON.isoformat()): NOON.isoformat()})
    first.save()
    second = bookmark(state)
    assert second.met(7, NOON.isoformat())
    assert not second.met("8", None)


def test_what_was_met_in_the_look_back_is_known_to_the_next_run() -> None:
    """As it was; what is older is read no more, and forgotten."""
    state: dict[str, Any] = {}
    first = bookmark(state)
    first.meet("2026-05-01T11:00:00+00:00", "a", "1")
    first.meet("2026-04-01T11:00:00+00:00", "b", "1")
    first.reach("2026-05-01T11:00:00+00:00")
    first.save()
    second = bookmark(state)
    assert second.since == "2026-04-30T11:00:00+00:00"
    assert second.met("a", "1")
    assert not second.met("a", "2")
    assert not second.met("b", "1")
