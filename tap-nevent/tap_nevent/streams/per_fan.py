"""Where Nevent has no tenant-wide list: ask for each fan who changed, if the user wants that."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_nevent.client import PersonalStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nevent_client.errors import NotServedError
    from nevent_client.rows import Row
    from singer_sdk.helpers.types import Record


class PerFanFallback(PersonalStream):
    """Rows out of GET /users/{id}/…; the bookmark then follows the fans' changes."""

    kind = "purchased"

    def money(self, amount: Any) -> float | None:
        """An amount of Nevent's in major units."""
        if amount is None:
            return None
        return round(float(amount) / self._unit, 2)

    @cached_property
    def _unit(self) -> int:
        return 100 if self.config["amounts_in_cents"] else 1

    def rows_of_fan(self, fan: Row) -> list[Row]:
        """Rows as the tenant-wide list would show them."""
        path = {"id": fan["id"]}
        events = self.run.pager.whole("user_nevent_events", path=path, query={"type": self.kind})
        concerts = {each["id"]: each for each in events}
        return [
            {
                **row,
                "user": fan,
                "event": concerts.get(row.get("eventId")),
                "updatedAt": row.get("updatedAt") or row.get("purchasedAt"),
            }
            for row in self.run.pager.whole("user_purchases", path=path)
        ]

    def fallback_records(self, rows: list[Row]) -> Iterator[Record]:
        """Records of one consenting fan's rows."""
        return self.records(rows)

    @override
    def fallback(self, exc: NotServedError) -> Iterator[Record]:
        if not self.config["per_fan_fallback"]:
            self.log(
                "%s Stream '%s' is left out; per_fan_fallback: true reads it fan by fan, with two "
                "requests for each fan who changed.",
                exc,
                self.name,
                level=logging.WARNING,
            )
            return
        for batch in self.run.pager.changed("users", self.bookmark.since):
            self.bookmark.hold(holding=True)
            fans = list(filter(self.run.people.rule.granted, batch.rows))
            for rows in self.run.pager.each(self.rows_of_fan, fans):
                for record in self.fallback_records(rows):
                    key = self._identity(record)
                    if not self.bookmark.met(*key):
                        yield record
                        self.bookmark.meet(rows[0]["user"]["updatedAt"], *key)
            for fan in batch.rows:
                self.bookmark.reach(fan["updatedAt"])
        self.bookmark.hold(holding=False)
