"""An opt-out on either side reaches the other, in each order, and wins within the same second."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from both_ways.conftest import Both

DAY = timedelta(days=1)
FIRST, THEN, LATER = 9 * DAY, 5 * DAY, 2 * DAY  # ago


class Said(NamedTuple):
    """What a person said, and how long ago."""

    yes: bool
    ago: timedelta


class Case(NamedTuple):
    """What a person said on each side, and how both must end."""

    name: str
    nevent: Said
    klaviyo: Said
    enabled: bool
    consent: str


YES_THEN, YES_LATER = (Said(yes=True, ago=ago) for ago in (THEN, LATER))
NO_THEN, NO_LATER = (Said(yes=False, ago=ago) for ago in (THEN, LATER))
CASES = [
    Case("no in Klaviyo, later", YES_THEN, NO_LATER, enabled=False, consent="UNSUBSCRIBED"),
    Case("no in Klaviyo, earlier", YES_LATER, NO_THEN, enabled=True, consent="SUBSCRIBED"),
    Case("no in Klaviyo, same second", YES_THEN, NO_THEN, enabled=False, consent="UNSUBSCRIBED"),
    Case("no in Nevent, later", NO_LATER, YES_THEN, enabled=False, consent="UNSUBSCRIBED"),
    Case("no in Nevent, earlier", NO_THEN, YES_LATER, enabled=False, consent="UNSUBSCRIBED"),
    Case("no in Nevent, same second", NO_THEN, YES_THEN, enabled=False, consent="UNSUBSCRIBED"),
    Case("no on both sides", NO_THEN, NO_LATER, enabled=False, consent="UNSUBSCRIBED"),
    Case("yes on both sides", YES_THEN, YES_LATER, enabled=True, consent="SUBSCRIBED"),
]
CHANNELS = ("email", "sms")
WAYS = {"the way back first": "back forward", "the way there first": "forward back"}


def _person(channel: str, place: int) -> dict[str, str]:
    """Who says it: reached by the channel's identifier, known to both sides by the address too."""
    found = {"email": f"{channel}.{place}@nevent-demo.es"}
    return {**found, "phone": f"+3461234{place:02d}99"} if channel == "sms" else found


@pytest.fixture(scope="module", params=list(WAYS.values()), ids=list(WAYS))
def ran(request: pytest.FixtureRequest, both: Both) -> Both:
    """Everybody has spoken, and each direction has run once, in this order."""
    sandbox = both.sandbox
    sandbox.nevent.reset()
    sandbox.klaviyo.reset()
    for way in (both.forward, both.back):
        way.state = {}
        for kept in way.folder.glob("output/*"):
            kept.unlink()
    now = datetime.fromisoformat(sandbox.nevent.now())
    for channel in CHANNELS:
        for place, case in enumerate(CASES):
            _speak(both, _person(channel, place), channel, case, now)
    for way in request.param.split():
        getattr(both, way).run()
    return both


def _speak(both: Both, person: dict[str, str], channel: str, case: Case, now: datetime) -> None:
    nevent, klaviyo = both.sandbox.nevent, both.sandbox.klaviyo

    def at(ago: timedelta) -> str:
        return (now - ago).replace(microsecond=0).isoformat()

    fan = nevent.edit(add_user={**person, "name": "Ana", "country": "ES"}, at=at(FIRST))
    nevent.edit(user=fan["id"], consent="grant", at=at(FIRST))
    wanted = f"{channel}Enabled"
    yes, ago = case.nevent
    if not yes:
        nevent.edit(user=fan["id"], set={"communicationPreferences": {wanted: True}}, at=at(FIRST))
    nevent.edit(user=fan["id"], set={"communicationPreferences": {wanted: yes}}, at=at(ago))
    told = {"phone_number": person["phone"]} if channel == "sms" else {"email": person["email"]}
    yes, ago = case.klaviyo
    klaviyo.subscribe(**told, at=at(ago if yes else FIRST))
    if not yes:
        klaviyo.unsubscribe(**told, at=at(ago))


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_both_sides_end_alike(ran: Both, case: Case, channel: str) -> None:
    """Whatever was said where and when, nobody gets what they did not want."""
    person = _person(channel, CASES.index(case))
    fan = ran.sandbox.nevent.user(person["email"])
    assert fan
    assert fan["communicationPreferences"][f"{channel}Enabled"] is case.enabled
    name, value = ("phone_number", person["phone"]) if channel == "sms" else ("email", fan["email"])
    consents = [
        each["subscriptions"][channel]["marketing"]["consent"]
        for each in ran.sandbox.klaviyo.consents()
        if each[name] == value
    ]
    assert consents == [case.consent]


def test_then_nobody_says_anything_any_more(ran: Both) -> None:
    """What one side learnt from the other is not told it again."""
    ran.back.run()
    ran.forward.run()
    ran.writes()
    for way in (ran.back, ran.forward):
        way.run()
        assert ran.writes() == []
