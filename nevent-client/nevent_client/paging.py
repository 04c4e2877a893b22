"""Lists of Nevent, read ahead in order, whole even while they move."""

from __future__ import annotations

import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from nevent_client.rows import Page, Row, dig, moment, page, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from nevent_client.session import Session

_WINDOW = 8  # pages read between two anchors
_PASSES = 5
T = TypeVar("T")
A = TypeVar("A")
logger = logging.getLogger(__name__)


def chunked(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """These items in tuples of a size, the last one shorter."""
    left = iter(items)
    while chunk := tuple(islice(left, size)):
        yield chunk


class Batch(NamedTuple):
    """Some rows; `settled` when no later batch holds a row older than theirs."""

    rows: list[Row]
    settled: bool


class Pager:
    """Reads whole lists through one session, `concurrency` requests at a time."""

    def __init__(self, session: Session, *, page_size: int = 100, concurrency: int = 4) -> None:
        self.session = session
        self.page_size = page_size
        self.concurrency = concurrency
        self._pool = ThreadPoolExecutor(concurrency, "nevent-page")
        self._windows = ThreadPoolExecutor(concurrency, "nevent-window")

    def each(self, function: Callable[[A], T], arguments: Iterable[A]) -> Iterator[T]:
        """Results in the order of the arguments, a few computed ahead in threads."""
        ahead: deque[Future[T]] = deque()
        for argument in arguments:
            ahead.append(self._pool.submit(function, argument))
            if len(ahead) > self.concurrency:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

    def pages(
        self,
        name: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        first: int = 0,
    ) -> Iterator[Page]:
        """Pages of a list in order, from `first` on; `query` uses the contract's names."""

        def fetched(number: int) -> Page:
            return self._page(name, number, path, query)

        start = fetched(first)
        yield start
        if start.last:
            return
        if start.pages is not None:
            yield from self.each(fetched, range(first + 1, start.pages))
            return
        before = start
        for number in count(first + 1):
            got = fetched(number)
            if got.rows == before.rows:  # the server knows no pages
                return
            yield got
            if got.last:
                return
            before = got

    def rows(self, name: str, **asked: Any) -> Iterator[Row]:
        """Rows of a list that does not move while it is read."""
        return chain.from_iterable(each.rows for each in self.pages(name, **asked))

    def whole(
        self,
        name: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> list[Row]:
        """Rows of a short list, page after page; fit to run inside `each`."""
        found: list[Row] = []
        for number in count():
            got = self._page(name, number, path, query)
            if number and got.rows == found[-len(got.rows) :]:  # the server knows no pages
                break
            found += got.rows
            if got.last:
                break
        return found

    def of_people(
        self, name: str, ids: Iterable[str], *, path: Mapping[str, str] | None = None
    ) -> Iterator[list[Row]]:
        """Rows of these people, asked for in hundreds; pages of a hundred people together."""
        size = self.session.operation(name).max_ids

        def fetched(some: tuple[str, ...]) -> list[Row]:
            return self.whole(name, path=path, query={"ids": ",".join(some), "size": 1000})

        return self.each(fetched, chunked(ids, size))

    def changed(
        self, name: str, since: str | None, *, path: Mapping[str, str] | None = None
    ) -> Iterator[Batch]:
        """Every row changed since then, oldest change first, none left out while the list moves.

        A row that changes moves to the end and pulls the next ones a place forward, under the page
        boundary. So a window of pages is anchored at the last change read, and read again from
        page 0 only where something moved while it was read. Where the server ignores `since` or
        `sort`, all is read until as many keys are known as the server counts.
        """
        windows = self._anchored(name, since, path)
        upcoming = self._windows.submit(next, windows, None)
        while (batch := upcoming.result()) is not None:
            upcoming = self._windows.submit(next, windows, None)
            yield batch

    def _anchored(
        self, name: str, since: str | None, path: Mapping[str, str] | None
    ) -> Iterator[Batch]:
        operation = self.session.operation(name)
        anchor, first = since, 0
        given: set[tuple[Any, str]] = set()

        def changed_at(row: Row) -> str:
            return moment(dig(row, operation.changed)) or ""

        while True:
            started = written(self.session.now())
            pages = self._window(name, path, anchor, first)
            rows = [row for each in pages for row in each.rows]
            times = [changed_at(row) for row in rows]
            if times != sorted(times) or (anchor and times and times[0] < anchor):
                yield from self._unordered(name, path, since, changed_at)
                return
            if len(pages) > 1 and rows and self._moved(name, path, started):
                rows = self._reread(name, path, anchor, times[-1], changed_at)
            keyed = [((row.get(operation.key), changed_at(row)), row) for row in rows]
            fresh = {key: row for key, row in keyed if key not in given}
            yield Batch(list(fresh.values()), settled=True)
            if pages[-1].last:
                return
            last = keyed[-1][0][1]
            if last == anchor:  # more rows of one instant than a window holds
                first += len(pages)
                given |= fresh.keys()
            else:
                anchor, first = last, 0
                given = {key for key, _ in keyed if key[1] == last}

    def _window(
        self, name: str, path: Mapping[str, str] | None, anchor: str | None, first: int
    ) -> list[Page]:
        query = {"sort": f"{self.session.operation(name).changed},asc", "since": anchor}
        start = self._page(name, first, path, query)
        if start.last:
            return [start]
        end = first + _WINDOW if start.pages is None else min(start.pages, first + _WINDOW)
        more = self.each(lambda n: self._page(name, n, path, query), range(first + 1, end))
        window = [start]
        for each in more:
            window.append(each)
            if each.last:
                break
        return window

    def _moved(self, name: str, path: Mapping[str, str] | None, started: str) -> bool:
        """Whether a row changed since this instant (which the server's clock rounds down)."""
        latest = self._page(name, 0, path, {"since": started, "size": 1})
        return bool(latest.rows)

    def _reread(
        self,
        name: str,
        path: Mapping[str, str] | None,
        anchor: str | None,
        until: str,
        changed_at: Callable[[Row], str],
    ) -> list[Row]:
        """The same stretch of changes, a page at a time, each anchored at the one before."""
        operation = self.session.operation(name)
        found: dict[Any, Row] = {}
        number = 0
        while True:
            query = {"sort": f"{operation.changed},asc", "since": anchor}
            got = self._page(name, number, path, query)
            found |= {row.get(operation.key): row for row in got.rows}
            last = changed_at(got.rows[-1]) if got.rows else until
            if got.last or last > until:
                break
            anchor, number = (anchor, number + 1) if last == anchor else (last, 0)
        return sorted((r for r in found.values() if changed_at(r) <= until), key=changed_at)

    def _unordered(
        self,
        name: str,
        path: Mapping[str, str] | None,
        since: str | None,
        changed_at: Callable[[Row], str],
    ) -> Iterator[Batch]:
        key = self.session.operation(name).key
        known: set[int] = set()  # hashes, for a list may be long
        for _ in range(_PASSES):
            total: int | None = None
            for each in self.pages(name, path=path):
                total = each.total
                fresh = {row.get(key): row for row in each.rows if hash(row.get(key)) not in known}
                known |= {hash(each) for each in fresh}
                late = [row for row in fresh.values() if not since or changed_at(row) >= since]
                yield Batch(late, settled=False)
            if total is None or len(known) >= total:
                return
        logger.warning("%s moved while it was read; the next run reads it again", name)

    def _page(
        self,
        name: str,
        number: int,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Page:
        operation = self.session.operation(name)
        asked = {"size": min(self.page_size, operation.max_size), **(query or {}), "page": number}
        params = {
            operation.params.get(ours, ours): value
            for ours, value in asked.items()
            if value is not None
        }
        return page(self.session.call(name, path=path, params=params), number)
