"""Flat records of Nevent's rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nevent_client.fields import FAN
from nevent_client.rows import MISSING, day, dig, moment, shaper

values = st.none() | st.booleans() | st.text(max_size=3) | st.just("2026-05-01T20:30:00+02:00")
preferences = st.dictionaries(st.sampled_from(["emailEnabled", "emailChangedAt"]), values)
paths = [path for path in FAN.values() if "." not in path]
rows = st.dictionaries(st.sampled_from(paths), values).flatmap(
    lambda row: (
        st.just(row) | (preferences | values).map(lambda p: {**row, "communicationPreferences": p})
    )
)


@given(rows, st.sets(st.sampled_from([*FAN, "unknown"])))
def test_a_record_has_what_lies_at_each_path(row: dict[str, Any], columns: set[str]) -> None:
    """In the order asked for; null where nothing does, times in their one form."""
    wanted = [each for each in ("unknown", *FAN) if each in columns]
    record = shaper(FAN, columns=wanted)(row)
    assert list(record) == wanted
    for column, value in record.items():
        found = dig(row, FAN.get(column, "unknown"))
        expected = None if found is MISSING else found
        assert value == (moment(expected) if column.endswith("_at") else expected)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2026-05-01T22:30:00.000Z", "2026-05-01"),
        ("2026-05-01", "2026-05-01"),
        (1, "1970-01-01"),
        (1.0, "1970-01-01"),
        (True, None),
        ([], None),
        (None, None),
    ],
)
def test_a_date_is_read_from_what_it_may_be(value: Any, read: str | None) -> None:
    """Whatever equals it in Python."""
    assert day(value) == read
