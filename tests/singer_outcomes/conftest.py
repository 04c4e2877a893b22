"""Ways to run the small target of these tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import things
from forking import Done, Started, running
from singer_messages import Message, singer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


class Folder:
    """Where a target works: its configuration and what it leaves."""

    def __init__(self, path: Path, started: list[Started]) -> None:
        self.path = path
        self.rejects = path / "rejects.jsonl"
        self.store = path / "target-things.sqlite"
        self._loaded = path / "loaded.jsonl"
        self._started = started

    def configure(self, **settings: Any) -> None:
        """Settings of the next runs."""
        settings = {"loaded_path": str(self._loaded), **settings}
        (self.path / "config.json").write_text(json.dumps(settings))

    def start(self, *words: str, messages: Iterable[Message] = (), **environment: str) -> Started:
        """The command, its whole input at hand."""
        (self.path / "in.singer").write_bytes(singer(messages))
        env = {"COLUMNS": "120", **environment}
        with (self.path / "in.singer").open() as given:
            process = Started(
                "target-things", *words, folder=self.path, stdin=given.fileno(), env=env
            )
        self._started.append(process)
        return process

    def run(self, *words: str, messages: Iterable[Message] = (), **environment: str) -> Done:
        """The command to its end."""
        words = words or ("--config", "config.json")
        return self.start(*words, messages=messages, **environment).done()

    def loaded(self) -> list[Message]:
        """Things that arrived."""
        if not self._loaded.exists():
            return []
        return [json.loads(line) for line in self._loaded.read_text().splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """A folder with a configuration."""
    with running() as started:
        made = Folder(tmp_path, started)
        made.configure()
        yield made


@pytest.fixture
def target(folder: Folder) -> Callable[..., things.ThingsTarget]:
    """Makes the target in this process, with the same files."""
    paths = {
        "loaded_path": folder.path / "loaded.jsonl",
        "rejects_path": folder.rejects,
        "store_path": folder.store,
    }

    def make(**settings: Any) -> things.ThingsTarget:
        return things.ThingsTarget(
            config={**{name: str(path) for name, path in paths.items()}, **settings}
        )

    return make
