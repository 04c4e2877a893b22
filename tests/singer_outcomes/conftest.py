"""Ways to run the small target of these tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import things
from singer_messages import Message, singer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


class Folder:
    """Where a target works: its configuration and what it leaves."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rejects = path / "rejects.jsonl"
        self.store = path / "target-things.sqlite"
        self._loaded = path / "loaded.jsonl"
        self._running: list[subprocess.Popen[str]] = []

    def configure(self, **settings: Any) -> None:
        """Settings of the next runs."""
        settings = {"loaded_path": str(self._loaded), **settings}
        (self.path / "config.json").write_text(json.dumps(settings))

    def start(
        self, *words: str, messages: Iterable[Message] = (), **environment: str
    ) -> subprocess.Popen[str]:
        """The command, its whole input at hand."""
        (self.path / "in.singer").write_bytes(singer(messages))
        with (self.path / "in.singer").open() as given:
            process = subprocess.Popen(
                [sys.executable, things.__file__, *words],
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=self.path,
                env={**os.environ, "COLUMNS": "120", **environment},
            )
        self._running.append(process)
        return process

    def run(
        self, *words: str, messages: Iterable[Message] = (), **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """The command to its end."""
        words = words or ("--config", "config.json")
        process = self.start(*words, messages=messages, **environment)
        out, told = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, told)

    def loaded(self) -> list[Message]:
        """Things that arrived."""
        if not self._loaded.exists():
            return []
        return [json.loads(line) for line in self._loaded.read_text().splitlines()]

    def end(self) -> None:
        """No process outlives its test."""
        for process in self._running:
            process.kill()
            process.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """A folder with a configuration."""
    made = Folder(tmp_path)
    made.configure()
    yield made
    made.end()


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
