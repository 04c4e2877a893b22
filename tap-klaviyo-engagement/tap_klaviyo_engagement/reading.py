"""Reads events of many metrics at the same time, and gives them out as they come."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client.limits import GET_EVENTS

from tap_klaviyo_engagement import events
from tap_klaviyo_engagement.events import FOREVER
from tap_klaviyo_engagement.windows import Schedule, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from klaviyo_client import KlaviyoSession
    from klaviyo_client.own_metrics import Metric

    from tap_klaviyo_engagement.events import Happening

_MARGIN = 10  # seconds: a filter must begin in the past, by Klaviyo's clock

_TURN = 1.0  # seconds: Python sees a signal that comes just before a wait only when that ends


class Wanted(NamedTuple):
    """Stretches of time (seconds since 1970, half-open) of one metric, and where not to split."""

    metric: Metric
    intervals: list[tuple[int, int]]
    uncut: Callable[[int], int]


class Span(NamedTuple):
    """All events of one metric in [start, end), oldest first.

    Where a second fills pages, some of its events come before in spans that end where they start.
    """

    metric: Metric
    start: int
    end: int
    happenings: list[Happening]


class Reading:
    """Events of all that is wanted, in spans; those of one metric in no order.

    As many threads read as `concurrency` says; each may be one page ahead of what was taken. Used
    as a context manager: its end stops them.
    """

    def __init__(
        self, session: KlaviyoSession, wanted: Sequence[Wanted], *, concurrency: int, now: int
    ) -> None:
        self._session = session
        self._wanted = wanted
        windows = [
            Window(number, start, end)
            for number, each in enumerate(wanted)
            for start, end in each.intervals
        ]
        self._schedule = Schedule(windows, latest=now - _MARGIN, uncut=self._uncut)
        self._spans: deque[Span] = deque()
        self._most = concurrency
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._working = concurrency
        self._stopped = False
        self._workers = [
            threading.Thread(target=self._work, daemon=True, name=f"events-{number}")
            for number in range(concurrency)
        ]

    def __enter__(self) -> Iterator[Span]:
        for each in self._workers:
            each.start()
        return self._given()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Whoever ends early does not wait for answers that are still to come."""
        self._stop()
        for each in self._workers:
            if kind is None:
                each.join()

    def _given(self) -> Iterator[Span]:
        """Spans as they come.

        Raises:
            KlaviyoError: of the first request that failed; nothing is given after it.
        """
        while True:
            with self._changed:
                while not self._changed.wait_for(self._tells, timeout=_TURN):
                    pass
                if self._error:
                    raise self._error
                if not self._spans:
                    return
                span = self._spans.popleft()
                self._changed.notify_all()
            yield span

    def _tells(self) -> bool:
        return bool(self._spans or self._error or not self._working)

    def _stop(self) -> None:
        self._schedule.stop()
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _uncut(self, metric: int, at: int) -> int:
        return self._wanted[metric].uncut(at)

    def _work(self) -> None:
        try:
            while (window := self._schedule.take()) is not None:
                self._read(window)
        except BaseException as exc:  # noqa: BLE001  # raised again where the spans are taken
            with self._changed:
                self._error = self._error or exc
            self._stop()
        finally:
            with self._changed:
                self._working -= 1
                self._changed.notify_all()

    def _read(self, window: Window) -> None:
        """All pages of a window, each as the span of the seconds that it completes."""
        metric = self._wanted[window.metric].metric
        decode = events.decoder(metric)
        start, end = window.position, window.end
        params: dict[str, Any] = events.asked(metric, start, end)
        held: list[Happening] = []  # of the latest second, of which the next page may have more
        known: set[str] = set()
        while not self._stopped:
            page = self._session.read(GET_EVENTS, decode, **params)
            found = [each for each in events.happenings(page) if each.event.id not in known]
            happenings = [*held, *found]
            if page.links.next is None or (happenings and happenings[-1].at >= window.end):
                end = self._schedule.finish(window)
                self._give(Span(metric, start, end, _before(end, happenings)))
                return
            latest = happenings[-1].at if happenings else start
            complete = _before(latest, happenings)
            held = happenings[len(complete) :]
            known = {each.event.id for each in held}
            long = latest - complete[0].at if complete else 0
            end = self._schedule.advance(window, latest, len(complete) / max(long, 1))
            if latest >= end:
                self._schedule.finish(window)
                self._give(Span(metric, start, end, _before(end, happenings)))
                return
            if latest > start:
                self._give(Span(metric, start, latest, complete))
                start = latest
            else:  # no more of a second is kept than a page
                self._give(Span(metric, start, start, held))
                held = []
            params = self._session.following(page.links.next)

    def _give(self, span: Span) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._spans) < self._most or self._stopped)
            self._spans.append(span)
            self._changed.notify_all()


def _before(end: int, happenings: list[Happening]) -> list[Happening]:
    """Those of the time before `end`; they come in its order."""
    if not happenings or happenings[-1].at < end:
        return happenings
    return [each for each in happenings if each.at < end]


__all__ = ["FOREVER", "Reading", "Span", "Wanted"]
