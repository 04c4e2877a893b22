"""Lists of Nevent, read ahead in order, whole even while they move."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from nevent_client.changes import Changes
from nevent_client.rows import Page, Row, page
from nevent_client.waiting import taken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from nevent_client.changes import Batch
    from nevent_client.session import Session

T = TypeVar("T")
P = ParamSpec("P")
A = TypeVar("A")


def chunked(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """These items in tuples of a size, the last one shorter."""
    left = iter(items)
    while chunk := tuple(islice(left, size)):
        yield chunk


class Pager:
    """Reads whole lists through one session, `concurrency` requests at a time."""

    def __init__(self, session: Session, *, page_size: int = 100, concurrency: int = 8) -> None:
        self.session = session
        self.page_size = page_size
        self.concurrency = concurrency
        self._pool = ThreadPoolExecutor(concurrency, "nevent-page")
        self._windows = ThreadPoolExecutor(concurrency, "nevent-window")

    def ask(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Its result, computed in a thread when one is free."""
        return self._pool.submit(function, *args, **kwargs)

    def each(self, function: Callable[[A], T], arguments: Iterable[A]) -> Iterator[T]:
        """Results in the order of the arguments, a few computed ahead in threads."""
        ahead: deque[Future[T]] = deque()
        for argument in arguments:
            ahead.append(self._pool.submit(function, argument))
            if len(ahead) > self.concurrency:
                yield taken(ahead.popleft())
        while ahead:
            yield taken(ahead.popleft())

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
            return self.page(name, number, path, query)

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
            got = self.page(name, number, path, query)
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

    def unskipped(
        self, name: str, *, query: Mapping[str, Any], first: int = 0, total: int | None = None
    ) -> Iterator[tuple[int, Page]]:
        """Numbered pages of a list in a steady order, each row once.

        An erasure pulls the rows behind it forward, over the page boundary: where the server counts
        fewer rows than before (`total`, if known), the walk steps back by as many.
        """
        key = self.session.operation(name).key
        given: set[int] = set()  # hashes, for a list may be long
        again: int | None = first
        while again is not None:
            start, again = again, None
            for number, each in enumerate(self.pages(name, query=query, first=start), start):
                lost = (total or 0) - (each.total or 0)
                total = each.total
                if lost > 0 and number:
                    again = max(number - 1 - lost // self.page_size, 0)
                    break
                fresh = [row for row in each.rows if hash(row.get(key)) not in given]
                given |= {hash(row.get(key)) for row in fresh}
                yield number, each._replace(rows=fresh)

    def changed(
        self, name: str, since: str | None, *, path: Mapping[str, str] | None = None
    ) -> Iterator[Batch]:
        """Every row changed since then, oldest change first, as `Changes` walks them."""
        windows = Changes(self, name, since, path).batches()
        upcoming = self._windows.submit(next, windows, None)
        while (batch := taken(upcoming)) is not None:
            upcoming = self._windows.submit(next, windows, None)
            yield batch

    def page(
        self,
        name: str,
        number: int,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Page:
        """One page of a list; `query` uses the contract's names."""
        operation = self.session.operation(name)
        asked = {"size": min(self.page_size, operation.max_size), **(query or {}), "page": number}
        params = {
            operation.params.get(ours, ours): value
            for ours, value in asked.items()
            if value is not None
        }
        return page(self.session.call(name, path=path, params=params), number)
