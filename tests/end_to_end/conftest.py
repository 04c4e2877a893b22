"""Meltano as a user runs it: a project in a folder, commands, a sandbox on free ports."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from nevent_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
OURS = ("MELTANO_", "TAP_", "TARGET_")
SUMMARY = re.compile(r"Summary: (\{.*\})")


class Project:
    """A copy of this repository's Meltano project, pointed at a sandbox."""

    def __init__(self, folder: Path, served: Sandbox) -> None:
        self.folder = folder
        self.file = folder / "meltano.yml"
        self.file.write_text((ROOT / "meltano.yml").read_text(encoding="utf-8"), encoding="utf-8")
        self.output = ""
        mine = {name: each for name, each in os.environ.items() if not name.startswith(OURS)}
        self._environment = {
            **mine,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{mine.get('PATH', '')}",
            "TAP_NEVENT_API_URL": served.nevent.url,
            "TAP_NEVENT_DATA_API_URL": served.nevent.url,
            "TARGET_KLAVIYO_API_URL": served.klaviyo.url,
            "TARGET_KLAVIYO_MAX_REJECTS": "10",
            "TAP_KLAVIYO_ENGAGEMENT_API_URL": served.klaviyo.url,
            "TARGET_NEVENT_API_URL": served.nevent.url,
        }

    def add(self, after: str, line: str) -> None:
        """Write one line more below a line of meltano.yml, as a user would."""
        text = self.file.read_text(encoding="utf-8")
        assert text.count(f"{after}\n") == 1
        indent = " " * (len(after) - len(after.lstrip()))
        edited = text.replace(f"{after}\n", f"{after}\n{indent}{line}\n")
        self.file.write_text(edited, encoding="utf-8")

    def change(self, text: str, other: str) -> None:
        """Change a text that stands once in meltano.yml."""
        before = self.file.read_text(encoding="utf-8")
        assert before.count(text) == 1
        self.file.write_text(before.replace(text, other), encoding="utf-8")

    def meltano(self, *arguments: str) -> dict[str, Any]:
        """Run a command that must succeed; the loader's summary."""
        done = subprocess.run(
            ["meltano", *arguments],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            umask=0o077,
        )
        self.output = done.stdout
        assert done.returncode == 0, done.stdout[-5000:]
        summaries = SUMMARY.findall(done.stdout)
        found: dict[str, Any] = json.loads(summaries[-1]) if summaries else {}
        return found


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    """A sandbox for the tests of one file, which build on each other."""
    with Sandbox(fans=50, limits="real") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def project(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Makes projects; each begins without state."""
    return lambda: Project(tmp_path_factory.mktemp("project"), served)
