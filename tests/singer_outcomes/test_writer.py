"""The writer: one line a message, states at once, records soon."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from singer_outcomes import writer as writing
from singer_outcomes.writer import FastWriter
from singer_sdk.singerlib import RecordMessage, SchemaMessage, StateMessage
from typing_extensions import override

if TYPE_CHECKING:
    import pytest


class Pipe(io.BytesIO):
    """A stdout that remembers how often it was written to and flushed."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self.flushed = 0

    @override
    def write(self, data: Any, /) -> int:
        self.writes += 1
        return super().write(data)

    @override
    def flush(self) -> None:
        if not self.closed:
            self.flushed = self.tell()


def _stdout(monkeypatch: pytest.MonkeyPatch) -> Pipe:
    """Stdout as the plugin finds it; set in the test itself, pytest sets its own before each."""
    pipe = Pipe()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(pipe, encoding="utf-8"))
    return pipe


def test_each_message_is_one_line_and_many_are_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records wait for the state after them, or until they are many."""
    pipe = _stdout(monkeypatch)
    writer = FastWriter()
    records: list[dict[str, Any]] = [
        {"name": "ñ 🎉 " * 50},
        {"name": "x"},
        {"name": None, "price": 1.5},
    ]
    writer.write_message(SchemaMessage("fans", {"properties": {}}, []))
    for record in records:
        writer.write_message(RecordMessage(stream="fans", record=record))
    writer.write_message(StateMessage({}))
    lines = pipe.getvalue().splitlines()
    assert [json.loads(line)["record"] for line in lines[1:-1]] == records
    assert pipe.writes == 2
    for _ in range(2000):
        writer.write_message(RecordMessage(stream="fans", record={"name": "x" * 60}))
    assert 2 < pipe.writes < 10


def test_a_state_and_a_schema_are_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads the pipe may act on them."""
    pipe = _stdout(monkeypatch)
    writer = FastWriter()
    writer.write_message(SchemaMessage("fans", {"properties": {}}, []))
    assert pipe.flushed == pipe.tell()
    writer.write_message(RecordMessage(stream="fans", record={}))
    writer.write_message(StateMessage({"bookmarks": {}}))
    assert pipe.flushed == pipe.tell()


def test_records_do_not_wait_for_ever_and_are_not_flushed_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Within a second after one was flushed, the next ones stay in the buffer."""
    pipe = _stdout(monkeypatch)
    writer = FastWriter()
    for _ in range(3):
        writer.write_message(RecordMessage(stream="fans", record={}))
    assert pipe.getvalue().count(b"\n") == 1
    monkeypatch.setattr(writing, "FLUSH_EVERY", 0)
    writer.write_message(RecordMessage(stream="fans", record={}))
    assert pipe.flushed == pipe.tell()
    assert pipe.getvalue().count(b"\n") == 4


def test_what_waits_is_written_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a stream has no STATE of its own where the state is as it was."""
    pipe = _stdout(monkeypatch)
    writer = FastWriter()
    writer.write_message(StateMessage({}))
    before = pipe.tell()
    writer.write_message(RecordMessage(stream="fans", record={}))
    assert pipe.tell() == before
    writer.flush()
    assert pipe.flushed == pipe.tell() > before


def test_half_a_character_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a text was cut in the middle of an emoji, JSON may hold the half."""
    pipe = _stdout(monkeypatch)
    record = {"name": "Ana \ud83d", "more": [{"\ud83d": 1}], "price": 1.5}
    FastWriter().write_message(RecordMessage(stream="fans", record=record))
    told = json.loads(pipe.getvalue())["record"]
    assert told == {"name": "Ana ?", "more": [{"?": 1}], "price": 1.5}
