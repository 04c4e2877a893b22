"""What the documentation must say of each plugin's settings; run as a script, it writes that."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from tap_klaviyo_engagement.tap import TapKlaviyoEngagement
from tap_nevent.tap import TapNevent
from target_klaviyo.target import TargetKlaviyo
from target_nevent.target import TargetNevent

if TYPE_CHECKING:
    from singer_sdk.plugin_base import PluginBase

ROOT = Path(__file__).parents[2]
PLUGINS: dict[str, type[PluginBase]] = {
    "tap-klaviyo-engagement": TapKlaviyoEngagement,
    "tap-nevent": TapNevent,
    "target-klaviyo": TargetKlaviyo,
    "target-nevent": TargetNevent,
}
READMES = {
    name: ROOT / name / "README.md"
    for name in PLUGINS
    if name != "tap-nevent"  # tests/tap_nevent checks that one
}
TABLE_HEAD = "| Setting | Kind | Default | What it does |\n| --- | --- | --- | --- |\n"

# The SDK gives every plugin these; ours are what Meltano must know the kind of.
MAPS = {
    "stream_maps": ("Stream maps", "Which streams and columns pass on, and under which names."),
    "stream_map_config": ("Stream map values", "Values that expressions reach as config['name']."),
}
_KINDS = {name: name for name in ("string", "number", "integer", "boolean", "array", "object")}
# Meltano 4.4 cannot hand a `decimal` that it read from the environment to a plugin (TypeError);
# an `integer` may be a fraction in meltano.yml and a whole number in the environment.
_MELTANO_KINDS = {"number": "integer", "date-time": "date_iso8601"}


class Setting(NamedTuple):
    """One setting as both documents show it."""

    name: str
    kind: str
    label: str
    description: str
    default: Any
    sensitive: bool
    required: bool
    options: tuple[str, ...]


def settings(plugin: type[PluginBase]) -> list[Setting]:
    """The plugin's own settings, in its order, then the SDK's stream maps."""
    required = plugin.config_jsonschema.get("required", [])
    sdk: dict[str, Any] = {"type": "object", "properties": {}}
    plugin.append_builtin_config(sdk)  # to the plugin's own as well, once its command has run
    own = [
        Setting(
            name=name,
            kind=_kind(schema),
            label=schema["title"],
            description=schema["description"],
            default=schema.get("default"),
            sensitive=bool(schema.get("secret")),
            required=name in required,
            options=_options(schema),
        )
        for name, schema in plugin.config_jsonschema["properties"].items()
        if name not in sdk["properties"]
    ]
    maps = [
        Setting(name, "object", label, text, None, sensitive=False, required=False, options=())
        for name, (label, text) in MAPS.items()
    ]
    return own + maps


def meltano_settings(plugin: type[PluginBase]) -> list[dict[str, Any]]:
    """The `settings` of the plugin in meltano.yml."""
    return [_meltano(each) for each in settings(plugin)]


def table(plugin: type[PluginBase]) -> str:
    """The settings table of the plugin's README."""
    rows = [
        f"| `{each.name}` | {_shown_kind(each)} | {_shown_default(each)} | {each.description} |\n"
        for each in settings(plugin)
    ]
    return TABLE_HEAD + "".join(rows)


def table_in(text: str) -> str:
    """The settings table that a README holds; empty where there is none."""
    found = re.search(re.escape(TABLE_HEAD) + r"(?:\|.*\n)*", text)
    return found[0] if found else ""


def _kind(schema: dict[str, Any]) -> str:
    if _options(schema):
        return "options"
    if schema.get("format") == "date-time":
        return "date-time"
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return _KINDS[next(each for each in types if each != "null")]


def _options(schema: dict[str, Any]) -> tuple[str, ...]:
    return tuple(each for each in schema.get("enum", ()) if isinstance(each, str))


def _meltano(setting: Setting) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": setting.name,
        "kind": _MELTANO_KINDS.get(setting.kind, setting.kind),
        "label": setting.label,
        "description": setting.description,
    }
    if setting.sensitive:
        entry["sensitive"] = True
    if setting.options:
        entry["options"] = [{"label": each, "value": each} for each in setting.options]
    if setting.default not in (None, [], {}):
        entry["value"] = setting.default
    return entry


def _shown_kind(setting: Setting) -> str:
    if setting.options:
        return ", ".join(f"`{each}`" for each in setting.options)
    return f"{setting.kind}, secret" if setting.sensitive else setting.kind


def _shown_default(setting: Setting) -> str:
    if setting.required:
        return "required"
    if setting.default in (None, [], {}):
        return ""
    default = setting.default
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def write() -> None:
    """Put the settings of each plugin into meltano.yml and its README."""
    path = ROOT / "meltano.yml"
    text = path.read_text()
    for name, plugin in PLUGINS.items():
        block = yaml.safe_dump(
            meltano_settings(plugin), sort_keys=False, allow_unicode=True, width=96
        )
        indented = "".join(f"    {line}\n" for line in block.splitlines())
        before = rf"  - name: {name}\n(?:    .*\n)*?    settings:"
        found = re.search(rf"({before}).*\n((?:    [-\s].*\n)*)", text)
        if found is None:
            raise LookupError(f"meltano.yml has no settings of {name}")
        indented = _with_maps(indented, found[2])
        text = f"{text[: found.end(1)]}\n{indented}{text[found.end() :]}"
    path.write_text(text)
    for name, readme in READMES.items():
        told = readme.read_text()
        if not (there := table_in(told)):
            raise LookupError(f"{readme} has no table of settings")
        readme.write_text(told.replace(there, table(PLUGINS[name])))


def _with_maps(settings: str, before: str) -> str:
    """These settings, with the stream maps that were written there by hand."""
    entry = r"(    - name: stream_maps\n(?:      \w.*\n)*?)"
    maps = re.search(entry + r"((?:      #.*\n)*      value:\n(?:        .*\n)+)", before)
    if maps is None:
        return settings
    place = re.search(r"    - name: stream_maps\n(?:      .*\n)*", settings)
    if place is None:
        raise LookupError("The plugin takes no stream maps, but meltano.yml has some.")
    return settings[: place.end()] + maps[2] + settings[place.end() :]


if __name__ == "__main__":
    write()
