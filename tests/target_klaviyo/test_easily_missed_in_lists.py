"""Lists, numbers and replays: what is easily missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klaviyo_people import ANA, EVA, MEMBERS, OTHER, PROFILES, VIP, addresses, ago, on_list
from singer_messages import Message, Run, record, state
from target_klaviyo.target import TargetKlaviyo

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle

    Load = Callable[..., Run]


def test_a_number_without_its_country_never_replaces_the_right_one(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """segment_members and fan_activity have no country: a French number becomes a Spanish one."""
    french = {"email": ANA, "phone_number": "612345678", "external_id": "7"}
    load([PROFILES, record("profiles", country="FR", **french)])
    load([MEMBERS, record("list_members", list_name=VIP, **french)])
    found = klaviyo.profile(ANA)
    assert found is not None
    assert found["attributes"]["phone_number"] == "+33612345678"


def test_a_mirrored_list_takes_in_who_shares_a_phone_with_a_member(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Eva's profile has the number, so Ana counts as being there."""
    eva = record("list_members", email=EVA, phone_number="600112233", list_name=VIP, mirror=True)
    ana = record("list_members", email=ANA, phone_number="600112233", list_name=VIP, mirror=True)
    load([MEMBERS, eva, OTHER])
    load([MEMBERS, eva, ana, OTHER])
    assert on_list(klaviyo) == {ANA, EVA}


def test_a_mirrored_list_lets_go_of_who_shares_a_phone_with_a_member(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Only Ana is in the segment now; her number is on Eva's profile."""
    eva = record("list_members", email=EVA, phone_number="600112233", list_name=VIP, mirror=True)
    ana = record("list_members", email=ANA, phone_number="600112233", list_name=VIP, mirror=True)
    load([MEMBERS, eva, OTHER])
    load([MEMBERS, ana, OTHER])
    assert EVA not in on_list(klaviyo)


def test_a_mirrored_list_keeps_a_member_whose_record_was_rejected(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Her address is broken in Nevent now; she did not leave the segment."""
    load([PROFILES, record("profiles", email=ANA, external_id="7")])
    mine: dict[str, Any] = {"external_id": "7", "list_name": VIP, "mirror": True}
    eva = record("list_members", email=EVA, list_name=VIP, mirror=True)
    load([MEMBERS, eva, record("list_members", email=ANA, **mine), OTHER])
    load([MEMBERS, eva, record("list_members", email="ana@@nevent", **mine), OTHER])
    assert on_list(klaviyo) == {ANA, EVA}


def test_a_record_that_names_an_unknown_list_is_rejected_alone(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """It ends the run, and every run after it."""
    wrong = record("list_members", email=EVA, list_id="NOLIST")
    run = load([MEMBERS, wrong, record("list_members", email=ANA, list_name=VIP), state("late")])
    assert len(run.rejects) == 1
    assert on_list(klaviyo) == {ANA}
    assert run.states == ["late"]


def test_replaying_a_reject_does_not_undo_what_was_written_since(
    load: Load, klaviyo: KlaviyoHandle, settings: Message
) -> None:
    """The refused payload is older than the record that came after it."""
    klaviyo.fail_rows(emails=[ANA])
    load([PROFILES, record("profiles", email=ANA, first_name="Anna")])
    load([PROFILES, record("profiles", email=ANA, first_name="Ana María")])
    target = TargetKlaviyo(config=settings)
    target.replay()
    target.close()
    found = klaviyo.profile(ANA)
    assert found is not None
    assert found["attributes"]["first_name"] == "Ana María"


def test_a_changed_address_that_klaviyo_refuses_costs_its_record_alone(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Carrying an opt-out to it comes first now, and ends this run and every later one."""
    old = "old@nevent-demo.es"
    load([PROFILES, record("profiles", email=old, external_id="7")])
    klaviyo.unsubscribe(old, at=ago(days=3))
    klaviyo.refuse("POST /profile-subscription-bulk-delete-jobs", status=400, times=None)
    moved = record("profiles", email=ANA, external_id="7")
    load([PROFILES, moved, record("profiles", email=EVA, external_id="8")])
    assert EVA in addresses(klaviyo)
