"""Our commands as processes, forked from an interpreter that has imported what they need.

A new interpreter takes most of a small run's time to import the SDK. What is forked is a process
as any other: it has its own id, streams, folder, environment, signals and exit code. By a new
interpreter, as from a shell, the same commands are run by end_to_end and by some runs of chaos.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from importlib import import_module
from multiprocessing.reduction import DupFd
from typing import TYPE_CHECKING, Any, BinaryIO, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

Done = subprocess.CompletedProcess[str]
Ends = tuple[int, int, int]
"""The child's stdin, stdout and stderr."""

COMMANDS = {
    "tap-klaviyo-engagement": "tap_klaviyo_engagement.tap:TapKlaviyoEngagement",
    "tap-nevent": "tap_nevent.tap:TapNevent",
    "target-klaviyo": "target_klaviyo.target:TargetKlaviyo",
    "target-nevent": "target_nevent.target:TargetNevent",
    "target-things": "things:ThingsTarget",
}
_context = multiprocessing.get_context("forkserver")
# Of target_klaviyo only what knows no bounds, which each run of chaos sets for itself; nothing of
# this folder, which is not on its path.
_context.set_forkserver_preload(
    [
        "email_validator",
        "httpcore",  # httpx imports it with the first client
        "klaviyo_client",
        "phonenumbers",
        "singer_outcomes.target",
        "tap_klaviyo_engagement.tap",
        "tap_nevent.tap",
        "target_klaviyo.sensitive_names",  # many patterns to compile
        "target_nevent.target",
    ]
)


class _End:
    """A descriptor that is handed on when it is pickled for a child, not before.

    Handed on earlier it would be kept open for a child that is killed before it asks for it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __reduce__(self) -> tuple[Any, ...]:
        return _detached, (DupFd(self._descriptor),)


def _detached(passed: Any) -> int:
    return int(passed.detach())


def fork(ends: Ends, work: Callable[..., None], *args: Any) -> ForkServerProcess:
    """A process that does this work, with these for its streams; they stay open here."""
    process = _context.Process(target=_work, args=([_End(end) for end in ends], work, args))
    process.start()
    return process


def _work(ends: list[int], work: Callable[..., None], args: tuple[Any, ...]) -> None:
    for number, end in enumerate(ends):
        os.dup2(end, number)
        os.close(end)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115  # descriptors
    work(*args)


class Started:
    """A command that was started. What it was given no stream for is a pipe; to be closed here.

    As a context, and by `end`, it outlives nobody.
    """

    def __init__(
        self,
        command: str,
        *words: str,
        folder: Path,
        stdin: int | None = None,
        stdout: int | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.command = (command, *words)
        with contextlib.ExitStack() as passed:

            def pipe(*, reads: bool) -> tuple[int, BinaryIO]:
                """The child's end, closed when it has it, and ours."""
                end, other = os.pipe() if reads else os.pipe()[::-1]
                passed.callback(os.close, end)
                return end, os.fdopen(other, "wb", 0) if reads else os.fdopen(other, "rb")

            self.stdin = self.stdout = None
            if stdin is None:
                stdin, self.stdin = pipe(reads=True)
            if stdout is None:
                stdout, self.stdout = pipe(reads=False)
            stderr, self.stderr = pipe(reads=False)
            environment = {**os.environ, **(env or {})}
            self._process = fork(
                (stdin, stdout, stderr), _command, command, words, str(folder), environment
            )

    @property
    def pid(self) -> int:
        """Its id."""
        assert self._process.pid is not None
        return self._process.pid

    def wait(self, seconds: float = 60) -> int:
        """Its exit code, or minus the signal that it died of."""
        self._process.join(seconds)
        assert self._process.exitcode is not None, f"still running after {seconds} s"
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Nothing happens where it has ended."""
        if self._process.exitcode is None:
            with contextlib.suppress(ProcessLookupError):  # it ended just now
                os.kill(self.pid, number)

    def kill(self) -> None:
        """At once."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, given: bytes = b"", *, seconds: float = 60) -> tuple[bytes, bytes]:
        """Give it all of this, and wait for its end: what it wrote to stdout and stderr."""
        told = [b"", b""]

        def read(place: int, file: BinaryIO) -> None:
            told[place] = file.read()

        readers = [
            threading.Thread(target=read, args=(place, file), daemon=True)
            for place, file in enumerate((self.stdout, self.stderr))
            if file is not None and not file.closed
        ]
        for reader in readers:
            reader.start()
        if self.stdin is not None and not self.stdin.closed:
            with contextlib.suppress(BrokenPipeError), self.stdin:  # it ended before it read all
                self.stdin.write(given)
        deadline = time.monotonic() + seconds
        self.wait(seconds)
        for reader in readers:
            reader.join(max(deadline - time.monotonic(), 0.1))
        return told[0], told[1]

    def done(self, given: bytes = b"") -> Done:
        """Let it come to its end, with all its input."""
        out, told = self.communicate(given)
        return Done(self.command, self.wait(), out.decode(), told.decode())

    def end(self) -> None:
        """Whatever it is doing."""
        self.kill()
        self.wait()
        for file in (self.stdin, self.stdout, self.stderr):
            if file is not None:
                file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def _command(command: str, words: tuple[str, ...], folder: str, env: dict[str, str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [command, *words]
    module, _, plugin = COMMANDS[command].partition(":")
    sys.exit(getattr(import_module(module), plugin).cli(prog_name=command))


def run(
    command: str,
    *words: str,
    folder: Path,
    given: bytes = b"",
    env: Mapping[str, str] | None = None,
) -> Done:
    """The command to its end, with all its input."""
    with Started(command, *words, folder=folder, env=env) as process:
        return process.done(given)


@contextlib.contextmanager
def running() -> Iterator[list[Started]]:
    """A list for processes, none of which outlives it."""
    found: list[Started] = []
    try:
        yield found
    finally:
        for process in found:
            process.end()
