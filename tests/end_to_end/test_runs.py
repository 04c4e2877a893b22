"""The schedule's run as shipped, and what an edit of meltano.yml changes of it.

That a run with nothing new sends nothing is one of the demo's promises: test_demo.py.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from end_to_end.conftest import Project
    from nevent_sandbox import Sandbox

Document = dict[str, Any]

RENAMED, DROPPED, COMPUTED = "acquisition_source", "nevent_segments", "is_local"


class Loaded(NamedTuple):
    """What is in Klaviyo after a load.

    `profiles` are properties by address, without those whom Klaviyo knows by their events alone:
    of two fans with one phone number, which of them is refused depends on who comes first.
    """

    project: Project
    profiles: dict[str, Document]
    events: dict[str, Document]  # properties by unique_id
    everybody: list[Document]  # profiles as Klaviyo has them
    held: str  # profiles and events as JSON
    members: dict[str, int]  # by the list's name


def _loaded(served: Sandbox, project: Project) -> Loaded:
    profiles = served.klaviyo.profiles()
    events = served.klaviyo.events()
    told = {each["attributes"]["email"]: each["attributes"]["properties"] for each in profiles}
    return Loaded(
        project,
        {email: each for email, each in told.items() if "nevent_id" in each},
        {  # Klaviyo's own, of consent and lists, beside them
            each["unique_id"]: each["properties"]
            for each in events
            if each["unique_id"].startswith("nevent:")
        },
        profiles,
        json.dumps([profiles, events]),
        {each["name"]: each["profile_count"] for each in served.klaviyo.lists()},
    )


@pytest.fixture(scope="module")
def shipped(served: Sandbox, project: Callable[[], Project]) -> Loaded:
    """As shipped, by the schedule's command."""
    mine = project()
    mine.meltano("schedule", "run", "bidirectional")
    return _loaded(served, mine)


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
    return _loaded(served, mine)


def test_the_schedule_runs_the_job(shipped: Loaded) -> None:
    """What cron calls loads profiles and events."""
    assert shipped.profiles
    assert shipped.events


def test_a_first_run_loads_only_those_who_consent(served: Sandbox, shipped: Loaded) -> None:
    """Nobody without consent is in Klaviyo, not even through an event."""
    users = served.nevent.users()
    consenting = {
        (row["email"] or "").strip().lower()
        for row in users
        if (row["thirdPartySharing"] or {}).get("granted")
    }
    there = {each["attributes"]["email"] for each in shipped.everybody} - {None}
    assert there
    assert there <= consenting
    assert shipped.members["Nevent - All Contacts"] > 0


@pytest.mark.parametrize(
    ("column", "kinds"),
    [
        ("origen_fan", str),
        ("num_acompanantes", int | float),
        ("primera_visita", str),
        ("socio_club", bool),
        ("estilos_favoritos", list),
    ],
)
def test_a_custom_field_keeps_its_type_all_the_way(
    shipped: Loaded, column: str, kinds: type
) -> None:
    """A number stored as text would match no numeric condition of a segment in Klaviyo."""
    values = [each["attributes"]["properties"].get(column) for each in shipped.everybody]
    given = [value for value in values if value is not None]
    assert given
    assert all(isinstance(value, kinds) for value in given)


def test_sensitive_fields_never_arrive(served: Sandbox, shipped: Loaded) -> None:
    """Identity card, allergies, birth date, tax id and address stay in Nevent."""
    for row in served.nevent.users():
        for secret in (row["taxId"], row["address"]):
            assert not secret or secret not in shipped.held
    named = {name for each in shipped.everybody for name in each["attributes"]["properties"]}
    assert not {"dni", "alergias", "birth_date", "tax_id"} & named


def test_what_meltano_writes_is_for_its_owner_alone(shipped: Loaded) -> None:
    """Its files hold the keys."""
    inside = (shipped.project.folder / ".meltano").rglob("*")
    written = [each for each in inside if each.is_file() and not each.is_symlink()]
    assert written
    assert [each for each in written if each.stat().st_mode & 0o077] == []


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
