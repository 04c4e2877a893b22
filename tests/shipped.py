"""The Meltano project as it is shipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
# By libyaml: read by Python alone, the file takes each worker a second.
MELTANO: dict[str, Any] = yaml.load(
    (ROOT / "meltano.yml").read_text(encoding="utf-8"), yaml.CSafeLoader
)


def configured(plugin: dict[str, Any]) -> dict[str, Any]:
    """What a plugin of it is set to: its config, and its stream maps."""
    maps = {
        each["name"]: each["value"]
        for each in plugin["settings"]
        if each["name"] == "stream_maps" and "value" in each
    }
    return {**maps, **plugin.get("config", {})}
