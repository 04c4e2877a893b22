"""Singer messages out, fast: msgspec, and many records a write instead of one."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib.encoding.base import SingerMessageType
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_sdk.singerlib.encoding.simple import Message

FLUSH_EVERY = 1.0  # seconds that a record may sit in the buffer while others follow it
TOGETHER = 65_536  # bytes of records written at once: stdout may be unbuffered


class FastWriter(MsgSpecWriter):
    """Writes one JSON line a message to stdout; STATE and SCHEMA are out at once.

    Records wait for others for a second at most, as long as others come, and for the next STATE at
    most. The SDK leaves out a STATE that equals the one before it, so whoever ends a stream calls
    `flush`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._encode = msgspec.json.Encoder(decimal_format="number").encode
        self._lines = bytearray()
        self._flushed_at = 0.0
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
        now = time.monotonic()
        if (
            message.type != SingerMessageType.RECORD
            or len(self._lines) > TOGETHER
            or now - self._flushed_at > FLUSH_EVERY
        ):
            self.flush()

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
