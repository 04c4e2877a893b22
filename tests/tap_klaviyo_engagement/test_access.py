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


def test_a_good_key_passes_the_test(command: Callable[..., Result]) -> None:
    """Of every stream."""
    assert command("pk_sandbox_full", "--test").exit_code == 0
