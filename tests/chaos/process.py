"""One run of the command as a process of its own: fed, watched, and signalled at its moment."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

LONGEST = 90.0  # seconds; a run that takes longer hangs
LOOK = 0.01  # seconds between looks at a run
WRITES = {"POST", "PATCH", "DELETE"}


class Blow(NamedTuple):
    """A signal and its moment: after so many writes, STATEs told, or seconds of this run."""

    signal: int
    after: Literal["writes", "states", "seconds"]
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
    requests: int


class Run:
    """A running command.

    Args:
        settings: its configuration.
        folder: holds the configuration file; of one run alone.
        items: most items a request; None: the vendor's bounds.
        piecemeal: the input comes in pieces, with pauses.
    """

    def __init__(
        self,
        settings: dict[str, Any],
        folder: Path,
        data: bytes,
        *,
        items: int | None = None,
        piecemeal: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "config.json"
        config.write_bytes(msgspec.json.encode(settings))
        tests = str(Path(__file__).parents[1])
        path = os.pathsep.join(filter(None, (tests, os.environ.get("PYTHONPATH", ""))))
        own = {"CHAOS_ITEMS": str(items or ""), "CHAOS_HASTE": "20", "PYTHONPATH": path}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "chaos.command", "--config", str(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, **own, "PYTHONWARNINGS": ""},
        )
        self._began = time.monotonic()
        self._states: list[Any] = []
        self._log = b""
        self._ended = threading.Event()
        works = (self._read_states, self._read_log)
        self._threads = [threading.Thread(target=work, daemon=True) for work in works]
        pieces = _pieces(data) if piecemeal else [data]
        self._threads.append(threading.Thread(target=self._feed, args=[pieces], daemon=True))
        for thread in self._threads:
            thread.start()

    def wait(self, klaviyo: KlaviyoHandle, blow: Blow | None = None) -> Ended:
        """Look on until it ends, and strike at the moment asked for."""
        struck = hung = False
        while True:
            try:
                code = self._process.wait(LOOK)
                break
            except subprocess.TimeoutExpired:
                if blow is not None and not struck and self._is_time(blow, klaviyo):
                    self._process.send_signal(blow.signal)
                    struck = True
                if time.monotonic() - self._began > LONGEST:
                    self._process.kill()
                    hung = True
        self._ended.set()
        for thread in self._threads:
            thread.join()
        log = self._log.decode(errors="replace")
        return Ended(code, self._states, log, struck, hung, len(klaviyo.requests()))

    def _is_time(self, blow: Blow, klaviyo: KlaviyoHandle) -> bool:
        if blow.after == "seconds":
            return time.monotonic() - self._began >= blow.number
        if blow.after == "states":
            return len(self._states) >= blow.number
        writes = [each for each in klaviyo.requests() if each["method"] in WRITES]
        return len(writes) >= blow.number

    def _feed(self, pieces: list[bytes]) -> None:
        assert self._process.stdin is not None
        try:
            for piece in pieces:
                self._process.stdin.write(piece)
                self._process.stdin.flush()
                if len(pieces) > 1 and self._ended.wait(0.02):
                    break
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # it ended before it had read all

    def _read_states(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._states.append(msgspec.json.decode(line))

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        self._log = self._process.stderr.read()


def _pieces(data: bytes, number: int = 25) -> list[bytes]:
    """Whole lines, in so many pieces."""
    lines = data.splitlines(keepends=True)
    size = -(-len(lines) // number)
    return [b"".join(lines[start : start + size]) for start in range(0, len(lines), size)]
