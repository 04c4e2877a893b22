"""What a reader who distrusts the way back tried on it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from nevent_people import ANA, EVA, PREFERENCES, fan, no, wants
from singer_outcomes.store import Store
from singer_outcomes.tombstones import Tombstones

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.nevent_handle import NeventHandle
    from singer_messages import Message, Run

PHONE = "+34600112233"
AT = "2026-05-01T10:00:00.000Z"
SET = "PUT /users/{id}/communication-preferences"


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
