"""People on lists: put there, taken off, and lists that mirror a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from klaviyo_client import DeniedError
from singer_messages import Message, Run, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle

    Load = Callable[..., Run]

ADD = "POST /profile-bulk-import-jobs"
REMOVE = "DELETE /lists/{id}/relationships/profiles"
COLUMNS = ("email", "phone_number", "external_id", "profile_id", "list_id", "list_name")
MEMBERS = schema("list_members", *COLUMNS, "member", "mirror")
SEGMENTS = schema("list_members__segments", *COLUMNS, "mirror", keys=("list_name",))
OTHER = schema("profiles", "email")
VIP = "Nevent - VIP"


def _members(*people: str, stream: str = "list_members", **values: Any) -> list[Message]:
    return [record(stream, email=email, list_name=VIP, **values) for email in people]


def _fans(*numbers: int) -> list[str]:
    return [f"fan{number}@nevent-demo.es" for number in numbers]


def _on(klaviyo: KlaviyoHandle, name: str = VIP) -> set[str]:
    ids = {each["id"] for each in klaviyo.lists() if each["name"] == name}
    return {
        each["attributes"]["email"]
        for each in klaviyo.profiles()
        if ids.intersection(each["lists"])
    }


def test_people_are_added_ten_thousand_at_a_time_and_removed_a_thousand_at_a_time(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The list is created, adding needs no profile ids, removing looks them up in hundreds."""
    everybody = _fans(*range(1_200))
    load([MEMBERS, *_members(*everybody)])
    assert len(klaviyo.requests(ADD)) == 1
    assert len(_on(klaviyo)) == 1_200
    run = load([MEMBERS, *_members(*everybody[:1_100], member=False), state("late")])
    assert [each["items"] for each in klaviyo.requests(REMOVE)] == [1_000, 100]
    assert _on(klaviyo) == set(everybody[1_100:])
    assert run.summary["streams"]["list_members"]["written"] == 1_100
    assert run.states == ["late"]


def test_consent_stays_as_it_is(load: Load, klaviyo: KlaviyoHandle) -> None:
    """A list is no permission to mail."""
    load([MEMBERS, *_members(*_fans(1))])
    assert klaviyo.consents() == []


def test_added_and_taken_off_again_ends_as_the_last_word_says(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Order per person."""
    load([MEMBERS, *_members(*_fans(1, 2)), *_members(*_fans(1), member=False)])
    assert _on(klaviyo) == set(_fans(2))


def test_someone_known_by_external_id_alone_is_found_or_rejected(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """An external id creates nobody; removing who is not there changes nothing."""
    load(
        [
            schema("profiles", "email", "external_id"),
            record("profiles", email="ana@nevent-demo.es", external_id="7"),
        ]
    )
    run = load(
        [
            MEMBERS,
            record("list_members", email=None, external_id="7", list_name=VIP),
            record("list_members", email=None, external_id="8", list_name=VIP),
            record("list_members", email=None, external_id="9", list_name=VIP, member=False),
        ]
    )
    assert _on(klaviyo) == {"ana@nevent-demo.es"}
    counts = run.summary["streams"]["list_members"]
    assert (counts["written"], counts["unchanged"], counts["rejected"]) == (1, 1, 1)


def test_a_mirror_adds_who_joined_and_takes_off_who_left(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Set difference; who is there already is not sent."""
    load([MEMBERS, *_members(*_fans(1, 2, 3), mirror=True), OTHER])
    klaviyo.clear_requests()
    run = load([MEMBERS, *_members(*_fans(2, 3, 4), mirror=True), OTHER])
    assert _on(klaviyo) == set(_fans(2, 3, 4))
    assert [each["items"] for each in klaviyo.requests(ADD)] == [1]
    assert run.summary["streams"]["list_members"] == {"read": 3, "written": 1, "unchanged": 2}
    assert run.summary["notes"] == {"left a mirrored list": 1}


def test_a_mirrored_group_that_became_empty_empties_its_list(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The stream of segments tells of the list, though nobody is named for it."""
    lists = (VIP, "Nevent - Techno")
    declared = [record("list_members__segments", list_name=name, mirror=True) for name in lists]
    techno = [record("list_members", email=each, list_name=lists[1], mirror=True)
              for each in _fans(1, 2)]  # fmt: skip
    load([SEGMENTS, *declared, MEMBERS, *_members(*_fans(1), mirror=True), *techno, OTHER])
    load([SEGMENTS, *declared, MEMBERS, *techno, OTHER])
    assert _on(klaviyo) == set()
    assert _on(klaviyo, lists[1]) == set(_fans(1, 2))


def test_the_last_state_waits_for_those_who_leave(
    load: Load, klaviyo: KlaviyoHandle, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may say that the group need not be read again; a run cut short before says nothing."""
    both = [*_members(*_fans(1, 2), mirror=True), state("early"), OTHER, state("late")]
    assert load([MEMBERS, *both]).states[-1] == "late"
    klaviyo.refuse(REMOVE, status=403)
    with pytest.raises(DeniedError):
        load([MEMBERS, *_members(*_fans(1), mirror=True), state("early"), OTHER, state("late")])
    assert "late" not in capsys.readouterr().out
    assert load([MEMBERS, *_members(*_fans(1), mirror=True), OTHER, state("late")]).states
    assert _on(klaviyo) == set(_fans(1))


def test_a_list_is_read_only_where_it_is_mirrored(load: Load, klaviyo: KlaviyoHandle) -> None:
    """However many people are on it."""
    load([MEMBERS, *_members(*_fans(1, 2), mirror=True), OTHER])
    klaviyo.clear_requests()
    load([SEGMENTS, MEMBERS, OTHER, state("late")])
    assert not klaviyo.requests("GET /lists/{id}/profiles")


def test_nobody_leaves_when_nobody_at_all_was_named(load: Load, klaviyo: KlaviyoHandle) -> None:
    """A source that cannot be read (no permission, not served) looks like empty groups."""
    declared = record("list_members__segments", list_name=VIP, mirror=True)
    load([SEGMENTS, declared, MEMBERS, *_members(*_fans(1), mirror=True), OTHER])
    load([SEGMENTS, declared, MEMBERS, OTHER])
    assert _on(klaviyo) == set(_fans(1))


def test_nobody_leaves_when_the_tap_broke_off_in_the_middle(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """No other stream follows: not everybody may have been named."""
    declared = record("list_members__segments", list_name=VIP, mirror=True)
    load([SEGMENTS, declared, MEMBERS, *_members(*_fans(1, 2), mirror=True), OTHER])
    for cut in (
        [SEGMENTS, declared],
        [SEGMENTS, declared, MEMBERS],
        [SEGMENTS, declared, MEMBERS, *_members(*_fans(1), mirror=True), state("late")],
    ):
        load(cut)
        assert _on(klaviyo) == set(_fans(1, 2))


def test_a_list_changes_no_phone_number(load: Load, klaviyo: KlaviyoHandle) -> None:
    """Who has an address is known by it; the number beside it may lack its country."""
    people = schema("profiles", "email", "phone_number", "country")
    ana, number = _fans(1)[0], "912 673 769"
    fan = record("profiles", email=ana, phone_number=number, country="PT")
    load([people, fan, MEMBERS, *_members(ana, phone_number=number)])
    profile = klaviyo.profile(ana)
    assert profile
    assert profile["attributes"]["phone_number"] == "+351912673769"
    assert _on(klaviyo) == {ana}
