"""What a second run reads and says."""

from __future__ import annotations

import gzip
import json
import logging
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from nevent_client.rows import written
from singer_sdk.streams import Stream
from tap_nevent.bookmark import Bookmark

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nevent_extraction import Output
    from nevent_sandbox.nevent_handle import NeventHandle

WHOLE = {"tenants", "custom_field_definitions", "segments", "segment_members"}
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def changed(output: Output) -> dict[str, list[Any]]:
    """Records of the incremental streams, where there are any."""
    return {name: rows for name, rows in output.records.items() if name not in WHOLE and rows}


def test_a_second_run_with_nothing_changed_emits_no_record(extract: Callable[..., Output]) -> None:
    """Not one, in any incremental stream, although the look-back reads again."""
    first = extract()
    assert len(changed(first)) >= 7
    assert changed(extract(first.state)) == {}


def test_a_changed_city_moves_only_that_fan(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """One record of the stream fans."""
    first = extract()
    fan = first.records["fans"][0]["id"]
    nevent.edit(user=fan, set={"city": "Cuenca"})
    second = extract(first.state)
    assert [(each["id"], each["city"]) for each in second.records["fans"]] == [(fan, "Cuenca")]
    assert set(changed(second)) <= {"fans", "fan_activity"}


def test_a_kill_in_the_middle_loses_no_fan(extract: Callable[..., Output]) -> None:
    """From any STATE on, what follows completes what came before."""
    whole = extract(None, "fans", page_size=10)
    lines = whole.text.splitlines()
    cut = next(i for i, line in enumerate(lines) if '"RECORD"' in line) + 20
    before = [json.loads(line)["record"]["id"] for line in lines[:cut] if '"RECORD"' in line]
    reached = json.loads(lines[cut - 1])["record"]["updated_at"]
    state = {"bookmarks": {"fans": {"replication_key_value": reached}}}
    after = [each["id"] for each in extract(state, "fans", page_size=10).records["fans"]]
    assert set(before) | set(after) == {each["id"] for each in whole.records["fans"]}
    assert len(after) < len(whole.records["fans"])


def test_a_segment_joined_soon_after_a_change_is_told(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """Though the fan, as changed, was given inside the look-back."""
    first = extract(None, "fans")
    spenders = "High Spenders (>200€)"
    fan = next(
        each["id"] for each in first.records["fans"] if spenders not in each["nevent_segments"]
    )
    nevent.edit(user=fan, set={"city": "Soria"})
    second = extract(first.state, "fans")
    concert = nevent.events()[0]["id"]
    nevent.edit(add_purchase={"user": fan, "event": concert, "tickets": 4, "type": "vip"})
    told = extract(second.state, "fans").of("fans", fan)
    assert [spenders in each["nevent_segments"] for each in told] == [True]


def test_a_change_between_a_first_run_cut_short_and_the_next_is_told(
    extract: Callable[..., Output], nevent: NeventHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a fan whose activity had been given before the cut."""
    monkeypatch.setattr("tap_nevent.client.NeventStream.STATE_MSG_FREQUENCY", 5)
    first = extract(None, "fan_activity", page_size=10)
    kept = [each["bookmarks"].get("fan_activity", {}) for each in first.states]
    cut = next(n for n, each in enumerate(kept) if each.get("first_run", {}).get("fans", 0) >= 30)
    fan = first.records["fan_activity"][0]["fan_id"]
    nevent.advance(days=1, changes=0)
    nevent.edit(user=fan, tags={"add": ["vip"]})
    nevent.advance(days=1, changes=0)
    resumed = extract(first.states[cut], "fan_activity", page_size=10)
    assert not resumed.of("fan_activity", fan)
    assert extract(resumed.state, "fan_activity").of("fan_activity", fan)


def test_states_come_in_the_middle_of_a_stream(
    extract: Callable[..., Output], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every some records, so that a killed run resumes."""
    monkeypatch.setattr("tap_nevent.client.NeventStream.STATE_MSG_FREQUENCY", 10)
    states = extract(None, "fans").states
    values = [each["bookmarks"].get("fans", {}).get("replication_key_value") for each in states]
    marks = [each for each in values if each]
    assert len(set(marks)) > 3
    assert marks == sorted(marks)


def test_the_bookmark_never_falls_and_never_passes_now() -> None:
    """A late row does not pull it back, a future date does not drag it ahead."""
    state: dict[str, Any] = {}
    bookmark = Bookmark(state, lookback=timedelta(hours=1), now=lambda: NOON)
    bookmark.reach(written(NOON - timedelta(days=1)))
    bookmark.reach(written(NOON - timedelta(days=9)))
    assert state["replication_key_value"] == written(NOON - timedelta(days=1))
    bookmark.reach(written(NOON + timedelta(days=400)))
    assert state["replication_key_value"] == written(NOON)


def test_at_most_twenty_five_thousand_keys_stay_in_the_state() -> None:
    """The latest ones; the others repeat, harmlessly."""
    state: dict[str, Any] = {}
    bookmark = Bookmark(state, lookback=timedelta(hours=1), now=lambda: NOON)
    bookmark.reach(written(NOON))
    for number in range(60_000):
        bookmark.meet(written(NOON), str(number))
    bookmark.save()
    again = Bookmark(state, lookback=timedelta(hours=1), now=lambda: NOON)
    assert sum(again.met(str(number)) for number in range(60_000)) == 25_000


def test_unordered_rows_hold_the_bookmark_until_all_are_read() -> None:
    """So a kill in between loses none."""
    state: dict[str, Any] = {}
    bookmark = Bookmark(state, lookback=timedelta(hours=1), now=lambda: NOON)
    bookmark.hold(holding=True)
    bookmark.reach(written(NOON - timedelta(days=1)))
    assert "replication_key_value" not in state
    bookmark.hold(holding=False)
    assert state["replication_key_value"] == written(NOON - timedelta(days=1))


def test_a_future_date_hides_nobody_else(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """It is emitted once, and later changes of others still are."""
    odd, other = (each["id"] for each in extract(None, "fans").records["fans"][:2])
    nevent.edit(user=odd, set={"city": "Cuenca"}, at="2099-01-01T00:00:00.000Z")
    first = extract(None, "fans")
    assert first.of("fans", odd)
    assert not extract(first.state, "fans").records["fans"]
    nevent.edit(user=other, set={"city": "Soria"})
    assert [each["id"] for each in extract(first.state, "fans").records["fans"]] == [other]


def test_changes_of_one_instant_are_all_emitted(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """Though the bookmark stands at that instant already."""
    first = extract(None, "fans")
    at = nevent.now()
    one, two = (each["id"] for each in first.records["fans"][:2])
    nevent.edit(user=one, set={"city": "Cuenca"}, at=at)
    second = extract(first.state, "fans")
    nevent.edit(user=two, set={"city": "Soria"}, at=at)
    third = extract(second.state, "fans")
    assert [each["id"] for each in second.records["fans"]] == [one]
    assert [each["id"] for each in third.records["fans"]] == [two]


@pytest.mark.parametrize(
    "name",
    [
        "_increment_stream_state",
        "_write_state_message",
        "get_replication_key_signpost",
        "get_record_counter",
    ],
)
def test_the_sdk_still_has_what_we_override(name: str) -> None:
    """A rename in the SDK would leave our override without effect."""
    assert callable(getattr(Stream, name))


def test_the_sdk_calls_our_bookmark(extract: Callable[..., Output]) -> None:
    """The SDK's own would leave a signpost and progress markers behind."""
    told = extract(None, "fans").state["bookmarks"]["fans"]
    assert told["replication_key"] == "updated_at"
    assert "replication_key_signpost" not in told
    assert "progress_markers" not in told


def test_where_nothing_changed_no_list_is_read(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """An hourly run costs what changed, not what there is."""
    followed = ("fans", "fan_activity", "tickets", "attendance", "newsletter_subscriptions")
    streams = (*followed, "fan_withdrawals", "fan_deletions")
    first = extract(None, *streams, page_size=5, segments=["VIP"])
    whole = Counter(each["operation"] for each in nevent.requests())
    nevent.clear_requests()
    second = extract(first.state, *streams, page_size=5, segments=["VIP"])
    asked = Counter(each["operation"] for each in nevent.requests())
    assert not any(second.records[stream] for stream in streams)
    assert whole["GET /users"] > 20
    assert max(asked.values()) < 10


def test_the_counts_in_the_log_are_those_of_the_records(
    extract: Callable[..., Output], caplog: pytest.LogCaptureFixture
) -> None:
    """Though most records do not go by the SDK's own loop."""
    caplog.set_level(logging.INFO)
    output = extract(None, "fans")
    told = re.findall(r'"metric":"record_count","value":(\d+)', caplog.text)
    assert sum(map(int, told)) == len(output.records["fans"])


def test_records_go_to_files_where_batches_are_configured(
    extract: Callable[..., Output], tmp_path: Path
) -> None:
    """As the SDK does it: none of them is a message."""
    told = {"encoding": {"format": "jsonl"}, "storage": {"root": tmp_path.as_uri()}}
    output = extract(None, "fans", batch_config=told)
    (file,) = tmp_path.iterdir()
    written = [json.loads(line)["id"] for line in gzip.decompress(file.read_bytes()).splitlines()]
    assert written == [each["id"] for each in extract(None, "fans").records["fans"]]
    assert '{"type":"RECORD"' not in output.text
    assert output.state["bookmarks"]["fans"]["replication_key_value"]


def test_what_comes_after_the_last_state_is_written_too(
    extract: Callable[..., Output], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream read whole leaves the state as it was, and the SDK writes no STATE twice."""
    whole = extract(None, "segments").records["segments"]
    monkeypatch.setattr("tap_nevent.client.NeventStream.STATE_MSG_FREQUENCY", len(whole) - 1)
    assert extract(None, "segments").records["segments"] == whole
