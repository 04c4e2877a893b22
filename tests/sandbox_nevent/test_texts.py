"""Rows that are put together as JSON are the rows themselves."""

from __future__ import annotations

import msgspec
import pytest
from nevent_sandbox.clock import Clock
from nevent_sandbox.nevent.store import Store


@pytest.mark.parametrize(("fans", "seed"), [(1, 42), (3, 1), (3_000, 42), (3_000, 7)])
def test_a_fan_as_json_is_the_fan(fans: int, seed: int) -> None:
    """Byte by byte, and so is what other rows embed of him."""
    base = Store(clock=Clock(), fans=fans, seed=seed).base_fans
    for rank in range(fans):
        fan = base.at(rank)
        assert base.text(rank) == msgspec.json.encode(base.fan(fan))
        assert base.person_text(fan) == msgspec.json.encode(base.person(fan))
