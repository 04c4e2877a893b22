"""Singer messages out, fast: msgspec, and many records a write instead of one."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib import RecordMessage
from singer_sdk.singerlib.encoding.base import SingerMessageType
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_sdk.singerlib.encoding.simple import Message

FLUSH_EVERY = 1.0  # seconds that a record may sit in the buffer while others follow it
TOLD_EVERY = 0.1  # seconds for which records bear the same time of extraction
TOGETHER = 65_536  # bytes of records written at once: stdout may be unbuffered


class FastWriter(MsgSpecWriter):
    """Writes one JSON line a message to stdout; STATE and SCHEMA are out at once.

    Records wait for others for a second at most, as long as others come, and for the next STATE at
    most. The SDK leaves out a STATE that equals the one before it, so whoever ends a stream calls
    `flush`.
    """

    def __init__(self) -> None:
        super().__init__()
        encoder = msgspec.json.Encoder(decimal_format="number")
        self._encode, self._encode_lines = encoder.encode, encoder.encode_lines
        self._lines = bytearray()
        self._flushed_at = 0.0
        self._head = self._tail = b""  # what surrounds a record in its line
        self._told_of: tuple[str, int | None] = ("", None)
        self._told_at = 0.0
        self._writing = False
        self._interrupted: Callable[[], None] | None = None

    def postpone(self, act: Callable[[], None]) -> bool:
        """Whether a write is under way, which a signal came into; `act` then follows it.

        What is written from inside a write ends up in the middle of a line, or fails. So whoever
        is told to stop while the reader takes its time stops when the reader has taken the line, or
        is gone.
        """
        if self._writing:
            self._interrupted = self._interrupted or act
        return self._writing

    @override
    def write_message(self, message: Message) -> None:
        told = message.to_dict()
        try:
            line = self._encode(told)
        except UnicodeEncodeError:  # half an emoji, left where a text was cut
            line = self._encode(_mended(told))
        self._lines += line + b"\n"  # whole, if a signal comes between
        if message.type != SingerMessageType.RECORD or self._is_due(time.monotonic()):
            self.flush()

    def write_record(self, stream: str, record: dict[str, Any], version: int | None = None) -> None:
        """Write a RECORD as `write_message` would, without making a message of it."""
        now = self._tell_at_times((stream, version))
        try:
            encoded = self._encode(record)
        except UnicodeEncodeError:
            encoded = self._encode(_mended(record))
        self._lines += b"".join((self._head, encoded, self._tail))
        if self._is_due(now):
            self.flush()

    def write_records(
        self, stream: str, records: list[dict[str, Any]], version: int | None = None
    ) -> None:
        """The same for some that are at hand together."""
        now = self._tell_at_times((stream, version))
        try:
            encoded = self._encode_lines(records)
        except UnicodeEncodeError:
            encoded = self._encode_lines([_mended(each) for each in records])
        if encoded:  # a line break stands between records only: inside of JSON it is escaped
            between = encoded[:-1].replace(b"\n", self._tail + self._head)
            self._lines += b"".join((self._head, between, self._tail))
        if self._is_due(now):
            self.flush()

    def _tell_at_times(self, of: tuple[str, int | None]) -> float:
        """Now, after settling what surrounds these records where that is not so yet."""
        now = time.monotonic()
        if of != self._told_of or now - self._told_at > TOLD_EVERY:
            self._tell(of, now)
        return now

    def _tell(self, of: tuple[str, int | None], now: float) -> None:
        """Settle what surrounds the records of this stream and version from now on."""
        empty: dict[str, Any] = {}
        told = RecordMessage(of[0], empty, version=of[1], time_extracted=datetime.now(UTC))
        self._head, rest = self._encode(told.to_dict()).split(b"{}", 1)
        self._tail = rest + b"\n"
        self._told_of, self._told_at = of, now

    def _is_due(self, now: float) -> bool:
        return len(self._lines) > TOGETHER or now - self._flushed_at > FLUSH_EVERY

    def flush(self) -> None:
        """Write what waits."""
        self._writing = True
        lines, self._lines = self._lines, bytearray()
        out = sys.stdout.buffer
        try:
            rest = memoryview(lines)
            while rest:  # unbuffered, stdout takes a part where a signal comes
                rest = rest[out.write(rest) :]
            out.flush()
        finally:
            self._writing = False
            self._flushed_at = time.monotonic()
            if self._interrupted is not None:
                act, self._interrupted = self._interrupted, None
                act()


def _mended(value: Any) -> Any:
    """The same with a question mark for what is no character."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_mended(key): _mended(each) for key, each in value.items()}
    return [_mended(each) for each in value] if isinstance(value, list) else value
