"""The reader: line numbers in errors, never content; a signal may end it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from singer_outcomes.reader import FastReader, StopReadingError
from singer_sdk.singerlib.exceptions import InvalidInputLine

SCHEMA = b'{"type":"SCHEMA","stream":"a","schema":{"properties":{}}}\n'


def _read(lines: bytes, reader: FastReader | None = None) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    kinds = ("SCHEMA", "RECORD", "STATE")
    (reader or FastReader()).process_lines(io.BytesIO(lines), dict.fromkeys(kinds, seen.append))
    return seen


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"type":"RECORD","secret@nevent-demo.es', "Line 2 is not valid JSON"),
        (b'["secret@nevent-demo.es"]', "Line 2 is not a JSON object"),
        (b'{"record":{"email":"secret@nevent-demo.es"}}', "Line 2 has no 'type'"),
        (b'{"type":"RECRD","email":"secret@nevent-demo.es"}', "Line 2 has the unknown type"),
        (b'{"type":"RECORD","record":"\xff secret@nevent-demo.es"}', "Line 2 is not valid JSON"),
    ],
)
def test_a_bad_line_is_named_by_its_number_and_not_shown(line: bytes, message: str) -> None:
    """A line holds people."""
    with pytest.raises(InvalidInputLine, match=message) as caught:
        _read(SCHEMA + line + b"\n")
    assert "secret" not in str(caught.value)


def test_blank_lines_are_passed_over_but_counted() -> None:
    """Some taps end their output with one; numbers stay those of the file."""
    reader = FastReader()
    assert len(_read(SCHEMA + b"\n  \n" + SCHEMA, reader)) == 2
    assert reader.line_number == 4


def test_floats_stay_floats_and_big_numbers_whole() -> None:
    """Decimals would cost a third of the reading time and go out as floats anyway."""
    (message,) = _read(b'{"type":"RECORD","record":{"a":1.5,"b":9007199254740993}}\n')
    assert message["record"] == {"a": 1.5, "b": 9007199254740993}


def test_a_stop_request_ends_reading_after_the_current_line() -> None:
    """What was read is then settled."""
    reader = FastReader()
    seen: list[dict[str, Any]] = []

    def take(message: dict[str, Any]) -> None:
        seen.append(message)
        reader.stop_requested = True

    reader.process_lines(io.BytesIO(SCHEMA * 3), {"SCHEMA": take})
    assert len(seen) == 1


def test_a_signal_while_waiting_for_input_ends_reading_in_order() -> None:
    """The handler raises out of the blocking read; the reader returns what it has counted."""

    class Interrupted(io.BytesIO):
        def __next__(self) -> bytes:
            if self.tell():
                raise StopReadingError
            return super().__next__()

    counts = FastReader().process_lines(Interrupted(SCHEMA), {"SCHEMA": lambda _: None})
    assert counts["SCHEMA"] == 1
