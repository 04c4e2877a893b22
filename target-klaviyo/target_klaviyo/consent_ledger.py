"""Proof of what was decided about consent: JSON lines that only their owner can read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from singer_outcomes.lines import append

if TYPE_CHECKING:
    from collections.abc import Iterable


class Entry(msgspec.Struct):
    """One decision.

    `person` is hashed with the store's own key; `channel` is email, sms or all; `list_id` is null
    where no list is concerned; `source` and `text_version` are the record's; `decision` is
    subscribe, withhold, unsubscribe, suppress, unsuppress or delete. Times are UTC.
    """

    run: str
    at: str
    person: str
    channel: str
    list_id: str | None
    source: str | None
    text_version: str | None
    consented_at: str | None
    decision: str
    reason: str


class ConsentLedger:
    """Appends decisions; any thread and any process may write at the same time."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def write(self, entries: Iterable[Entry]) -> None:
        """Append; on disk when this returns."""
        append(self.path, b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries))
