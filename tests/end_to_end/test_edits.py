"""What a user edits in meltano.yml changes in Klaviyo, and nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from end_to_end.conftest import Project
    from nevent_sandbox import Sandbox

Document = dict[str, Any]

RENAMED, DROPPED, COMPUTED = "acquisition_source", "nevent_segments", "is_local"


class Loaded(NamedTuple):
    """What is in Klaviyo after a load: properties by address, events by unique_id.

    Without those whom Klaviyo knows by their events alone: of two fans with one phone number,
    which of them is refused depends on who comes first.
    """

    profiles: dict[str, Document]
    events: dict[str, Document]


def _loaded(served: Sandbox) -> Loaded:
    profiles = served.klaviyo.profiles()
    events = served.klaviyo.events()
    told = {each["attributes"]["email"]: each["attributes"]["properties"] for each in profiles}
    return Loaded(
        {email: each for email, each in told.items() if "nevent_id" in each},
        {  # Klaviyo's own, of consent and lists, beside them
            each["unique_id"]: each["properties"]
            for each in events
            if each["unique_id"].startswith("nevent:")
        },
    )


@pytest.fixture(scope="module")
def shipped(served: Sandbox, project: Callable[[], Project]) -> Loaded:
    """As shipped, by the schedule's command."""
    project().meltano("schedule", "run", "bidirectional")
    return _loaded(served)


@pytest.fixture(scope="module")
def edited(served: Sandbox, project: Callable[[], Project], shipped: Loaded) -> Loaded:
    """With a rename, a drop, a filter and a computed column, into an empty account."""
    assert shipped.profiles
    served.klaviyo.reset()
    mine = project()
    mine.add("          __alias__: profiles", f"{RENAMED}: origen_fan")
    mine.add("          __alias__: profiles", f"{DROPPED}: __NULL__")
    mine.add("          __alias__: profiles", f"{COMPUTED}: bool(country == 'ES')")
    mine.change("status != 'transferred'", "status != 'transferred' and price > 0")
    mine.meltano("run", "nevent-to-klaviyo")
    return _loaded(served)


def test_the_schedule_runs_the_job(shipped: Loaded) -> None:
    """What cron calls loads profiles and events."""
    assert shipped.profiles
    assert shipped.events


def test_a_renamed_column_arrives_under_the_new_name_only(shipped: Loaded, edited: Loaded) -> None:
    """One line renames."""
    both = shipped.profiles.keys() & edited.profiles.keys()
    before = {email: shipped.profiles[email].get("origen_fan") for email in both}
    assert any(before.values())
    assert {email: edited.profiles[email].get(RENAMED) for email in both} == before
    assert not any("origen_fan" in each for each in edited.profiles.values())


def test_a_dropped_column_is_gone(shipped: Loaded, edited: Loaded) -> None:
    """One line drops."""
    assert any(each.get(DROPPED) for each in shipped.profiles.values())
    assert not any(DROPPED in each for each in edited.profiles.values())


def test_a_filter_leaves_its_rows_out(shipped: Loaded, edited: Loaded) -> None:
    """One line filters: free tickets are no purchases any more, refunds are as they were."""
    free = {
        name
        for name, each in shipped.events.items()
        if name.startswith("nevent:ticket:") and not each["price"]
    }
    assert free
    assert edited.events == {name: shipped.events[name] for name in shipped.events.keys() - free}


def test_nothing_else_changes(shipped: Loaded, edited: Loaded) -> None:
    """Every other property of every profile is the same, the computed one comes on top."""
    touched = {RENAMED, DROPPED, COMPUTED, "origen_fan"}

    both = shipped.profiles.keys() & edited.profiles.keys()
    assert len(both) > len(shipped.profiles) * 0.9

    def others(profiles: dict[str, Document]) -> dict[str, Document]:
        return {
            email: {name: each for name, each in profiles[email].items() if name not in touched}
            for email in both
        }

    assert others(edited.profiles) == others(shipped.profiles)
    assert {each.get(COMPUTED) for each in edited.profiles.values()} >= {True, False}
