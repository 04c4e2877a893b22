"""Ways to run target-klaviyo against the sandbox."""

from __future__ import annotations

import io
import json
import signal
from typing import TYPE_CHECKING, Any

import forking
import pytest
from singer_messages import Message, Run, singer
from singer_outcomes.rejects import read_rejects
from target_klaviyo import loader
from target_klaviyo.target import TargetKlaviyo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from nevent_sandbox.handles import KlaviyoHandle


@pytest.fixture(autouse=True)
def _brisk(brisk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for a quota or a retry, nor long for a job that has ended."""
    del brisk  # it is in force
    monkeypatch.setattr(loader, "FIRST_POLL", 0.01)


@pytest.fixture
def settings(klaviyo: KlaviyoHandle, tmp_path: Path) -> Message:
    """A configuration that loads into the sandbox."""
    return {
        "api_key": "pk_sandbox_full",
        "api_url": klaviyo.url,
        "rejects_path": str(tmp_path / "rejects.jsonl"),
        "store_path": str(tmp_path / "store.sqlite"),
        "consent_ledger_path": str(tmp_path / "consents.jsonl"),
    }


@pytest.fixture
def load(settings: Message, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Run]]:
    """Load messages in this process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def _load(messages: Iterable[Message], **more: Any) -> Run:
        target = TargetKlaviyo(config={**settings, **more})
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

    def _run(messages: Iterable[Message] | bytes, **more: Any) -> forking.Done:
        config = tmp_path / "config.json"
        config.write_text(json.dumps({**settings, **more}))
        data = messages if isinstance(messages, bytes) else singer(messages)
        words = ("target-klaviyo", "--config", str(config))
        return forking.run(*words, folder=tmp_path, given=data)

    return _run
