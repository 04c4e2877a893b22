"""Ways to run target-nevent against the sandbox."""

from __future__ import annotations

import io
import json
import logging
import signal
from typing import TYPE_CHECKING, Any, NamedTuple

import forking
import pytest
from click.testing import CliRunner
from nevent_sandbox import NEVENT_TOKEN, Sandbox
from singer_messages import Message, Run, singer
from singer_outcomes.commands import group
from singer_outcomes.rejects import read_rejects
from singer_sdk.plugin_base import _ConfigInput
from target_nevent.target import TargetNevent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from nevent_sandbox.nevent_handle import NeventHandle


@pytest.fixture(scope="session")
def _published() -> Iterator[Sandbox]:
    with Sandbox(fans=20, limits="off", nevent_contract="published") as served:
        yield served


@pytest.fixture
def published(_published: Sandbox, settings: Message) -> NeventHandle:
    """A Nevent that serves only what it has published; what is loaded goes there."""
    _published.nevent.reset()
    settings["api_url"] = _published.nevent.url
    return _published.nevent


@pytest.fixture
def settings(nevent: NeventHandle, tmp_path: Path) -> Message:
    """A configuration that loads into the sandbox."""
    return {
        "auth_token": NEVENT_TOKEN,
        "api_url": nevent.url,
        "rejects_path": str(tmp_path / "rejects.jsonl"),
        "store_path": str(tmp_path / "store.sqlite"),
    }


@pytest.fixture
def load(settings: Message, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Run]]:
    """Load messages in this process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def _load(messages: Iterable[Message], **more: Any) -> Run:
        config = {name: each for name, each in {**settings, **more}.items() if each is not None}
        target = TargetNevent(config=config)
        capsys.readouterr()
        try:
            target.listen(io.StringIO(singer(messages).decode()))
        finally:
            target.close()
        states = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        rejects = list(read_rejects(target.rejects.path))
        summary = target.summary.as_dict(**target.details())
        # Without what depends on time, so that counts can be compared as they are.
        return Run(states, rejects, {**summary, "streams": target.summary.counts()})

    yield _load
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def run(settings: Message, tmp_path: Path) -> Callable[..., forking.Done]:
    """Run the command as a user does: its exit code, stdout and stderr."""

    def _run(messages: Iterable[Message], **more: Any) -> forking.Done:
        config = tmp_path / "config.json"
        config.write_text(json.dumps({**settings, **more}))
        words = ("target-nevent", "--config", str(config))
        return forking.run(*words, folder=tmp_path, given=singer(messages))

    return _run


class Told(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str


@pytest.fixture
def command(settings: Message, tmp_path: Path, load: Callable[..., Run]) -> Callable[..., Told]:
    """Run one of the commands beside loading, in this process."""
    del load  # its signal handlers come back after the test

    def _command(*words: str, **more: Any) -> Told:
        config = tmp_path / "command.json"
        config.write_text(json.dumps({**settings, **more}))
        done = CliRunner().invoke(group(TargetNevent), [*words, "--config", str(config)])
        return Told(done.exit_code, done.stdout)

    return _command


@pytest.fixture
def refused(
    settings: Message, load: Callable[..., Run], caplog: pytest.LogCaptureFixture
) -> Callable[..., str]:
    """Load what must end badly and without a state, in this process: the error told."""
    del load  # as above

    def _refused(messages: Iterable[Message], **more: Any) -> str:
        config = _ConfigInput(config={**settings, **more})
        with pytest.raises(SystemExit) as ended:
            TargetNevent.invoke(config=config, file_input=io.StringIO(singer(messages).decode()))
        assert ended.value.code == 1
        errors = [each for each in caplog.records if each.levelno == logging.ERROR]
        assert [each.exc_info for each in errors] == [None]  # one line, no traceback
        return errors[0].getMessage()

    return _refused
