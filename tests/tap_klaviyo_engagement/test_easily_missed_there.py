"""What a reader who wanted to prove the tap wrong has found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from klaviyo_client import KlaviyoSession
from klaviyo_client.limits import GET_EVENTS
from klaviyo_happenings import happen
from tap_klaviyo_engagement import events
from tap_klaviyo_engagement.tap import TapKlaviyoEngagement
from tap_nevent.tap import TapNevent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from klaviyo_client import Operation
    from klaviyo_client.own_metrics import Metric
    from klaviyo_extraction import Output
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle
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


def test_an_event_with_as_little_as_klaviyo_promises_is_given(
    extract: Callable[..., Output],
    klaviyo: KlaviyoHandle,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only id and attributes are sure; one such event would end every run at the same place."""
    now = sandbox.clock.now()
    klaviyo.add_flow("Welcome")
    happen(klaviyo, [now], "Received Email")
    happen(klaviyo, [now], "Purchased Ticket", service="API")
    decoder = events.decoder

    def bare(metric: Metric) -> Callable[[bytes], Any]:
        def decode(content: bytes) -> Any:
            page = json.loads(content)
            for event in page["data"]:
                event["attributes"]["event_properties"] = None
                del event["relationships"]
            return decoder(metric)(json.dumps(page).encode())

        return decode

    monkeypatch.setattr(events, "decoder", bare)
    streams = ("engagement", "fan_campaigns", "fan_flows")
    output = extract(None, *streams, metrics=["Purchased Ticket"])
    assert sorted(each["type"] for each in output.records["engagement"]) == ["custom", "received"]
    assert not any(each["profile_id"] for each in output.records["engagement"])


def test_an_event_of_nobody_keeps_no_opt_out_back(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event tells its person if there is one."""
    klaviyo.subscribe("ana@nevent-demo.es")
    first = extract(None, "consent_changes")
    klaviyo.unsubscribe("ana@nevent-demo.es")
    get = KlaviyoSession.get

    def nobody(session: KlaviyoSession, operation: Operation, **params: Any) -> Any:
        page = get(session, operation, **params)
        if operation is GET_EVENTS:
            page["data"][:0] = [
                {**page["data"][0], "relationships": {"profile": told}}
                for told in ({}, {"data": None})
            ]
            page["data"][:0] = [{**page["data"][0], "relationships": {}}]
        return page

    monkeypatch.setattr(KlaviyoSession, "get", nobody)
    [ana] = extract(first.state, "consent_changes").records["consent_changes"]
    assert ana["status"] == "unsubscribed"
