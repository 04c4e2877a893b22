"""How a run ends: killed, asked to end, held up; and what the next one makes of it."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from forking import Started, running
from nevent_people import (
    ANA,
    ENGAGEMENT,
    EVA,
    PREFERENCES,
    SUBSCRIBERS,
    fan,
    no,
    opened,
    wants,
    written,
    yes,
)
from singer_messages import Message, Run, singer, state
from singer_outcomes import loader
from target_nevent import pace
from target_nevent.target import TargetNevent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nevent_sandbox.nevent_handle import NeventHandle

SUBSCRIBE = "POST /public/newsletter/{id}/subscribe"
SET = "PUT /users/{id}/communication-preferences"
BATCH = "POST /interactions"
UPDATE = "PUT /users/{id}"


@pytest.fixture
def settings(settings: Message, nevent: NeventHandle) -> Message:
    """Everybody of this year may be subscribed."""
    newsletter = nevent.newsletters()[0]["id"]
    return {**settings, "newsletter_id": newsletter, "import_since": "2026-01-01T00:00:00Z"}


@pytest.fixture
def started(settings: Message, tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """The command with all of its input."""
    with running() as processes:

        def start(messages: list[Message], **more: Any) -> Started:
            config = tmp_path / "config.json"
            config.write_text(json.dumps({**settings, **more}))
            given = tmp_path / "in.singer"
            given.write_bytes(singer(messages))
            words = ("target-nevent", "--config", str(config))
            with given.open("rb") as lines:
                processes.append(Started(*words, folder=tmp_path, stdin=lines.fileno()))
            return processes[-1]

        yield start


def _until(true: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def _all(nevent: NeventHandle) -> list[Any]:
    """Everything that a run can change, without the ids and times that Nevent gives."""
    given = {"createdAt", "updatedAt", "id", "userId", "subscribedAt"}
    rows = [
        *(each for each in nevent.users() if each["email"] in {ANA, EVA}),
        *(each for each in nevent.subscriptions() if each["email"] in {ANA, EVA}),
        *nevent.interactions(),
    ]
    told = [{name: each for name, each in row.items() if name not in given} for row in rows]
    return sorted(told, key=str)


@pytest.mark.parametrize("during", [SUBSCRIBE, UPDATE, SET, BATCH])
def test_killed_in_the_middle_and_run_again_it_is_as_if_undisturbed(
    started: Callable[..., Started],
    load: Callable[..., Run],
    nevent: NeventHandle,
    tmp_path: Path,
    during: str,
) -> None:
    """Kill -9 while this is under way: nothing is lost, doubled, or left half done."""

    def messages() -> list[Message]:
        old = fan(nevent, EVA)
        rows = [yes(), no(external_id=old), opened("e1", external_id=old), opened("e2", email=EVA)]
        return [SUBSCRIBERS, PREFERENCES, ENGAGEMENT, *rows, state({"n": 1})]

    load(messages(), store_path=str(tmp_path / "undisturbed.sqlite"))
    undisturbed = _all(nevent)
    nevent.reset()
    nevent.delay(during, 2)
    given = messages()
    process = started(given)
    _until(lambda: [each for each in nevent.faults() if each["operation"] == during] == [])
    process.kill()
    out, _ = process.communicate()
    assert out == b""
    _until(lambda: nevent.requests(during))  # applied, though nobody waits for the answer
    assert load(given).states == [{"n": 1}]
    assert _all(nevent) == undisturbed
    nevent.clear_requests()
    load(given)
    assert set(written(nevent)) <= {BATCH}  # whose duplicates change nothing
    assert _all(nevent) == undisturbed


def test_a_signal_ends_the_wait_for_the_next_turn(
    started: Callable[..., Started], nevent: NeventHandle
) -> None:
    """How long it takes was said; what has no fate comes with the next run, its state too."""
    fan(nevent, "old@nevent-demo.es")
    rows = [yes(), yes(EVA), no(email="old@nevent-demo.es"), state({"n": 1})]
    process = started([SUBSCRIBERS, PREFERENCES, *rows], subscribes_per_hour=1, grace_seconds=0.5)
    _until(lambda: nevent.requests(SUBSCRIBE) and nevent.requests(SET))
    process.send_signal(signal.SIGTERM)
    out, told = process.communicate()
    assert (process.wait(), out) == (143, b"")
    assert b"sign-ups wait for their turn; at 1 an hour" in told
    assert len(nevent.requests(SUBSCRIBE)) == 1
    assert wants(nevent, "old@nevent-demo.es")["emailEnabled"] is False


@pytest.mark.parametrize("known", [False, True], ids=["new", "known to Nevent"])
def test_what_an_earlier_run_sent_counts_for_the_hour(
    load: Callable[..., Run], started: Callable[..., Started], nevent: NeventHandle, *, known: bool
) -> None:
    """A run every few minutes must not send more than one run an hour would."""
    if known:
        fan(nevent, emailEnabled=None, emailChangedAt=None)
    load([SUBSCRIBERS, yes()], subscribes_per_hour=1)
    process = started([SUBSCRIBERS, yes(EVA)], subscribes_per_hour=1, grace_seconds=0)
    assert process.stderr is not None
    assert any(b"wait for their turn" in line for line in process.stderr)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert nevent.user(EVA) is None
    nevent.advance(hours=1, changes=0)
    load([SUBSCRIBERS, yes(EVA)], subscribes_per_hour=1)
    assert nevent.user(EVA)


def test_who_opts_out_while_waiting_for_their_turn_is_not_signed_up(
    load: Callable[..., Run],
    nevent: NeventHandle,
    settings: Message,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was looked up before an hour's wait is looked up again."""
    load([SUBSCRIBERS, yes()], subscribes_per_hour=1)
    monkeypatch.setattr(loader, "STATE_WAITS", 0.1)
    monkeypatch.setattr(pace, "TELL_EVERY", 0.05)
    caplog.set_level("INFO")

    def lines() -> Iterator[str]:
        yield from singer([SUBSCRIBERS, PREFERENCES, yes(EVA), state(1)]).decode().splitlines()
        _until(lambda: "wait for their turn" in caplog.text)
        fan(nevent, EVA, emailEnabled=False)
        nevent.advance(hours=1, changes=0)
        # Whatever is asked of Nevent meanwhile tells what time it is there.
        yield from singer([no(email="nobody@nevent-demo.es"), state(2)]).decode().splitlines()

    target = TargetNevent(config={**settings, "subscribes_per_hour": 1})
    try:
        target.listen(lines())  # type: ignore[arg-type]  # any iterable of lines will do
    finally:
        target.close()
    assert target.summary.counts()["subscribers"]["withheld"] == 1
    assert len(nevent.requests(SUBSCRIBE)) == 1


def test_a_nevent_that_is_down_ends_the_run_with_no_state_and_no_reject(
    started: Callable[..., Started], nevent: NeventHandle
) -> None:
    """Asked to end meanwhile, it does so within the grace period."""
    fan(nevent, EVA)
    nevent.refuse(SET, status=503, times=None)
    process = started([PREFERENCES, no(email=EVA), state({"n": 1})], grace_seconds=0.3)
    _until(lambda: nevent.requests(SET))
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate()
    assert (process.wait(), out) == (143, b"")


def test_two_runs_at_once_subscribe_a_person_once(
    started: Callable[..., Started], nevent: NeventHandle, settings: Message
) -> None:
    """Whoever is second hears that it is done."""
    processes = [started([SUBSCRIBERS, yes(), state({"n": 1})]) for _ in range(2)]
    assert [each.wait() for each in processes] == [0, 0]
    mine = [each for each in nevent.subscriptions() if each["email"] == ANA]
    assert [each["newsletterId"] for each in mine] == [settings["newsletter_id"]]
    assert [each["email"] for each in nevent.users()].count(ANA) == 1
