"""The plugins with the settings of meltano.yml: as commands, and as a Meltano project."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from nevent_sandbox.credentials import NEVENT_TOKEN

from bench.processes import Command, FailedError
from bench.served import BIN

if TYPE_CHECKING:
    from collections.abc import Collection

Document = dict[str, Any]
ROOT = Path(__file__).parents[1]
KEY = "pk_sandbox_full"
PAGE = 1_000  # the largest that Nevent is asked for; meltano.yml's own is 100
_SUMMARY = re.compile(r"Summary: (\{.*\})")
_OURS = ("MELTANO_", "TAP_", "TARGET_")


class Choice:
    """What of meltano.yml takes part in a case.

    Args:
        streams: that the tap reads; None: as shipped.
        maps: of target-klaviyo's maps, those that stay, since others would send the same rows
            elsewhere; None: all of them.
        settings: changed ones, by plugin.
    """

    def __init__(
        self,
        streams: Collection[str] | None,
        maps: Collection[str] | None = (),
        settings: dict[str, Document] | None = None,
    ) -> None:
        self.streams = streams
        self.maps = maps
        self.settings = settings or {}

    def project(self) -> Document:
        """meltano.yml, reduced to it."""
        document: Document = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
        plugins = document["plugins"]
        for each in plugins["extractors"] + plugins["loaders"]:
            config = each.setdefault("config", {})
            if "select" in each and self.streams is not None:
                each["select"] = [f"{name}.*" for name in self.streams]
            if each["name"] == "target-klaviyo" and self.maps is not None:
                maps = _maps(each)
                known = maps["value"]
                maps["value"] = {
                    "__else__": "__NULL__",
                    **{name: known[name] for name in self.maps},
                }
            config |= self.settings.get(each["name"], {})
        return document


class Setup:
    """A folder in which the plugins of one run keep what they write; where the vendors are."""

    def __init__(
        self, folder: Path, choice: Choice, *, nevent: str = "", klaviyo: str = ""
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._nevent = nevent
        self._klaviyo = klaviyo
        self.choose(choice)

    def choose(self, choice: Choice) -> None:
        """From now on, this is what takes part."""
        self._document = choice.project()
        file = self.folder / "meltano.yml"
        file.write_text(yaml.safe_dump(self._document, sort_keys=False), encoding="utf-8")

    def tap(self, name: str, state: Path | None = None) -> Command:
        """A tap that reads the chosen streams, from the beginning or from a state."""
        base = [str(BIN / name), "--config", str(self.config(name))]
        catalog = self.folder / f"{name}.catalog.json"
        if not catalog.exists():
            catalog.write_text(json.dumps(self._catalog(name, base)), encoding="utf-8")
        more = ["--state", str(state)] if state else []
        return Command(name, [*base, "--catalog", str(catalog), *more])

    def target(self, name: str) -> Command:
        """A target."""
        return Command(name, [str(BIN / name), "--config", str(self.config(name))])

    def plain(self, kind: str, path: Path) -> Command:
        """The SDK's own tap, with a recording, or target, with the configuration of ours."""
        return Command(kind, [sys.executable, str(ROOT / "bench" / "plain.py"), kind, str(path)])

    def meltano(self, *arguments: str) -> Command:
        """A command of Meltano in a project that holds the chosen part of meltano.yml."""
        return Command("meltano", [str(BIN / "meltano"), *arguments])

    def environment(self) -> dict[str, str]:
        """For Meltano: the sandbox's addresses, and no setting of whoever started us."""
        mine = {name: each for name, each in os.environ.items() if not name.startswith(_OURS)}
        return {
            **mine,
            "PATH": f"{BIN}{os.pathsep}{mine.get('PATH', '')}",
            "TAP_NEVENT_API_URL": self._nevent,
            "TAP_NEVENT_DATA_API_URL": self._nevent,
            "TARGET_KLAVIYO_API_URL": self._klaviyo,
            "TARGET_KLAVIYO_MAX_REJECTS": "50%",
            "TAP_KLAVIYO_ENGAGEMENT_API_URL": self._klaviyo,
        }

    def config(self, name: str) -> Path:
        """The file with a plugin's settings."""
        plugins = self._document["plugins"]["extractors"] + self._document["plugins"]["loaders"]
        mine = next(each for each in plugins if each["name"] == name)
        config = {
            key: each.replace("$MELTANO_PROJECT_ROOT", str(self.folder))
            if isinstance(each, str)
            else each
            for key, each in mine["config"].items()
        }
        if shipped := _maps(mine).get("value"):
            config["stream_maps"] = shipped
        if name.endswith("nevent"):
            config |= {"api_url": self._nevent, "auth_token": NEVENT_TOKEN}
            config |= {"data_api_url": self._nevent} if name == "tap-nevent" else {}
        else:
            config |= {"api_url": self._klaviyo, "api_key": KEY}
        if name == "target-klaviyo":
            config["max_rejects"] = "50%"  # broken addresses are among the sandbox's on purpose
        path = self.folder / f"{name}.config.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        return path

    def _catalog(self, name: str, base: list[str]) -> Document:
        plugins = self._document["plugins"]["extractors"]
        select = next(each["select"] for each in plugins if each["name"] == name)
        done = subprocess.run([*base, "--discover"], capture_output=True, check=False)
        if done.returncode:
            raise FailedError(done.stderr.decode(errors="replace")[-3_000:])
        catalog: Document = json.loads(done.stdout)
        for stream in catalog["streams"]:
            columns = f"{stream['tap_stream_id']}.*"
            chosen = any(fnmatch(columns, each) for each in select)
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"]["selected"] = chosen
        return catalog


def _maps(plugin: Document) -> Document:
    """The setting that holds the stream maps as they are shipped."""
    found: Document = next(each for each in plugin["settings"] if each["name"] == "stream_maps")
    return found


def summary(log: str) -> Document:
    """What the target told last of what it did; empty where there was no target."""
    found = _SUMMARY.findall(log)
    told: Document = json.loads(found[-1]) if found else {}
    return told
