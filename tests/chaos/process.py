"""One run of the command as a process of its own: fed, watched, and signalled at its moment."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
from chaos.starting import Started, executed, forked

if TYPE_CHECKING:
    from pathlib import Path

    from nevent_sandbox.handles import KlaviyoHandle

LONGEST = 90.0  # seconds; a run that takes longer hangs
LOOK = 0.01  # seconds between looks at a run
WRITES = {"POST", "PATCH", "DELETE"}


class Blow(NamedTuple):
    """A signal and its moment.

    After so many writes or STATEs told, seconds since the first line of the log, or seconds
    since the process was made (`birth`), while it is still getting ready.
    """

    signal: int
    after: Literal["writes", "states", "seconds", "birth"]
    number: float


class Ended(NamedTuple):
    """What a run left behind.

    `struck`: the signal came while it was running; `hung`: it did not end and was killed.
    """

    code: int
    states: list[Any]
    log: str
    struck: bool
    hung: bool

    @property
    def began(self) -> bool:
        """Whether it came as far as its first log line, by when its handlers are in place."""
        return "Skipping parse of env var settings" in self.log


class Run:
    """A running command.

    Args:
        settings: its configuration.
        folder: holds the configuration file; of one run alone.
        items: most items a request; None: the vendor's bounds.
        piecemeal: the input comes in pieces, with pauses.
        afresh: by a new interpreter, as from a shell; else forked from one that is ready.
    """

    def __init__(
        self,
        settings: dict[str, Any],
        folder: Path,
        data: bytes,
        *,
        items: int | None = None,
        piecemeal: bool = False,
        afresh: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_bytes(msgspec.json.encode(settings))
        (stdin, feed), (states, stdout), (log, stderr) = os.pipe(), os.pipe(), os.pipe()
        start = executed if afresh else forked
        self._process: Started = start(folder, (stdin, stdout, stderr), items)
        for end in (stdin, stdout, stderr):
            os.close(end)
        self._born = time.monotonic()
        self._awake: float | None = None
        self._states: list[Any] = []
        self._log = b""
        self._ended = threading.Event()
        pieces = _pieces(data) if piecemeal else [data]
        self._threads = [
            threading.Thread(target=work, args=args, daemon=True)
            for work, *args in (
                (self._read_states, states),
                (self._read_log, log),
                (self._feed, feed, pieces),
            )
        ]
        for thread in self._threads:
            thread.start()

    def wait(self, klaviyo: KlaviyoHandle, blow: Blow | None = None) -> Ended:
        """Look on until it ends, and strike at the moment asked for."""
        struck = hung = False
        while (code := self._process.ended(LOOK)) is None:
            if blow is not None and not struck and self._is_time(blow, klaviyo):
                self._process.strike(blow.signal)
                struck = True
            if time.monotonic() - self._born > LONGEST and not hung:
                self._process.strike(9)
                hung = True
        self._ended.set()
        for thread in self._threads:
            thread.join()
        log = self._log.decode(errors="replace")
        return Ended(code, self._states, log, struck, hung)

    def _is_time(self, blow: Blow, klaviyo: KlaviyoHandle) -> bool:
        if blow.after == "birth":
            return time.monotonic() - self._born >= blow.number
        if blow.after == "seconds":
            return self._awake is not None and time.monotonic() - self._awake >= blow.number
        if blow.after == "states":
            return len(self._states) >= blow.number
        writes = [each for each in klaviyo.requests() if each["method"] in WRITES]
        return len(writes) >= blow.number

    def _feed(self, end: int, pieces: list[bytes]) -> None:
        try:
            with os.fdopen(end, "wb", buffering=0) as file:
                for piece in pieces:
                    file.write(piece)
                    if len(pieces) > 1 and self._ended.wait(0.02):
                        break
        except BrokenPipeError:
            pass  # it ended before it had read all

    def _read_states(self, end: int) -> None:
        with os.fdopen(end, "rb") as file:
            for line in file:
                self._states.append(msgspec.json.decode(line))

    def _read_log(self, end: int) -> None:
        with os.fdopen(end, "rb") as file:
            for line in file:
                self._awake = self._awake or time.monotonic()
                self._log += line


def _pieces(data: bytes, number: int = 25) -> list[bytes]:
    """Whole lines, in so many pieces."""
    lines = data.splitlines(keepends=True)
    size = -(-len(lines) // number)
    return [b"".join(lines[start : start + size]) for start in range(0, len(lines), size)]
