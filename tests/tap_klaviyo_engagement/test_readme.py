"""The README says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from tap_klaviyo_engagement.settings import CONFIG
from tap_klaviyo_engagement.streams import STREAMS
from tap_klaviyo_engagement.tap import TapKlaviyoEngagement

README = (Path(__file__).parents[2] / "tap-klaviyo-engagement" / "README.md").read_text("utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    """Cells of the table under a heading, by what stands first between backticks."""
    part = README.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    lines = re.findall(r"^\| `(\w+)` \| (.+) \|$", part, flags=re.MULTILINE)
    return {name: rest.split(" | ") for name, rest in lines}


def test_the_settings_table_is_the_schema() -> None:
    """Every setting with its description."""
    told = rows("Settings")
    builtin: dict[str, dict[str, object]] = {"properties": {}}
    TapKlaviyoEngagement.append_builtin_config(builtin)
    ours = CONFIG["properties"].keys() - builtin["properties"].keys()
    assert set(told) - {"stream_maps", "stream_map_config"} == ours
    for name in ours:
        assert CONFIG["properties"][name]["description"] in told[name][-1]


def test_the_streams_table_is_the_list_of_streams() -> None:
    """In the order they are synced, with their keys and the scopes they need."""
    told = rows("Streams")
    assert list(told) == [each.name for each in STREAMS]
    for each in STREAMS:
        assert re.findall(r"\w+", told[each.name][0]) == list(each.keys)
        assert re.findall(r"[\w:]+", told[each.name][-1]) == list(each.scopes())
