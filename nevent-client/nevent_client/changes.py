"""Walks over what changed in a list, whole even while it moves."""

from __future__ import annotations

import logging
from operator import itemgetter, methodcaller
from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_client.rows import Page, Row, getter, moment, written
from nevent_client.waiting import taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from nevent_client.paging import Pager

_WINDOW = 2400  # rows between two anchors: three windows are in memory, a row takes some 6 kB
_PAGES = 24  # at most: three rounds of eight requests at a time
_PASSES = 5
logger = logging.getLogger(__name__)


class Batch(NamedTuple):
    """Some rows, and the latest change among them.

    They are `settled` when no later batch holds a row older than theirs.
    """

    rows: list[Row]
    settled: bool
    reached: str = ""


class _Window(NamedTuple):
    """Pages asked for at once: from the page `first` of what changed since `anchor`."""

    anchor: str | None
    first: int
    started: str  # Nevent's time before the first of them was asked for
    pages: list[Future[Page]]


class _IgnoredError(Exception):
    """The server does not honour `since` or `sort`."""


class Changes:
    """Every row changed since an instant, oldest change first, none left out while the list moves.

    A row that changes moves to the end and pulls the next ones a place forward, under the page
    boundary; so does an erasure. So a window of pages is anchored at the last change read, and read
    again from page 0 only where something moved while it was read; the next one is on its way while
    that is asked. Where the server ignores `since` or `sort`, all is read until as many keys are
    known as the server counts.
    """

    def __init__(
        self, pager: Pager, name: str, since: str | None, path: Mapping[str, str] | None
    ) -> None:
        self._pager = pager
        self._name = name
        self._since = since
        self._path = path
        operation = pager.session.operation(name)
        self._changed = operation.changed
        self._at = getter(operation.changed)
        self._key = methodcaller("get", operation.key)
        size = min(pager.page_size, operation.max_size)
        self._most = max(2, min(_PAGES, _WINDOW // size))

    def batches(self) -> Iterator[Batch]:
        """The rows, in portions that may leave together."""
        try:
            yield from self._anchored()
        except _IgnoredError:
            yield from self._unordered()

    def _times(self, rows: Iterable[Row]) -> list[str]:
        """When each changed; empty where a row does not tell."""
        at = self._at
        return [moment(at(row)) or "" for row in rows]

    def _anchored(self) -> Iterator[Batch]:
        window = self._open(self._since, 0, 1)  # with it comes how many there are
        total: int | None = None  # rows since the anchor, as counted when it was set
        given: set[tuple[Any, str]] = set()
        while True:
            anchor, first = window.anchor, window.first
            pages = self._answers(window)
            if first and (total or 0) > (pages[0].total or 0):  # erased in between
                window, total = self._open(anchor, 0, len(pages)), pages[0].total
                continue
            total = pages[0].total
            rows = [row for each in pages for row in each.rows]
            times = self._sorted(pages, anchor)
            reached = max(times, default="")
            started, ended = window.started, pages[-1].last or not rows
            if not ended:
                window = self._following(window, pages, reached)
            whole = len(pages) == 1 and not first  # one answer, which nothing can move under
            if (
                rows
                and not whole
                and (times != sorted(times) or _counts_differ(pages) or self._moved(started))
            ):
                rows = self._reread(anchor, reached)
                times = self._times(rows)
            keyed = zip(zip(map(self._key, rows), times, strict=True), rows, strict=True)
            fresh = {key: row for key, row in keyed if key not in given}
            yield Batch(list(fresh.values()), settled=True, reached=max(times, default=""))
            if ended:
                return
            if window.anchor != anchor:
                given = set()
            given |= {key for key in fresh if key[1] == window.anchor}

    def _sorted(self, pages: list[Page], anchor: str | None) -> list[str]:
        """When each row changed. Pages may overlap, where rows moved between two answers.

        Raises:
            _IgnoredError: a page is not in order, or begins before the anchor.
        """
        told = [self._times(each.rows) for each in pages]
        for times in told:
            if times != sorted(times) or (anchor and times and times[0] < anchor):
                raise _IgnoredError
        return [each for times in told for each in times]

    def _page(self, number: int, anchor: str | None) -> Page:
        query = {"sort": f"{self._changed},asc", "since": anchor}
        return self._pager.page(self._name, number, self._path, query)

    def _open(self, anchor: str | None, first: int, count: int) -> _Window:
        """Ask for so many pages, all at once."""
        started = written(self._pager.session.now())
        asked = [self._pager.ask(self._page, each, anchor) for each in range(first, first + count)]
        return _Window(anchor, first, started, asked)

    def _following(self, window: _Window, pages: list[Page], reached: str) -> _Window:
        """The window after this one, with as many pages as there should be left."""
        number, known = window.first + len(pages), pages[-1].pages
        count = self._most if known is None else min(max(known - number, 1), self._most)
        if reached == window.anchor:  # more rows of one instant than a window holds
            return self._open(window.anchor, number, count)
        return self._open(reached, 0, count)

    def _answers(self, window: _Window) -> list[Page]:
        """Its pages; those of a walk's first window are asked for when its first page is here."""
        pages = [taken(window.pages[0])]
        rest = window.pages[1:]
        if not rest and not pages[0].last:
            known = pages[0].pages or self._most + window.first
            end = min(known, self._most + window.first)
            numbers = range(window.first + 1, end)
            rest = [self._pager.ask(self._page, each, window.anchor) for each in numbers]
        for each in rest:
            if pages[-1].last:
                break
            pages.append(taken(each))
        return pages

    def _moved(self, started: str) -> bool:
        """Whether a row changed since this instant (which the server's clock rounds down)."""
        query = {"since": started, "size": 1}
        latest = self._pager.page(self._name, 0, self._path, query).rows
        if any(at < started for at in self._times(latest)):
            raise _IgnoredError
        return bool(latest)

    def _reread(self, anchor: str | None, until: str) -> list[Row]:
        """The same stretch of changes, a page at a time, each anchored at the one before."""
        found: dict[Any, Row] = {}
        number = 0
        while True:
            got = self._page(number, anchor)
            times = self._times(got.rows)
            if anchor and any(at < anchor for at in times):
                raise _IgnoredError
            known = len(found)
            found |= {self._key(row): row for row in got.rows}
            last = times[-1] if times else until
            if got.last or last > until or (number and len(found) == known):
                break
            anchor, number = (anchor, number + 1) if last == anchor else (last, 0)
        dated = zip(self._times(found.values()), found.values(), strict=True)
        reached = [pair for pair in dated if pair[0] <= until]
        return [row for _, row in sorted(reached, key=itemgetter(0))]

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
                times = self._times(fresh.values())
                dated = zip(times, fresh.values(), strict=True)
                late = [row for at, row in dated if at >= (self._since or "")]
                yield Batch(late, settled=False, reached=max(times, default=""))
            erased = (totals[0] or 0) > (totals[-1] or 0)
            if not erased and len(known) >= (totals[-1] or 0):
                return
        logger.warning("%s moved while it was read; the next run reads it again", self._name)


def _counts_differ(pages: list[Page]) -> bool:
    """Whether somebody was erased, or added, between the first page and the last."""
    return len({each.total for each in pages}) > 1
