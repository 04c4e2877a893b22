"""Which fans' activity a change touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevent_client.analytics import groups, where
from nevent_client.paging import chunked
from nevent_client.rows import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nevent_client.rows import Row

    from tap_nevent.bookmark import Bookmark
    from tap_nevent.run import Run

Change = tuple[str, tuple[str, ...]]  # when, and what tells the change from others


class Concerned:
    """Fans whose person, purchases, attendance, likes or concerts changed, or whose concert passed.

    A change met at an earlier run, inside the look-back, is not taken up again.
    """

    def __init__(self, run: Run, bookmark: Bookmark) -> None:
        self._run = run
        self._bookmark = bookmark
        self._changes: list[Change] = []
        self.found: set[str] = set()

    def fans(self) -> set[str]:
        """Their ids."""
        since = self._bookmark.since or ""
        on = self._run.groups
        for row in self._changed("users", since):
            self.found.add(row["id"])
        if "purchases" in on:
            for row in self._changed("purchases", since):
                self.found.add(row["userId"])
                holders = (each.get("holder") for each in row.get("tickets") or ())
                self.found |= {each["id"] for each in holders if each and each["id"]}
        if "attendance" in on:
            self.found |= {row["userId"] for row in self._changed("attendance", since)}
        if "music" in on:
            self.found |= self._liking(since)
        self.found |= self._at(self._concerts(since))
        return self.found

    def remember(self) -> None:
        """Note the changes as taken up."""
        for at, key in self._changes:
            self._bookmark.meet(at, *key)

    def _new(self, at: str, *key: str) -> bool:
        if self._bookmark.met(*key, at):
            return False
        self._changes.append((at, (*key, at)))
        return True

    def _changed(self, operation: str, since: str) -> Iterator[Row]:
        for batch in self._run.pager.changed(operation, since):
            for row in batch.rows:
                if self._new(moment(row.get("updatedAt")) or "", operation, row["id"]):
                    yield row

    def _liking(self, since: str) -> set[str]:
        by = ["user_id", "performer_id", "created_at"]
        filters = [where("created_at", "gte", since)]
        rows = groups(self._run.session, "likes", by=by, filters=filters)
        found = set()
        for row in rows:
            at = moment(row["created_at"]) or ""
            if self._new(at, "likes", row["user_id"], row["performer_id"]):
                found.add(row["user_id"])
        return found

    def _concerts(self, since: str) -> list[str]:
        """Concerts that moved, changed their line-up or were over in this time."""
        now = self._run.started
        found = []
        for each in self._run.concerts.all.values():
            changed = each.updated >= since and self._new(each.updated, "concert", each.id)
            passed = since <= each.ends < now and self._new(each.ends, "passed", each.id)
            if changed or passed:
                found.append(each.id)
        return found

    def _at(self, concerts: list[str]) -> set[str]:
        """Fans with a ticket to these concerts, or who were there."""
        sources = {"purchases": "tickets", "attendance": "attendance"}
        found: set[str] = set()
        for group, collection in sources.items():
            for some in chunked(concerts, 100) if group in self._run.groups else ():
                filters = [where("event_id", "in", list(some))]
                rows = groups(self._run.session, collection, by=["user_id"], filters=filters)
                found |= {row["user_id"] for row in rows if row["user_id"]}  # else an outsider
        return found
