"""Earlier runs are known: how each ended, what it did, and no name."""

from __future__ import annotations

import json
import signal
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import Message, record, schema, state
from singer_outcomes import history
from singer_outcomes.history import History, Run
from singer_outcomes.store import Store
from singer_outcomes.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from singer_outcomes.conftest import Folder

NOW = datetime(2026, 5, 1, tzinfo=UTC)
THINGS = schema("things", "id", "name", "email", keys=("id",))


def _things(*names: Any) -> list[Message]:
    people = (
        record("things", id=str(number), name=name, email="ana@nevent-demo.es")
        for number, name in enumerate(names)
    )
    return [THINGS, *people, state({"n": 1})]


def _until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def _runs(folder: Folder) -> list[Run]:
    with closing(Store(folder.store)) as store:
        return History(store, plugin="target-things").runs(10)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Not there yet."""
    with closing(Store(tmp_path / "store.sqlite")) as opened:
        yield opened


def test_a_run_is_noted_with_its_counts_and_reasons_and_nobodys_name(folder: Folder) -> None:
    """As the summary has them."""
    folder.configure(unwanted=["b"])
    assert folder.run(messages=_things("a", "b")).returncode == 0
    (run,) = _runs(folder)
    assert (run["command"], run["outcome"]) == ("load", "done")
    things = run["streams"]["things"]
    assert (things["read"], things["written"], things["rejected"]) == (2, 1, 1)
    assert things["reasons"] == {"the name is unwanted": 1}
    assert run["ended"] is not None
    assert run["started"] <= run["ended"]
    for file in folder.path.glob("target-things.sqlite*"):
        assert b"ana@" not in file.read_bytes()


@pytest.mark.parametrize(
    ("settings", "messages", "outcome"),
    [
        ({"unwanted": ["b"], "max_rejects": 0}, _things("b"), "too many rejects"),
        ({}, [record("things", id="1")], "RecordsWithoutSchemaException"),
        ({}, [schema("people", "id")], "StreamMapConfigError"),
        ({}, [], "done"),
    ],
)
def test_how_a_run_ended_is_told(
    folder: Folder, settings: Message, messages: list[Message], outcome: str
) -> None:
    """Well, with too many rejects, by an error, or with nothing to do."""
    folder.configure(**settings)
    done = folder.run(messages=messages)
    assert done.returncode == (0 if outcome == "done" else 1)
    assert [run["outcome"] for run in _runs(folder)] == [outcome]


def test_a_run_that_fails_on_its_settings_is_noted_where_there_were_others(folder: Folder) -> None:
    """Who looks at the history sees that it stopped working."""
    folder.configure(max_rejects="many")
    assert folder.run().returncode == 1
    assert not folder.store.exists()
    folder.configure()
    assert folder.run(messages=_things("a")).returncode == 0
    folder.configure(max_rejects="many")
    assert folder.run(messages=_things("a")).returncode == 1
    assert [run["outcome"] for run in _runs(folder)] == ["ConfigValidationError", "done"]


def test_a_killed_run_is_known_as_not_finished(folder: Folder) -> None:
    """It was noted at its beginning; the next one is well, and is not the first."""
    folder.configure(hangs_at=2)
    process = folder.start("--config", "config.json", messages=_things("a", "b"))
    _until(folder.loaded)
    process.kill()
    process.wait()
    (run,) = _runs(folder)
    assert (run["outcome"], run["ended"], run["seconds"]) == ("not finished", None, None)
    folder.configure()
    assert folder.run(messages=_things("a", "b")).returncode == 0
    assert [each["outcome"] for each in _runs(folder)] == ["done", "not finished"]


def test_a_run_ended_by_a_signal_is_known_by_it(folder: Folder) -> None:
    """Also where the grace period was over before all was settled."""
    folder.configure(hangs_at=2, grace_seconds=0.1)
    process = folder.start("--config", "config.json", messages=_things("a", "b"))
    _until(folder.loaded)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 143
    (run,) = _runs(folder)
    assert (run["outcome"], run["streams"]["things"]["written"]) == ("SIGTERM", 1)


def test_a_dry_run_leaves_no_trace(folder: Folder) -> None:
    """Not even the file."""
    folder.configure(dry_run=True)
    assert folder.run(messages=_things("a")).returncode == 0
    assert not folder.store.exists()


def test_the_first_load_is_the_one_before_any_that_came_to_its_end(
    target: Callable[..., Any], folder: Folder
) -> None:
    """A killed run, a dry one, one that read nothing and one that failed do not count."""
    assert not target().has_run_before()
    for settings, messages in (
        ({"dry_run": True}, _things("a")),
        ({}, []),
        ({}, [record("things", id="1")]),
    ):
        folder.configure(**settings)
        folder.run(messages=messages)
        assert not target().has_run_before()
    folder.configure()
    folder.run(messages=_things("a"))
    assert target().has_run_before()


def test_only_the_latest_runs_are_kept_and_that_something_was_loaded(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many empty runs follow."""
    monkeypatch.setattr(history, "KEPT", 3)
    runs = History(store, plugin="target-things")
    summary = Summary()
    summary.count("a", "read")
    runs.begin("loaded", at=NOW)
    runs.end("loaded", at=NOW, outcome="done", summary=summary)
    for number in range(5):
        runs.begin(str(number), at=NOW + timedelta(hours=number))
        runs.end(str(number), at=NOW, outcome="done", summary=Summary())
    assert [run["run"] for run in runs.runs(10)] == ["4", "3", "2", "loaded"]
    assert runs.loaded()


def test_plugins_that_share_a_store_know_their_own_runs_alone(store: Store) -> None:
    """Many runs of one push none of the other's out; runs noted without their plugin are kept."""
    one, other = (History(store, plugin=name) for name in ("one", "other"))
    summary = Summary()
    summary.count("things", "read")
    one.begin("first", at=NOW)
    one.end("first", at=NOW, outcome="done", summary=summary)
    assert [one.loaded(), other.loaded()] == [True, False]
    for number in range(4):
        other.begin(str(number), at=NOW)
    assert [each["run"] for each in one.runs(10)] == ["first"]
    assert [each["run"] for each in other.runs(10)] == ["3", "2", "1", "0"]
    with store.writing() as db:
        db.execute("DELETE FROM run_plugins")
    assert one.loaded()
    assert other.loaded()


def test_a_store_that_cannot_be_read_stops_a_run_before_anything_is_sent(folder: Folder) -> None:
    """Nobody knows then who was erased; one line says what to do, the exit code is 1."""
    folder.store.write_bytes(b"damaged" * 1000)
    done = folder.run(messages=_things("a"))
    assert (done.returncode, done.stdout, folder.loaded()) == (1, "", [])
    assert "is damaged" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_tells_the_last_runs_as_a_table_or_as_json(folder: Folder) -> None:
    """Newest first; it needs no other settings, and makes no file."""
    told = folder.run("history")
    assert (told.returncode, told.stdout) == (0, "No runs in target-things.sqlite.\n")
    assert not folder.store.exists()
    folder.configure(unwanted=["b"])
    folder.run(messages=_things("a", "b", "b"))
    folder.configure()
    folder.run(messages=_things("a"))
    table = folder.run("history").stdout.splitlines()
    assert len(table) == 3
    assert "things 3 read, 1 written" in table[2]
    assert table[2].split()[-2:] == ["2", "done"]
    told = folder.run("history", "--json", "-n", "1", "--config", "config.json")
    (run,) = json.loads(told.stdout)
    assert run["streams"]["things"]["written"] == 1
