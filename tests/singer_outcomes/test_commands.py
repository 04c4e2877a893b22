"""The command line: loading as ever, and commands beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import Message, record, schema, state

if TYPE_CHECKING:
    from singer_outcomes.conftest import Folder

THINGS = schema("things", "id", "name", "email", keys=("id",))


def _things(*names: Any, key: str = "id") -> list[Message]:
    people = (
        record("things", id=str(number), name=name, email=f"{number}@nevent-demo.es")
        for number, name in enumerate(names)
    )
    return [{**THINGS, "key_properties": [key]}, *people, state({"n": 1})]


@pytest.mark.parametrize(
    "words",
    [
        ("--config", "config.json"),
        ("--config=config.json",),
        ("--config", "config.json", "--input", "in.singer"),
        ("--config", "ENV"),
    ],
)
def test_without_a_command_it_loads_as_the_sdk_does(folder: Folder, words: tuple[str, ...]) -> None:
    """Options, environment and output are the SDK's."""
    environment = {"TARGET_THINGS_LOADED_PATH": str(folder.path / "loaded.jsonl")}
    done = folder.run(*words, messages=_things("a"), **environment)
    assert (done.returncode, done.stdout) == (0, '{"n": 1}\n')
    assert [each["name"] for each in folder.loaded()] == ["a"]


def test_about_version_and_help_are_the_sdks(folder: Folder) -> None:
    """The help tells the commands as well."""
    about = json.loads(folder.run("--about", "--format", "json").stdout)
    assert about["name"] == "target-things"
    assert folder.run("--version").stdout.startswith("target-things v")
    told = folder.run("--help").stdout
    for part in ("--config", "--about", "--input", "  retry-rejects ", "  history ", "  rejects "):
        assert part in told


@pytest.mark.parametrize("command", ["rejects", "retry-rejects", "history"])
def test_each_command_documents_its_exit_codes(folder: Folder, command: str) -> None:
    """Jobs depend on them."""
    done = folder.run(command, "--help")
    assert done.returncode == 0
    assert "Exit code 0" in " ".join(done.stdout.split())


def test_rejects_are_grouped_with_the_next_step(folder: Folder) -> None:
    """The most frequent first; the target's own advice, and ours on schemas."""
    folder.configure(unwanted=["b"], max_rejects="100%")
    folder.run(messages=_things("a", "b", "b"))
    folder.configure(unwanted=["b"], stream_maps={"things": {"x": "name.upper()"}})
    folder.run(messages=_things(None))
    done = folder.run("rejects", "--config", "config.json")
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["2", "x", "things:", "the", "name", "is", "unwanted"]
    assert lines[3] == ["next", "Choose", "another", "name."]
    assert "stream_maps," in lines[7]
    assert lines[2] == ["replay", "2", "of", "2", "can", "be", "replayed"]
    groups = json.loads(folder.run("rejects", "--json", "--config", "config.json").stdout)
    assert [(each["count"], each["key"]) for each in groups] == [(2, "2"), (1, "0")]
    assert groups[1]["reason"].startswith("map: ")
    assert groups[0]["newest"].endswith("+00:00")


def test_nobody_is_named_unless_it_is_asked_for(folder: Folder) -> None:
    """A key may be an address."""
    folder.configure(unwanted=["b"])
    folder.run(messages=_things("b", key="email"))
    for words in (("rejects",), ("rejects", "--json")):
        told = folder.run(*words).stdout
        assert "nevent-demo" not in told
        assert "personal" in told
    shown = folder.run("rejects", "--show", "5").stdout.splitlines()
    assert [json.loads(line)["key"] for line in shown] == ["0@nevent-demo.es"]


def test_a_command_takes_its_settings_from_the_environment_as_meltano_gives_them(
    folder: Folder,
) -> None:
    """Without --config; before or after the command it is a file's."""
    folder.configure(unwanted=["b"], rejects_path="mine.jsonl")
    folder.run(messages=_things("b"))
    counted = [
        json.loads(done.stdout)[0]["count"]
        for done in (
            folder.run("rejects", "--json", TARGET_THINGS_REJECTS_PATH="mine.jsonl"),
            folder.run("rejects", "--json", "--config", "config.json"),
            folder.run("--config", "config.json", "rejects", "--json"),
        )
    ]
    assert counted == [1, 1, 1]
    assert folder.run("rejects").stdout == "No rejects in rejects.jsonl.\n"


MELTANOS = {
    "TARGET_THINGS_MAX_REJECTS": "10%",
    "TARGET_THINGS_GRACE_SECONDS": "0.5",
    "TARGET_THINGS_UNWANTED": '["b"]',
    "TARGET_THINGS_STREAM_MAPS": json.dumps(
        {"people.__alias__": "things__people", "people.x": "name.upper()"}
    ),
}


def test_settings_are_read_from_the_environment_by_their_kinds(folder: Folder) -> None:
    """A share is no number, a fraction is one, and Meltano flattens maps."""
    paths = {"TARGET_THINGS_LOADED_PATH": str(folder.path / "loaded.jsonl")}
    people = [{**each, "stream": "people"} for each in _things("a", "b")[:-1]]
    done = folder.run("--config", "ENV", messages=people, **paths, **MELTANOS)
    assert done.returncode == 0, done.stderr
    assert [each["x"] for each in folder.loaded()] == ["A"]
    wanted = {**MELTANOS, "TARGET_THINGS_UNWANTED": "[]"}
    done = folder.run("retry-rejects", messages=(), **paths, **wanted)
    assert done.returncode == 0, done.stderr
    assert [each["x"] for each in folder.loaded()] == ["A", "B"]


def test_a_number_in_the_environment_that_is_none_is_told_by_its_setting(folder: Folder) -> None:
    """Not by a traceback."""
    done = folder.run("--config", "ENV", TARGET_THINGS_HANGS_AT="soon")
    assert done.returncode == 1
    assert "config['hangs_at']" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_cannot_be_read_is_told_in_one_line(folder: Folder) -> None:
    """Exit code 1."""
    folder.rejects.mkdir()
    done = folder.run("rejects")
    assert done.returncode == 1
    assert "rejects.jsonl" in done.stderr
    assert "Traceback" not in done.stderr
    folder.store.write_bytes(b"damaged" * 1000)
    done = folder.run("history")
    assert done.returncode == 1
    assert "is damaged" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_settings_end_a_replay_with_a_line_each(folder: Folder) -> None:
    """As they end a load."""
    folder.configure(max_rejects="many")
    done = folder.run("retry-rejects", "--config", "config.json")
    assert done.returncode == 1
    assert "config['max_rejects']" in done.stderr
    assert "Traceback" not in done.stderr
