"""An hourly run: what did not change costs nothing, and who left a segment leaves its list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from both_ways.conftest import Both
from nevent_sandbox import Sandbox
from pipelines import BACK, FORWARD, Direction

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS = 40  # of a run without changes, on both sides together
REMOVE = "DELETE /lists/{id}/relationships/profiles"
VIPS = "Nevent - VIP"


def _asked(sandbox: Sandbox) -> int:
    return len(sandbox.nevent.requests()) + len(sandbox.klaviyo.requests())


def _on(sandbox: Sandbox) -> set[str]:
    """Addresses on the list of VIPs."""
    ids = {each["id"] for each in sandbox.klaviyo.lists() if each["name"] == VIPS}
    return {
        each["attributes"]["email"]
        for each in sandbox.klaviyo.profiles()
        if ids.intersection(each["lists"])
    }


def test_a_run_without_changes_costs_the_same_however_many_fans_there_are(tmp_path: Path) -> None:
    """It writes nothing, and its requests can be counted beforehand."""
    asked = []
    for fans in (20, 200):
        folder = tmp_path / str(fans)
        folder.mkdir()
        with Sandbox(fans=fans, limits="off") as sandbox:
            both = Both(
                sandbox, Direction(FORWARD, sandbox, folder), Direction(BACK, sandbox, folder)
            )
            both.forward.run()
            assert both.writes()
            both.forward.run()
            asked.append(_asked(sandbox))
            assert both.writes() == []
    assert asked[0] == asked[1] <= REQUESTS


def test_who_left_a_segment_leaves_its_list_though_a_run_is_cut_short(both: Both) -> None:
    """The run after it reads the segment again."""
    sandbox = both.sandbox
    both.forward.run()
    fan = next(
        row
        for row in sandbox.nevent.users()
        if (row["thirdPartySharing"] or {}).get("granted")
        and row["email"] not in _on(sandbox)
        and sandbox.klaviyo.profile(row["email"] or "")
    )
    sandbox.nevent.edit(user=fan["id"], tags={"add": ["vip"]})
    both.forward.run()
    others = _on(sandbox) - {fan["email"]}
    assert others < _on(sandbox)
    sandbox.nevent.edit(user=fan["id"], tags={"remove": ["vip"]})
    sandbox.klaviyo.refuse(REMOVE, status=403)
    both.forward.run(codes=(0, 1))
    assert fan["email"] in _on(sandbox)
    both.forward.run()
    assert _on(sandbox) == others
    sandbox.klaviyo.clear_requests()
    both.forward.run()
    assert not sandbox.klaviyo.requests("GET /lists/{id}/profiles")
