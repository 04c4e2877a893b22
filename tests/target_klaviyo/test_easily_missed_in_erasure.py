"""Erasure of people who share a phone, moved, or do not show yet: what is easily missed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from klaviyo_people import ANA, DELETIONS, EVA, EVENTS, OTHER, PROFILES, addresses, ago, settled
from singer_messages import Message, Run, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle

    Load = Callable[..., Run]


def test_erasing_one_of_a_family_that_shares_a_phone_leaves_the_other(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The number is on Eva's profile; Ana was loaded without it, and only Ana is erased."""
    load(
        [
            PROFILES,
            record("profiles", email=EVA, phone_number="600112233", external_id="8"),
            OTHER,
            record("profiles__other", email=ANA),
        ]
    )
    load([DELETIONS, record("deletions", email=ANA, phone_number="600112233", external_id="7")])
    assert addresses(klaviyo) == {EVA}
    run = load([PROFILES, record("profiles", email=EVA, phone_number="600112233")])
    assert run.summary["streams"]["profiles"].get("withheld", 0) == 0


def test_erasing_someone_abroad_does_not_erase_who_has_that_number_here(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """fan_deletions has no country: a French number is read as a Spanish one, somebody else's."""
    load(
        [
            PROFILES,
            record("profiles", email=ANA, phone_number="612345678", country="FR", external_id="7"),
            record("profiles", email=EVA, phone_number="612345678", country="ES", external_id="8"),
        ]
    )
    load([DELETIONS, record("deletions", email=ANA, phone_number="612345678", external_id="7")])
    assert addresses(klaviyo) == {EVA}


def test_a_profile_that_shows_does_not_hide_one_that_does_not_show_yet_from_erasure(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The old profile is found by external id; the one with the e-mail is a second old."""
    load([PROFILES, record("profiles", email="old@nevent-demo.es", external_id="7")])
    klaviyo.knobs(visibility_seconds=30)
    load([OTHER, record("profiles__other", email=ANA)])
    load([DELETIONS, record("deletions", email=ANA, external_id="7")])
    assert addresses(klaviyo) == set()


def test_an_erasure_by_external_id_is_not_settled_while_the_profile_may_not_show_yet(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The same run made the profile; looked up too early, "nobody" is told as the last word."""
    klaviyo.knobs(visibility_seconds=2)
    messages = [DELETIONS, record("deletions", external_id="7"), state("late")]
    load([PROFILES, record("profiles", email=ANA, external_id="7"), *messages])
    settled(klaviyo)
    load([DELETIONS])
    assert addresses(klaviyo) == set()


def test_the_old_address_of_someone_erased_stays_erased(load: Load, klaviyo: KlaviyoHandle) -> None:
    """Klaviyo told it: its profile was found by external id and deleted."""
    old = "old@nevent-demo.es"
    load([PROFILES, record("profiles", email=old, external_id="7")])
    load([DELETIONS, record("deletions", email=ANA, external_id="7")])
    load([EVENTS, record("events", id="2", email=old, metric="Purchased Ticket", time=ago(days=9))])
    assert old not in addresses(klaviyo)


def test_the_old_address_of_someone_erased_leaves_no_reject(load: Load, settings: Message) -> None:
    """The purge asks for the identifiers of the deletion alone."""
    old = "old@nevent-demo.es"
    load([PROFILES, record("profiles", email=old, external_id="7")])
    load([EVENTS, record("events", id="1", email=old, metric="Purchased Ticket", time="yesterday")])
    load([DELETIONS, record("deletions", email=ANA, external_id="7")])
    assert old not in Path(settings["rejects_path"]).read_text()


def test_a_bad_record_of_someone_erased_is_not_kept_among_the_rejects(
    load: Load, settings: Message
) -> None:
    """It breaks its schema, which is seen before anybody asks who it is about."""
    strict = schema("events", "id", "email", "external_id", "metric", "time", keys=("id",))
    strict["schema"]["properties"]["time"] = {"type": "string"}
    load([DELETIONS, record("deletions", email=ANA, external_id="7")])
    bad = record("events", id="1", email=ANA, external_id="7", metric="Purchased Ticket", time=5)
    load([strict, bad])
    path = Path(settings["rejects_path"])
    assert not path.exists() or ANA not in path.read_text()


def test_a_broken_address_does_not_stop_an_erasure_by_external_id(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """What else identifies them is enough; nobody may have to correct an erased record."""
    load([PROFILES, record("profiles", email=ANA, external_id="7")])
    load([DELETIONS, record("deletions", email="ana@@nevent", external_id="7")])
    assert addresses(klaviyo) == set()


def test_a_reject_of_somebody_else_is_kept_whatever_numbers_it_holds(load: Load) -> None:
    """A quantity of 7 is not the erased fan 7."""
    load([DELETIONS, record("deletions", email=ANA, external_id="7")])
    bought = {"metric": "Purchased Ticket", "time": "yesterday", "quantity": 7}
    columns = ("id", "email", "metric", "time", "external_id", "quantity")
    tickets = schema("events", *columns, keys=("id",))
    run = load([tickets, record("events", id="1", email=EVA, external_id="8", **bought)])
    assert len(run.rejects) == 1


def test_someone_erased_does_not_come_back_by_phone_alone(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The number was hers alone: her own profile had it when it was deleted."""
    ana = {"email": ANA, "phone_number": "600112233", "external_id": "7"}
    load([PROFILES, record("profiles", **ana)])
    load([DELETIONS, record("deletions", **ana)])
    load([PROFILES, record("profiles", email=None, phone_number="600112233")])
    assert klaviyo.profiles() == []


def test_a_family_that_shares_a_phone_is_not_erased_with_one_of_them(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The number was on the profile of the one who is gone; the other one goes on."""
    shared = {"phone_number": "600112233"}
    ana = record("profiles", email=ANA, external_id="7", **shared)
    eva = record("profiles", email=EVA, external_id="8", **shared)
    load([PROFILES, ana, eva])
    load([DELETIONS, record("deletions", email=ANA, external_id="7", **shared)])
    run = load([PROFILES, eva])
    assert addresses(klaviyo) == {EVA}
    assert run.summary["streams"]["profiles"] == {"read": 1, "written": 1}
