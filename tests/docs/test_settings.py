"""Settings are told as the plugins declare them."""

from __future__ import annotations

import importlib.resources
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from docs import contract_reference
from docs import settings_reference as reference
from nevent_klaviyo.settings import VARIABLES
from shipped import MELTANO

if TYPE_CHECKING:
    from pathlib import Path


def _plugin(name: str) -> dict[str, Any]:
    plugins = MELTANO["plugins"]["extractors"] + MELTANO["plugins"]["loaders"]
    found: dict[str, Any] = next(each for each in plugins if each["name"] == name)
    return found


@pytest.mark.parametrize("name", reference.PLUGINS)
def test_meltano_yml_declares_each_setting_as_the_plugin_does(name: str) -> None:
    """Names, kinds, defaults, options and what is secret; `make docs` writes them."""
    declared = [
        {key: each for key, each in setting.items() if key != "value" or not _is_maps(setting)}
        for setting in _plugin(name)["settings"]
    ]
    assert declared == reference.meltano_settings(reference.PLUGINS[name])


def _is_maps(setting: dict[str, Any]) -> bool:
    return bool(setting["name"] == "stream_maps")  # they are written by hand


@pytest.mark.parametrize(("name", "readme"), reference.READMES.items())
def test_a_readme_tells_each_setting_as_the_plugin_does(name: str, readme: Path) -> None:
    """The same for a reader; `make docs` writes it."""
    assert reference.table_in(readme.read_text()) == reference.table(reference.PLUGINS[name])


@pytest.mark.parametrize("readme", contract_reference.READMES, ids=lambda each: each.parent.name)
def test_a_readme_labels_every_request_to_nevent(readme: Path) -> None:
    """What is assumed of Nevent is told as the contract has it; `make docs` writes it."""
    text = readme.read_text(encoding="utf-8")
    assert contract_reference.table_in(text) == contract_reference.table()


def test_meltano_yml_is_valid_by_meltanos_own_schema() -> None:
    """Meltano's schema ships with it."""
    schema = importlib.resources.files("meltano.schemas") / "meltano.schema.json"
    jsonschema.Draft202012Validator(json.loads(schema.read_text())).validate(MELTANO)


@pytest.mark.parametrize("name", reference.PLUGINS)
def test_configured_settings_exist(name: str) -> None:
    """No environment and no default names a setting that the plugin does not have."""
    known = {each["name"] for each in _plugin(name)["settings"]}
    configured = set(_plugin(name).get("config", {}))
    for environment in MELTANO["environments"]:
        plugins = environment.get("config", {}).get("plugins", {})
        for each in plugins.get("extractors", []) + plugins.get("loaders", []):
            if each["name"] == name:
                configured |= set(each["config"])
    assert configured <= known


def test_the_utility_declares_each_variable_that_its_command_reads() -> None:
    """What Meltano does not know of, it does not hand on."""
    (tool,) = MELTANO["plugins"]["utilities"]
    assert [each["name"] for each in tool["settings"]] == list(VARIABLES)
    secret = {each["name"] for each in tool["settings"] if each.get("sensitive")}
    assert secret == {"nevent_auth_token", "nevent_refresh_token", "klaviyo_api_key"}


def test_one_schedule_runs_both_directions_the_way_back_first() -> None:
    """Each direction has a job of its own too; who opted out in Klaviyo is heard first."""
    there, back = "tap-nevent target-klaviyo", "tap-klaviyo-engagement target-nevent"
    jobs = {each["name"]: each["tasks"] for each in MELTANO["jobs"]}
    assert jobs == {
        "nevent-to-klaviyo": [there],
        "klaviyo-to-nevent": [back],
        "bidirectional": [back, there],
    }
    assert [each["job"] for each in MELTANO["schedules"]] == ["bidirectional"]
