"""Ways to run the command line against the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from command_line import Told
from nevent_klaviyo.cli import main
from nevent_sandbox import NEVENT_TOKEN, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nevent_sandbox.handles import KlaviyoHandle
    from nevent_sandbox.nevent_handle import NeventHandle

Environment = dict[str, str | None]


@pytest.fixture(autouse=True)
def _brisk(brisk: None) -> None:
    """No test waits for a quota or a retry."""


@pytest.fixture
def environment(klaviyo: KlaviyoHandle, nevent: NeventHandle) -> Environment:
    """Settings of both sides; None takes a variable away."""
    return {
        "NEVENT_KLAVIYO_NEVENT_AUTH_TOKEN": NEVENT_TOKEN,
        "NEVENT_KLAVIYO_NEVENT_API_URL": nevent.url,
        "NEVENT_KLAVIYO_NEVENT_DATA_API_URL": nevent.url,
        "NEVENT_KLAVIYO_KLAVIYO_API_KEY": "pk_sandbox_readonly",
        "NEVENT_KLAVIYO_KLAVIYO_API_URL": klaviyo.url,
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "160",
    }


@pytest.fixture
def run(environment: Environment) -> Callable[..., Told]:
    """Run the command in this process."""

    def running(*words: str, **changes: str | None) -> Told:
        told = CliRunner(env={**environment, **changes}).invoke(main, words)
        if told.exception and not isinstance(told.exception, SystemExit):
            raise told.exception
        return Told(told.exit_code, told.stdout, told.stderr)

    return running


@pytest.fixture(scope="session")
def _published() -> Iterator[Sandbox]:
    with Sandbox(fans=20, limits="off", nevent_contract="published") as served:
        yield served


@pytest.fixture
def published(_published: Sandbox, environment: Environment) -> NeventHandle:
    """A Nevent that serves only what it has published; the command asks it."""
    _published.nevent.reset()
    url = _published.nevent.url
    environment |= {
        "NEVENT_KLAVIYO_NEVENT_API_URL": url,
        "NEVENT_KLAVIYO_NEVENT_DATA_API_URL": url,
    }
    return _published.nevent
