"""Rejects are sent once more, and leave the file when they succeed; never otherwise."""

from __future__ import annotations

import json
import signal
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import Message, record, schema
from singer_outcomes.rejects import Reject, RejectsFile, read_rejects

if TYPE_CHECKING:
    from collections.abc import Callable

    import things
    from singer_outcomes.conftest import Folder

    MakeTarget = Callable[..., things.ThingsTarget]

PEOPLE = schema("people", "id", "name", keys=("id",))
MAPS = {"people": {"__alias__": "things__people", "loud": "name.upper()"}}
BOTH = {**MAPS, "things__copies": {"__source__": "people", "id": "id"}}


def _people(*names: Any) -> list[Message]:
    return [
        PEOPLE,
        *(record("people", id=str(number), name=name) for number, name in enumerate(names)),
    ]


def _left(folder: Folder) -> list[tuple[str, str, str]]:
    return [(each["stream"], each["key"], each["reason"]) for each in read_rejects(folder.rejects)]


def test_a_record_takes_its_own_map_again_and_no_other(folder: Folder) -> None:
    """The copy of it that was loaded at first is not loaded twice; its line is gone."""
    folder.configure(stream_maps=BOTH)
    folder.run(messages=_people("ana", None))
    assert len(folder.loaded()) == 3
    assert [(stream, key) for stream, key, _ in _left(folder)] == [("things__people", "1")]
    maps = {**BOTH, "people": {"__alias__": "things__people", "loud": "(name or 'x').upper()"}}
    folder.configure(stream_maps=maps)
    done = folder.run("retry-rejects", "--config", "config.json")
    assert done.returncode == 0
    assert done.stdout == "things__people: 1 no longer rejected (1 written)\n"
    assert folder.loaded()[3:] == [
        {"stream": "things__people", "id": "1", "name": None, "loud": "X"}
    ]
    assert _left(folder) == []


def test_what_fails_again_stays_once_with_its_new_reason(folder: Folder) -> None:
    """And with the record as the tap wrote it, whoever refuses it now."""
    folder.configure(stream_maps=MAPS, unwanted=["b", "c"])
    folder.run(messages=_people("a", "b", "c"))
    folder.configure(stream_maps=MAPS, unwanted=["b"], refused=["c"], store_rejected_records=False)
    done = folder.run("retry-rejects", "--config", "config.json")
    assert done.returncode == 1
    assert "things__people: 2 left: rejected again" in done.stdout
    lines = {each["key"]: each for each in read_rejects(folder.rejects)}
    assert _left(folder) == [
        ("things__people", "1", "the name is unwanted"),
        ("things__people", "2", "Vendor: refused"),
    ]
    assert lines["2"]["record"] == {"id": "2", "name": "c"}
    assert lines["2"]["pointer"] == "/name"
    folder.configure(stream_maps=MAPS)
    assert folder.run("retry-rejects", "--config", "config.json").returncode == 0
    assert _left(folder) == []


def test_a_payload_that_was_refused_is_queued_again(folder: Folder) -> None:
    """By the target's own way; it needs no map and no schema."""
    folder.configure(stream_maps=MAPS, refused=["b"])
    folder.run(messages=_people("a", "b"))
    folder.store.unlink()
    folder.configure(stream_maps=MAPS)
    assert folder.run("retry-rejects", "--config", "config.json").returncode == 0
    assert folder.loaded()[-1]["loud"] == "B"
    assert _left(folder) == []


def test_a_withheld_record_is_no_reject_any_more(folder: Folder) -> None:
    """Its fate is known: a rule says that it must not be sent."""
    folder.configure(stream_maps=MAPS, unwanted=["b"])
    folder.run(messages=_people("b"))
    folder.configure(stream_maps=MAPS, withheld=["b"])
    done = folder.run("retry-rejects", "--config", "config.json")
    assert (done.returncode, _left(folder)) == (0, [])
    assert "1 no longer rejected (1 withheld)" in done.stdout


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        (("--stream", "things__other"), ["1", "2"]),
        (("--stream", "things__people"), []),
        (("--reason", "the name"), ["2"]),
        (("--reason", "map:", "--reason", "Vendor"), ["1"]),
    ],
)
def test_streams_and_reasons_may_be_chosen(
    folder: Folder, chosen: tuple[str, ...], left: list[str]
) -> None:
    """The others stay; that is no failure."""
    folder.configure(stream_maps=MAPS, unwanted=["b"])
    folder.run(messages=_people("a", "b", None))
    folder.configure(stream_maps={**MAPS, "people": {"__alias__": "things__people"}})
    done = folder.run("retry-rejects", *chosen, "--config", "config.json")
    assert done.returncode == 0
    assert [key for _, key, _ in _left(folder)] == left


def test_a_record_that_its_filter_leaves_out_now_stays(folder: Folder) -> None:
    """A mistaken filter must not empty the file; the exit code says that something is left."""
    folder.configure(stream_maps=MAPS, unwanted=["b"])
    folder.run(messages=_people("b"))
    maps = {"people": {**MAPS["people"], "__filter__": "name == 'z'"}}
    folder.configure(stream_maps=maps)
    done = folder.run("retry-rejects", "--config", "config.json")
    assert done.returncode == 1
    assert "__filter__" in done.stdout
    assert len(_left(folder)) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"stream_maps": {"people": {"__alias__": "things__new"}}}, "no map of its source leads"),
        ({"stream_maps": {"people": "__NULL__"}}, "no map of its source leads"),
        ({"stream_maps": {"people": {"__alias__": "other"}}}, "'other' is no kind of stream"),
        ({"stream_maps": MAPS, "store_path": "new.sqlite"}, "has no schema of its source"),
        ({"stream_maps": MAPS, "dry_run": True}, "a dry run sends nothing"),
    ],
)
def test_what_cannot_be_replayed_stays_and_says_why(
    folder: Folder, change: Message, told: str
) -> None:
    """No line is lost, none is changed."""
    folder.configure(stream_maps=MAPS, unwanted=["b"])
    folder.run(messages=_people("b"))
    before = folder.rejects.read_bytes()
    folder.configure(**change)
    done = folder.run("retry-rejects", "--config", "config.json")
    assert (done.returncode, folder.rejects.read_bytes()) == (1, before)
    assert told in done.stdout


def test_a_file_of_the_version_before_is_read_and_told(folder: Folder) -> None:
    """Its lines have no source: records cannot be replayed, payloads can."""
    common = {"run": "r", "rejected_at": "2026-05-01T00:00:00+00:00", "stream": "things"}
    lines: list[Message] = [
        {**common, "key": "1", "hash": "a", "reason": "schema: type string", "record": {"id": 1}},
        {**common, "key": "2", "hash": "b", "reason": "Vendor: refused", "payload": {"thing": {}}},
        {**common, "key": "3", "hash": "c", "reason": "Vendor: refused"},
    ]
    folder.rejects.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = folder.run("retry-rejects", "--config", "config.json")
    assert done.returncode == 1
    assert "earlier version, without the source" in done.stdout
    assert "was not stored" in done.stdout
    assert [key for _, key, _ in _left(folder)] == ["1", "3"]


def _until(true: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_killed_in_the_middle_no_line_is_lost(folder: Folder) -> None:
    """Some were sent by then; the next replay sends them again, and all are settled."""
    folder.configure(stream_maps=MAPS, unwanted=["b", "c"])
    folder.run(messages=_people("b", "c"))
    before = folder.rejects.read_bytes()
    already = len(folder.loaded())
    folder.configure(stream_maps=MAPS, hangs_at=2)
    process = folder.start("retry-rejects", "--config", "config.json")
    _until(lambda: len(folder.loaded()) > already)
    process.kill()
    process.wait()
    assert folder.rejects.read_bytes() == before
    folder.configure(stream_maps=MAPS)
    assert folder.run("retry-rejects", "--config", "config.json").returncode == 0
    assert _left(folder) == []


def test_ended_by_a_signal_what_has_no_fate_stays(folder: Folder) -> None:
    """Exit code 143."""
    folder.configure(stream_maps=MAPS, unwanted=["b", "c"])
    folder.run(messages=_people("b", "c"))
    already = len(folder.loaded())
    folder.configure(stream_maps=MAPS, hangs_at=2, grace_seconds=0.1)
    process = folder.start("retry-rejects", "--config", "config.json")
    _until(lambda: len(folder.loaded()) > already)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 143
    assert len(_left(folder)) == 2


def test_what_another_run_rejects_meanwhile_stays(
    target: MakeTarget, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only lines that were read are taken out, whatever they are about."""
    folder.configure(stream_maps=MAPS, unwanted=["b"])
    folder.run(messages=_people("b"))
    made = target(stream_maps=MAPS)
    (line,) = read_rejects(folder.rejects)
    finish = made.finish

    def meanwhile() -> None:
        rejects = RejectsFile(folder.rejects, run="other")
        again: Reject = {**line}
        rejects.write(again, at=datetime.now(tz=UTC))
        finish()

    monkeypatch.setattr(made, "finish", meanwhile)
    done = made.replay()
    made.close()
    assert done.succeeded == {"things__people": 1}
    assert [each["run"] for each in read_rejects(folder.rejects)] == ["other"]


def test_a_replay_is_a_run_of_its_own_in_the_history(folder: Folder) -> None:
    """And is not taken for a load."""
    folder.configure(stream_maps=MAPS, unwanted=["b"], max_rejects=0)
    folder.run(messages=_people("b"))
    folder.run("retry-rejects", "--config", "config.json")
    runs = json.loads(folder.run("history", "--json").stdout)
    assert [(run["command"], run["outcome"]) for run in runs] == [
        ("retry-rejects", "done"),
        ("load", "too many rejects"),
    ]


def test_with_nothing_to_replay_all_is_well(folder: Folder) -> None:
    """No file is no failure."""
    done = folder.run("retry-rejects", "--config", "config.json")
    assert (done.returncode, done.stdout) == (0, "Nothing to replay.\n")
