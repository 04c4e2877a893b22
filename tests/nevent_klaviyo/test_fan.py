"""`nevent-klaviyo fan` over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from both_sides import (
    NOW,
    both,
    buy,
    campaign,
    days_ago,
    imported,
    profile,
    receive,
    report_purchase,
)
from klaviyo_happenings import happen

if TYPE_CHECKING:
    from collections.abc import Callable

    from command_line import Told
    from nevent_sandbox.handles import KlaviyoHandle
    from nevent_sandbox.nevent_handle import NeventHandle

    Run = Callable[..., Told]

ANA, EVA = "ana@nevent-demo.es", "eva@nevent-demo.es"
KEY = "NEVENT_KLAVIYO_KLAVIYO_API_KEY"
YES_AT = "2026-03-01T10:00:00+00:00"
WANTS_MAIL = {"emailEnabled": True, "emailChangedAt": YES_AT}
SHARES = {"granted": True, "consentedAt": YES_AT, "source": "checkout"}


@pytest.fixture
def ana(klaviyo: KlaviyoHandle, nevent: NeventHandle) -> str:
    """A fan whom both sides know, with mail, a flow and an order; her id."""
    fan = both(klaviyo, nevent, ANA, communicationPreferences=WANTS_MAIL, thirdPartySharing=SHARES)
    klaviyo.subscribe(ANA, at="2026-04-01T10:00:00Z")
    sent, flow = campaign(klaviyo, "Primavera", days_ago(20)), klaviyo.add_flow("Bienvenida")
    receive(klaviyo, "received", ANA, sent, days_ago(20))
    receive(klaviyo, "opened", ANA, sent, days_ago(19))
    mail = {"email": ANA, "campaign": sent}
    klaviyo.engage(
        [
            {**mail, "what": "opened", "machine": True, "at": days_ago(20, 9).isoformat()},
            {**mail, "what": "clicked", "url": "https://nevent-demo.es/x"},
            {"what": "received", "email": ANA, "flow": flow, "at": days_ago(9).isoformat()},
        ]
    )
    buy(nevent, fan, days_ago(18), tickets=2)
    report_purchase(klaviyo, ANA, days_ago(18), 45)
    return fan


def test_a_person_is_the_same_by_each_of_three_names(
    klaviyo: KlaviyoHandle, run: Run, ana: str
) -> None:
    """E-mail address in any case, fan id, profile id."""
    known = klaviyo.profile(ANA)
    assert known is not None
    views = [run("fan", who, "--json").json for who in (ANA.upper(), ana, known["id"])]
    for view in views:
        del view["read_at"]
    assert views[0] == views[1] == views[2]
    assert views[0]["nevent"]["fan"]["id"] == ana
    assert views[0]["klaviyo"]["profile"]["id"] == known["id"]


def test_all_that_both_sides_know_is_in_the_view(run: Run, ana: str) -> None:
    """Orders with tickets, consent with times, campaigns, flows, events."""
    view = run("fan", ana, "--json").json
    nevent, klaviyo = view["nevent"], view["klaviyo"]
    (order,) = nevent["purchases"]
    assert (order["completed"], order["valid_tickets"], len(order["tickets"])) == (True, 2, 2)
    assert order["purchased_at"] == days_ago(18).isoformat()
    assert nevent["preferences"]["email"] == {"enabled": True, "changed_at": YES_AT}
    assert nevent["third_party_consent"]["granted"] is True
    (letter,) = klaviyo["campaigns"]
    figures = ("campaign_name", "opens", "machine_opens", "clicks", "received_at", "urls")
    assert [letter[each] for each in figures] == [
        *("Primavera", 1, 1, 1, days_ago(20).isoformat(), ["https://nevent-demo.es/x"]),
    ]
    assert letter["first_opened_at"] == days_ago(19).isoformat()  # a person's, not a machine's
    (flow,) = klaviyo["flows"]
    told = ("flow_name", "status", "basis", "step", "steps", "entered_at")
    assert [flow[each] for each in told] == [
        *("Bienvenida", "finished", "last_mail_and_delays", 1, 1, days_ago(9).isoformat()),
    ]
    assert klaviyo["consent"]["email"]["consent"] == "SUBSCRIBED"
    assert klaviyo["consent"]["email"]["consented_at"] == "2026-04-01T10:00:00+00:00"
    bought = next(each for each in klaviyo["events"] if each["metric"] == "Purchased Ticket")
    assert (bought["about"], bought["value"], bought["currency"]) == ("Noche", 45, "EUR")
    assert klaviyo["engagement"]["by_metric"]["Purchased Ticket"] == 1
    assert (view["differences"], view["problems"]) == ([], [])


def test_concerts_attended_and_newsletters_are_shown(nevent: NeventHandle, run: Run) -> None:
    """As Nevent has them, of whichever fan has some."""
    fan = next(each["userId"] for each in nevent.attendance() if each["status"] != "VOIDED")
    view = run("fan", fan, "--json").json["nevent"]
    seen = {
        each["eventId"]
        for each in nevent.attendance()
        if each["userId"] == fan and each["status"] != "VOIDED"
    }
    assert {each["id"] for each in view["concerts"]} == seen
    subscribed = next(each for each in nevent.subscriptions() if each["userId"])
    view = run("fan", subscribed["userId"], "--json").json["nevent"]
    assert subscribed["newsletterId"] in {each["newsletter_id"] for each in view["newsletters"]}
    assert all(each["name"] and each["status"] for each in view["newsletters"])


def test_every_page_of_events_is_read(klaviyo: KlaviyoHandle, run: Run) -> None:
    """1,100 take two requests; only the last ones are shown whole."""
    happen(klaviyo, [days_ago(0, -each) for each in range(1, 1101)], "Visited", people=1)
    klaviyo.clear_requests()
    view = run("fan", "fan0@nevent-demo.es", "--json", "--events", "3").json["klaviyo"]
    assert view["engagement"]["events"] == 1100
    assert [each["at"] for each in view["events"]] == [
        days_ago(0, -each).isoformat() for each in (1, 2, 3)
    ]
    assert len(klaviyo.requests("GET /api/events")) == 2


def test_nobody_is_asked_more_than_it_takes(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run
) -> None:
    """Who was sent nothing costs no look at campaigns and flows; nothing is written."""
    both(klaviyo, nevent, ANA)
    for side in (klaviyo, nevent):
        side.clear_requests()
    assert run("fan", ANA).code == 0
    newsletters = len(nevent.newsletters())
    assert [each["operation"] for each in klaviyo.requests()] == [
        "GET /api/profiles",
        "GET /api/events",
        "GET /api/profiles/{id}/lists",
    ]
    assert [each["operation"] for each in nevent.requests()] == [
        "GET /users/email/{email}",
        "GET /users/{id}/purchases",
        "GET /users/{id}/events",
        "GET /newsletters",
        *["GET /newsletters/{id}/subscribers"] * newsletters,
    ]


def test_whom_one_side_knows_is_shown_with_that_fact(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run
) -> None:
    """Each way round, and no error."""
    nevent.edit(add_user={"email": ANA})
    profile(klaviyo, EVA)
    known = {who: run("fan", who, "--json").json for who in (ANA, EVA)}
    assert [
        (each["nevent"]["known"], each["klaviyo"]["known"], each["differences"][0]["kind"])
        for each in known.values()
    ] == [(True, False, "only_in_nevent"), (False, True, "only_in_klaviyo")]
    assert known[ANA]["klaviyo"]["profile"] is None
    assert "Solo consta en Klaviyo" in run("fan", EVA, "--lang", "es").out


@pytest.mark.parametrize("who", ["nobody@nevent-demo.es", "01M86N30VD9KW2P53711TV2GA8", "a b", "é"])
def test_an_unknown_person_has_a_message_and_an_exit_code_of_its_own(run: Run, who: str) -> None:
    """Of whatever kind the name is; the name itself is not repeated."""
    told = run("fan", who)
    assert (told.code, told.out) == (3, "")
    assert "Neither Nevent nor Klaviyo knows this person" in told.err
    assert who not in told.err.partition("knows")[0]
    assert "Ni Nevent ni Klaviyo" in run("fan", who, LC_ALL="es_ES.UTF-8").err


def test_a_link_finds_who_changed_the_address_on_one_side(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run
) -> None:
    """By either address; the difference is told."""
    fan = str(nevent.edit(add_user={"email": ANA})["id"])
    profile(klaviyo, EVA, external_id=fan)
    for who in (ANA, EVA):
        view = run("fan", who, "--json").json
        assert view["differences"] == [{"kind": "email_differs", "nevent": ANA, "klaviyo": EVA}]


@pytest.mark.parametrize("linked", [None, "65aaaaaaaaaaaaaaaaaaaaaa"])
def test_a_profile_found_by_address_tells_how_it_is_linked(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run, linked: str | None
) -> None:
    """Not at all, or to somebody else."""
    fan = nevent.edit(add_user={"email": ANA})["id"]
    profile(klaviyo, ANA, **({"external_id": linked} if linked else {}))
    kind = "linked_to_another" if linked else "not_linked"
    (found,) = run("fan", fan, "--json").json["differences"]
    assert found == {"kind": kind, "nevent": fan, "klaviyo": linked}


def test_consents_that_differ_are_told_with_their_times(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run
) -> None:
    """A no in Klaviyo and an older yes in Nevent."""
    both(klaviyo, nevent, ANA, communicationPreferences=WANTS_MAIL, thirdPartySharing=SHARES)
    klaviyo.unsubscribe(ANA, at="2026-05-01T10:00:00Z")
    told = run("fan", ANA, "--json").json["differences"]
    assert told == [
        {
            "kind": "consent_differs",
            "channel": "email",
            "nevent": True,
            "nevent_at": YES_AT,
            "klaviyo": False,
            "klaviyo_at": "2026-05-01T10:00:00+00:00",
            "newer": "klaviyo",
        }
    ]
    shown = run("fan", ANA, "--lang", "en").out
    assert "E-mail: Nevent says yes (2026-03-01 10:00), Klaviyo says no (2026-05-01 10:00)" in shown


def test_mail_to_who_shares_nothing_with_third_parties_is_told(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run
) -> None:
    """They should be suppressed in Klaviyo; once they are, nothing is told."""
    both(klaviyo, nevent, ANA, thirdPartySharing={"granted": False, "consentedAt": YES_AT})
    kinds = [each["kind"] for each in run("fan", ANA, "--json").json["differences"]]
    assert kinds == ["mailable_without_third_party_consent"]
    klaviyo.suppress(ANA)
    assert run("fan", ANA, "--json").json["differences"] == []


def test_mail_that_klaviyo_does_not_send_is_told(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run
) -> None:
    """An address that bounces is no objection, and Nevent counts on it."""
    both(klaviyo, nevent, ANA, communicationPreferences=WANTS_MAIL, thirdPartySharing=SHARES)
    klaviyo.bounce(ANA, at="2026-05-01T10:00:00Z")
    (told,) = run("fan", ANA, "--json").json["differences"]
    assert told == {
        "kind": "suppressed",
        "nevent": True,
        "reason": "HARD_BOUNCE",
        "at": "2026-05-01T10:00:00+00:00",
    }
    assert "HARD_BOUNCE (2026-05-01 10:00)" in run("fan", ANA).out


@pytest.mark.parametrize(
    ("key", "block", "scope"),
    [
        ("lists", "lists", "lists:read"),
        ("events", "events", "events:read"),
        ("campaigns", "campaigns", "campaigns:read"),
        ("flows", "flows", "flows:read"),
    ],
)
def test_what_a_key_may_not_read_is_said_and_the_rest_is_shown(
    run: Run, ana: str, key: str, block: str, scope: str
) -> None:
    """In its block, with the scope."""
    told = run("fan", ana, "--json", **{KEY: f"pk_sandbox_no_{key}"})
    assert told.code == 0
    view = told.json
    (problem,) = view["problems"]
    assert (problem["side"], problem["block"]) == ("klaviyo", block)
    assert scope in problem["message"]
    assert view["klaviyo"]["profile"]["email"] == ANA
    assert view["nevent"]["purchases"]
    if key in {"campaigns", "flows"}:  # names are in the events
        assert view["klaviyo"]["campaigns"][0]["campaign_name"] == "Primavera"
        assert view["klaviyo"]["flows"][0]["messages"][0]["message_name"] == "Bienvenida"
    else:
        assert view["klaviyo"][block] is None
    assert scope in run("fan", ana, **{KEY: f"pk_sandbox_no_{key}"}).out


def test_a_key_that_may_not_read_profiles_leaves_nevents_side(run: Run, ana: str) -> None:
    """Whether Klaviyo knows the person is then unknown; of a stranger, nothing can be said."""
    key = {KEY: "pk_sandbox_no_profiles"}
    view = run("fan", ana, "--json", **key).json
    assert (view["nevent"]["known"], view["klaviyo"]["known"]) == (True, None)
    assert [each["block"] for each in view["problems"]] == ["profile"]
    assert view["differences"] == []
    assert "not readable" in run("fan", ana, **key).out
    stranger = run("fan", EVA, **key)
    assert stranger.code == 1
    assert "profiles:read" in stranger.err


def test_a_nevent_that_serves_only_what_is_published_shows_that(
    klaviyo: KlaviyoHandle, published: NeventHandle, run: Run
) -> None:
    """Orders and preferences; newsletters and third parties are not told."""
    fan = published.edit(add_user={"email": ANA, "communicationPreferences": WANTS_MAIL})["id"]
    profile(klaviyo, ANA, external_id=fan)
    buy(published, fan, days_ago(3))
    view = run("fan", ANA, "--json").json
    assert len(view["nevent"]["purchases"]) == 1
    assert view["nevent"]["preferences"]["email"] == {"enabled": True, "changed_at": None}
    assert (view["nevent"]["newsletters"], view["nevent"]["third_party_consent"]) == (None, None)
    assert [(each["side"], each["block"]) for each in view["problems"]] == [
        ("nevent", "newsletters")
    ]


def test_concerts_of_orders_have_names_though_orders_do_not_tell_them(
    klaviyo: KlaviyoHandle, published: NeventHandle, run: Run
) -> None:
    """Nevent publishes them as the fan's concerts."""
    fan = published.edit(add_user={"email": ANA})["id"]
    profile(klaviyo, ANA, external_id=fan)
    order = buy(published, fan, days_ago(3))
    (concert,) = (each for each in published.events() if each["id"] == order["eventId"])
    (shown,) = run("fan", ANA, "--json").json["nevent"]["purchases"]
    assert shown["event_name"] == concert["name"]
    assert shown["event_date"]


def test_several_profiles_of_one_fan_are_told(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run
) -> None:
    """Klaviyo does not merge by the fan's id; what stands in the other one is not shown."""
    fan = both(klaviyo, nevent, ANA)
    imported(klaviyo, EVA, external_id=fan)
    view = run("fan", fan, "--json").json
    (problem,) = view["problems"]
    assert (problem["side"], problem["block"]) == ("klaviyo", "profile")
    assert "2 profiles" in problem["message"]
    assert view["klaviyo"]["known"] is True
    assert "2 profiles" in run("fan", fan).out


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (KEY, "pk_sandbox_revoked", "whoever manages the Klaviyo account"),
        (KEY, "pk_sandbox_suspended", "whoever manages the Klaviyo account"),
        ("NEVENT_KLAVIYO_NEVENT_AUTH_TOKEN", "no-token", "whoever manages Nevent"),
    ],
)
def test_a_refused_key_names_who_must_act(
    run: Run, ana: str, variable: str, value: str, said: str
) -> None:
    """And shows it to nobody."""
    told = run("fan", ana, **{variable: value})
    if value != "pk_sandbox_suspended":  # answered as a missing scope is
        assert (told.code, told.out) == (1, "")
        assert said in told.err
    assert value not in told.out + told.err


def test_a_flow_that_goes_on_is_told_by_its_steps(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run
) -> None:
    """Entered: the first of two mails has come, and the second can."""
    both(klaviyo, nevent, ANA)
    actions: list[dict[str, Any]] = [
        _mail("one", "wait"),
        {
            "temporary_id": "wait",
            "type": "time-delay",
            "links": {"next": "two"},
            "data": {"unit": "days", "value": 7, "secondary_value": None, "timezone": "profile"},
        },
        _mail("two", None),
    ]
    flow = klaviyo.add_flow("Bienvenida", actions=actions)
    at = days_ago(2).isoformat()
    klaviyo.engage([{"what": "received", "email": ANA, "flow": flow, "at": at}])
    (told,) = run("fan", ANA, "--json").json["klaviyo"]["flows"]
    assert (told["status"], told["step"], told["steps"]) == ("entered", 1, 2)


def test_the_view_is_in_spanish_and_without_colours(run: Run, ana: str) -> None:
    """In a Spanish locale, where there is no terminal."""
    told = run("fan", ana, LC_ALL="es_ES.UTF-8")
    assert told.code == 0
    for each in ("Campañas recibidas", "Consentimientos", "Los dos lados coinciden", "terminado"):
        assert each in told.out
    assert "\x1b" not in told.out


def _mail(name: str, following: str | None) -> dict[str, Any]:
    return {
        "temporary_id": name,
        "type": "send-email",
        "links": {"next": following},
        "data": {
            "message": {"subject_line": name, "from_email": "hola@nevent-demo.es"},
            "status": "live",
        },
    }


def test_times_are_told_by_klaviyos_clock(run: Run, ana: str) -> None:
    """In UTC, to the second."""
    read_at = run("fan", ana, "--json").json["read_at"]
    assert read_at.endswith("+00:00")
    assert read_at >= NOW.isoformat()
