"""What a reader who wanted to prove the tap wrong has found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tap_klaviyo_engagement.tap import TapKlaviyoEngagement
from tap_nevent.tap import TapNevent

if TYPE_CHECKING:
    from pathlib import Path

    from singer_sdk import Tap


@pytest.mark.parametrize("tap", [TapKlaviyoEngagement, TapNevent])
def test_a_setting_that_is_missing_or_wrong_is_named(
    tap: type[Tap], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """That some settings are wrong helps nobody; what was put for a secret is not repeated."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"lookback_days": "week"}), "utf-8")
    assert CliRunner().invoke(tap.cli, ["--config", str(path)]).exit_code == 1
    required, *_ = tap.config_jsonschema["required"]
    assert f"'{required}' is a required property" in caplog.text
    path.write_text(json.dumps({required: ["pk_123"]}), "utf-8")
    assert CliRunner().invoke(tap.cli, ["--config", str(path)]).exit_code == 1
    assert f"{required} is not valid" in caplog.text
    assert "pk_123" not in caplog.text
