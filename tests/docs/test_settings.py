"""Settings are told as the plugins declare them."""

from __future__ import annotations

import importlib.resources
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from docs import contract_reference
from docs import settings_reference as reference

if TYPE_CHECKING:
    from pathlib import Path

MELTANO: dict[str, Any] = yaml.safe_load((reference.ROOT / "meltano.yml").read_text())


def _plugin(name: str) -> dict[str, Any]:
    plugins = MELTANO["plugins"]["extractors"] + MELTANO["plugins"]["loaders"]
    found: dict[str, Any] = next(each for each in plugins if each["name"] == name)
    return found


@pytest.mark.parametrize("name", reference.PLUGINS)
def test_meltano_yml_declares_each_setting_as_the_plugin_does(name: str) -> None:
    """Names, kinds, defaults, options and what is secret; `make docs` writes them."""
    assert _plugin(name)["settings"] == reference.meltano_settings(reference.PLUGINS[name])


@pytest.mark.parametrize("name", reference.LOADERS)
def test_a_loaders_readme_tells_each_setting_as_the_plugin_does(name: str) -> None:
    """The same for a reader; `make docs` writes it."""
    told = reference.table_in(reference.readme(name).read_text())
    assert told == reference.table(reference.LOADERS[name])


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


def test_there_is_one_schedule_for_the_one_job() -> None:
    """Its interval is the user's; the job is the main one."""
    assert [each["name"] for each in MELTANO["jobs"]] == ["nevent-to-klaviyo"]
    assert [each["job"] for each in MELTANO["schedules"]] == ["nevent-to-klaviyo"]
