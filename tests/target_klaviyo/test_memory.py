"""What two runs at once know of each other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from singer_outcomes.store import Store
from target_klaviyo.memory import Dealt, Memory

if TYPE_CHECKING:
    from pathlib import Path

LEAVING = Dealt("hash", "email", "LIST01", False, datetime(2026, 5, 1, tzinfo=UTC), "leaving")  # noqa: FBT003  # a tuple


def test_of_two_runs_only_one_may_ask_to_leave_a_list(tmp_path: Path) -> None:
    """Sent twice, Klaviyo would take it for leaving everything."""
    stores = [Store(tmp_path / "store.sqlite") for _ in range(2)]
    first, second = map(Memory, stores)
    assert first.claim("account", [LEAVING]) == [LEAVING]
    assert second.claim("account", [LEAVING]) == []
    later = LEAVING._replace(at=datetime(2026, 6, 1, tzinfo=UTC))
    assert second.claim("account", [later]) == [later]
    for store in stores:
        store.close()
