"""One `meltano run` as a user starts it: a process of its own, its log, its summary."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_sandbox.credentials import NEVENT_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.server import Sandbox

KLAVIYO_KEY = "pk_sandbox_full"
MELTANO = ("meltano", "--environment=sandbox")
FORWARD, BOTH = "nevent-to-klaviyo", "bidirectional"  # jobs of meltano.yml
DRY_RUN = "TARGET_KLAVIYO_DRY_RUN"
TOOL_WIDTH = 120
PATIENCE = 30.0  # seconds for Meltano to end after a signal
_STEP = re.compile(r"(Progress: .*|Beginning (?:incremental|full_table) sync of '\w+')")
_SUMMARY = re.compile(r"target-(nevent|klaviyo)\b.*?Summary: (\{.*\})")
_PLAN = re.compile(r"Plan: (\{.*\})")
_IN_WORDS = re.compile(r"target-klaviyo (Dry run: .*|  .*)")
_OURS = ("MELTANO_", "TAP_", "TARGET_", "NEVENT_KLAVIYO_")


class Sync(NamedTuple):
    """How one run ended; `summary` is target-klaviyo's, `back` target-nevent's: empty if none.

    A dry run has a `plan` too, and the same `in_words`.
    """

    exit_code: int
    seconds: float
    log: Path
    summary: dict[str, Any]
    plan: dict[str, Any]
    in_words: list[str]
    back: dict[str, Any]

    def total(self, fate: str) -> int:
        """Records of all streams that met this fate."""
        return sum(each.get(fate, 0) for each in self.summary.get("streams", {}).values())

    @property
    def streams(self) -> dict[str, dict[str, Any]]:
        """Counts of each stream."""
        return dict(self.summary.get("streams", {}))


class Project:
    """A copy of a Meltano project, beside which nothing of the user's is read or written.

    The copy has no `.env`, no state and none of the user's settings from the environment, so a
    demonstration can reach no real account.
    """

    def __init__(self, source: Path, folder: Path, sandbox: Sandbox) -> None:
        self.folder = folder
        shutil.copy(source / "meltano.yml", folder)
        mine = {name: each for name, each in os.environ.items() if not name.startswith(_OURS)}
        scripts = str(Path(sys.executable).parent)
        self._environment = {
            **mine,
            "PATH": os.pathsep.join((scripts, mine.get("PATH", ""))),
            "MELTANO_SYS_DIR_ROOT": str(folder / ".meltano"),
            "TAP_NEVENT_API_URL": sandbox.nevent.url,
            "TAP_NEVENT_DATA_API_URL": sandbox.nevent.url,
            "TAP_NEVENT_AUTH_TOKEN": NEVENT_TOKEN,
            "TARGET_KLAVIYO_API_URL": sandbox.klaviyo.url,
            "TARGET_KLAVIYO_API_KEY": KLAVIYO_KEY,
            "TAP_KLAVIYO_ENGAGEMENT_API_URL": sandbox.klaviyo.url,
            "TAP_KLAVIYO_ENGAGEMENT_API_KEY": KLAVIYO_KEY,
            "TARGET_NEVENT_API_URL": sandbox.nevent.url,
            "TARGET_NEVENT_AUTH_TOKEN": NEVENT_TOKEN,
            "TARGET_NEVENT_NEWSLETTER_ID": sandbox.nevent.newsletters()[0]["id"],
            "NEVENT_KLAVIYO_NEVENT_API_URL": sandbox.nevent.url,
            "NEVENT_KLAVIYO_NEVENT_DATA_API_URL": sandbox.nevent.url,
            "NEVENT_KLAVIYO_NEVENT_AUTH_TOKEN": NEVENT_TOKEN,
            "NEVENT_KLAVIYO_KLAVIYO_API_URL": sandbox.klaviyo.url,
            "NEVENT_KLAVIYO_KLAVIYO_API_KEY": KLAVIYO_KEY,
        }
        self._runs = 0

    @property
    def rejects(self) -> list[dict[str, Any]]:
        """What the loader rejected so far."""
        return self._lines("rejects.jsonl")

    @property
    def consent_ledger(self) -> list[dict[str, Any]]:
        """What the loader put on record of consents so far."""
        return self._lines("consents.jsonl")

    def _lines(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / "output" / name
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def sync(self, tell: Callable[[str], None], *, dry_run: bool = False) -> Sync:
        """Run the job once, a dry run of the way there alone; `tell` hears how far it is."""
        self._runs += 1
        log = self.folder / f"run-{self._runs}.log"
        started = time.monotonic()
        summary: dict[str, Any] = {}
        back: dict[str, Any] = {}
        plan: dict[str, Any] = {}
        in_words: list[str] = []
        job, more = (FORWARD, {DRY_RUN: "true"}) if dry_run else (BOTH, {})
        with log.open("w", encoding="utf-8") as file, self._process(job, more) as process:
            try:
                assert process.stdout is not None  # noqa: S101  # a pipe was asked for
                for line in process.stdout:
                    file.write(line)
                    if step := _STEP.search(line):
                        tell(step[1])
                    if found := _SUMMARY.search(line):
                        told = json.loads(found[2])
                        back, summary = (told, {}) if found[1] == "nevent" else (back, told)
                    elif found := _PLAN.search(line):
                        plan = json.loads(found[1])
                    elif plan and (found := _IN_WORDS.search(line)):
                        in_words.append(found[1])
            except KeyboardInterrupt:
                _end(process)
                raise
        seconds = time.monotonic() - started
        return Sync(process.wait(), seconds, log, summary, plan, in_words, back)

    def tool(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `nevent-klaviyo` on the two sides."""
        command = (str(Path(sys.executable).parent / "nevent-klaviyo"), *arguments)
        return subprocess.run(  # noqa: S603  # our own command
            command,
            cwd=self.folder,
            env={**self._environment, "COLUMNS": str(TOOL_WIDTH)},
            capture_output=True,
            check=False,
            text=True,
            encoding="utf-8",
        )

    def _process(self, job: str, more: dict[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603  # our own command
            (*MELTANO, "run", job),
            cwd=self.folder,
            env={**self._environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            umask=0o077,
        )


def _end(process: subprocess.Popen[str]) -> None:
    """Let Meltano end in order: on Ctrl-C the terminal has told it too."""
    process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
