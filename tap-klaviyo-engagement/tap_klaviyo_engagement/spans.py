"""Collections read in parallel along the time they are sorted by.

A cursor's pages come one after another, whatever the limits allow. So where reading stands idle,
what is left of somebody else's stretch of time is cut in two: a short collection costs one request,
a long one is read by as many as may be under way, and a moment shared by thousands is never cut.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client import RejectedError
from singer_outcomes.bookmark import moment, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from klaviyo_client import KlaviyoSession, Operation

Resource = dict[str, Any]

NOT_FOUND = 404
_SECOND = timedelta(seconds=1)
_PATIENCE = 5  # seconds: a request that waits for Klaviyo ends with the session
_TURN = 1.0  # seconds: Python sees a signal that comes just before a wait only when that ends
_SHORTEST = timedelta(seconds=4)  # a stretch that is worth two requests


@dataclass(frozen=True, eq=False)
class Collection:
    """What is read: an operation, the time it is sorted and filtered by, and from when on.

    `where` is a condition beside that time; `inclusive` is false where the API knows no
    greater-or-equal for it.
    """

    operation: Operation
    field: str
    asked: dict[str, str]
    since: str | None = None
    path_id: str = ""
    where: str = ""
    inclusive: bool = True


class Page(NamedTuple):
    """Some rows of one collection.

    `reached`: everything up to then has been read, once these rows are dealt with. None where
    nothing can be said yet.
    """

    collection: Collection
    rows: list[Resource]
    reached: str | None


class _Span:
    """A stretch of one collection, and how far it has been read."""

    def __init__(self, collection: Collection, start: str | None, end: str | None) -> None:
        self.collection = collection
        self.start = start
        self.end = end
        self.reached = start
        self.pages: Iterator[Resource] = iter(())


class Reader:
    """Reads collections with several requests under way; pages come in no order."""

    def __init__(self, session: KlaviyoSession, concurrency: int) -> None:
        self._session = session
        self._concurrency = concurrency
        self._waiting: list[_Span] = []
        self._open: dict[Collection, list[_Span]] = {}
        self._latest: dict[Collection, str] = {}
        self._under_way: dict[Future[Resource | None], _Span] = {}

    def pages(self, collections: Iterable[Collection]) -> Iterator[Page]:
        """All pages of these collections; one that is gone (404) has none."""
        for each in collections:
            self._begin(each, each.since, None)
        self._waiting.reverse()
        pool = ThreadPoolExecutor(self._concurrency)
        try:
            while self._waiting or self._under_way:
                while self._waiting and len(self._under_way) < self._concurrency:
                    self._ask(pool, self._waiting.pop())
                done, _ = wait(self._under_way, timeout=_TURN, return_when=FIRST_COMPLETED)
                for answer in done:
                    span = self._under_way.pop(answer)
                    yield self._taken(pool, span, _document(answer))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            wait(self._under_way, timeout=_PATIENCE)

    def _begin(self, collection: Collection, start: str | None, end: str | None) -> None:
        span = _Span(collection, start, end)
        conditions = _conditions(collection, start, end)
        filters = {"filter": conditions} if conditions else {}
        span.pages = self._session.pages(
            collection.operation,
            path_id=collection.path_id,
            sort=collection.field,
            **filters,
            **collection.asked,
        )
        self._open.setdefault(collection, []).append(span)
        self._waiting.append(span)

    def _ask(self, pool: ThreadPoolExecutor, span: _Span) -> None:
        self._under_way[pool.submit(next, span.pages, None)] = span

    def _taken(self, pool: ThreadPoolExecutor, span: _Span, answer: Resource | None) -> Page:
        """The rows of an answer; what comes after them is asked for before they are used."""
        rows = answer["data"] if answer else []
        if answer and (answer.get("links") or {}).get("next"):
            rows = self._go_on(pool, span, rows)
        else:
            span.reached = None
            self._open[span.collection].remove(span)
        return Page(span.collection, rows, self._reached(span.collection, rows))

    def _go_on(self, pool: ThreadPoolExecutor, span: _Span, rows: list[Resource]) -> list[Resource]:
        times = [_time(span.collection, row) for row in rows]
        last = times[-1] if times else None
        if last is None or not self._idle() or times[0] == last:
            span.reached = last or span.reached
            self._ask(pool, span)
            return rows
        end = datetime.fromisoformat(span.end) if span.end else self._session.now()
        begin = datetime.fromisoformat(last)
        if end - begin < _SHORTEST:
            span.reached = last
            self._ask(pool, span)
            return rows
        middle = written(begin + (end - begin) / 2)
        self._open[span.collection].remove(span)
        self._begin(span.collection, middle, span.end)
        self._begin(span.collection, last, middle)
        # The rows of the last second come again with the stretch that begins there.
        return [row for row, time in zip(rows, times, strict=True) if time != last]

    def _idle(self) -> bool:
        return len(self._under_way) + len(self._waiting) < self._concurrency - 1

    def _reached(self, collection: Collection, rows: list[Resource]) -> str | None:
        """Up to when nothing of a collection is left to read."""
        times = [at for row in rows if (at := _time(collection, row))]
        latest = max([*times, self._latest.get(collection, "")])
        self._latest[collection] = latest
        return min((each.reached or "" for each in self._open[collection]), default=latest) or None


def _conditions(collection: Collection, start: str | None, end: str | None) -> str:
    field, found = collection.field, [collection.where] if collection.where else []
    if start and collection.inclusive:
        found.append(f"greater-or-equal({field},{start})")
    elif start:
        before = written(datetime.fromisoformat(start) - _SECOND)
        found.append(f"greater-than({field},{before})")
    if end:
        found.append(f"less-than({field},{end})")
    return ",".join(found)


def _time(collection: Collection, row: Resource) -> str | None:
    return moment(row["attributes"].get(collection.field))


def _document(done: Future[Resource | None]) -> Resource | None:
    try:
        return done.result()
    except RejectedError as error:
        if error.status != NOT_FOUND:
            raise
        return None  # deleted since it was listed
