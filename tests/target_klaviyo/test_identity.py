"""A changed e-mail address: one person stays one profile, and the old address gets no mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from klaviyo_client import DeniedError
from singer_messages import Message, Run, record, schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle

    Load = Callable[..., Run]

OLD, NEW = "ana.old@nevent-demo.es", "ana@nevent-demo.es"
PROFILES = schema("profiles", "email", "external_id", "first_name", keys=("external_id",))


def _ana(email: str, name: str = "Ana") -> Message:
    return record("profiles", email=email, external_id="7", first_name=name)


def _addresses(klaviyo: KlaviyoHandle) -> list[str]:
    return sorted(each["attributes"]["email"] for each in klaviyo.profiles())


def test_the_profile_follows_the_new_address(load: Load, klaviyo: KlaviyoHandle) -> None:
    """Looked up by external id; the rest of the record arrives in the same run."""
    load([PROFILES, _ana(OLD)])
    before = klaviyo.profile(OLD)
    run = load([PROFILES, _ana(NEW, "Ana María")])
    assert _addresses(klaviyo) == [NEW]
    after = klaviyo.profile(NEW)
    assert before is not None
    assert after is not None
    assert after["id"] == before["id"]
    assert after["attributes"]["first_name"] == "Ana María"
    assert run.summary["notes"] == {"e-mail changed: the profile has the new one": 1}


def test_where_the_new_address_has_a_profile_both_become_one(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Klaviyo answers 409; merged, counted."""
    newsletter = schema("profiles__n", "email")
    load([PROFILES, _ana(OLD), newsletter, record("profiles__n", email=NEW)])
    run = load([PROFILES, _ana(NEW)])
    assert _addresses(klaviyo) == [NEW]
    assert list(run.summary["notes"]) == [
        "e-mail changed: merged into the profile that has the new one"
    ]


def test_an_opt_out_under_the_old_address_holds_for_the_new_one(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The same person said no."""
    load([PROFILES, _ana(OLD), schema("profiles__n", "email"), record("profiles__n", email=NEW)])
    klaviyo.unsubscribe(OLD, at=(datetime.now(tz=UTC) - timedelta(days=3)).isoformat())
    load([PROFILES, _ana(NEW)])
    found = klaviyo.consent(NEW)
    assert found is not None
    assert found["email"]["marketing"]["can_receive_email_marketing"] is False


def test_a_first_load_looks_nobody_up_and_later_ones_look_up_in_hundreds(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """A million people would take a quarter of an hour to look up, for nothing."""
    people = [
        record("profiles", email=f"fan{n}@nevent-demo.es", external_id=str(n)) for n in range(250)
    ]
    for looked_up in (0, 3):
        klaviyo.clear_requests()
        load([PROFILES, *people])
        assert len(klaviyo.requests("GET /profiles")) == looked_up


def test_an_opt_out_is_carried_even_where_the_run_ends_before_the_address_changes(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The next run may find no former profile to carry it from."""
    load([PROFILES, _ana(OLD)])
    klaviyo.unsubscribe(OLD, at=(datetime.now(tz=UTC) - timedelta(days=3)).isoformat())
    klaviyo.refuse("PATCH /profiles/{id}", status=401)
    with pytest.raises(DeniedError):
        load([PROFILES, _ana(NEW)])
    load([PROFILES, _ana(NEW)])
    assert _addresses(klaviyo) == [NEW]
    found = klaviyo.consent(NEW)
    assert found is not None
    assert found["email"]["marketing"]["can_receive_email_marketing"] is False
