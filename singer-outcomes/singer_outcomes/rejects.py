"""Records that could not be loaded, kept where a person can see and replay them."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypedDict

import msgspec

from singer_outcomes.traces import Traces

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import datetime

_encode = msgspec.json.Encoder().encode
MOST_WAITING, LONGEST_WAIT = (
    100,
    1.0,
)  # lines, seconds: to open and lock the file costs milliseconds


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

    Any thread and any process may write at the same time: lines are appended under a lock beside
    the file, and compaction replaces the file as a whole, so a kill leaves it as it was.
    """

    def __init__(self, path: str | Path, *, run: str, store_records: bool = True) -> None:
        self.path = Path(path)
        self.run = run
        self.count = 0
        self._store = store_records
        self._threads = threading.RLock()
        self._waiting: list[bytes] = []
        self._flushed = 0.0  # by the monotonic clock

    def write(self, reject: Reject, *, at: datetime, again: bool = False) -> None:
        """Append one reject; the next one in a burst of them, or `flush`, puts it into the file.

        Args:
            reject: the line, without run and time.
            at: when.
            again: it was in the file; what is stored of it stays.
        """
        if not self._store and not again:
            reject.pop("record", None)
            reject.pop("payload", None)
        line = _encode({**reject, "run": self.run, "rejected_at": at.isoformat(timespec="seconds")})
        with self._threads:
            self._waiting.append(line)
            self.count += 1
            late = time.monotonic() - self._flushed > LONGEST_WAIT
            if late or len(self._waiting) >= MOST_WAITING:
                self.flush()

    def flush(self) -> None:
        """Put into the file what waits; called before a STATE that follows it is told."""
        with self._threads:
            if not self._waiting:
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._locked(), self._opened(self.path, os.O_APPEND) as file:
                torn = [b""] if self._ends_torn() else []  # a run was killed in a line
                file.write(b"\n".join((*torn, *self._waiting, b"")))
            self._waiting.clear()
            self._flushed = time.monotonic()

    def close(self) -> None:
        """Leave one line an identity: a rerun's reject replaces the earlier one.

        Also where this run rejected nothing: one before it may have been killed.
        """

        def newest(lines: IO[bytes]) -> Iterator[bytes]:
            last = {_identity(line): at for at, line in enumerate(lines) if not line.isspace()}
            kept = set(last.values())
            lines.seek(0)
            return (line for at, line in enumerate(lines) if at in kept)

        self._rewrite(newest)

    def purge(self, people: Iterable[str]) -> None:
        """Take out every line that holds one of these people, in record, payload or key.

        Args:
            people: e-mail addresses, E.164 numbers, `id:` with an external id.
        """
        traces = Traces(people)
        self._rewrite(lambda lines: (line for line in lines if not _holds(line, traces)))

    def sift(self, gone: Callable[[Reject], bool]) -> None:
        """Take out every line of which this is true."""

        def kept(lines: IO[bytes]) -> Iterator[bytes]:
            read = ((line, _reject(line)) for line in lines)
            return (line for line, reject in read if reject is None or not gone(reject))

        self._rewrite(kept)

    def remove(self, hashes: Collection[bytes]) -> None:
        """Take out the lines with these hashes; what was rejected since they were read stays."""
        self._rewrite(lambda lines: (line for line in lines if line_hash(line) not in hashes))

    def _rewrite(self, kept: Callable[[IO[bytes]], Iterator[bytes]]) -> None:
        """Replace the file by what is kept of it, as a whole: a kill leaves it as it was.

        A line at a time is in memory: there may be as many as there are people.
        """
        self.flush()
        if not self.path.exists():
            return
        beside = self.path.with_name(self.path.name + ".new")
        with self._locked():
            beside.unlink(missing_ok=True)  # a run was killed here; it may hold someone erased
            with self.path.open("rb") as lines, self._opened(beside, os.O_TRUNC) as file:
                file.writelines(kept(lines))
                file.flush()
                if file.tell() == lines.seek(0, os.SEEK_END):
                    beside.unlink()
                    return
                os.fsync(file.fileno())
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
    return (reject for _, reject in read_lines(path))


def read_lines(path: str | Path) -> Iterator[tuple[bytes, Reject]]:
    """The same, each with the line that it was read from, without its end."""
    if not Path(path).exists():
        return
    with Path(path).open("rb") as file:
        for line in file:
            reject = _reject(line)
            if reject is not None:
                yield line.rstrip(b"\n"), reject


def _reject(line: bytes) -> Reject | None:
    try:
        reject = _decode(line)
    except msgspec.DecodeError:
        return None
    return reject if {"stream", "key", "hash", "reason"} <= reject.keys() else None


def _holds(line: bytes, traces: Traces) -> bool:
    reject = _reject(line)
    if reject is None:
        return traces.in_text(line.decode(errors="replace"))
    return traces.in_key(reject["key"]) or any(
        traces.in_value(reject.get(part)) for part in ("record", "payload")
    )


def identity(reject: Reject) -> tuple[str, str, str]:
    """Which record it is about; the newest line of it stays."""
    return reject["stream"], reject["key"], reject["hash"]


def line_hash(line: bytes) -> bytes:
    """What a line is known by, without its end."""
    return hashlib.blake2b(line.rstrip(b"\n"), digest_size=16).digest()


def _identity(line: bytes) -> bytes:
    """Which reject it is, as a hash; a line that cannot be read is only itself."""
    reject = _reject(line)
    return line_hash(_encode(identity(reject)) if reject else line)
