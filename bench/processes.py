"""Whole processes, and what each of them cost: CPU by the kernel's own account, peak memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

EVERY = 0.05  # seconds between two looks at processes that end by themselves
_TICKS = os.sysconf("SC_CLK_TCK")
_TAIL = 3_000
_PATIENCE = 30  # seconds


class FailedError(Exception):
    """A process under measurement ended badly; the message holds the end of its log."""


class Usage(NamedTuple):
    """CPU (user and system) in seconds, peak of resident memory in bytes."""

    cpu: float = 0.0
    peak: int = 0

    def plus(self, other: Usage) -> Usage:
        """Of both, one after the other."""
        return Usage(self.cpu + other.cpu, max(self.peak, other.peak))


class Command(NamedTuple):
    """A process to start: what it is called in the table, and its arguments."""

    name: str
    arguments: Sequence[str]


class Ran(NamedTuple):
    """What a run of one or several processes took: seconds by the clock, and usage by name."""

    seconds: float
    usages: dict[str, Usage]
    log: str  # what all of them wrote to stderr


def seen(pid: int) -> Usage | None:
    """What a process has used so far; None where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return None
    peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return Usage((int(fields[11]) + int(fields[12])) / _TICKS, int(peak.split()[1]) * 1024)


def run(
    commands: Sequence[Command],
    folder: Path,
    *,
    given: Path | None = None,
    told: Path | None = None,
    environment: Mapping[str, str] | None = None,
    name_of: Callable[[str], str] | None = None,
) -> Ran:
    """Run these to their end, each reading what the one before it writes.

    Args:
        commands: one, or several that are piped into each other.
        folder: where they run and where their logs go.
        given: a file that the first one reads.
        told: a file that takes what the last one writes; by default nobody reads it.
        environment: by default ours.
        name_of: for one that starts others: a descendant's command line → the name that its usage
            goes by. What the command itself used is what is left of the sum of all.

    Raises:
        FailedError: one of them did not end well.
    """
    began = time.monotonic()
    started: list[subprocess.Popen[bytes]] = []
    with ExitStack() as stack:
        stack.callback(_end, started)
        source: IO[bytes] = stack.enter_context((given or Path(os.devnull)).open("rb"))
        sink = stack.enter_context((told or Path(os.devnull)).open("wb"))
        for number, command in enumerate(commands):
            last = number == len(commands) - 1
            process = subprocess.Popen(
                command.arguments,
                cwd=folder,
                env=environment,
                stdin=source,
                stdout=sink if last else subprocess.PIPE,
                stderr=stack.enter_context(_log(folder, command).open("wb")),
                umask=0o077,
            )
            source.close()  # the process has it; ours would keep a pipe open whose reader is gone
            started.append(process)
            if process.stdout is not None:
                source = stack.enter_context(process.stdout)
        names = {each.pid: command.name for each, command in zip(started, commands, strict=True)}
        with Watch(names, name_of) as watch:
            spent = {names[each.pid]: _ended(each) for each in started}
    seconds = time.monotonic() - began
    logs = [_log(folder, each).read_text(encoding="utf-8", errors="replace") for each in commands]
    for process, command, log in zip(started, commands, logs, strict=True):
        if process.returncode:
            raise FailedError(f"{command.name} ended with {process.returncode}:\n{log[-_TAIL:]}")
    usages = watch.usages
    others = sum(usage.cpu for name, usage in usages.items() if name not in spent)
    for name, cpu in spent.items():
        usages[name] = Usage(max(cpu - others, 0.0), usages.get(name, Usage()).peak)
    return Ran(seconds, usages, "".join(logs))


class Watch:
    """Looks at processes, and with `name_of` at their descendants, until the `with` block ends."""

    def __init__(
        self, pids: Mapping[int, str], name_of: Callable[[str], str] | None = None
    ) -> None:
        self._roots = dict(pids)
        self._name_of = name_of
        self._latest: dict[int, tuple[str, Usage]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    @property
    def usages(self) -> dict[str, Usage]:
        """By name; several processes of one name are added up."""
        found: dict[str, Usage] = {}
        for name, usage in self._latest.values():
            found[name] = found.get(name, Usage()).plus(usage)
        return found

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            for pid, name in list(self._roots.items()):
                self._see(pid, name)
            if self._over.wait(EVERY):
                return

    def _see(self, pid: int, name: str) -> None:
        usage = seen(pid)
        if usage is None:
            return
        before = self._latest.get(pid)
        peak = max(usage.peak, before[1].peak if before else 0)  # one that has ended has no memory
        self._latest[pid] = name, Usage(usage.cpu, peak)
        if self._name_of is not None:
            for child in _children(pid):
                told = _command_line(child)  # empty once it has ended; another one before its exec
                known = self._latest[child][0] if child in self._latest else name
                self._see(child, self._name_of(told) if told else known)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for each in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, each.read_text(encoding="utf-8").split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _log(folder: Path, command: Command) -> Path:
    return folder / f"{command.name}.log"


def _ended(process: subprocess.Popen[bytes]) -> float:
    """Wait for its end; the CPU seconds of it and of all that it waited for."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    """Leave none of them running, whatever happened; Meltano takes its plugins along."""
    running = [each for each in processes if each.returncode is None]
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def stop_on_sigterm() -> None:
    """Clean up after SIGTERM as after Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
