"""Walks over what changed in a list, whole even while it moves."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_client.rows import Page, Row, dig, moment, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nevent_client.paging import Pager

_WINDOW = 8  # pages read between two anchors
_PASSES = 5
logger = logging.getLogger(__name__)


class Batch(NamedTuple):
    """Some rows; `settled` when no later batch holds a row older than theirs."""

    rows: list[Row]
    settled: bool


class _IgnoredError(Exception):
    """The server does not honour `since` or `sort`."""


class Changes:
    """Every row changed since an instant, oldest change first, none left out while the list moves.

    A row that changes moves to the end and pulls the next ones a place forward, under the page
    boundary; so does an erasure. So a window of pages is anchored at the last change read, and read
    again from page 0 only where something moved while it was read. Where the server ignores `since`
    or `sort`, all is read until as many keys are known as the server counts.
    """

    def __init__(
        self, pager: Pager, name: str, since: str | None, path: Mapping[str, str] | None
    ) -> None:
        self._pager = pager
        self._name = name
        self._since = since
        self._path = path
        self._operation = pager.session.operation(name)

    def batches(self) -> Iterator[Batch]:
        """The rows, in portions that may leave together."""
        try:
            yield from self._anchored()
        except _IgnoredError:
            yield from self._unordered()

    def _key(self, row: Row) -> Any:
        return row.get(self._operation.key)

    def _changed_at(self, row: Row) -> str:
        return moment(dig(row, self._operation.changed)) or ""

    def _anchored(self) -> Iterator[Batch]:
        anchor, first = self._since, 0
        total: int | None = None  # rows since the anchor, as counted when it was set
        given: set[tuple[Any, str]] = set()
        while True:
            started = written(self._pager.session.now())
            pages = self._window(anchor, first)
            if first and (total or 0) > (pages[0].total or 0):  # erased in between
                first, total = 0, pages[0].total
                continue
            total = pages[0].total
            rows = [row for each in pages for row in each.rows]
            times = [self._changed_at(row) for row in rows]
            if times != sorted(times) or (anchor and times and times[0] < anchor):
                raise _IgnoredError
            if len(pages) > 1 and rows and (self._moved(started) or _counts_differ(pages)):
                rows = self._reread(anchor, times[-1])
            keyed = [((self._key(row), self._changed_at(row)), row) for row in rows]
            fresh = {key: row for key, row in keyed if key not in given}
            yield Batch(list(fresh.values()), settled=True)
            if pages[-1].last or not keyed:
                return
            last = keyed[-1][0][1]
            if last == anchor:  # more rows of one instant than a window holds
                first += len(pages)
                given |= fresh.keys()
            else:
                anchor, first = last, 0
                given = {key for key, _ in keyed if key[1] == last}

    def _page(self, number: int, anchor: str | None) -> Page:
        query = {"sort": f"{self._operation.changed},asc", "since": anchor}
        return self._pager.page(self._name, number, self._path, query)

    def _window(self, anchor: str | None, first: int) -> list[Page]:
        start = self._page(first, anchor)
        if start.last:
            return [start]
        end = first + _WINDOW if start.pages is None else min(start.pages, first + _WINDOW)
        window = [start]
        for each in self._pager.each(lambda n: self._page(n, anchor), range(first + 1, end)):
            window.append(each)
            if each.last:
                break
        return window

    def _moved(self, started: str) -> bool:
        """Whether a row changed since this instant (which the server's clock rounds down)."""
        query = {"since": started, "size": 1}
        latest = self._pager.page(self._name, 0, self._path, query).rows
        if any(self._changed_at(row) < started for row in latest):
            raise _IgnoredError
        return bool(latest)

    def _reread(self, anchor: str | None, until: str) -> list[Row]:
        """The same stretch of changes, a page at a time, each anchored at the one before."""
        found: dict[Any, Row] = {}
        number = 0
        while True:
            got = self._page(number, anchor)
            if anchor and any(self._changed_at(row) < anchor for row in got.rows):
                raise _IgnoredError
            known = len(found)
            found |= {self._key(row): row for row in got.rows}
            last = self._changed_at(got.rows[-1]) if got.rows else until
            if got.last or last > until or (number and len(found) == known):
                break
            anchor, number = (anchor, number + 1) if last == anchor else (last, 0)
        reached = (row for row in found.values() if self._changed_at(row) <= until)
        return sorted(reached, key=self._changed_at)

    def _unordered(self) -> Iterator[Batch]:
        known: set[int] = set()  # hashes, for a list may be long
        for _ in range(_PASSES):
            totals: list[int | None] = []
            for each in self._pager.pages(self._name, path=self._path):
                totals.append(each.total)
                fresh = {
                    self._key(row): row for row in each.rows if hash(self._key(row)) not in known
                }
                known |= {hash(key) for key in fresh}
                late = [
                    row
                    for row in fresh.values()
                    if not self._since or self._changed_at(row) >= self._since
                ]
                yield Batch(late, settled=False)
            erased = (totals[0] or 0) > (totals[-1] or 0)
            if not erased and len(known) >= (totals[-1] or 0):
                return
        logger.warning("%s moved while it was read; the next run reads it again", self._name)


def _counts_differ(pages: list[Page]) -> bool:
    """Whether somebody was erased, or added, between the first page and the last."""
    return len({each.total for each in pages}) > 1
