"""How a run ends: signals, waiting states, and a bad line after good ones."""

from __future__ import annotations

import io
import json
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from forking import Started, running
from singer_messages import Message, record, schema, singer, state
from singer_outcomes import loader
from target_klaviyo.target import TargetKlaviyo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nevent_sandbox.handles import KlaviyoHandle

PROFILES = schema("profiles", "email", "first_name")
ANA = record("profiles", email="ana@nevent-demo.es", first_name="Ana")
IMPORT = "POST /profile-bulk-import-jobs"


@pytest.fixture
def started(settings: Message, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """The command, with its input still open."""
    with running() as processes:

        def start(messages: list[Message], **more: Any) -> Started:
            config = tmp_path / "config.json"
            config.write_text(json.dumps({**settings, **more}))
            process = Started("target-klaviyo", "--config", str(config), folder=tmp_path)
            processes.append(process)
            assert process.stdin is not None
            process.stdin.write(singer(messages))
            return process

        yield start


def _until(true: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_while_waiting_for_input_sends_what_was_read_and_tells_its_state(
    started: Callable[..., Started],
    klaviyo: KlaviyoHandle,
    number: int,
    code: int,
) -> None:
    """The tap may be slow; the run is asked to end in order."""
    process = started([PROFILES, ANA, state({"n": 1})])
    _until(lambda: _reading(process))
    process.send_signal(number)
    out, _ = process.communicate()
    assert process.wait() == code
    assert json.loads(out) == {"n": 1}
    assert klaviyo.profile("ana@nevent-demo.es")


def _reading(process: Started) -> bool:
    """Whether the pipe was emptied and the process waits for more."""
    with open(f"/proc/{process.pid}/wchan") as file:  # noqa: PTH123  # a kernel's file
        return "pipe" in file.read()


@pytest.mark.parametrize("fault", ["busy", "slow"])
def test_after_the_grace_period_the_process_ends_whatever_hangs(
    started: Callable[..., Started], klaviyo: KlaviyoHandle, fault: str
) -> None:
    """A Klaviyo that refuses for hours, or does not answer: no state, and the next run repeats."""
    if fault == "busy":
        klaviyo.refuse(IMPORT, status=503, times=None)
    else:
        klaviyo.delay(IMPORT, 600)
    process = started([PROFILES, ANA, state({"n": 1})], grace_seconds=0.5)
    _until(lambda: _reading(process))
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate()
    assert (process.wait(), out) == (143, b"")


def test_killed_in_the_middle_and_run_again_nothing_is_lost_or_doubled(
    started: Callable[..., Started],
    load: Callable[..., Any],
    klaviyo: KlaviyoHandle,
) -> None:
    """Kill -9 while a job is open: no state was told; the rerun ends as an undisturbed run."""
    klaviyo.knobs(job_seconds=60)
    columns = ("email", "metric", "time", "unique_id")
    bought = record(
        "events",
        email="ana@nevent-demo.es",
        metric="Purchased Ticket",
        time="2026-01-01T00:00:00Z",
        unique_id="nevent:ticket:1",
    )
    messages = [PROFILES, ANA, schema("events", *columns), bought, state({"n": 1})]
    process = started(messages)
    assert process.stdin is not None
    process.stdin.close()
    _until(lambda: klaviyo.requests(IMPORT))
    process.kill()
    assert process.stdout is not None
    assert process.stdout.read() == b""
    klaviyo.knobs(job_seconds=0)
    assert load(messages).states == [{"n": 1}]
    assert len(klaviyo.profiles()) == len(klaviyo.events()) == 1


def test_a_state_does_not_wait_for_a_full_batch(
    settings: Message,
    klaviyo: KlaviyoHandle,
    monkeypatch: pytest.MonkeyPatch,
    load: Callable[..., Any],
) -> None:
    """Behind a slow tap a partial batch goes out when its state has waited long enough."""
    del load  # its signal handlers come back after the test
    monkeypatch.setattr(loader, "STATE_WAITS", 0.1)

    def lines() -> Iterator[str]:
        yield from singer([PROFILES, ANA, state({"n": 1})]).decode().splitlines()
        _until(lambda: klaviyo.profile("ana@nevent-demo.es"))

    target = TargetKlaviyo(config=settings)
    try:
        target.listen(lines())  # type: ignore[arg-type]  # any iterable of lines will do
    finally:
        target.close()


def test_a_kill_after_a_list_was_left_does_not_make_the_rerun_leave_everything(
    started: Callable[..., Started],
    klaviyo: KlaviyoHandle,
    settings: Message,
) -> None:
    """The request was applied and shows late; sent twice, Klaviyo unsubscribes from everything."""
    email = "ana@nevent-demo.es"
    columns = ("email", "list_name", "email_consent", "email_consented_at")
    news = {"email": email, "list_name": "Nevent - News", "email_consented_at": "2026-05-01T10:00Z"}
    join = record("subscriptions", **{**news, "email_consent": True})
    leave = record(
        "subscriptions",
        **{**news, "email_consent": False, "email_consented_at": "2026-06-01T10:00Z"},
    )
    _load(settings, [schema("subscriptions", *columns), join])
    klaviyo.knobs(effect_seconds=3)
    klaviyo.drop("POST /profile-subscription-bulk-delete-jobs", after=True)
    process = started([schema("subscriptions", *columns), leave])
    assert process.stdin is not None
    process.stdin.close()
    _until(lambda: klaviyo.requests("POST /profile-subscription-bulk-delete-jobs"))
    process.kill()
    process.wait()
    _load(settings, [schema("subscriptions", *columns), leave])
    found = klaviyo.consent(email)
    assert found is not None
    assert found["email"]["marketing"]["consent"] == "SUBSCRIBED"
    assert found["email"]["marketing"]["list_suppressions"]
    assert len(klaviyo.requests("POST /profile-subscription-bulk-delete-jobs")) == 1


def _load(settings: Message, messages: list[Message]) -> None:
    target = TargetKlaviyo(config=settings)
    try:
        target.listen(io.StringIO(singer(messages).decode()))
    finally:
        target.close()
