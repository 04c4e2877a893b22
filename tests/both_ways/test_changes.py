"""The way there, once everything is loaded: only what changed is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from both_ways.conftest import Both
    from nevent_sandbox import Sandbox


@pytest.fixture(scope="module")
def loaded(both: Both) -> Both:
    """Everybody is in Klaviyo."""
    both.forward.run()
    both.writes()
    return both


def _reachable(served: Sandbox) -> dict[str, Any]:
    """A consenting fan with a plain address who is loaded."""
    return next(
        row
        for row in served.nevent.users()
        if (row["thirdPartySharing"] or {}).get("granted")
        and row["email"]
        and row["phone"]
        and served.klaviyo.profile(row["email"])
    )


def test_a_later_run_sends_only_what_changed(loaded: Both) -> None:
    """One fan moves to another city: one profile is sent, and nobody else."""
    served = loaded.sandbox
    fan = _reachable(served)
    served.nevent.edit(user=fan["id"], set={"city": "Gijón"})
    served.klaviyo.clear_requests()
    loaded.forward.run()
    sent = json.dumps([each["body"] for each in served.klaviyo.requests(bodies=True)])
    fans = {row["id"] for row in served.nevent.users() if row["id"] in sent}
    assert fans == {fan["id"]}
    profile = served.klaviyo.profile(fan["email"])
    assert profile
    assert profile["attributes"]["location"]["city"] == "Gijón"


def test_a_fan_who_leaves_a_segment_loses_its_name(loaded: Both) -> None:
    """Membership changes without any change of the fan's own record."""
    served = loaded.sandbox
    fan = _reachable(served)
    before = served.nevent.user(fan["id"])
    assert before
    served.nevent.edit(user=fan["id"], set={"tags": [*before["tags"], "vip"]})
    loaded.forward.run()
    assert "VIP" in _segments(served, fan["email"])
    served.nevent.edit(user=fan["id"], set={"tags": []})
    loaded.forward.run()
    assert "VIP" not in _segments(served, fan["email"])


def _segments(served: Sandbox, email: str) -> list[str]:
    profile = served.klaviyo.profile(email)
    assert profile
    names: list[str] = profile["attributes"]["properties"].get("nevent_segments") or []
    return names
