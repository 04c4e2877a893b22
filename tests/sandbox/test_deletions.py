"""People deleted for good."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from consent_bodies import SUBSCRIBE, SUPPRESS, addresses, body, erasure, given

if TYPE_CHECKING:
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
ANA, EVA, PHONE = "ana@nevent-demo.es", "eva@nevent-demo.es", "+34600112233"


def _erase(api: Api, *identifier: str, **attributes: str) -> None:
    answer = api.change(erasure(*identifier, **attributes))
    assert (answer.status_code, answer.content) == (202, b""), answer.text


def _known(api: Api, klaviyo: KlaviyoHandle) -> str:
    """Two people of whom everything is known; the id of one."""
    wanted = api.new_list(opt_in_process="single_opt_in")
    for email, phone in ((ANA, PHONE), (EVA, "+34600112234")):
        api.load({"email": email, "phone_number": phone}, lists=(wanted,))
        api.event(email)
        api.change(body(SUBSCRIBE, [given(email)], wanted))
        klaviyo.unsubscribe(email, list_id=wanted)
        api.change(addresses(SUPPRESS, email))
    profile = klaviyo.profile(ANA)
    assert profile is not None
    identifier: str = profile["id"]
    return identifier


@pytest.mark.parametrize("by", ["id", "email", "phone_number"])
def test_a_deleted_person_leaves_nothing_behind(api: Api, klaviyo: KlaviyoHandle, by: str) -> None:
    """Profile, events, memberships, consents; others are untouched."""
    identifier = _known(api, klaviyo)
    counts, of_eva = klaviyo.counts(), klaviyo.events(email=EVA)
    if by == "id":
        _erase(api, identifier)
    else:
        _erase(api, **{by: {"email": "Ana@nevent-demo.es", "phone_number": PHONE}[by]})
    assert klaviyo.profile(ANA) is None
    assert klaviyo.consent(ANA) is None
    assert klaviyo.events() == of_eva
    left = klaviyo.counts()
    for kind in ("profiles", "events", "consents", "suppressions", "list_suppressions"):
        assert left[kind] * 2 == counts[kind], kind
    assert api.get(f"/profiles/{identifier}").status_code == 404


def test_nobody_to_delete_is_no_error(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Accepted: nobody waits for the outcome."""
    api.load({"email": ANA})
    _erase(api, email=EVA)
    _erase(api, "01NOBODY")
    assert klaviyo.counts()["profiles"] == 1


def test_who_is_sent_again_is_a_new_person(api: Api, klaviyo: KlaviyoHandle) -> None:
    """With another id, and without the consent of before."""
    identifier = _known(api, klaviyo)
    _erase(api, email=ANA)
    api.event(ANA)
    profile, consent = klaviyo.profile(ANA), klaviyo.consent(ANA)
    assert profile is not None
    assert consent is not None
    assert profile["id"] != identifier
    assert consent["email"]["marketing"]["consent"] == "NEVER_SUBSCRIBED"
    assert consent["email"]["marketing"]["suppression"] == []


def test_a_job_does_not_show_others_in_place_of_the_deleted(api: Api) -> None:
    """Their numbers are never given again."""
    job = api.load({"email": ANA}).json()["data"]["id"]
    _erase(api, email=ANA)
    api.load({"email": EVA})
    assert api.get(f"/profile-bulk-import-jobs/{job}/profiles").json()["data"] == []


def test_what_takes_effect_after_a_deletion_brings_the_person_back(
    api: Api, klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """An import that was under way: a caller must not have both open."""
    klaviyo.knobs(effect_seconds=10, job_seconds=60)
    api.load({"email": ANA, "first_name": "Ana"})
    _erase(api, email=ANA)
    sandbox.clock.advance(timedelta(seconds=30))
    assert klaviyo.profile(ANA) is None
    sandbox.clock.advance(timedelta(seconds=40))
    assert klaviyo.profile(ANA) is not None


def test_a_deletion_takes_its_time(api: Api, klaviyo: KlaviyoHandle, sandbox: Sandbox) -> None:
    """And takes with it what came before it took effect."""
    api.load({"email": ANA})
    klaviyo.knobs(effect_seconds=60)
    _erase(api, email=ANA)
    api.event(ANA)
    assert (klaviyo.counts()["profiles"], klaviyo.counts()["effects"]) == (1, 1)
    sandbox.clock.advance(timedelta(seconds=61))
    assert (klaviyo.counts()["profiles"], klaviyo.counts()["events"]) == (0, 0)
    api.event(ANA)
    assert (klaviyo.counts()["profiles"], klaviyo.counts()["events"]) == (1, 1)
