"""The demo's promises are measured by what Nevent holds, and can be broken."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from nevent_sandbox import Sandbox
from nevent_sandbox.demo.audience import Audience, address
from nevent_sandbox.demo.changes import Side
from nevent_sandbox.demo.consent import Consents, agrees
from nevent_sandbox.demo.memberships import (
    PREFIX,
    Lists,
    erased_are_gone,
    mirrored,
    withdrawn_are_left_alone,
)
from nevent_sandbox.demo.planned import carried_out
from nevent_sandbox.demo.preferences import Preferences
from nevent_sandbox.demo.sent import Directory, Sent

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, Any]

IMPORT = "/api/profile-bulk-import-jobs"
LONG_AGO, NOW = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00+00:00"


@pytest.fixture
def served() -> Iterator[Sandbox]:
    """Both sides; nothing is loaded."""
    with Sandbox(fans=120) as sandbox:
        yield sandbox


def _side(served: Sandbox) -> Side:
    profiles = served.klaviyo.profiles()
    consents = Consents(served.klaviyo.consents())
    lists = Lists(served.klaviyo.lists(), profiles)
    return Side(Audience(served.nevent), profiles, consents, lists)


def _agree(served: Sandbox, *, old: str = LONG_AGO) -> list[bool]:
    side = _side(served)
    return [each.kept for each in agrees(Preferences(side.audience), side.consents, old=old)]


def _carry_over(served: Sandbox) -> Preferences:
    """Everybody's consent put into Klaviyo by hand, as Nevent has it."""
    preferences = Preferences(Audience(served.nevent))
    for place, words in preferences.words.items():
        deed = {{"email": "email", "sms": "phone_number"}[place[0]]: place[1], "at": LONG_AGO}
        served.klaviyo.subscribe(**deed)
        if words and "UNSUBSCRIBED" in preferences.allowed(place):
            served.klaviyo.unsubscribe(**deed)
    return preferences


def test_consent_agrees_when_each_dated_word_is_there(served: Sandbox) -> None:
    """Nobody else has any; without the words it does not agree."""
    assert _agree(served) == [False, False, True, True]
    _carry_over(served)
    assert _agree(served) == [True, True, True, True]


def test_someone_subscribed_without_a_dated_consent_breaks_two_promises(served: Sandbox) -> None:
    """An undated preference is neither yes nor no."""
    preferences = _carry_over(served)
    undated = next(
        email
        for email in Audience(served.nevent).reachable().values()
        if "@" in email and ("email", email) not in preferences.words
    )
    served.klaviyo.subscribe(undated)
    assert _agree(served) == [False, True, False, True]


def test_a_confirmation_asked_for_an_old_consent_breaks_a_promise(served: Sandbox) -> None:
    """A young one may wait for its click."""
    _carry_over(served)
    audience = Audience(served.nevent)
    yes = next(
        place[1]
        for place, words in Preferences(audience).words.items()
        if place[0] == "email" and all(word.yes for word in words)
    )
    told = served.klaviyo.consents()
    waiting = {"list_id": None, "channel": "email.marketing", "asked": NOW, "custom_source": None}
    next(each for each in told if each["email"] == yes)["to_confirm"].append(waiting)
    preferences, consents = Preferences(audience), Consents(told)
    assert not agrees(preferences, consents, old=NOW)[3].kept
    young = agrees(preferences, consents, old=LONG_AGO)[3]
    assert young.kept
    assert "1 young ones wait" in young.text


def test_a_segments_list_holds_its_members_and_nobody_else(served: Sandbox) -> None:
    """One who is missing or one too many is seen."""
    audience = Audience(served.nevent)
    reachable = audience.reachable()
    members = {
        name: sorted(reachable[fan] for fan in fans if fan in reachable)
        for name, fans in audience.segments.items()
    }
    names = dict.fromkeys(members)
    lists = [{"id": name, "name": f"{PREFIX}{name}"} for name in names]
    profiles: list[Row] = [
        {
            "attributes": {"email": who, "phone_number": None},
            "lists": [name for name, some in members.items() if who in some],
        }
        for who in {each for some in members.values() for each in some}
    ]
    assert mirrored(audience, Lists(lists, profiles)).kept
    profiles[0]["lists"] = profiles[0]["lists"][1:]
    assert not mirrored(audience, Lists(lists, profiles)).kept


def test_the_erased_and_the_withdrawn_are_looked_for(served: Sandbox) -> None:
    """Somebody who stays, and somebody who can still be mailed, break their promises."""
    fans = [row for row in Audience(served.nevent).fans.values() if address(row)]
    erased, withdrawn = fans[0], fans[1]
    served.nevent.edit(user=erased["id"], erase=True)
    served.nevent.edit(user=withdrawn["id"], consent="withdraw")
    for row in (erased, withdrawn):
        served.klaviyo.subscribe(str(address(row)), at=LONG_AGO)
    assert _left(served, erased, withdrawn) == [False, False]
    served.klaviyo.suppress(str(address(withdrawn)))
    assert _left(served, erased, withdrawn) == [False, True]
    served.klaviyo.reset()
    assert _left(served, erased, withdrawn) == [True, True]


def _left(served: Sandbox, erased: Row, withdrawn: Row) -> list[bool]:
    side = _side(served)
    gone = erased_are_gone([erased], side.audience, side.profiles)
    alone = withdrawn_are_left_alone([withdrawn], side.audience, side.consents, side.lists)
    return [gone.kept, alone.kept]


def test_a_plan_that_was_not_carried_out_is_seen() -> None:
    """Profiles, events, consents, requests: each by itself."""
    plan = {
        "profiles": {"new": 3},
        "events": {"Attended Event": 2},
        "consents": {"subscribe email": 1},
        "requests": {"POST /api/profile-bulk-import-jobs": 1},
    }
    events = Counter({"Attended Event": 2, "Subscribed to List": 5})
    ledger = [
        {"decision": "subscribe", "channel": "email"},
        {"decision": "withhold", "channel": "email"},
    ]
    request = {"method": "POST", "operation": "POST /api/profile-bulk-import-jobs"}
    requests = [request, {"method": "GET", "operation": "GET /api/lists"}]

    def kept(profiles: int, of: Counter[str], said: list[Row], sent: list[Row]) -> list[bool]:
        return [each.kept for each in carried_out(plan, profiles, 0, of, said, sent)]

    assert kept(3, events, ledger, requests) == [True] * 4
    assert kept(4, Counter(), ledger[1:], [request] * 9) == [False] * 4


def test_every_kind_of_request_is_told_apart(served: Sandbox) -> None:
    """Each by whatever identifies its person: id, address, number, profile."""
    audience = Audience(served.nevent)
    fan, row = next((fan, row) for fan, row in audience.fans.items() if address(row))
    email = {"email": address(row)}
    profile = {"id": "01P", "attributes": {"external_id": fan, **email}}
    people = {"data": [{"type": "profile", "attributes": email}]}
    said = {"email": {"marketing": {"consent": "SUBSCRIBED"}}}
    event = {"attributes": {"unique_id": "u", "metric": _named("Attended Event")}}
    happened = {"profile": {"data": profile}, "events": {"data": [event]}}
    bodies: list[tuple[str, Any]] = [
        (f"POST {IMPORT}", {**_job({"profiles": people}), **_of_list("E", many=True)}),
        (f"POST {IMPORT}", {**_job({"profiles": people}), **_of_list("V", many=True)}),
        (
            "POST /api/event-bulk-create-jobs",
            _job({"events-bulk-create": {"data": [{"attributes": happened}]}}),
        ),
        (
            "POST /api/profile-subscription-bulk-create-jobs",
            {
                **_job({"profiles": {"data": [{"attributes": {**email, "subscriptions": said}}]}}),
                **_of_list("N"),
            },
        ),
        ("POST /api/profile-suppression-bulk-create-jobs", _job({"profiles": people})),
        ("DELETE /api/lists/{id}/relationships/profiles", [{"type": "profile", "id": "01P"}]),
        ("POST /api/data-privacy-deletion-jobs", _job({"profile": {"data": {"id": "01P"}}})),
    ]
    requests = [
        {"operation": name, "path": "/api/lists/V/relationships/profiles", "body": {"data": data}}
        for name, data in bodies
    ]
    names = {"E": "Nevent - All Contacts", "V": "Nevent - VIP", "N": "Nevent - Agenda"}
    sent = Sent(requests, Directory([audience], [profile]), names, known={"u"})
    assert sent.profiles == sent.suppressed == sent.deleted == sent.fans == {fan}
    assert sent.moves[fan] == ["on 'VIP'", "off 'VIP'"]
    assert sent.consents[fan] == ["e-mail subscribed (Agenda)"]
    assert sent.events[fan] == {"Attended Event again (counts once)": 1}


def _job(attributes: Row) -> Row:
    return {"attributes": attributes}


def _named(metric: str) -> Row:
    return {"data": {"attributes": {"name": metric}}}


def _of_list(list_id: str, *, many: bool = False) -> Row:
    data = {"type": "list", "id": list_id}
    related = {"lists": {"data": [data]}} if many else {"list": {"data": data}}
    return {"relationships": related}
