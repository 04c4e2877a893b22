"""Each folder is a distribution of its own that other stacks can install."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "klaviyo-client": "klaviyo_client",
    "nevent-client": "nevent_client",
    "nevent-klaviyo": "nevent_klaviyo",
    "sandbox": "nevent_sandbox",
    "singer-outcomes": "singer_outcomes",
    "tap-klaviyo-engagement": "tap_klaviyo_engagement",
    "tap-nevent": "tap_nevent",
    "target-klaviyo": "target_klaviyo",
    "target-nevent": "target_nevent",
}
PLUGINS = {
    "tap-klaviyo-engagement": "klaviyo-client",
    "tap-nevent": "nevent-client",
    "target-klaviyo": "klaviyo-client",
    "target-nevent": "nevent-client",
}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What is in each package's wheel."""
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    sources = [str(ROOT / package) for package in PACKAGES]
    subprocess.run([*command, "-w", str(folder), *sources], check=True)
    modules = {path.name.split("-")[0]: path for path in folder.glob("*.whl")}
    names = {"sandbox": "nevent_klaviyo_sandbox"}
    return {
        package: zipfile.ZipFile(modules[names.get(package, module)]).namelist()
        for package, module in PACKAGES.items()
    }


def _project(package: str) -> dict[str, object]:
    project: dict[str, object] = tomllib.loads((ROOT / package / "pyproject.toml").read_text())
    return project["project"]  # type: ignore[return-value]  # a table


@pytest.mark.parametrize("package", PACKAGES)
def test_a_wheel_holds_every_file_of_its_package(
    wheels: dict[str, list[str]], package: str
) -> None:
    """Code, types marker and schemas: what works here works where it is installed."""
    folder = ROOT / package / PACKAGES[package]
    files = {
        f"{PACKAGES[package]}/{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert f"{PACKAGES[package]}/py.typed" in files
    assert files <= set(wheels[package])


@pytest.mark.parametrize("package", PACKAGES)
def test_a_wheel_holds_nothing_else(wheels: dict[str, list[str]], package: str) -> None:
    """No tests, no second package."""
    tops = {name.split("/")[0] for name in wheels[package]}
    assert {top for top in tops if not top.endswith(".dist-info")} == {PACKAGES[package]}


@pytest.mark.parametrize(("plugin", "client"), PLUGINS.items())
def test_a_plugin_stands_on_the_sdk_what_the_plugins_share_and_one_client(
    plugin: str, client: str
) -> None:
    """And never on the sandbox or on another plugin."""
    project = _project(plugin)
    needs = {str(each).partition(">")[0] for each in list(project["dependencies"])}  # type: ignore[call-overload]  # a list
    assert {"singer-sdk", "singer-outcomes", client} <= needs
    assert not needs & ({"nevent-klaviyo-sandbox", *PLUGINS, *PLUGINS.values()} - {client})
