"""Which segments are followed, so that a loader knows one that nobody is in any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from nevent_extraction import Output, run
from nevent_sandbox import Sandbox
from nevent_sandbox.credentials import NEVENT_TOKEN
from singer_sdk.exceptions import ConfigValidationError
from tap_nevent.tap import TapNevent

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.nevent_handle import NeventHandle


def _followed(output: Output) -> set[str]:
    return {each["name"] for each in output.records["segments"] if each["followed"]}


def test_all_active_segments_are_followed_by_default(extract: Callable[..., Output]) -> None:
    """Their members are read, and those of no other."""
    output = extract(None, "segments", "segment_members")
    active = {each["name"] for each in output.records["segments"] if each["status"] == "active"}
    assert _followed(output) == active
    assert len(active) < len(output.records["segments"])
    assert {each["segment_name"] for each in output.records["segment_members"]} <= active


def test_chosen_segments_are_followed_and_no_other(extract: Callable[..., Output]) -> None:
    """Those that the setting names."""
    names = sorted(_followed(extract(None, "segments")))[:2]
    assert _followed(extract(None, "segments", segments=names)) == set(names)


def test_a_followed_segment_without_members_is_told() -> None:
    """That is how a loader learns to empty its list."""
    with Sandbox(fans=0) as empty:
        output = run(empty.nevent.url, None, ("segments", "segment_members"))
    assert _followed(output)
    assert not output.records.get("segment_members")


def test_a_typo_is_named_though_only_segments_are_read(extract: Callable[..., Output]) -> None:
    """Else nothing would be followed, and nobody would know why."""
    with pytest.raises(ConfigValidationError, match="Techno Fans"):
        extract(None, "segments", segments=["Tecno Fans"])


def test_more_members_than_the_state_holds_are_asked_for_once(
    extract: Callable[..., Output], nevent: NeventHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later runs know that it would be for nothing; names of segments go on as fans change."""
    monkeypatch.setattr("tap_nevent.memberships.MOST", 10)
    first = extract(None, "fans")
    asked = [each for each in nevent.requests("GET /users") if "ids=" in each["path"]]
    assert asked
    nevent.clear_requests()
    fan = next(each for each in first.records["fans"] if each["nevent_segments"])
    nevent.edit(user=fan["id"], set={"city": "Cuenca"})
    second = extract(first.state, "fans", segments_every=0)
    assert [each["nevent_segments"] for each in second.records["fans"]] == [fan["nevent_segments"]]
    assert not [each for each in nevent.requests("GET /users") if "ids=" in each["path"]]


def test_names_that_are_not_known_are_told_when_they_are(
    extract: Callable[..., Output], nevent: NeventHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state holds too few; null, or none, would take them away from the fan."""
    monkeypatch.setattr("tap_nevent.memberships.MOST", 10)
    first = extract(None, "fans")
    fan = next(each for each in first.records["fans"] if each["nevent_segments"])
    nevent.edit(user=fan["id"], set={"city": "Cuenca"})
    second = extract(first.state, "fans")
    told = dict(second.records["fans"][0])
    assert "nevent_segments" not in told
    third = extract(second.state, "fans")
    assert not third.records["fans"]
    fourth = extract(third.state, "fans", segments_every=0)
    assert [each["nevent_segments"] for each in fourth.records["fans"]] == [fan["nevent_segments"]]
    assert not extract(fourth.state, "fans", segments_every=0).records["fans"]


def test_members_are_asked_for_once_though_two_streams_need_them(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """Who consents is known to the second."""
    extract(None, "segment_members")
    alone = [each for each in nevent.requests("GET /users") if "ids=" in each["path"]]
    nevent.clear_requests()
    extract(None, "segment_members", "fans")
    both = [each for each in nevent.requests("GET /users") if "ids=" in each["path"]]
    assert len(both) == len(alone) > 0


def test_an_unwanted_column_costs_no_request(nevent: NeventHandle) -> None:
    """The segments are then listed once."""
    settings = {"api_url": nevent.url, "data_api_url": nevent.url, "auth_token": NEVENT_TOKEN}
    asked = []
    for wanted in (True, False):
        catalog = TapNevent(config=settings).catalog_dict
        for entry in catalog["streams"]:
            for each in entry["metadata"]:
                if not each["breadcrumb"]:
                    each["metadata"]["selected"] = entry["stream"] == "segments"
                elif each["breadcrumb"][-1] == "followed":
                    each["metadata"]["selected"] = wanted
        nevent.clear_requests()
        TapNevent(config=settings, catalog=catalog).sync_all()
        asked.append(len(nevent.requests("GET /segments")))
    assert asked == [2, 1]
