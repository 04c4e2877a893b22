"""Suppressed and erased people: no mail, no trace, and no way back in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from singer_messages import Message, Run, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle

    Load = Callable[..., Run]

NOW = datetime.now(tz=UTC).isoformat()
ANA, EVA = "ana@nevent-demo.es", "eva@nevent-demo.es"
PROFILES = schema("profiles", "email", "phone_number", "external_id", "first_name")
EVENTS = schema("events", "id", "email", "metric", "time", "external_id", keys=("id",))
SUPPRESSIONS = schema("suppressions", "email", "suppressed")
DELETIONS = schema("deletions", "email", "phone_number", "external_id", "profile_id")


def _ticket(number: int, email: str = ANA, **more: Any) -> Message:
    bought = {"id": f"t{number}", "metric": "Purchased Ticket", "time": NOW}
    return record("events", email=email, **bought, **more)


def test_a_suppressed_address_gets_no_mail_and_an_unsuppressed_one_may_again(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The job is watched to its end, so the record is written, not only accepted."""
    run = load(
        [
            PROFILES,
            record("profiles", email=ANA),
            SUPPRESSIONS,
            record("suppressions", email=ANA),
            state("late"),
        ]
    )
    assert _can_be_mailed(klaviyo) is False
    assert run.summary["streams"]["suppressions"] == {"read": 1, "written": 1}
    assert run.states == ["late"]
    load([SUPPRESSIONS, record("suppressions", email=ANA, suppressed=False)])
    assert _can_be_mailed(klaviyo) is True


def test_every_profile_of_an_erased_person_is_deleted(load: Load, klaviyo: KlaviyoHandle) -> None:
    """By e-mail, by phone and by external id; others stay."""
    load(
        [
            PROFILES,
            record("profiles", email=ANA, external_id="7"),
            record("profiles", email="old@nevent-demo.es", external_id="7"),
            record("profiles", email=EVA, external_id="8"),
        ]
    )
    run = load([DELETIONS, record("deletions", email=ANA, external_id="7")])
    assert [each["attributes"]["email"] for each in klaviyo.profiles()] == [EVA]
    assert run.summary["streams"]["deletions"] == {"read": 1, "accepted": 1}


def test_someone_erased_in_a_run_that_carries_their_tickets_is_absent_at_its_end(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Tickets before and after the erasure, in this run and in the next one."""
    klaviyo.knobs(job_seconds=0.2)
    run = load(
        [
            PROFILES,
            record("profiles", email=ANA, external_id="7"),
            EVENTS,
            *[_ticket(number) for number in range(1_001)],
            _ticket(2_000, EVA),
            DELETIONS,
            record("deletions", email=ANA, external_id="7"),
            EVENTS,
            _ticket(3_000),
            state("late"),
        ]
    )
    assert [each["attributes"]["email"] for each in klaviyo.profiles()] == [EVA]
    assert {each["email"] for each in klaviyo.events()} == {EVA}
    assert run.states == ["late"]
    again = load(
        [
            EVENTS,
            _ticket(1),
            _ticket(2, EVA, external_id="7"),
            PROFILES,
            record("profiles", email=ANA),
        ]
    )
    assert [each["attributes"]["email"] for each in klaviyo.profiles()] == [EVA]
    assert again.summary["streams"]["events"]["withheld"] == 2


def test_the_rejects_of_an_erased_person_are_purged(load: Load, settings: Message) -> None:
    """What cannot be loaded is kept, and may be replayed; not of them."""
    bad = [
        record("profiles", email=email, external_id=number, first_name=["no", "text"])
        for email, number in ((ANA, "7"), (EVA, "8"))
    ]
    load([PROFILES, *bad])
    run = load([DELETIONS, record("deletions", email=ANA.upper(), external_id="7")])
    assert [each["key"] for each in run.rejects] == [EVA]
    assert ANA not in Path(settings["rejects_path"]).read_text()


def test_an_erasure_that_is_not_confirmed_comes_again(load: Load, klaviyo: KlaviyoHandle) -> None:
    """The connection is cut after Klaviyo took it: repeated, and done."""
    load([PROFILES, record("profiles", email=ANA)])
    klaviyo.drop("POST /data-privacy-deletion-jobs", after=True)
    run = load([DELETIONS, record("deletions", email=ANA), state("late")])
    assert klaviyo.profiles() == []
    assert run.states == ["late"]


def _can_be_mailed(klaviyo: KlaviyoHandle) -> bool:
    found = klaviyo.consent(ANA)
    assert found is not None
    return bool(found["email"]["marketing"]["can_receive_email_marketing"])
