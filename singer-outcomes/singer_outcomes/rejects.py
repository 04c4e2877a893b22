"""Records that could not be loaded, kept where a person can see and replay them."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypedDict

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_encode = msgspec.json.Encoder().encode


class RejectedError(Exception):
    """One record is unacceptable as it is: note it and go on.

    Its text holds the rule that was broken, never the record's values.
    """

    def __init__(
        self, reason: str, *, column: str | None = None, pointer: str | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column
        self.pointer = pointer


class Reject(TypedDict, total=False):
    """One line of the rejects file.

    `source` is the tap's name of the stream, before maps; lines of version 0.1.0 have none.
    `record` is the Singer record as the tap wrote it, where it never became a request; `payload`
    is what the vendor was sent and refused. Either is absent when records are not to be stored.
    """

    run: str
    rejected_at: str
    source: str | None
    stream: str
    key: str
    hash: str
    reason: str
    column: str | None
    pointer: str | None
    record: Any
    payload: Any


_decode = msgspec.json.Decoder(Reject).decode


def record_hash(record: bytes | dict[str, Any]) -> str:
    """Identity of a record's content: the same record rejected again replaces its line."""
    body = record if isinstance(record, bytes) else msgspec.json.encode(record, order="sorted")
    return hashlib.blake2b(body, digest_size=8).hexdigest()


class RejectsFile:
    """JSON lines that only their owner can read; one line an identity (stream, key, hash).

    Any thread and any process may write at the same time: each line is appended under a lock
    beside the file, and compaction replaces the file as a whole, so a kill loses no line.
    """

    def __init__(self, path: str | Path, *, run: str, store_records: bool = True) -> None:
        self.path = Path(path)
        self.run = run
        self.count = 0
        self._store = store_records
        self._threads = threading.Lock()

    def write(self, reject: Reject, *, at: datetime) -> None:
        """Append one reject; it is in the file when this returns, before any STATE follows it."""
        if not self._store:
            reject.pop("record", None)
            reject.pop("payload", None)
        line = _encode({"run": self.run, "rejected_at": at.isoformat(timespec="seconds"), **reject})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked(), self._opened(self.path, os.O_APPEND) as file:
            torn = b"\n" if self._ends_torn() else b""  # a run was killed in the middle of a line
            file.write(torn + line + b"\n")
            self.count += 1

    def close(self) -> None:
        """Leave one line an identity: a rerun's reject replaces the earlier one."""
        if not self.count:
            return
        with self._locked():
            lines = self.path.read_bytes().splitlines(keepends=True)
            newest = {_identity(line): line for line in lines if not line.isspace()}
            if len(newest) < len(lines):
                beside = self.path.with_name(self.path.name + ".new")
                with self._opened(beside, os.O_TRUNC) as file:
                    file.writelines(newest.values())
                beside.replace(self.path)

    def _ends_torn(self) -> bool:
        with self.path.open("rb") as file:
            if not file.seek(0, os.SEEK_END):
                return False
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self.path.with_name(self.path.name + ".lock")
        with self._threads, self._opened(lock, 0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _opened(self, path: Path, flag: int) -> IO[bytes]:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600), "wb")


def read_rejects(path: str | Path) -> Iterator[Reject]:
    """Every reject on file, oldest first; none where there is no file. Torn lines are left out."""
    if not Path(path).exists():
        return
    with Path(path).open("rb") as file:
        for line in file:
            reject = _reject(line)
            if reject is not None:
                yield reject


def _reject(line: bytes) -> Reject | None:
    try:
        return _decode(line)
    except msgspec.DecodeError:
        return None


def _identity(line: bytes) -> tuple[str, str, str] | bytes:
    """Which reject it is; a line that cannot be read is only itself."""
    reject = _reject(line)
    return (reject["stream"], reject["key"], reject["hash"]) if reject else line
