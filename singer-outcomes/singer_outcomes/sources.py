"""The SCHEMA of each source that has rejects: without it no record can be replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_outcomes.store import Store

_TABLE = """
CREATE TABLE IF NOT EXISTS sources (
    source TEXT PRIMARY KEY, schema TEXT NOT NULL, key_properties TEXT NOT NULL
) WITHOUT ROWID;
"""


class Sources:
    """Schemas by the tap's names of the streams; the latest one counts."""

    def __init__(self, store: Store) -> None:
        store.define(_TABLE)
        self._store = store
        self._kept: dict[str, tuple[dict[str, Any], Sequence[str]]] = {}

    def remember(self, source: str, schema: dict[str, Any], keys: Sequence[str]) -> None:
        """Keep it for a replay; the same one again costs nothing."""
        if self._kept.get(source) == (schema, keys):
            return
        row = (source, msgspec.json.encode(schema).decode(), msgspec.json.encode(keys).decode())
        with self._store.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO sources VALUES (?, ?, ?)", row)
        self._kept[source] = (schema, keys)

    def message(self, source: str) -> dict[str, Any] | None:
        """Its SCHEMA message; None where none was kept."""
        if not self._store.exists:
            return None
        found = self._store.reading().execute(
            "SELECT schema, key_properties FROM sources WHERE source = ?", (source,)
        )
        row = found.fetchone()
        if row is None:
            return None
        schema, keys = map(msgspec.json.decode, row)
        return {"type": "SCHEMA", "stream": source, "schema": schema, "key_properties": keys}
