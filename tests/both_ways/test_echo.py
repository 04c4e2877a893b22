"""What came from one side is not sent back to it; new people get to know each other once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from both_ways.conftest import Both

NEW, GONE, ANGRY, BOUNCED = (
    f"{name}@nevent-demo.es" for name in ("recien.llegada", "se.va", "se.queja", "rebota")
)
UNREACHABLE = {
    "bounce": "llega.y.rebota@nevent-demo.es",
    "complain": "llega.y.se.queja@nevent-demo.es",
}


class Lived(NamedTuple):
    """Both ways ran once; then people acted in Klaviyo, and both ways ran again."""

    both: Both
    before: dict[str, Any]  # the fan who took third-party consent back

    def fan(self, email: str) -> dict[str, Any]:
        """As Nevent has him."""
        found = self.both.sandbox.nevent.user(email)
        assert found
        return found


@pytest.fixture(scope="module")
def lived(both: Both) -> Lived:
    """Somebody new signs up; fans opt out, complain, bounce, withdraw; a campaign is read."""
    nevent, klaviyo = both.sandbox.nevent, both.sandbox.klaviyo
    for email in (GONE, ANGRY, BOUNCED):
        fan = nevent.edit(add_user={"email": email, "name": "Leo"})
        nevent.edit(user=fan["id"], consent="grant")
        nevent.edit(user=fan["id"], set={"communicationPreferences": {"emailEnabled": True}})
    phone = {"phone": "+34612345678", "country": "ES"}
    shy = nevent.edit(add_user={"email": "no.comparte@nevent-demo.es", **phone})
    both_on = {"emailEnabled": True, "smsEnabled": True}
    nevent.edit(user=shy["id"], consent="grant")
    nevent.edit(user=shy["id"], set={"communicationPreferences": both_on})
    both.back.run()
    both.forward.run()
    (everybody,) = (
        each["id"] for each in klaviyo.lists() if each["name"] == "Nevent - All Contacts"
    )
    klaviyo.subscribe(NEW, list_id=everybody)
    for deed, email in UNREACHABLE.items():
        klaviyo.subscribe(email, list_id=everybody)
        getattr(klaviyo, deed)(email)
    klaviyo.send_campaign("Cartel de otoño", lists=[everybody], opens=0.5, clicks=0.2)
    klaviyo.unsubscribe(GONE)
    klaviyo.complain(ANGRY)
    klaviyo.bounce(BOUNCED)
    nevent.edit(user=shy["id"], consent="withdraw")
    before = nevent.user(shy["id"])
    assert before
    both.back.run()
    both.forward.run()
    return Lived(both, before)


def test_a_new_subscriber_of_klaviyo_arrives_in_nevent(lived: Lived) -> None:
    """With the consent, its time, and what it stands on."""
    fan = lived.fan(NEW)
    consent = lived.both.sandbox.klaviyo.consent(NEW)
    assert consent
    assert fan["communicationPreferences"]["emailEnabled"]
    given = consent["email"]["marketing"]["consent_timestamp"][:19]
    assert fan["communicationPreferences"]["emailChangedAt"][:19] == given
    assert fan["thirdPartySharing"]["granted"]
    assert fan["thirdPartySharing"]["source"] == "Klaviyo"
    subscriptions = lived.both.sandbox.nevent.subscriptions()
    (told,) = (each["source"] for each in subscriptions if each["email"] == NEW)
    assert told == "Klaviyo: Nevent - All Contacts"


def test_the_new_fans_id_comes_back_to_the_same_profile(lived: Lived) -> None:
    """Once; and no second profile, no second welcome."""
    fan, profile = lived.fan(NEW), lived.both.sandbox.klaviyo.profile(NEW)
    assert profile
    assert profile["attributes"]["external_id"] == fan["id"]
    assert profile["attributes"]["properties"]["nevent_id"] == fan["id"]
    told = [each["metric"] for each in lived.both.sandbox.klaviyo.events(email=NEW)]
    assert "Newsletter Subscribed" not in told


@pytest.mark.parametrize("email", UNREACHABLE.values())
def test_who_cannot_be_mailed_any_more_is_not_signed_up(lived: Lived, email: str) -> None:
    """A bounce or a complaint leaves the consent as it was: to sign up may send a mail."""
    assert lived.both.sandbox.nevent.user(email) is None


@pytest.mark.parametrize("email", [GONE, ANGRY, BOUNCED])
def test_who_cannot_be_mailed_in_klaviyo_is_not_mailed_by_nevent(lived: Lived, email: str) -> None:
    """Opt-out, complaint and hard bounce travel."""
    assert not lived.fan(email)["communicationPreferences"]["emailEnabled"]


def test_taking_back_third_party_consent_changes_no_preference_in_nevent(lived: Lived) -> None:
    """Klaviyo's suppression and SMS opt-out were ours, not the fan's."""
    lived.both.back.run()
    after = lived.fan(lived.before["email"])
    assert after["communicationPreferences"] == lived.before["communicationPreferences"]


def test_engagement_reaches_the_fans(lived: Lived) -> None:
    """As interactions: received, opened, clicked, of the campaign by name."""
    touches = lived.both.sandbox.klaviyo.touches()
    assert touches
    told = [
        each
        for fan in lived.both.sandbox.nevent.users()
        for each in lived.both.sandbox.nevent.interactions(fan["id"])
    ]
    assert {each["campaignName"] for each in told if each["campaignName"]} == {"Cartel de otoño"}
    assert {"RECEIVED", "OPENED", "CLICKED"} <= {each["type"] for each in told}


def test_ten_alternating_runs_write_nothing_from_the_third_on(lived: Lived) -> None:
    """Nothing changes outside, so nothing is said inside."""
    written = []
    for number in range(10):
        way = lived.both.forward if number % 2 else lived.both.back
        lived.both.writes()
        way.run()
        written.append(lived.both.writes())
    assert written[2:] == [[]] * 8
