"""How far a run is, told while it runs: a log line now and then, a bar at a terminal."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from singer_outcomes.summary import Summary

TELL_EVERY = 10.0  # seconds between log lines
DRAW_EVERY = 0.5  # seconds between two states of the bar


class Progress:
    """Tells what was read and settled, how fast, and what is left.

    Args:
        summary: of the run.
        logger: of the lines.
        share: how much of the input was read, 0 to 1, where that can be known.
    """

    def __init__(
        self, summary: Summary, logger: logging.Logger, *, share: Callable[[], float | None]
    ) -> None:
        self._summary = summary
        self._logger = logger
        self._share = share
        self._began = time.monotonic()
        self._over = threading.Event()
        self._bar: _Bar | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to tell; again is harmless."""
        if self._thread is not None:
            return
        self._began = time.monotonic()
        if sys.stderr.isatty():
            self._bar = _Bar()
        arguments = (weakref.ref(self), self._over, TELL_EVERY if self._bar is None else DRAW_EVERY)
        self._thread = threading.Thread(target=_run, args=arguments, name="progress", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Tell no more; the bar is taken away."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        if self._bar is not None:
            self._bar.close()

    @contextlib.contextmanager
    def beside(self) -> Iterator[None]:
        """What is written to the terminal inside does not run into the bar."""
        if self._bar is None:
            yield
        else:
            with self._bar.aside():
                yield

    def line(self) -> str:
        """Counts, and where the input's length is known its share and the time left."""
        told = self._summary.progress()
        share = self._share()
        if not share:
            return told
        left = (time.monotonic() - self._began) * (1 - share) / share
        return f"{told}; {share:.0%} of the input, about {_duration(left)} left"

    def tell(self) -> None:
        """Say once how far it is."""
        if self._bar is None:
            self._logger.info("Progress: %s", self.line())
        else:
            self._bar.draw(self.line(), self._share())


def _run(told: weakref.ref[Progress], over: threading.Event, pause: float) -> None:
    """Tell now and then, until it is over or whoever began it is gone."""
    while not over.wait(pause):
        progress = told()
        if progress is None:
            return
        progress.tell()
        del progress


class _Bar:
    """A bar on the last line of stderr; log lines go above it."""

    def __init__(self) -> None:
        # Most runs have no terminal and need not load it.
        from rich.console import Console  # noqa: PLC0415  # as said
        from rich.progress import BarColumn, TextColumn  # noqa: PLC0415  # as said
        from rich.progress import Progress as Bars  # noqa: PLC0415  # as said

        console = Console(stderr=True)
        self._lock = threading.RLock()
        self._bars = Bars(
            BarColumn(bar_width=20),
            TextColumn("{task.fields[told]}", markup=False),
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,  # stdout carries the state
            redirect_stderr=False,
        )
        self._task = self._bars.add_task("", total=None, told="")
        above, shown = _Above(console), sys.stderr
        self._handlers = [
            each
            for each in logging.getLogger().handlers
            if isinstance(each, logging.StreamHandler) and each.stream is shown
        ]
        for handler in self._handlers:
            handler.setStream(above)
        self._shown = shown
        self._bars.start()

    def draw(self, told: str, share: float | None) -> None:
        with self._lock:
            self._bars.update(self._task, completed=share or 0, total=share and 1.0, told=told)
            self._bars.refresh()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        with self._lock:
            self._bars.stop()
            try:
                yield
            finally:
                self._bars.start()

    def close(self) -> None:
        with self._lock:
            self._bars.stop()
            for handler in self._handlers:
                handler.setStream(self._shown)
            self._handlers = []


class _Above(io.TextIOBase):
    """Whole lines to the console, which puts them above what it keeps on its last line."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    @override
    def write(self, text: Any, /) -> int:
        self._console.out(text.removesuffix("\n"), highlight=False)
        return len(text)


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 90:  # noqa: PLR2004  # up to there a count of seconds reads better
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"  # noqa: PLR2004  # as above
