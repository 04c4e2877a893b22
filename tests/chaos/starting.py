"""Two ways to make a process of the command: by a new interpreter, or forked from one at hand.

A new interpreter takes most of a small run's time to import what it needs; hundreds of runs are
forked from one that has.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from forking import Ends, fork
from typing_extensions import override

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

HASTE = 20  # times that pauses are shorter


class Started(Protocol):
    """A process that was started."""

    def ended(self, seconds: float) -> int | None:
        """Its exit code, or minus the signal that it died of; None if it outlives this wait."""

    def strike(self, number: int) -> None:
        """Send it a signal; nothing happens where it has ended."""


class _Executed(Started):
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @override
    def ended(self, seconds: float) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):  # it has not
            return self._process.wait(seconds)
        return None

    @override
    def strike(self, number: int) -> None:
        self._process.send_signal(number)


class _Forked(Started):
    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process

    @override
    def ended(self, seconds: float) -> int | None:
        self._process.join(seconds)
        return self._process.exitcode

    @override
    def strike(self, number: int) -> None:
        if self._process.pid is not None and self._process.exitcode is None:
            with contextlib.suppress(ProcessLookupError):  # it ended just now
                os.kill(self._process.pid, number)


def executed(folder: Path, ends: Ends, items: int | None) -> Started:
    """The command by a new interpreter; without `items` it is `python -m target_klaviyo.target`.

    `folder` holds its config.json and becomes its working directory.
    """
    module, environment = "target_klaviyo.target", dict(os.environ)
    if items is not None:
        module = "chaos.command"
        tests = str(Path(__file__).parents[1])
        path = filter(None, (tests, os.environ.get("PYTHONPATH", "")))
        environment["PYTHONPATH"] = os.pathsep.join(path)
        environment |= {"CHAOS_ITEMS": str(items), "CHAOS_HASTE": str(HASTE)}
    stdin, stdout, stderr = ends
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--config", "config.json"],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        cwd=folder,
        env={**environment, "PYTHONWARNINGS": ""},
    )
    return _Executed(process)


def forked(folder: Path, ends: Ends, items: int | None) -> Started:
    """The command in a process forked from an interpreter that has imported what it needs."""
    return _Forked(fork(ends, _command, folder, items))


def _command(folder: Path, items: int | None) -> None:
    from chaos import command  # noqa: PLC0415  # in the child

    os.chdir(folder)
    command.main(["--config", "config.json"], items=items, haste=HASTE)
