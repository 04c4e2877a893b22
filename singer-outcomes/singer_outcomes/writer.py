"""Singer messages out, fast: msgspec, and one flush a second instead of one a record."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import msgspec
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib.encoding.base import SingerMessageType
from typing_extensions import override

if TYPE_CHECKING:
    from singer_sdk.singerlib.encoding.simple import Message

FLUSH_EVERY = 1.0  # seconds that a record may sit in the buffer while others follow it


class FastWriter(MsgSpecWriter):
    """Writes one JSON line a message to stdout; STATE and SCHEMA are flushed at once."""

    def __init__(self) -> None:
        super().__init__()
        self._encoder = msgspec.json.Encoder(decimal_format="number")
        self._line = bytearray()
        self._flushed_at = 0.0

    @override
    def write_message(self, message: Message) -> None:
        out = sys.stdout.buffer
        line = self._line
        self._encoder.encode_into(message.to_dict(), line)
        line += b"\n"
        out.write(line)  # one write a line: stdout may be unbuffered
        now = time.monotonic()
        if message.type != SingerMessageType.RECORD or now - self._flushed_at > FLUSH_EVERY:
            out.flush()
            self._flushed_at = now
