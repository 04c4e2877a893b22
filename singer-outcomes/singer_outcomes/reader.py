"""Singer messages in, fast: bytes through msgspec, with the line number at hand for errors."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections import Counter
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.contrib.msgspec import MsgSpecReader
from singer_sdk.singerlib.exceptions import InvalidInputLine
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class StopReadingError(BaseException):
    """Raised by a signal handler to leave a blocking read; never leaves the reader."""


class FastReader(MsgSpecReader):
    """Reads Singer messages line by line; floats stay floats.

    Its errors name the line and the rule, never the content: a line holds people.
    """

    def __init__(self) -> None:
        super().__init__()
        self.line_number = 0
        self.stop_requested = False
        self.blocked = False  # True while waiting for input, so that a signal may interrupt it
        self._decode = msgspec.json.Decoder().decode
        self._file: tuple[int, int] | None = None  # descriptor and size of an input that is a file

    @property
    def default_input(self) -> IO[Any]:  # type: ignore[override]  # a property where the SDK has an attribute
        """Stdin as bytes: decoding to text first would be work for nothing."""
        return sys.stdin.buffer

    @override
    def process_lines(
        self, file_input: IO[Any] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        stats: Counter[str] = Counter(dict.fromkeys(callbacks, 0))
        file_input = file_input or self.default_input
        self._file = _regular_file(file_input)
        for line in self._lines(iter(file_input)):
            message = self.deserialize_json(line)
            kind = message.get("type")
            callback = callbacks.get(kind) if isinstance(kind, str) else None
            if callback is None:
                self.assert_line_requires(message, {"type"})
                raise InvalidInputLine(f"Line {self.line_number} has the unknown type {kind!r}.")
            callback(message)
            stats[kind] += 1  # type: ignore[index]  # what has a callback is text
        return stats

    def share(self) -> float | None:
        """How much of the input was read, 0 to 1; None where it is no file with a length."""
        if self._file is None:
            return None
        descriptor, size = self._file
        try:
            return min(os.lseek(descriptor, 0, os.SEEK_CUR) / size, 1.0)
        except OSError:
            return None  # closed in the meantime

    def _lines(self, lines: Iterator[Any]) -> Iterator[Any]:
        try:
            while not self.stop_requested:
                self.blocked = True
                line = next(lines, None)
                self.blocked = False
                if line is None:
                    return
                self.line_number += 1
                if not line.isspace():
                    yield line
        except StopReadingError:
            return
        finally:
            self.blocked = False

    @override
    def deserialize_json(self, line: Any) -> dict[str, Any]:
        try:
            message = self._decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidInputLine(
                f"Line {self.line_number} is not valid JSON ({error}). "
                "Whatever writes to this target must write one Singer message a line. What came "
                "before it is loaded; this line and those after it were not read."
            ) from None
        if not isinstance(message, dict):
            raise InvalidInputLine(f"Line {self.line_number} is not a JSON object.")
        return message

    def assert_object(self, value: Any, name: str) -> None:
        """Require a JSON object."""
        if not isinstance(value, dict):
            raise InvalidInputLine(f"Line {self.line_number}: its {name} is not a JSON object.")

    def assert_line_requires(  # type: ignore[override]  # the SDK's static one prints the line
        self, line_dict: dict[str, Any], requires: set[str]
    ) -> None:
        """Require these keys of a message; the SDK's own check prints the whole line."""
        missing = sorted(requires.difference(line_dict))
        if missing:
            raise InvalidInputLine(
                f"Line {self.line_number} has no {' and no '.join(map(repr, missing))}."
            )


def _regular_file(file: Any) -> tuple[int, int] | None:
    try:
        descriptor: int = file.fileno()
        found = os.fstat(descriptor)
    except (AttributeError, OSError, io.UnsupportedOperation):
        return None
    return (descriptor, found.st_size) if stat.S_ISREG(found.st_mode) and found.st_size else None
