"""What a reader who distrusts the way back tried on it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from nevent_client.errors import RefusedError
from nevent_people import (
    ANA,
    ENGAGEMENT,
    EVA,
    FANS,
    PREFERENCES,
    SUBSCRIBERS,
    fan,
    no,
    opened,
    wants,
    written,
    yes,
)
from singer_messages import record, schema, state
from singer_outcomes.store import Store
from singer_outcomes.tombstones import Tombstones

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from nevent_sandbox.nevent_handle import NeventHandle
    from singer_messages import Message, Run

PHONE = "+34600112233"
AT = "2026-05-01T10:00:00.000Z"
SET = "PUT /users/{id}/communication-preferences"


@pytest.fixture
def signs_up(nevent: NeventHandle) -> Message:
    """Settings by which everybody of this year may be subscribed."""
    return {"newsletter_id": nevent.newsletters()[0]["id"], "import_since": "2026-01-01"}


# Opt-outs.


@pytest.mark.parametrize("by", ["external_id", "number"])
@pytest.mark.parametrize(
    "known", [{"smsEnabled": False}, {"smsChangedAt": "2026-08-01T10:00:00.000Z"}], ids=str
)
def test_an_sms_opt_out_reaches_everybody_with_the_number(
    nevent: NeventHandle, load: Callable[..., Run], by: str, known: dict[str, Any]
) -> None:
    """Although the one it names has it off already, or said yes later."""
    first, other = fan(nevent, ANA, **known), fan(nevent, EVA)
    for each in (first, other):
        nevent.edit(user=each, set={"phone": PHONE})
    who = {"external_id": first} if by == "external_id" else {}
    for _ in range(2):
        load([PREFERENCES, no(**who, phone_number=PHONE, channel="sms")])
    assert wants(nevent, EVA)["smsEnabled"] is False
    assert wants(nevent, ANA)["smsEnabled"] is known.get("smsEnabled", True)
    assert len(nevent.requests(SET)) == 1


def test_an_e_mail_opt_out_is_that_of_the_address_although_a_fan_has_the_number(
    nevent: NeventHandle, load: Callable[..., Run], signs_up: Message
) -> None:
    """A family has one phone: whose address Nevent does not know is a stranger to it."""
    nevent.edit(user=fan(nevent, EVA), set={"phone": PHONE})
    run = load([PREFERENCES, no(email=ANA, phone_number=PHONE)])
    assert run.summary["streams"]["preferences"] == {"read": 1, "unknown": 1}
    assert wants(nevent, EVA)["emailEnabled"] is True
    load([SUBSCRIBERS, yes()], **signs_up)
    assert nevent.user(ANA) is None


def test_the_number_of_somebody_erased_is_still_anothers(
    nevent: NeventHandle, load: Callable[..., Run], settings: Message
) -> None:
    """A family has one phone: the living one's opt-out counts."""
    with closing(Store(settings["store_path"])) as store:
        Tombstones(store).add(["gone@nevent-demo.es", PHONE], at=datetime.now(UTC))
    nevent.edit(user=fan(nevent), set={"phone": PHONE})
    load([PREFERENCES, no(phone_number=PHONE, channel="sms")])
    assert wants(nevent)["smsEnabled"] is False


def test_a_time_that_nevent_does_not_take_costs_neither_the_opt_out_nor_the_others_times(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """422 is about one value; the summary tells."""
    for email in (ANA, EVA):
        fan(nevent, email)
    nevent.refuse(SET, status=422)
    run = load([PREFERENCES, no(email=ANA), no(email=EVA)])
    assert run.rejects == []
    assert run.summary["notes"] == {"opt-outs whose own time Nevent does not take": 1}
    told = [wants(nevent, each) for each in (ANA, EVA)]
    assert [each["emailEnabled"] for each in told] == [False, False]
    assert [each["emailChangedAt"] == AT for each in told].count(True) == 1


@pytest.mark.parametrize(
    "said", ["2026-05-01T10:00:00.900Z", "2026-06-01T00:00:00Z", None], ids=str
)
def test_who_opted_out_before_nevent_knew_them_is_not_signed_up_by_an_older_yes(
    nevent: NeventHandle, load: Callable[..., Run], signs_up: Message, said: str | None
) -> None:
    """Such as a sign-up that waited or was replayed: the opt-out does not come again."""
    load([PREFERENCES, no(email=ANA.upper(), changed_at=said)])
    run = load([SUBSCRIBERS, yes(), yes(EVA)], **signs_up)
    told = {"has opted out of e-mail in Klaviyo since": 1}
    assert run.summary["streams"]["subscribers"]["withheld_reasons"] == told
    assert (nevent.user(ANA), bool(nevent.user(EVA))) == (None, True)


def test_opt_outs_that_fill_a_round_of_their_own_are_not_overtaken_by_older_sign_ups(
    nevent: NeventHandle, load: Callable[..., Run], signs_up: Message
) -> None:
    """In the same run, the opt-outs first: they were sent before the sign-ups were read."""
    people = [f"fan.{number}@nevent-demo.es" for number in range(60)]
    noes = [no(email=each, changed_at="2026-06-01T00:00:00Z") for each in people]
    load([PREFERENCES, SUBSCRIBERS, *noes, yes(people[0]), yes(people[1])], **signs_up)
    made = [nevent.user(each) for each in people[:2]]
    wanted = [each["communicationPreferences"]["emailEnabled"] for each in made if each]
    assert True not in wanted


def test_an_id_that_nevent_no_longer_knows_is_nobody_elses_although_the_address_is(
    nevent: NeventHandle, load: Callable[..., Run], signs_up: Message
) -> None:
    """Data of the erased stay away from who has the address now; an opt-out is the address's."""
    fan(nevent, emailEnabled=None, emailChangedAt=None)
    gone = {"external_id": "0" * 24, "email": ANA}
    messages = [SUBSCRIBERS, FANS, yes(**gone), record("fans", **gone, city="Elx")]
    load(messages, **signs_up, owners={"city": "klaviyo"})
    assert written(nevent) == []
    load([PREFERENCES, no(**gone)])
    assert wants(nevent)["emailEnabled"] is False


# Sign-ups.


def test_without_a_newsletter_sign_ups_are_withheld_with_what_to_do(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """No reject, no failure: the settings that are shipped name none."""
    rows = [yes(f"fan.{number}@nevent-demo.es") for number in range(20)]
    run = load([SUBSCRIBERS, *rows, state({"n": 1})], import_since="2026-01-01")
    assert (run.states, run.rejects, written(nevent)) == ([{"n": 1}], [], [])
    (reason,) = run.summary["streams"]["subscribers"]["withheld_reasons"]
    assert "set newsletter_id" in reason


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_new_fans_number_that_is_anothers_costs_neither_the_run_nor_the_consent(
    nevent: NeventHandle, load: Callable[..., Run], signs_up: Message, status: int
) -> None:
    """Name and number are left out."""
    nevent.refuse("PUT /users/{id}", status=status, times=2 if status == 400 else 1)
    run = load([SUBSCRIBERS, yes(), yes(EVA), state({"n": 1})], **signs_up)
    assert (run.states, run.rejects) == ([{"n": 1}], [])
    made = [nevent.user(each) for each in (ANA, EVA)]
    assert [bool(each and each["thirdPartySharing"]["granted"]) for each in made] == [True, True]


# One bad row never stops the others.


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    ("odd", "operation"),
    [
        ({"external_id": "shop-1"}, "GET /users/{id}"),
        ({"email": "o'hara@nevent-demo.es"}, "GET /users/email/{email}"),
    ],
    ids=str,
)
def test_an_identifier_that_nevent_takes_for_none_is_nobodys(
    nevent: NeventHandle, load: Callable[..., Run], odd: Message, operation: str, status: int
) -> None:
    """An external_id may be another system's. Where nobody can be looked up, the run ends."""
    fan(nevent)
    messages = [PREFERENCES, no(**odd), state({"n": 1})]
    nevent.refuse(operation, status=status)
    run = load([*messages, no(email=ANA)])
    assert run.summary["streams"]["preferences"] == {"read": 2, "unknown": 1, "written": 1}
    assert run.summary["notes"] == {"identifiers that Nevent takes for none": 1}
    nevent.refuse(operation, status=status, times=2)
    with pytest.raises(RefusedError):
        load(messages)


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00Z"]
)
def test_a_time_that_cannot_be_reckoned_with_is_rejected(
    nevent: NeventHandle, load: Callable[..., Run], at: str
) -> None:
    """As any other that is none."""
    for email in (ANA, EVA):
        fan(nevent, email)
    run = load([PREFERENCES, no(email=EVA, changed_at=at), no(email=ANA), state({"n": 1})])
    assert (run.states, [each["column"] for each in run.rejects]) == ([{"n": 1}], ["changed_at"])
    assert wants(nevent)["emailEnabled"] is False


def test_a_column_that_looks_like_a_payload_gives_no_other_fields_away(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """What is not Klaviyo's is not written, however it comes."""
    fan(nevent)
    values = {"first_name": "X", "nothing": 1, "city": "Elx"}
    messages = [
        schema("fans", "email", "values", keys=()),
        record("fans", email=ANA, values=values),
    ]
    run = load([*messages, state({"n": 1})], owners={"city": "klaviyo"})
    assert run.states == [{"n": 1}]
    (body,) = (each["body"] for each in nevent.requests("PUT /users/{id}", bodies=True))
    assert body == {"city": "Elx"}


# Whoever was erased is in no file, whichever target heard of it.


def test_who_was_erased_is_in_no_file_of_this_target(
    published: NeventHandle, load: Callable[..., Run], settings: Message, tmp_path: Path
) -> None:
    """The other target heard of it; there is no feed, and nobody signs up in this run."""
    gone, here = fan(published), fan(published, EVA)
    kept = tmp_path / "engagement.jsonl"
    settings["engagement_path"] = str(kept)
    published.refuse(SET, status=422, times=4)
    rows = [opened("e1", email=ANA), opened("e2", email=EVA), no(email=ANA), no(email=EVA)]
    assert len(load([ENGAGEMENT, PREFERENCES, *rows]).rejects) == 2
    with closing(Store(settings["store_path"])) as store:
        Tombstones(store).add([ANA, f"id:{gone}"], at=datetime.now(UTC))
    (left,) = load([PREFERENCES]).rejects
    assert left["payload"]["email"] == EVA
    assert (gone in kept.read_text(), here in kept.read_text()) == (False, True)
    assert kept.stat().st_mode & 0o777 == 0o600
    load([ENGAGEMENT, opened("e2", email=EVA), opened("e3", email=EVA)])
    assert len(kept.read_text().splitlines()) == 2


# Two at once.


def test_a_flows_status_is_the_latest_although_an_earlier_request_takes_longer(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """They change what Nevent has, so one request follows the other."""
    who, other = fan(nevent), fan(nevent, EVA)
    flow = {"type": "flow_status", "flow_id": "F"}
    rows = []
    for status, day in (("active", "2"), ("finished", "3")):
        at = f"2026-05-0{day}T08:00:00Z"
        rows.append(opened("F", **flow, external_id=who, flow_status=status, at=at))
        rows += [
            opened(f"{day}.{number}", **flow, external_id=other, flow_status="active")
            for number in range(499)
        ]
    nevent.delay("POST /interactions", 0.5)
    load([ENGAGEMENT, *rows])
    assert [each["flowStatus"] for each in nevent.interactions(who)] == ["finished"]


# A run that waits for days keeps everything behind it waiting.


def test_sign_ups_without_a_turn_are_left_for_the_next_run_which_goes_on(
    nevent: NeventHandle,
    load: Callable[..., Run],
    signs_up: Message,
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """The run ends well, so that what is scheduled behind it begins; no state passes them."""
    fan(nevent, "old@nevent-demo.es")
    messages = [SUBSCRIBERS, PREFERENCES, yes(), yes(EVA), no(email="old@nevent-demo.es")]
    slow = {**signs_up, "subscribes_per_hour": 1, "signups_wait_minutes": 0}
    done = run([*messages, state({"n": 1})], **slow)
    assert (done.returncode, done.stdout) == (0, "")
    assert "1 sign-ups had no turn in this run" in done.stderr
    assert wants(nevent, "old@nevent-demo.es")["emailEnabled"] is False
    nevent.advance(hours=1, changes=0)
    assert load([*messages, state({"n": 1})], **slow).states == [{"n": 1}]
    assert [bool(nevent.user(each)) for each in (ANA, EVA)] == [True, True]
