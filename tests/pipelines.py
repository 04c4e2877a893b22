"""Both directions with the settings and maps of meltano.yml, as Meltano runs them, but quicker.

A direction is a tap piped into a target, two processes; the last STATE that the target tells is
what the tap begins with next time.
"""

from __future__ import annotations

import json
import os
import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from forking import Started, run
from nevent_sandbox.credentials import NEVENT_TOKEN
from shipped import MELTANO, configured

if TYPE_CHECKING:
    from pathlib import Path

    from nevent_sandbox import Sandbox

Document = dict[str, Any]
SUMMARY = re.compile(r"Summary: (\{.*\})")
FORWARD = ("tap-nevent", "target-klaviyo")
BACK = ("tap-klaviyo-engagement", "target-nevent")
KEY = "pk_sandbox_full"


class Direction:
    """One tap into one target; `run` goes on where the last run ended."""

    def __init__(self, plugins: tuple[str, str], sandbox: Sandbox, folder: Path) -> None:
        self.folder = folder
        self.state: Document = {}
        self.log = ""
        self._plugins = plugins
        for name in plugins:
            _configure(name, sandbox, folder)
        self._catalog = folder / f"{plugins[0]}.catalog.json"
        self._select = _plugin(plugins[0])["select"]

    def run(self, *, codes: tuple[int, int] = (0, 0), **environment: str) -> Document:
        """Let it run to its end; the target's summary.

        Args:
            codes: how the tap and the target must end.
            environment: settings of this run alone.
        """
        if not self._catalog.exists():
            self._catalog.write_text(json.dumps(self._selected(environment)))
        state = self.folder / f"{self._catalog.stem}.state.json"
        state.write_text(json.dumps(self.state))
        tap, target = ((name, "--config", f"{name}.config.json") for name in self._plugins)
        reads = (*tap, "--catalog", str(self._catalog), "--state", str(state))
        records, write = os.pipe()
        with (
            Started(*reads, folder=self.folder, env=environment, stdout=write) as tapping,
            Started(*target, folder=self.folder, env=environment, stdin=records) as loading,
        ):
            os.close(records)
            os.close(write)
            told = tapping.done().stderr
            loaded = loading.done()
            ended = tapping.wait(), loaded.returncode
        self.log = f"{told}\n{loaded.stderr}"
        assert ended == codes, self.log[-5000:]
        if lines := loaded.stdout.splitlines():
            self.state = json.loads(lines[-1])
        found: Document = json.loads(SUMMARY.findall(self.log)[-1])
        return found

    def _selected(self, environment: dict[str, str]) -> Document:
        """The catalog with the streams that meltano.yml selects."""
        name = self._plugins[0]
        words = (name, "--config", f"{name}.config.json", "--discover")
        done = run(*words, folder=self.folder, env=environment)
        catalog: Document = json.loads(done.stdout)
        for stream in catalog["streams"]:
            name = stream["tap_stream_id"]
            chosen = any(fnmatch(f"{name}.*", pattern) for pattern in self._select)
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"]["selected"] = chosen
        return catalog


def _plugin(name: str) -> Document:
    plugins = MELTANO["plugins"]["extractors"] + MELTANO["plugins"]["loaders"]
    found: Document = next(each for each in plugins if each["name"] == name)
    return found


def _configure(name: str, sandbox: Sandbox, folder: Path) -> None:
    """Write the plugin's settings to a file."""
    config = {
        key: each.replace("$MELTANO_PROJECT_ROOT", str(folder)) if isinstance(each, str) else each
        for key, each in configured(_plugin(name)).items()
    }
    nevent = {
        "api_url": sandbox.nevent.url,
        "data_api_url": sandbox.nevent.url,
        "auth_token": NEVENT_TOKEN,
    }
    klaviyo = {"api_url": sandbox.klaviyo.url, "api_key": KEY}
    config |= nevent if name.endswith("nevent") else klaviyo
    config |= {"max_rejects": "50%"} if name.startswith("target") else {}
    if name == "target-nevent":
        config["newsletter_id"] = sandbox.nevent.newsletters()[0]["id"]
    (folder / f"{name}.config.json").write_text(json.dumps(config))
