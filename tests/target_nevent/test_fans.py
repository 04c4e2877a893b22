"""Fields of fans that are Klaviyo's are written; all others stay Nevent's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from nevent_people import ANA, EVA, FANS, fan, written
from singer_messages import Run, record, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.nevent_handle import NeventHandle

UPDATE = "PUT /users/{id}"


def _fates(run: Run) -> dict[str, Any]:
    fates: dict[str, Any] = run.summary["streams"]["fans"]
    return fates


def _field(nevent: NeventHandle, name: str, kind: str) -> None:
    nevent.edit(add_property={"name": name, "dataType": kind})


def test_only_what_klaviyo_owns_is_written(nevent: NeventHandle, load: Callable[..., Run]) -> None:
    """A column without an owner is left out and counted."""
    fan_id = fan(nevent)
    nevent.edit(user=fan_id, set={"city": "Elx", "name": "Ana"})
    row = record("fans", external_id=fan_id, city="Alacant", first_name="Anna")
    run = load([FANS, row, state({"n": 1})], owners={"city": "klaviyo"})
    assert (run.states, _fates(run)) == ([{"n": 1}], {"read": 1, "written": 1})
    assert run.summary["notes"] == {"fans: left out first_name (Nevent's own)": 1}
    found = nevent.user(fan_id)
    assert found is not None
    assert (found["city"], found["name"]) == ("Alacant", "Ana")
    nevent.clear_requests()
    assert _fates(load([FANS, row], owners={"city": "klaviyo"})) == {"read": 1, "unchanged": 1}
    assert written(nevent) == []


def test_without_owners_nothing_is_written(nevent: NeventHandle, load: Callable[..., Run]) -> None:
    """That a field is Klaviyo's is a decision."""
    fan(nevent)
    run = load([FANS, record("fans", email=ANA, city="Elx")])
    assert _fates(run)["withheld_reasons"] == {"no field of fans is Klaviyo's (owners)": 1}
    assert written(nevent) == []


@pytest.mark.parametrize(("there", "kept"), [("Elx", "Elx"), (None, "Alacant"), ("", "Alacant")])
def test_what_is_to_be_filled_is_written_only_where_nothing_is(
    nevent: NeventHandle, load: Callable[..., Run], there: str | None, kept: str
) -> None:
    """Nevent's own value stays."""
    nevent.edit(user=fan(nevent), set={"city": there})
    load([FANS, record("fans", email=ANA, city="Alacant")], owners={"city": "fill"})
    found = nevent.user(ANA)
    assert found is not None
    assert found["city"] == kept


def test_what_klaviyo_does_not_know_clears_nothing(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """An empty column is no value."""
    nevent.edit(user=fan(nevent), set={"city": "Elx"})
    run = load([FANS, record("fans", email=ANA, city=None)], owners={"city": "klaviyo"})
    assert _fates(run) == {"read": 1, "unchanged": 1}


def test_the_same_number_typed_otherwise_is_no_change(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """Klaviyo has it in E.164, Nevent as it was typed."""
    nevent.edit(user=fan(nevent), set={"phone": "600 11 22 33"})
    row = record("fans", email=ANA, phone_number="+34600112233")
    assert _fates(load([FANS, row], owners={"phone_number": "klaviyo"}))["unchanged"] == 1


def test_custom_fields_are_written_by_name_in_their_type(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """What a map made text of is a number again; the fan's other fields stay."""
    fan_id = fan(nevent)
    kinds = {"points": "NUMBER", "favourite": "TEXT", "vip": "BOOLEAN", "groups": "LIST"}
    for name, kind in kinds.items():
        _field(nevent, name, kind)
    owners = dict.fromkeys(kinds, "klaviyo")
    row = record("fans", email=ANA, points="12", favourite="Ska", vip="True", groups=["a"])
    load([FANS, row], owners=owners)
    load([FANS, record("fans", email=ANA, points=13.5)], owners=owners)
    found = nevent.user(fan_id)
    assert found is not None
    values = sorted(str(each["value"]) for each in found["customFieldValues"])
    assert values == ["13.5", "Ska", "True", "['a']"]


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [("points", "NUMBER", "many"), ("vip", "BOOLEAN", "maybe"), ("groups", "LIST", "a")],
)
def test_a_value_of_another_type_is_rejected_with_its_column(
    nevent: NeventHandle, load: Callable[..., Run], name: str, kind: str, value: str
) -> None:
    """Before it is sent."""
    fan(nevent)
    _field(nevent, name, kind)
    run = load([FANS, record("fans", email=ANA, **{name: value})], owners={name: "klaviyo"})
    (reject,) = run.rejects
    assert (reject["reason"], reject["column"]) == (f"{kind} is wanted by the custom field", name)
    assert written(nevent) == []


def test_an_owner_of_a_field_that_there_is_not_stops_the_run(
    nevent: NeventHandle, refused: Callable[..., str]
) -> None:
    """Whoever misspelt it must know."""
    fan(nevent)
    told = refused([FANS, record("fans", email=ANA, city="Elx")], owners={"citty": "klaviyo"})
    assert "owners names 'citty', which is neither a field" in told


def test_nobody_is_made(nevent: NeventHandle, load: Callable[..., Run]) -> None:
    """Only a sign-up makes a fan."""
    before = len(nevent.users())
    run = load([FANS, record("fans", email=EVA, city="Elx")], owners={"city": "klaviyo"})
    assert (_fates(run), len(nevent.users())) == ({"read": 1, "unknown": 1}, before)


def test_a_refused_change_is_rejected_alone_and_can_be_replayed(
    nevent: NeventHandle, command: Callable[..., Any], load: Callable[..., Run]
) -> None:
    """Nevent's reason, without the person's values."""
    for email in (ANA, EVA):
        fan(nevent, email)
    nevent.refuse(UPDATE, status=422)
    rows = [record("fans", email=each, city="Elx") for each in (ANA, EVA)]
    owners = {"city": "klaviyo"}
    loaded = load([FANS, *rows], owners=owners)
    (reject,) = loaded.rejects
    assert reject["reason"].startswith("Nevent: PUT /users/{id}: 422")
    done = command("retry-rejects", owners=owners)
    assert (done.code, done.out) == (0, "fans: 1 no longer rejected (1 written)\n")
    for email in (ANA, EVA):
        found = nevent.user(email)
        assert found is not None
        assert found["city"] == "Elx"
