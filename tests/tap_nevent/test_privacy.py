"""Whose data leave, and which."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import ConfigValidationError
from tap_nevent import groups
from tap_nevent.client import declared
from tap_nevent.memberships import unpacked
from tap_nevent.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_extraction import Output
    from nevent_sandbox.nevent_handle import NeventHandle

README = Path(__file__).parents[2] / "tap-nevent" / "README.md"
FORBIDDEN = ("birthDate", "address", "postalCode", "taxId")


def granted(user: dict[str, Any]) -> bool:
    """Whether this user of the sandbox consents."""
    return bool((user.get("thirdPartySharing") or {}).get("granted"))


def test_nothing_of_anyone_without_consent_leaves(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """No id, e-mail or phone, in any stream."""
    users = nevent.users()
    shared = {user[part] for user in users if granted(user) for part in ("email", "phone")}
    output = extract()
    members = unpacked(output.state["bookmarks"]["fans"]["segments"])
    text = output.text + json.dumps(members)
    silent = [user for user in users if not granted(user)]
    assert silent
    for user in silent:
        assert user["id"] not in text
        for part in ("email", "phone"):
            assert not user[part] or user[part] in shared or user[part] not in text


def test_sensitive_data_are_in_no_schema_and_no_record(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """Birth date, tax id, postal address, payment data, flagged and denied custom fields."""
    output = extract()
    columns = {name for schema in output.schemas.values() for name in schema["properties"]}
    assert not columns & {"birth_date", "tax_id", "address", "postal_code", "payment_method"}
    assert not columns & {"dni", "alergias"}
    for user in nevent.users():
        for part in FORBIDDEN:
            value = user.get(part)
            assert not value or len(value) < 6 or f'"{value}"' not in output.text


def test_a_setting_adds_to_the_sensitive_fields(extract: Callable[..., Output]) -> None:
    """A field it names is no column."""
    assert "origen_fan" in extract(None, "fans").schemas["fans"]["properties"]
    narrowed = extract(None, "fans", sensitive_fields=["origen_fan"])
    assert "origen_fan" not in narrowed.schemas["fans"]["properties"]


def test_late_consent_brings_what_the_bookmarks_have_passed(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """Earlier tickets, orders and attendance are emitted then, once."""
    orders = nevent.purchases()
    silent = {user["id"] for user in nevent.users() if not granted(user)}
    been = {each["userId"] for each in nevent.attendance() if each["status"] != "VOIDED"}
    bought = {each["userId"] for each in orders if each["status"] in {"SUCCEEDED", "COMPLETE"}}
    fan = min(silent & been & bought)
    first = extract()
    nevent.advance(days=2, changes=0)
    first = extract(first.state)
    nevent.edit(user=fan, consent="grant")
    second = extract(first.state)
    for stream in ("fans", "fan_activity", "tickets", "purchases", "attendance"):
        assert second.of(stream, fan), stream
    third = extract(second.state)
    assert not any(third.of(stream, fan) for stream in ("tickets", "purchases", "attendance"))


def test_consent_given_after_a_first_run_was_cut_short_counts(
    extract: Callable[..., Output], nevent: NeventHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tickets older than the bookmark leave all the same."""
    monkeypatch.setattr("tap_nevent.client.NeventStream.STATE_MSG_FREQUENCY", 10)
    silent = {user["id"] for user in nevent.users() if not granted(user)}
    states = extract(None, "tickets", page_size=20).states
    marked = [each for each in states if each["bookmarks"]["tickets"].get("replication_key_value")]
    cut = marked[-2]
    reached = cut["bookmarks"]["tickets"]["replication_key_value"]
    fan = next(
        each["userId"]
        for each in nevent.purchases()
        if each["userId"] in silent
        and each["status"] in {"SUCCEEDED", "COMPLETE"}
        and each["updatedAt"][:10] < reached[:10]
        and not any(ticket["holder"] for ticket in each["tickets"])
    )
    nevent.edit(user=fan, consent="grant")
    nevent.advance(days=1, changes=0)
    assert extract(cut, "tickets").of("tickets", fan)


def test_a_holder_who_consents_late_gets_tickets_that_others_bought(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """The ticket is its holder's, whoever paid for it."""
    buyer = next(user for user in nevent.users() if granted(user))["id"]
    holder = next(user for user in nevent.users() if not granted(user))["id"]
    concert = nevent.events()[0]["id"]
    order = nevent.edit(
        add_purchase={"user": buyer, "event": concert, "tickets": 2, "holders": [None, holder]}
    )
    nevent.advance(days=2, changes=0)
    first = extract()
    own = [each for each in first.records["tickets"] if each["order_id"] == order["id"]]
    assert [(each["fan_id"], each["first_of_order"]) for each in own] == [(buyer, True)]
    nevent.edit(user=holder, consent="grant")
    told = extract(first.state).of("tickets", holder)
    assert order["id"] in {each["order_id"] for each in told}
    assert {each["fan_id"] for each in told} == {holder}


def test_a_withdrawal_is_told_once_and_never_on_a_first_run(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """Identifiers only, and the country by which a national number is read."""
    first = extract()
    assert not first.records["fan_withdrawals"]
    fan = first.records["fans"][0]
    nevent.edit(user=fan["id"], consent="withdraw")
    second = extract(first.state)
    told = second.records["fan_withdrawals"]
    assert [each | {"changed_at": ""} for each in told] == [
        {
            "fan_id": fan["id"],
            **{name: fan[name] for name in ("email", "phone_number", "country")},
            "changed_at": "",
        }
    ]
    assert fan["country"]
    assert not second.of("fans", fan["id"])
    assert not extract(second.state).records["fan_withdrawals"]


@pytest.mark.parametrize("withdrawn_at", ["2026-01-02T10:00:00.000Z", None])
def test_a_withdrawal_entered_with_an_old_date_or_none_is_told(
    extract: Callable[..., Output], nevent: NeventHandle, withdrawn_at: str | None
) -> None:
    """By when Nevent learnt of it; once."""
    first = extract()
    fan = first.records["fans"][0]["id"]
    nevent.advance(days=2, changes=0)
    user = nevent.user(fan) or {}
    after = {**user["thirdPartySharing"], "granted": False, "withdrawnAt": withdrawn_at}
    nevent.edit(user=fan, set={"thirdPartySharing": after})
    second = extract(first.state, "fan_withdrawals")
    assert [each["fan_id"] for each in second.records["fan_withdrawals"]] == [fan]
    assert not extract(second.state, "fan_withdrawals").records["fan_withdrawals"]


def test_consent_without_dates_warns_that_withdrawals_cannot_be_told(
    extract: Callable[..., Output], caplog: pytest.LogCaptureFixture
) -> None:
    """At the first run already."""
    extract(None, "fan_withdrawals", consent_field="socio_club")
    assert "Withdrawals cannot be told" in caplog.text


def test_erasures_before_a_first_run_are_not_told(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """Nobody holds a copy."""
    nevent.edit(user=nevent.users()[0]["id"], erase=True)
    nevent.advance(hours=1, changes=0)
    first = extract(None, "fan_deletions")
    assert not first.records["fan_deletions"]
    second = extract(first.state, "fan_deletions", lookback_minutes=180)
    assert not second.records["fan_deletions"]


def test_an_erased_fan_is_told(extract: Callable[..., Output], nevent: NeventHandle) -> None:
    """With the time of the erasure."""
    first = extract()
    fan = first.records["fans"][0]["id"]
    nevent.edit(user=fan, erase=True)
    assert [each["id"] for each in extract(first.state).records["fan_deletions"]] == [fan]


@pytest.mark.parametrize("group", groups.NAMES)
def test_a_group_switched_off_is_in_no_schema_and_no_record(
    extract: Callable[..., Output], group: str
) -> None:
    """Neither its columns nor its streams."""
    on = [each for each in groups.NAMES if each != group]
    output = extract(None, sync_groups=on)
    for stream, columns in groups.GROUPS[group].items():
        if groups.WHOLE in columns:
            assert stream not in output.schemas
            continue
        assert not set(columns) & set(output.schemas[stream]["properties"])
        assert all(not set(columns) & set(record) for record in output.records[stream])


def test_the_readme_tells_the_group_of_every_field() -> None:
    """The table is the code's."""
    told = {
        (name, stream): set(re.findall(r"`([a-z_]+)`", columns)) or {groups.WHOLE}
        for name, stream, columns in re.findall(
            r"^\| `(\w+)` \| `(\w+)` \| ([^|]+) \|$", README.read_text("utf-8"), flags=re.MULTILINE
        )
        if name in groups.NAMES
    }
    coded = {
        (name, stream): set(columns) - {groups.CUSTOM}
        for name, streams in groups.GROUPS.items()
        for stream, columns in streams.items()
    }
    assert told == coded


def test_groups_name_only_columns_that_exist() -> None:
    """A renamed column would slip through its switch."""
    known = {each.name: set(declared(each.name)["properties"]) for each in STREAMS}
    for streams in groups.GROUPS.values():
        for stream, columns in streams.items():
            assert set(columns) - {groups.WHOLE, groups.CUSTOM} <= known[stream]


def test_assumed_consent_needs_a_written_basis(extract: Callable[..., Output]) -> None:
    """Without the note nothing starts."""
    with pytest.raises(ConfigValidationError, match="consent_note"):
        extract(None, "fans", consent_basis="assume_granted")


def test_assumed_consent_does_not_override_a_withdrawal(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """Who took consent back stays out."""
    first = extract(None, "fans")
    fan = first.records["fans"][0]["id"]
    nevent.edit(user=fan, consent="withdraw")
    output = extract(None, "fans", consent_basis="assume_granted", consent_note="Contract 12")
    assert len(output.records["fans"]) > len(first.records["fans"])
    assert not output.of("fans", fan)
