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


@pytest.mark.usefixtures("loaded")
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
    served: Sandbox, column: str, kinds: type
) -> None:
    """A number stored as text would match no numeric condition of a segment in Klaviyo."""
    values = [each["attributes"]["properties"].get(column) for each in served.klaviyo.profiles()]
    given = [value for value in values if value is not None]
    assert given
    assert all(isinstance(value, kinds) for value in given)


@pytest.mark.usefixtures("loaded")
def test_sensitive_fields_never_arrive(served: Sandbox) -> None:
    """Identity card, allergies, birth date, tax id and address stay in Nevent."""
    held = json.dumps([served.klaviyo.profiles(), served.klaviyo.events()])
    for row in served.nevent.users():
        for secret in (row["taxId"], row["address"]):
            assert not secret or secret not in held
    assert not {"dni", "alergias", "birth_date", "tax_id"} & {
        name for each in served.klaviyo.profiles() for name in each["attributes"]["properties"]
    }


def test_a_second_run_sends_nothing(served: Sandbox, loaded: Project) -> None:
    """State is kept, and nothing has changed."""
    served.klaviyo.clear_requests()
    loaded.meltano(*RUN)
    assert _writes(served) == []


def test_what_meltano_writes_is_for_its_owner_alone(loaded: Project) -> None:
    """Its files hold the keys."""
    inside = (loaded.folder / ".meltano").rglob("*")
    written = [each for each in inside if each.is_file() and not each.is_symlink()]
    assert written
    assert [each for each in written if each.stat().st_mode & 0o077] == []
