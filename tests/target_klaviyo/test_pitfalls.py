"""Defects that other loaders into Klaviyo have, one test each; the rest stands with its kin.

Consent: test_consent.py, test_valve.py. Lists: test_members.py. Jobs and rejects: test_loading.py.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from singer_messages import Message, Run, record, schema, state

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle

    Load = Callable[..., Run]
    Command = Callable[..., subprocess.CompletedProcess[str]]

OLD = (datetime.now(tz=UTC) - timedelta(days=9)).isoformat()
NAMES = schema("profiles", "email", "first_name", "last_name", "phone_number", "city", "vip")


def test_a_last_name_arrives_whole(load: Load, klaviyo: KlaviyoHandle) -> None:
    """Not letter by letter."""
    load([NAMES, record("profiles", email="ana@nevent-demo.es", last_name="García Núñez")])
    found = klaviyo.profile("ana@nevent-demo.es")
    assert found is not None
    assert found["attributes"]["last_name"] == "García Núñez"


def test_first_name_phone_and_city_are_klaviyos_own_fields(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """As custom properties, no mail could greet and no SMS be sent."""
    fan = {"first_name": "Ana", "phone_number": "600112233", "city": "Vigo", "vip": True}
    load([NAMES, record("profiles", email="ana@nevent-demo.es", **fan)])
    found = klaviyo.profile("ana@nevent-demo.es")
    assert found is not None
    attributes = found["attributes"]
    assert (attributes["first_name"], attributes["phone_number"]) == ("Ana", "+34600112233")
    assert attributes["location"]["city"] == "Vigo"
    assert attributes["properties"] == {"vip": True}


def test_only_who_said_yes_is_subscribed(load: Load, klaviyo: KlaviyoHandle) -> None:
    """Not the unsubscribed, not those who never said anything, not because of a list."""
    columns = ("email", "email_consent", "email_consented_at")
    said = {"yes": True, "no": False, "never": None}
    people = {name: f"{name}@nevent-demo.es" for name in said}
    load(
        [
            NAMES,
            *[record("profiles", email=email) for email in people.values()],
            schema("subscriptions", *columns),
            *[
                record("subscriptions", email=people[name], email_consent=each,
                       email_consented_at=OLD)
                for name, each in said.items()
            ],
        ],
        list_name="Nevent - All Contacts",
    )  # fmt: skip
    consents = {
        each["email"]: each["subscriptions"]["email"]["marketing"]["consent"]
        for each in klaviyo.consents()
    }
    assert consents == {people["yes"]: "SUBSCRIBED", people["no"]: "UNSUBSCRIBED"}


def test_a_phone_that_is_left_out_of_a_subscribe_is_counted(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Nobody is dropped in silence."""
    columns = ("email", "phone_number", "sms_consent", "sms_consented_at")
    broken = record(
        "subscriptions",
        email="ana@nevent-demo.es",
        phone_number="12",
        sms_consent=True,
        sms_consented_at=OLD,
    )
    run = load([schema("subscriptions", *columns), broken])
    assert klaviyo.profiles() == []
    assert run.summary["notes"] == {"phone number left out: not valid": 1}
    assert run.summary["streams"]["subscriptions"]["withheld"] == 1


def test_rejects_hold_any_value_a_record_may_have(run: Command) -> None:
    """Dates and times among them; the file is JSON lines that anything reads."""
    moment = "2026-10-25T02:30:00+02:00"
    bad = record("profiles", email="no address", last_name=moment, city=str(date(2026, 3, 1)))
    done = run([NAMES, bad, state("late")])
    assert done.returncode == 0
    assert done.stdout == '"late"\n'


def test_the_state_is_the_taps_own(run: Command) -> None:
    """Whatever it is, unchanged: Meltano stores it as the tap's bookmark."""
    bookmark: Message = {"bookmarks": {"fans": {"replication_key_value": OLD}}}
    done = run([NAMES, record("profiles", email="ana@nevent-demo.es"), state(bookmark)])
    assert json.loads(done.stdout) == bookmark


def test_an_invalid_address_in_a_consent_costs_its_own_record_only(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """999 others are subscribed; the one is in the rejects."""
    columns = ("email", "email_consent", "email_consented_at")
    people = [f"fan{number}@nevent-demo.es" for number in range(999)]
    said = [
        record("subscriptions", email=email, email_consent=True, email_consented_at=OLD)
        for email in [*people[:500], "not an address", *people[500:]]
    ]
    run = load([schema("subscriptions", *columns), *said])
    assert run.summary["streams"]["subscriptions"]["accepted"] == 999
    assert [each["column"] for each in run.rejects] == ["email"]
    assert len(klaviyo.requests("POST /profile-subscription-bulk-create-jobs")) == 1
