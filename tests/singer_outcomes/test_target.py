"""The base of our targets, on an input of its own: what the SDK's target does not do.

The private methods of the SDK that it overrides are all on the way of these tests: when the SDK
renames or stops calling one, they fail.
"""

from __future__ import annotations

import io
import json
import signal
import threading
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from singer_outcomes.rejects import RejectedError, read_rejects
from singer_outcomes.settings import SETTINGS
from singer_outcomes.sink import OutcomeSink
from singer_outcomes.target import OutcomeTarget
from singer_sdk.exceptions import (
    FatalSyncError,
    RecordsWithoutSchemaException,
    StreamMapConfigError,
)
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from singer_outcomes.ledger import Ticket

Message = dict[str, Any]


class ThingsSink(OutcomeSink):
    """Keeps records until the test settles them."""

    target: ThingsTarget

    @override
    def process_record(self, record: Message, context: Message) -> None:
        if record.get("name") == "unwanted":
            raise RejectedError("unwanted", column="name")
        self.target.take(self.stream_name, record)


class ThingsTarget(OutcomeTarget):
    """Loads things into a list."""

    name = "target-things"
    kinds: ClassVar[Mapping[str, type[OutcomeSink]]] = {"things": ThingsSink}
    config_jsonschema: ClassVar[Message] = {"type": "object", "properties": {**SETTINGS}}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.taken: list[tuple[str, Message]] = []
        self.tickets: list[Ticket] = []
        self.settles = True
        self.expired = False

    def take(self, stream: str, record: Message) -> None:
        """Count the record on a ticket of its own."""
        ticket = self.ledger.ticket()
        ticket.records += 1
        self.ledger.seal(ticket)
        self.taken.append((stream, record))
        self.tickets.append(ticket)

    @override
    def check(self) -> None:
        pass

    @override
    def finish(self) -> None:
        if self.settles:
            self.ledger.settle(self.tickets)
            self.tickets = []

    @override
    def expire(self) -> None:
        self.expired = True

    @override
    def stop(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _signal_handlers() -> Iterator[None]:
    """Plugins set handlers; pytest's come back afterwards."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _target(tmp_path: Path, **config: Any) -> ThingsTarget:
    paths = {"rejects_path": "rejects.jsonl", "store_path": "things.sqlite"}
    settings = {name: str(tmp_path / path) for name, path in paths.items()}
    return ThingsTarget(config={**settings, **config})


def _lines(*messages: Message) -> io.StringIO:
    return io.StringIO("".join(json.dumps(each) + "\n" for each in messages))


def _schema(stream: str = "things", **properties: Any) -> Message:
    properties = properties or {"id": {"type": "integer"}, "name": {"type": ["string", "null"]}}
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": properties},
        "key_properties": ["id"],
    }


def _record(number: int, name: Any = "x", stream: str = "things") -> Message:
    return {"type": "RECORD", "stream": stream, "record": {"id": number, "name": name}}


STATE = {"type": "STATE", "value": {"bookmark": 1}}


def test_no_state_is_told_while_the_records_before_it_are_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The SDK would tell it at the end of the input."""
    target = _target(tmp_path)
    target.settles = False
    with pytest.raises(FatalSyncError, match="no fate"):
        target.listen(_lines(_schema(), _record(1), STATE))
    assert capsys.readouterr().out == ""
    target.ledger.settle(target.tickets)
    assert json.loads(capsys.readouterr().out) == {"bookmark": 1}


def test_a_record_that_breaks_its_schema_is_a_reject_and_the_next_one_is_loaded(
    tmp_path: Path,
) -> None:
    """The SDK would end the run and print the value."""
    target = _target(tmp_path)
    target.listen(_lines(_schema(), _record(1, name=5), _record(2)))
    assert [record["id"] for _, record in target.taken] == [2]
    (reject,) = read_rejects(target.rejects.path)
    assert (reject["key"], reject["column"], reject["reason"]) == (
        "1",
        "name",
        "schema: type string, null",
    )


def test_a_null_in_a_computed_map_is_a_reject_that_names_the_expression(tmp_path: Path) -> None:
    """The SDK would end the run."""
    maps = {"things": {"loud": "name.upper()", "copy": "name"}}
    target = _target(tmp_path, stream_maps=maps)
    target.listen(_lines(_schema(), _record(1, name=None), _record(2)))
    assert [record["loud"] for _, record in target.taken] == ["X"]
    (reject,) = read_rejects(target.rejects.path)
    assert "name.upper()" in reject["reason"]
    assert reject["record"] == {"id": 1, "name": None}


def test_a_rejected_record_does_not_hold_the_state_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its fate is known."""
    target = _target(tmp_path)
    target.listen(_lines(_schema(), _record(1, name="unwanted"), STATE))
    assert json.loads(capsys.readouterr().out) == {"bookmark": 1}


def test_more_rejects_than_allowed_end_the_run_after_its_state_is_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All good ones are loaded, the state is told, the exit code says that someone must look."""
    target = _target(tmp_path, max_rejects=1)
    with pytest.raises(SystemExit) as ended:
        target.listen(_lines(_schema(), *[_record(n, "unwanted") for n in range(2)], STATE))
    assert ended.value.code == 1
    assert json.loads(capsys.readouterr().out) == {"bookmark": 1}


def test_by_default_one_percent_but_at_least_ten_rejects_are_allowed(tmp_path: Path) -> None:
    """Ten of twenty pass, eleven do not."""
    for rejects, too_many in ((10, []), (11, ["things"])):
        target = _target(tmp_path)
        records = [_record(n, "unwanted" if n < rejects else "x") for n in range(20)]
        if too_many:
            with pytest.raises(SystemExit):
                target.listen(_lines(_schema(), *records))
        else:
            target.listen(_lines(_schema(), *records))
        assert target.too_many_rejects() == too_many


@pytest.mark.parametrize(("allowed", "code"), [("5%", 0), (20, 0), ("19", 1), ("4%", 1), (0, 1)])
def test_the_allowed_rejects_are_a_number_or_a_share(
    tmp_path: Path, allowed: str | int, code: int
) -> None:
    """Twenty of four hundred."""
    target = _target(tmp_path, max_rejects=allowed)
    records = [_record(number, "unwanted" if number < 20 else "x") for number in range(400)]
    if code:
        with pytest.raises(SystemExit):
            target.listen(_lines(_schema(), *records))
    else:
        target.listen(_lines(_schema(), *records))


def test_an_unknown_kind_fails_at_its_schema_with_the_kinds_there_are(tmp_path: Path) -> None:
    """A peer dropped such streams with exit code 0."""
    with pytest.raises(StreamMapConfigError, match=r"'people' is no kind.*Kinds: things"):
        _target(tmp_path).listen(_lines(_schema("people")))


def test_a_stream_mapped_to_null_is_left_out_whatever_its_name(tmp_path: Path) -> None:
    """Leaving out is a choice, not an error."""
    target = _target(tmp_path, stream_maps={"people": "__NULL__"})
    target.listen(_lines(_schema("people"), _record(1, stream="people")))
    assert target.taken == []


def test_streams_that_no_map_mentions_are_left_out_when_the_maps_say_so(tmp_path: Path) -> None:
    """`__else__: __NULL__`, with a second projection of a stream that has no map of its own."""
    maps = {"__else__": "__NULL__", "things__two": {"__source__": "people"}}
    target = _target(tmp_path, stream_maps=maps)
    target.listen(
        _lines(
            _schema("people"),
            _schema("other"),
            _record(1, stream="people"),
            _record(2, stream="other"),
        )
    )
    assert [(stream, record["id"]) for stream, record in target.taken] == [("things__two", 1)]


def test_two_sources_on_one_name_are_refused_with_the_line_to_write(tmp_path: Path) -> None:
    """Each record would meet the other source's validator."""
    maps = {"fans": {"__alias__": "things"}, "people": {"__alias__": "things"}}
    target = _target(tmp_path, stream_maps=maps)
    with pytest.raises(StreamMapConfigError, match=r"people: \{__alias__: things__people\}"):
        target.listen(_lines(_schema("fans"), _schema("people")))


def test_two_maps_of_one_source_on_one_name_are_refused_as_well(tmp_path: Path) -> None:
    """A second projection needs a name of its own."""
    maps = {"fans": {"__alias__": "things"}, "things": {"__source__": "fans"}}
    with pytest.raises(StreamMapConfigError, match="both arrive as 'things'"):
        _target(tmp_path, stream_maps=maps).listen(_lines(_schema("fans")))


def test_a_map_that_makes_a_date_of_a_text_is_loaded(tmp_path: Path) -> None:
    """It travels as ISO 8601."""
    maps = {"things": {"day": "datetime.date.fromisoformat(name)"}}
    target = _target(tmp_path, stream_maps=maps)
    target.listen(_lines(_schema(), _record(1, name="2026-05-01")))
    assert [record["day"] for _, record in target.taken] == ["2026-05-01"]


def test_a_stream_may_be_mapped_to_have_no_key(tmp_path: Path) -> None:
    """`__key_properties__: null` is the SDK's own way to say so."""
    target = _target(tmp_path, stream_maps={"things": {"__key_properties__": None, "x": "id"}})
    target.listen(_lines(_schema(), _record(1)))
    assert [record["x"] for _, record in target.taken] == [1]


def test_two_sources_of_one_kind_each_keep_their_own_schema(tmp_path: Path) -> None:
    """With names of their own they may alternate, SCHEMA messages repeated."""
    maps = {"fans": {"__alias__": "things"}, "people": {"__alias__": "things__people"}}
    target = _target(tmp_path, stream_maps=maps)
    fans, people = (
        _schema("fans"),
        _schema("people", id={"type": "integer"}, name={"type": "number"}),
    )
    messages = []
    for number in range(3):
        messages += [fans, _record(number, "x", "fans"), people, _record(number, 1.5, "people")]
    target.listen(_lines(*messages))
    assert len(target.taken) == 6
    assert list(read_rejects(target.rejects.path)) == []


def test_a_record_before_its_schema_stops_the_run_with_the_line(tmp_path: Path) -> None:
    """The tap is broken; guessing would lose data."""
    with pytest.raises(RecordsWithoutSchemaException, match="Line 2 is a record of 'other'"):
        _target(tmp_path).listen(_lines(_schema(), _record(1, stream="other")))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_reading_settles_within_the_grace_period_and_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    """State of what was read, exit code 128 + signal; a second signal at once changes nothing."""
    target = _target(tmp_path, grace_seconds=7)

    def lines() -> Iterator[str]:
        yield from _lines(_schema(), _record(1), STATE)
        signal.raise_signal(number)
        signal.raise_signal(number)
        yield from _lines(_record(2))

    with pytest.raises(SystemExit) as ended:
        target.listen(lines())  # type: ignore[arg-type]  # any iterable of lines will do
    assert ended.value.code == 128 + number
    assert [record["id"] for _, record in target.taken] == [1]
    assert json.loads(capsys.readouterr().out) == {"bookmark": 1}
    timers = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
    assert all(timer.finished.is_set() for timer in timers), "it would cut off whatever comes next"


def test_settings_that_do_nothing_here_are_not_offered() -> None:
    """The SDK adds load_method, batch_size_rows and add_record_metadata to every target."""
    settings = ThingsTarget._get_about_info().settings["properties"]  # noqa: SLF001  # what --about tells
    assert not {"load_method", "batch_size_rows", "add_record_metadata"} & set(settings)
    assert {"stream_maps", "validate_records", "max_rejects"} <= set(settings)
