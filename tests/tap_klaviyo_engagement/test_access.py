"""Keys that may not do everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from klaviyo_client import DeniedError
from tap_klaviyo_engagement.tap import TapKlaviyoEngagement

if TYPE_CHECKING:
    from collections.abc import Callable

    from klaviyo_extraction import Output
    from nevent_sandbox.handles import KlaviyoHandle


@pytest.fixture
def command(klaviyo: KlaviyoHandle) -> Callable[..., Result]:
    """Runs the tap's command line with a key."""

    def commanding(key: str, *arguments: str) -> Result:
        env = {
            "TAP_KLAVIYO_ENGAGEMENT_API_URL": klaviyo.url,
            "TAP_KLAVIYO_ENGAGEMENT_API_KEY": key,
        }
        return CliRunner().invoke(TapKlaviyoEngagement.cli, ["--config=ENV", *arguments], env=env)

    return commanding


@pytest.mark.parametrize("key", ["nonsense", "pk_sandbox_revoked"])
@pytest.mark.parametrize("arguments", [(), ("--test",)])
def test_a_wrong_key_says_so_in_one_line(
    command: Callable[..., Result], key: str, arguments: tuple[str, ...]
) -> None:
    """Without a stack; there is nothing to go on with."""
    result = command(key, *arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)


def test_a_wrong_key_ends_the_run(extract: Callable[..., Output]) -> None:
    """The person at the command line must act."""
    with pytest.raises(DeniedError, match="copied whole"):
        extract(None, api_key="nonsense")


def test_the_test_says_which_stream_lacks_which_scope(
    command: Callable[..., Result], caplog: pytest.LogCaptureFixture
) -> None:
    """Of all of them, and what to do."""
    assert command("pk_sandbox_no_flows", "--test").exit_code == 1
    lacking = [each for each in caplog.messages if "the key lacks" in each]
    assert {each.split("'")[1] for each in lacking} == {"flows", "fan_flows", "flow_values"}
    assert all("flows:read" in each for each in lacking)
    assert any("new private key" in each for each in caplog.messages)
    assert any(each == "Stream 'engagement': may be read." for each in caplog.messages)


def test_a_run_without_a_scope_succeeds(command: Callable[..., Result]) -> None:
    """For the streams that it may read."""
    result = command("pk_sandbox_no_flows")
    assert result.exit_code == 0
    assert '"stream":"metrics"' in result.stdout


def test_the_test_spends_no_report(command: Callable[..., Result], klaviyo: KlaviyoHandle) -> None:
    """There are two a minute, and 225 a day; every other question is asked once."""
    command("pk_sandbox_full", "--test")
    asked = [each["operation"] for each in klaviyo.requests()]
    assert all(each.startswith("GET ") for each in asked)
    assert len(asked) == len(set(asked)) <= 8


def test_a_trial_ends_at_the_first_record_of_a_stream(
    command: Callable[..., Result], klaviyo: KlaviyoHandle
) -> None:
    """However many events there are."""
    for number in range(20):
        klaviyo.subscribe(f"fan{number}@nevent-demo.es")
    result = command("pk_sandbox_full", "--test=records")
    assert result.exit_code == 0
    assert result.stdout.count('{"type":"RECORD","stream":"engagement"') == 1


def test_a_suspended_account_is_no_empty_success(command: Callable[..., Result]) -> None:
    """It refuses every stream as a missing scope would."""
    assert command("pk_sandbox_suspended").exit_code == 1


def test_events_that_the_key_may_not_read_leave_the_rest(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, caplog: pytest.LogCaptureFixture
) -> None:
    """Each stream of events says so once."""
    klaviyo.subscribe("ana@nevent-demo.es")
    streams = ("metrics", "engagement", "fan_campaigns")
    output = extract(None, *streams, api_key="pk_sandbox_no_events")
    assert output.records["metrics"]
    told = [each for each in caplog.messages if "is left out" in each]
    assert len(told) == 2
    assert all("events:read" in each for each in told)
    again = extract(output.state, *streams)
    assert [each["email"] for each in again.records["engagement"]] == ["ana@nevent-demo.es"]


def test_a_good_key_passes_the_test(command: Callable[..., Result]) -> None:
    """Of every stream."""
    assert command("pk_sandbox_full", "--test").exit_code == 0
