"""Files of lines that only their owner can read, appended by any thread and any process."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import IO


def append(path: Path, lines: bytes) -> None:
    """Append whole lines, after what a run that was killed left torn; on disk when this returns."""
    if not lines:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with _held(path) as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                lines = b"\n" + lines
        file.write(lines)


def sift(path: Path, gone: Callable[[bytes], bool]) -> None:
    """Take lines out of a file, as a whole: a kill leaves it as it was."""
    if not path.exists():
        return
    beside = path.with_name(path.name + ".new")
    with _held(path) as file:
        beside.unlink(missing_ok=True)  # a run was killed here; it may hold what shall be gone
        file.seek(0)
        lines = file.readlines()
        left = [line for line in lines if not gone(line)]
        if len(left) == len(lines):
            return
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as kept:
            kept.writelines(left)
            kept.flush()
            os.fsync(kept.fileno())
        beside.replace(path)


@contextmanager
def _held(path: Path) -> Iterator[IO[bytes]]:
    """The file, for this process alone."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
    while True:
        with os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                yield file
                return  # else somebody sifted it meanwhile
