"""Subscriptions to newsletters."""

from __future__ import annotations

from heapq import merge
from typing import TYPE_CHECKING

from nevent_client.rows import moment
from typing_extensions import override

from tap_nevent.client import PersonalStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nevent_client.rows import Row
    from singer_sdk.helpers.types import Record

_TOGETHER = 500  # rows whose persons are looked at together


class NewsletterSubscriptionsStream(PersonalStream):
    """Subscriptions and their end, of all newsletters, oldest change first."""

    name = "newsletter_subscriptions"
    operation = "subscribers"

    @override
    def walked(self) -> Iterator[list[Record]]:
        lists = [self._list(each) for each in self.run.pager.rows("newsletters")]
        rows: list[Row] = []
        for row in merge(*lists, key=_changed):
            rows.append(row)
            if len(rows) >= _TOGETHER:
                yield from self._settled(rows)
                rows = []
        yield from self._settled(rows)
        self.bookmark.hold(holding=False)

    @override
    def record(self, row: Row, person: Row) -> Record:
        record = super().record(row, person)
        record["status"] = str(row["status"]).lower()
        record["newsletter_name"] = row["newsletterName"]
        return record

    @override
    def rows_of(self, fans: list[str]) -> Iterator[list[Row]]:
        for newsletter in self.run.pager.rows("newsletters"):
            path = {"id": newsletter["id"]}
            for rows in self.run.pager.of_people(self.operation, fans, path=path):
                yield [{**row, "newsletterName": newsletter["name"]} for row in rows]

    def _list(self, newsletter: Row) -> Iterator[Row]:
        path = {"id": newsletter["id"]}
        for batch in self.run.pager.changed(self.operation, self.bookmark.since, path=path):
            if not batch.settled:
                self.bookmark.hold(holding=True)
            for row in batch.rows:
                row["newsletterName"] = newsletter["name"]
                yield row

    def _settled(self, rows: list[Row]) -> Iterator[list[Record]]:
        yield from self.blocks(self.records(rows))
        if rows:
            self.bookmark.reach(max(map(_changed, rows)))


def _changed(row: Row) -> str:
    return moment(row.get("updatedAt")) or ""
