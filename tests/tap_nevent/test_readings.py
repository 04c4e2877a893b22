"""When members of segments are read: where they may have changed, and all of them now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_extraction import Output, run
from nevent_sandbox import Sandbox
from tap_nevent.readings import defined

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from nevent_sandbox.nevent_handle import NeventHandle

    Extract = Callable[..., Output]

STREAMS = ("segments", "segment_members", "fans")
VIP = "VIP"
EXECUTE = "POST /segments/execute"


def _told(output: Output) -> set[str]:
    return {each["name"] for each in output.records["segments"] if each["members_told"]}


def _members(output: Output, name: str = VIP) -> set[str]:
    rows = output.records["segment_members"]
    return {each["fan_id"] for each in rows if each["segment_name"] == name}


def _retag(nevent: NeventHandle, fan: str, *, add: str = "", remove: str = "") -> None:
    nevent.edit(user=fan, tags={"add": [add] if add else [], "remove": [remove]})


def _labelled(nevent: NeventHandle, output: Output) -> str:
    """A consenting fan who is a VIP by the label alone, once it is there."""
    fans = {each["id"] for each in output.records["fans"]} - _members(output)
    fan = str(min(fans))
    _retag(nevent, fan, add="vip")
    return fan


def test_where_nothing_changed_no_member_is_read(extract: Extract, nevent: NeventHandle) -> None:
    """One request a segment shows it, and no segment is told as if it had become empty."""
    first = extract(None, *STREAMS)
    assert _told(first) == {each["name"] for each in first.records["segments"] if each["followed"]}
    nevent.clear_requests()
    second = extract(first.state, *STREAMS)
    assert not second.records["segment_members"]
    assert _told(second) == set()
    assert len(nevent.requests(EXECUTE)) == len(_told(first))


def test_a_run_costs_the_same_however_many_fans_there_are() -> None:
    """Though ten times as many are in segments."""
    asked = []
    for fans in (40, 400):
        with Sandbox(fans=fans) as served:
            first = run(served.nevent.url, page_size=10)
            served.nevent.clear_requests()
            second = run(served.nevent.url, first.state, page_size=10)
            assert not second.records["segment_members"]
            assert not second.records["fans"]
            asked.append(len(served.nevent.requests()))
    assert asked[0] == asked[1] < 40


def test_who_joined_and_who_left_is_told_by_the_next_run(
    extract: Extract, nevent: NeventHandle
) -> None:
    """Of the segment that shows it, all members; the fan's names follow."""
    first = extract(None, *STREAMS)
    fan = _labelled(nevent, first)
    second = extract(first.state, *STREAMS)
    assert _told(second) == {VIP}
    assert _members(second) == _members(first) | {fan}
    assert VIP in second.of("fans", fan)[-1]["nevent_segments"]
    _retag(nevent, fan, remove="vip")
    third = extract(second.state, *STREAMS)
    assert _members(third) == _members(first)
    assert VIP not in third.of("fans", fan)[-1]["nevent_segments"]
    assert _told(extract(third.state, *STREAMS)) == set()


def test_names_of_segments_that_are_not_read_stay(extract: Extract, nevent: NeventHandle) -> None:
    """They are kept in the state beside those that are read."""
    first = extract(None, *STREAMS)
    fan = next(
        each
        for each in first.records["fans"]
        if each["nevent_segments"] and VIP not in each["nevent_segments"]
    )
    _retag(nevent, fan["id"], add="vip")
    second = extract(first.state, *STREAMS)
    named = second.of("fans", fan["id"])[0]["nevent_segments"]
    assert named == sorted([*fan["nevent_segments"], VIP])
    nevent.edit(user=fan["id"], set={"city": "Soria"})
    assert extract(second.state, *STREAMS).of("fans", fan["id"])[0]["nevent_segments"] == named


def test_one_who_joins_as_another_leaves_is_seen(extract: Extract, nevent: NeventHandle) -> None:
    """There are as many as before, but they all are on the first page."""
    first = extract(None, *STREAMS)
    second = extract(first.state, *STREAMS)
    one = _labelled(nevent, first)
    second = extract(first.state, *STREAMS)
    _retag(nevent, one, remove="vip")
    two = next(
        each["id"]
        for each in first.records["fans"]
        if each["id"] != one and each["id"] not in _members(first)
    )
    _retag(nevent, two, add="vip")
    assert _members(extract(second.state, *STREAMS)) == _members(first) | {two}


def test_a_large_segment_waits_for_its_day(
    extract: Extract, nevent: NeventHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One fan who joins does not cost as much as a million; a day later all are read."""
    first = extract(None, *STREAMS)
    fan = _labelled(nevent, first)
    monkeypatch.setattr("tap_nevent.readings.SOON", 1)
    monkeypatch.setattr("tap_nevent.readings.others_now.__defaults__", (1,))
    second = extract(first.state, *STREAMS)
    assert _told(second) == set()
    nevent.advance(hours=25, changes=0)
    third = extract(second.state, *STREAMS)
    assert _told(third) == _told(first)
    assert fan in _members(third)


def test_they_can_be_read_each_time(extract: Extract) -> None:
    """By a setting."""
    first = extract(None, *STREAMS)
    again = extract(first.state, *STREAMS, segments_every=0)
    assert _members(again) == _members(first)


def test_they_are_read_each_time_where_the_loader_is_told_of_versions(extract: Extract) -> None:
    """It drops the rows of the version before."""
    first = extract(None, *STREAMS)
    again = extract(first.state, *STREAMS, emit_activate_version_messages=True)
    assert _members(again) == _members(first)


def test_a_segment_followed_from_now_on_is_read(extract: Extract, nevent: NeventHandle) -> None:
    """And one that is not any more loses its name."""
    first = extract(None, *STREAMS, segments=["Techno Fans"])
    second = extract(first.state, *STREAMS, segments=[VIP])
    assert _told(second) == {VIP}
    assert _members(second)
    was = {each["id"] for each in first.records["fans"] if each["nevent_segments"]}
    vips = _members(second)
    now = {each["id"]: each["nevent_segments"] for each in second.records["fans"]}
    assert was | vips == set(now)
    assert all(names == ([VIP] if fan in vips else []) for fan, names in now.items())
    nevent.clear_requests()
    assert not extract(second.state, *STREAMS, segments=[VIP]).records["fans"]


def test_another_definition_or_rule_of_consent_is_another_segment() -> None:
    """Its members are read at once."""
    segment: dict[str, Any] = {"name": VIP, "definition": {"stanzas": [{"id": "1"}]}}
    others = (
        defined(segment | {"definition": {"stanzas": [{"id": "2"}]}}, "field"),
        defined(segment | {"name": "Vip"}, "field"),
        defined(segment, "assume_granted"),
    )
    assert defined(segment, "field") == defined({**segment, "status": "ACTIVE"}, "field")
    assert defined(segment, "field") not in others


def test_a_run_cut_short_reads_them_again(extract: Extract, nevent: NeventHandle) -> None:
    """From any STATE but the last: what follows may not have reached the loader."""
    first = extract(None, *STREAMS)
    fan = _labelled(nevent, first)
    second = extract(first.state, *STREAMS)
    *earlier, last = second.states
    assert len(earlier) > 1
    for state in earlier:
        again = extract(state, *STREAMS)
        assert _members(again) == _members(second)
        assert fan in _members(again)
    assert not extract(last, *STREAMS).records["segment_members"]


def test_an_erased_list_of_segments_is_no_reading(extract: Extract) -> None:
    """A stream that is read anew, or for the first time, tells everything."""
    first = extract(None, "fans", "segments")
    second = extract(first.state, *STREAMS)
    assert _told(second) == {
        each["name"] for each in second.records["segments"] if each["followed"]
    }
    assert second.records["segment_members"]
    assert not second.records["fans"]


def test_an_emptied_segment_is_read_again_until_somebody_is_named(
    extract: Extract, nevent: NeventHandle
) -> None:
    """A loader that is told of nobody at all takes nobody off its lists."""
    first = extract(None, *STREAMS, segments=["Techno Fans", VIP])
    for fan in sorted({each["fan_id"] for each in first.records["segment_members"]}):
        nevent.edit(user=fan, consent="withdraw")
    second = extract(first.state, *STREAMS, segments=["Techno Fans", VIP], segments_every=0)
    assert not second.records["segment_members"]
    assert _told(second) == {"Techno Fans", VIP}


def test_who_consents_between_two_readings_gets_the_names_at_the_next(
    extract: Extract, nevent: NeventHandle
) -> None:
    """Of members who do not consent the state has no id; no name is taken away meanwhile."""
    everybody = extract(None, *STREAMS, consent_basis="assume_granted", consent_note="a test")
    first = extract(None, *STREAMS)
    known = {each["id"] for each in first.records["fans"]}
    fan = next(
        each for each in nevent.users() if each["id"] not in known and _names(everybody, each["id"])
    )["id"]
    nevent.edit(user=fan, consent="grant")
    second = extract(first.state, *STREAMS)
    assert ["nevent_segments" in each for each in second.of("fans", fan)] == [False]
    third = extract(second.state, *STREAMS)
    assert not third.of("fans", fan)
    nevent.advance(hours=25, changes=0)
    told = extract(third.state, *STREAMS)
    names = [
        each["segment_name"] for each in told.records["segment_members"] if each["fan_id"] == fan
    ]
    assert names
    assert [each["nevent_segments"] for each in told.of("fans", fan)] == [sorted(names)]


def _names(output: Output, fan: str) -> list[str]:
    return [
        each["segment_name"] for each in output.records["segment_members"] if each["fan_id"] == fan
    ]
