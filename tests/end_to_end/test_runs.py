"""One project over three runs: everything, nothing, only what changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from end_to_end.conftest import Project
    from nevent_sandbox import Sandbox

RUN = ("run", "tap-nevent", "target-klaviyo")


@pytest.fixture(scope="module")
def loaded(served: Sandbox, project: Callable[[], Project]) -> Project:
    """A project that has run once."""
    first = project()
    first.meltano(*RUN)
    assert served.klaviyo.counts()["profiles"]
    return first


def _consenting(served: Sandbox) -> list[dict[str, Any]]:
    users = served.nevent.users()
    return [row for row in users if (row["thirdPartySharing"] or {}).get("granted")]


def _reachable(served: Sandbox) -> dict[str, Any]:
    """A consenting fan with a plain address who is loaded."""
    return next(
        row
        for row in _consenting(served)
        if row["email"] and row["phone"] and served.klaviyo.profile(row["email"])
    )


def _writes(served: Sandbox) -> list[dict[str, Any]]:
    requests = served.klaviyo.requests(bodies=True)
    return [each for each in requests if each["method"] != "GET"]


@pytest.mark.usefixtures("loaded")
def test_a_first_run_loads_only_those_who_consent(served: Sandbox) -> None:
    """Nobody without consent is in Klaviyo, not even through an event."""
    consenting = {(row["email"] or "").strip().lower() for row in _consenting(served)}
    there = {each["attributes"]["email"] for each in served.klaviyo.profiles()} - {None}
    assert there
    assert there <= consenting
    members = {each["name"]: each["profile_count"] for each in served.klaviyo.lists()}
    assert members["Nevent - All Contacts"] > 0


def test_a_second_run_sends_nothing(served: Sandbox, loaded: Project) -> None:
    """State is kept, and nothing has changed."""
    served.klaviyo.clear_requests()
    loaded.meltano(*RUN)
    assert _writes(served) == []


def test_a_later_run_sends_only_what_changed(served: Sandbox, loaded: Project) -> None:
    """One fan moves to another city: one profile is sent, and nobody else."""
    fan = _reachable(served)
    served.nevent.edit(user=fan["id"], set={"city": "Gijón"})
    served.klaviyo.clear_requests()
    loaded.meltano(*RUN)
    sent = json.dumps([each["body"] for each in _writes(served)])
    fans = {row["id"] for row in served.nevent.users() if row["id"] in sent}
    assert fans == {fan["id"]}
    profile = served.klaviyo.profile(fan["email"])
    assert profile
    assert profile["attributes"]["location"]["city"] == "Gijón"


def test_what_meltano_writes_is_for_its_owner_alone(loaded: Project) -> None:
    """Its files hold the keys."""
    inside = (loaded.folder / ".meltano").rglob("*")
    written = [each for each in inside if each.is_file() and not each.is_symlink()]
    assert written
    assert [each for each in written if each.stat().st_mode & 0o077] == []
