"""What a reader who wanted to prove the tap wrong has found."""

from __future__ import annotations

import json
import os
import signal
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from klaviyo_client import KlaviyoSession
from klaviyo_client.limits import GET_EVENTS
from klaviyo_happenings import happen
from singer_outcomes.bookmark import moment
from singer_sdk.exceptions import StreamMapConfigError
from singer_sdk.singerlib import RecordMessage
from tap_klaviyo_engagement import events
from tap_klaviyo_engagement.tap import TapKlaviyoEngagement
from tap_nevent.tap import TapNevent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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


@pytest.mark.parametrize("told", [None, {"Subject": "Hola \ud83d"}])
def test_an_event_with_as_little_as_klaviyo_promises_is_given(
    extract: Callable[..., Output],
    klaviyo: KlaviyoHandle,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    told: dict[str, str] | None,
) -> None:
    """Only id and attributes are sure; one such event would end every run at the same place.

    So would half an emoji, where a text was cut.
    """
    now = sandbox.clock.now()
    klaviyo.add_flow("Welcome")
    happen(klaviyo, [now], "Received Email")
    happen(klaviyo, [now], "Purchased Ticket", service="API")
    decoder = events.decoder

    def bare(metric: Metric) -> Callable[[bytes], Any]:
        def decode(content: bytes) -> Any:
            page = json.loads(content)
            for event in page["data"]:
                event["attributes"]["event_properties"] = told
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


@pytest.fixture
def signals() -> Iterator[None]:
    """The tap's handlers are gone when the test is."""
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("buffering", [-1, 0])
@pytest.mark.parametrize("plugin", [TapKlaviyoEngagement, TapNevent])
def test_a_signal_amid_a_line_lets_it_be_whole(
    plugin: type[Tap], buffering: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tap mostly waits for a slower loader: the state was glued to half a record, and lost."""
    monkeypatch.setattr(plugin, "discover_streams", lambda _: [])
    nowhere = {"api_url": "http://127.0.0.1:9", "data_api_url": "http://127.0.0.1:9"}
    tap = plugin(config={**nowhere, "api_key": "x", "auth_token": "x"})
    end, begin = os.pipe()
    main, handled = threading.get_ident(), threading.Event()
    text: list[bytes] = []

    def loader() -> None:
        text.append(os.read(end, 1))  # more than a pipe holds is still to come
        signal.pthread_kill(main, signal.SIGTERM)
        handled.wait(60)
        while piece := os.read(end, 1 << 16):
            text.append(piece)
        os.close(end)

    terminate = plugin._handle_termination  # noqa: SLF001  # what the signal calls

    def terminating(self: Tap, signum: int, frame: Any) -> None:
        try:
            terminate(self, signum, frame)
        finally:
            handled.set()

    monkeypatch.setattr(plugin, "_handle_termination", terminating)
    tap._setup_signal_handlers()  # noqa: SLF001  # now ours
    reader = threading.Thread(target=loader, daemon=True)
    reader.start()
    with monkeypatch.context() as patch, os.fdopen(begin, "wb", buffering) as out:
        patch.setattr("sys.stdout", SimpleNamespace(buffer=out))
        with pytest.raises(SystemExit) as stopped:
            tap.write_message(RecordMessage(stream="x", record={"name": "x" * 300_000}))
    reader.join(60)
    assert stopped.value.code == 128 + signal.SIGTERM
    record, state = b"".join(text).splitlines()
    assert (json.loads(record)["type"], json.loads(state)["type"]) == ("RECORD", "STATE")


def test_a_time_before_all_calendars_is_none() -> None:
    """Programs write the year 1 for "never"; its midnight in Madrid is no time in UTC."""
    assert moment("0001-01-01T00:00:00+01:00") is None


@pytest.mark.parametrize("plugin", [TapKlaviyoEngagement, TapNevent])
@pytest.mark.parametrize("wrong", [{"engagment": {"email": None}}, {"x": {"__source__": "fan"}}])
def test_a_map_of_a_stream_that_is_not_there_is_refused(
    plugin: type[Tap], wrong: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address that it should have kept back went out."""
    monkeypatch.setattr(plugin, "discover_streams", lambda _: [])
    good = {"fans": {"__alias__": "x"}} if plugin is TapNevent else {"fan_*": {"__alias__": "x"}}
    config = {"api_key": "x", "auth_token": "x"}
    plugin(config={**config, "stream_maps": {"__else__": None, **good}}).setup_mapper()
    with pytest.raises(StreamMapConfigError, match="no stream of this tap"):
        plugin(config={**config, "stream_maps": wrong}).setup_mapper()
