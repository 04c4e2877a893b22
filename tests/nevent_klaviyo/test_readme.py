"""The README beside what is so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from both_sides import campaign, days_ago, profile
from nevent_klaviyo.fan import differences
from nevent_klaviyo.settings import DEFAULTS, REQUIRED, VARIABLES, variables

if TYPE_CHECKING:
    from collections.abc import Callable

    from command_line import Told
    from nevent_sandbox.handles import KlaviyoHandle

README = (Path(__file__).parents[2] / "nevent-klaviyo" / "README.md").read_text()


@pytest.mark.parametrize("setting", VARIABLES)
def test_every_setting_is_told_with_its_variables_and_default(setting: str) -> None:
    """A row each."""
    own, *others = variables(setting)
    told = ", ".join(f"`{each}`" for each in others)
    default = f"`{DEFAULTS[setting]}`" if setting in DEFAULTS else "none"
    if setting in REQUIRED:
        default = "required"
    assert f"| `{own}` | {told} | {default} |" in README


def test_every_column_and_block_is_told(klaviyo: KlaviyoHandle, run: Callable[..., Told]) -> None:
    """Of both documents."""
    profile(klaviyo, "ana@nevent-demo.es")
    campaign(klaviyo, "Primavera", days_ago(20))
    (row,) = run("conversions", "--json").json["campaigns"]
    view = run("fan", "ana@nevent-demo.es", "--json").json
    told = [f"`{column}`" for column in row]
    told += [f"`{side}.{block}`" for side in ("nevent", "klaviyo") for block in view[side]]
    told += [f"`{key}`" for key in view if key not in {"nevent", "klaviyo"}]
    assert [each for each in told if each not in README] == []


def test_every_kind_of_difference_is_told() -> None:
    """By its code."""
    kinds = [v for k, v in vars(differences).items() if k.isupper() and isinstance(v, str)]
    assert kinds
    assert [each for each in kinds if f"`{each}`" not in README] == []
