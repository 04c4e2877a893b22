"""Killed, refused, cut off: the same events in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from klaviyo_extraction import read
from klaviyo_happenings import happen, ids
from singer_sdk.streams import Stream
from tap_klaviyo_engagement.sharing import EventStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from klaviyo_extraction import Output
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
# Pages of fifty, and a state after each span of time that was given whole.
EAGER = """
from tap_klaviyo_engagement import events, sharing, streams, tap, windows
tap.STREAMS = (streams.EngagementStream, streams.FanCampaignsStream)
events.MAX_EVENTS_PAGE, windows._WORTH, sharing.EventStream.STATE_EVERY = 50, 40, 0
tap.TapKlaviyoEngagement.cli()
"""


@pytest.fixture
def busy(sandbox: Sandbox, klaviyo: KlaviyoHandle) -> KlaviyoHandle:
    """An account with two bursts, a trickle, and many in one second."""
    now = sandbox.clock.now().replace(microsecond=0)
    happen(klaviyo, [now - 20 * DAY + i % 90 * SECOND for i in range(900)])
    happen(klaviyo, [now - 2 * DAY + i * SECOND for i in range(500)], "Opened Email")
    happen(klaviyo, [now - 30 * DAY + i * 80 * MINUTE for i in range(500)], "Clicked Email")
    happen(klaviyo, [now - 3 * DAY] * 130)
    return klaviyo


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """As EAGER, for runs in this process."""
    monkeypatch.setattr("tap_klaviyo_engagement.events.MAX_EVENTS_PAGE", 50)
    monkeypatch.setattr("tap_klaviyo_engagement.windows._WORTH", 40)
    monkeypatch.setattr(EventStream, "STATE_EVERY", 0)


def given(*outputs: Output) -> Counter[str]:
    """How often each event was given."""
    return Counter(each["id"] for output in outputs for each in output.records["engagement"])


def begun(klaviyo: KlaviyoHandle) -> subprocess.Popen[str]:
    """The tap as a process, every request a little slow."""
    klaviyo.delay("GET /api/events", 0.02, times=None)
    names = {"API_URL": klaviyo.url, "API_KEY": "pk_sandbox_full"}
    env = {f"TAP_KLAVIYO_ENGAGEMENT_{name}": each for name, each in names.items()}
    return subprocess.Popen(
        [sys.executable, "-c", EAGER, "--config=ENV"],
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_ended_in_the_middle_is_completed_by_the_next(
    busy: KlaviyoHandle, extract: Callable[..., Output], end: signal.Signals
) -> None:
    """From the last state that came out; nothing is missing, little is told twice."""
    with begun(busy) as tap:
        assert tap.stdout is not None
        lines: list[str] = []
        for line in tap.stdout:
            lines.append(line)
            if sum('"type":"RECORD"' in each and '"engagement"' in each for each in lines) > 300:
                break
        tap.send_signal(end)
        rest = tap.stdout.read().splitlines(keepends=True)
    lines += [line for line in rest if line.endswith("\n")]
    busy.clear_faults()
    assert tap.returncode == (-end if end == signal.SIGKILL else 128 + end)
    first = read("".join(lines))
    assert len(given(first)) < len(ids(busy))
    second = extract(first.state, "engagement", "fan_campaigns")
    assert set(given(first, second)) == set(ids(busy))
    assert len(second.records["engagement"]) < len(ids(busy)) - 200
    assert not extract(second.state, "engagement").records["engagement"]


@pytest.mark.usefixtures("small")
def test_any_state_in_the_middle_is_a_place_to_go_on_from(
    busy: KlaviyoHandle, extract: Callable[..., Output]
) -> None:
    """What came before it and what comes after make the whole, and little is told twice."""
    whole = extract(None, "engagement")
    assert given(whole) == ids(busy)
    lines = whole.text.splitlines()
    states = [n for n, line in enumerate(lines) if line.startswith('{"type":"STATE"')]
    assert len(states) > 20
    for cut in (states[len(states) // 5], states[len(states) // 2], states[-4]):
        before = read("\n".join(lines[: cut + 1]))
        after = extract(before.state, "engagement")
        assert set(given(before, after)) == set(ids(busy))
        # what repeats is of the minutes in which several windows stopped
        assert sum(given(before, after).values()) - len(ids(busy)) < 500


@pytest.mark.usefixtures("small")
def test_states_stay_small(busy: KlaviyoHandle, extract: Callable[..., Output]) -> None:
    """Also in the middle of a first run."""
    whole = extract(None, "engagement", "fan_campaigns")
    states = [line for line in whole.text.splitlines() if line.startswith('{"type":"STATE"')]
    assert len(ids(busy)) > 2000
    assert max(map(len, states)) < 30_000


@pytest.mark.usefixtures("small")
def test_the_bookmark_never_falls_and_never_passes_now(
    sandbox: Sandbox, busy: KlaviyoHandle, extract: Callable[..., Output]
) -> None:
    """Whatever order windows end in."""
    first = extract(None, "engagement")
    second = extract(first.state, "engagement", metrics=["Nothing Yet"])
    marks = [
        mark
        for state in [*first.states, *second.states]
        if (mark := state["bookmarks"].get("engagement", {}).get("replication_key_value"))
    ]
    assert marks == sorted(marks)
    assert datetime.fromisoformat(marks[-1]) <= sandbox.clock.now()
    assert busy.counts()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("trouble", ["429", "cut", "challenge"])
def test_trouble_in_the_middle_changes_nothing(
    busy: KlaviyoHandle, extract: Callable[..., Output], trouble: str
) -> None:
    """Each event once, in the end."""
    if trouble == "cut":
        busy.drop("GET /api/events", times=2)
        busy.drop("GET /api/events", after=True, times=2)
    elif trouble == "challenge":
        busy.challenge("GET /api/events", times=1)
    else:
        busy.refuse("GET /api/events", status=429, times=4)
    assert given(extract(None, "engagement")) == ids(busy)


def test_a_scope_taken_away_in_the_middle_leaves_the_state(
    busy: KlaviyoHandle, extract: Callable[..., Output]
) -> None:
    """Nothing counts as given that was not."""
    busy.refuse("GET /api/events", status=403, times=None)
    first = extract(None, "engagement", "metrics")
    busy.clear_faults()
    assert not first.records["engagement"]
    assert first.records["metrics"]
    assert given(extract(first.state, "engagement")) == ids(busy)


@pytest.mark.parametrize(
    "name",
    [
        *("_increment_stream_state", "_write_state_message", "get_replication_key_signpost"),
        *("_generate_record_messages", "_write_schema_message", "_write_record_message"),
        *("get_record_counter", "_process_record"),
    ],
)
def test_the_sdk_still_has_what_we_override_or_call(name: str) -> None:
    """A rename in the SDK would leave our override without effect."""
    assert callable(getattr(Stream, name))


def test_the_sdk_calls_our_bookmark(busy: KlaviyoHandle, extract: Callable[..., Output]) -> None:
    """The SDK's own would leave a signpost and progress markers behind."""
    told: dict[str, Any] = extract(None, "engagement").state["bookmarks"]["engagement"]
    assert busy.counts()
    assert told["replication_key"] == "at"
    assert not {"replication_key_signpost", "progress_markers"} & set(told)
