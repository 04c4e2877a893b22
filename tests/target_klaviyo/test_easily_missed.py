"""People who share a phone, effects that come late, dates that are wrong: what is easily missed."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from klaviyo_client import KlaviyoSession
from nevent_sandbox.klaviyo import app
from singer_messages import Message, Run, record, schema, singer, state
from target_klaviyo.consents import Stated, Statement
from target_klaviyo.first_load import FlowsWouldStartError
from target_klaviyo.knowledge import NOBODY, Knowledge
from target_klaviyo.optouts import OptOuts
from target_klaviyo.people import People
from target_klaviyo.target import TargetKlaviyo
from target_klaviyo.valve import decide, known_of
from target_klaviyo.wishes import Wish

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle

    Load = Callable[..., Run]

NOW = datetime.now(tz=UTC).replace(microsecond=0)
ANA, EVA = "ana@nevent-demo.es", "eva@nevent-demo.es"
NEWS, VIP = "Nevent - Boletín", "Nevent - VIP"
PROFILES = schema("profiles", "email", "phone_number", "external_id", "country", "first_name")
OTHER = schema("profiles__other", "email")
STATEMENTS = schema(
    "subscriptions",
    *("email", "phone_number", "external_id", "country", "list_id", "list_name"),
    *("email_consent", "email_consented_at", "sms_consent", "sms_consented_at"),
)
EVENTS = schema("events", "id", "email", "metric", "time", "external_id", keys=("id",))
MEMBERS = schema(
    "list_members",
    *("email", "phone_number", "external_id", "list_id", "list_name", "member", "mirror"),
)
DELETIONS = schema("deletions", "email", "phone_number", "external_id", keys=())


def ago(**age: float) -> str:
    """A moment in the past."""
    return (NOW - timedelta(**age)).isoformat()


def says(email: str | None, consent: str, at: str | None = None, **more: Any) -> Message:
    """What a person says of e-mail, ten days ago unless told."""
    told = {"email_consent": consent, "email_consented_at": at or ago(days=10)}
    return record("subscriptions", email=email, **{**told, **more})


def texts(phone: str, consent: str, at: str, **more: Any) -> Message:
    """What a person says of SMS."""
    told = {"sms_consent": consent, "sms_consented_at": at}
    return record("subscriptions", phone_number=phone, **told, **more)


def _email(klaviyo: KlaviyoHandle, email: str) -> Message:
    found = klaviyo.consent(email)
    assert found is not None
    marketing: Message = found["email"]["marketing"]
    return marketing


def _texted(klaviyo: KlaviyoHandle) -> dict[str, str]:
    """Consent to SMS by number."""
    return {
        each["phone_number"]: each["subscriptions"]["sms"]["marketing"]["consent"]
        for each in klaviyo.consents()
        if each["phone_number"]
    }


def _addresses(klaviyo: KlaviyoHandle) -> set[str]:
    return {each["attributes"]["email"] for each in klaviyo.profiles()}


def _on(klaviyo: KlaviyoHandle, name: str = VIP) -> set[str]:
    ids = {each["id"] for each in klaviyo.lists() if each["name"] == name}
    return {
        each["attributes"]["email"]
        for each in klaviyo.profiles()
        if ids.intersection(each["lists"])
    }


def _plan(settings: Message, messages: list[Message], **more: Any) -> Message:
    target = TargetKlaviyo(config={**settings, "dry_run": True, **more})
    try:
        target.listen(io.StringIO(singer(messages).decode()))
        assert target.plan is not None
        return target.plan.as_dict(target.summary.as_dict())
    finally:
        target.close()


def _settled(klaviyo: KlaviyoHandle) -> None:
    """Wait until everything that was accepted has taken effect."""
    deadline = time.monotonic() + 15
    while klaviyo.counts()["effects"]:
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


# Erasure.


def test_erasing_one_of_a_family_that_shares_a_phone_leaves_the_other(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The number is on Eva's profile; Ana was loaded without it, and only Ana is erased."""
    load(
        [
            PROFILES,
            record("profiles", email=EVA, phone_number="600112233", external_id="8"),
            OTHER,
            record("profiles__other", email=ANA),
        ]
    )
    load([DELETIONS, record("deletions", email=ANA, phone_number="600112233", external_id="7")])
    assert _addresses(klaviyo) == {EVA}
    run = load([PROFILES, record("profiles", email=EVA, phone_number="600112233")])
    assert run.summary["streams"]["profiles"].get("withheld", 0) == 0


def test_erasing_someone_abroad_does_not_erase_who_has_that_number_here(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """fan_deletions has no country: a French number is read as a Spanish one, somebody else's."""
    load(
        [
            PROFILES,
            record("profiles", email=ANA, phone_number="612345678", country="FR", external_id="7"),
            record("profiles", email=EVA, phone_number="612345678", country="ES", external_id="8"),
        ]
    )
    load([DELETIONS, record("deletions", email=ANA, phone_number="612345678", external_id="7")])
    assert _addresses(klaviyo) == {EVA}


def test_a_profile_that_shows_does_not_hide_one_that_does_not_show_yet_from_erasure(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The old profile is found by external id; the one with the e-mail is a second old."""
    load([PROFILES, record("profiles", email="old@nevent-demo.es", external_id="7")])
    klaviyo.knobs(visibility_seconds=30)
    load([OTHER, record("profiles__other", email=ANA)])
    load([DELETIONS, record("deletions", email=ANA, external_id="7")])
    assert _addresses(klaviyo) == set()


def test_an_erasure_by_external_id_is_not_settled_while_the_profile_may_not_show_yet(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The same run made the profile; looked up too early, "nobody" is told as the last word."""
    klaviyo.knobs(visibility_seconds=2)
    messages = [DELETIONS, record("deletions", external_id="7"), state("late")]
    load([PROFILES, record("profiles", email=ANA, external_id="7"), *messages])
    _settled(klaviyo)
    load([DELETIONS])
    assert _addresses(klaviyo) == set()


def test_the_old_address_of_someone_erased_stays_erased(load: Load, klaviyo: KlaviyoHandle) -> None:
    """Klaviyo told it: its profile was found by external id and deleted."""
    old = "old@nevent-demo.es"
    load([PROFILES, record("profiles", email=old, external_id="7")])
    load([DELETIONS, record("deletions", email=ANA, external_id="7")])
    load([EVENTS, record("events", id="2", email=old, metric="Purchased Ticket", time=ago(days=9))])
    assert old not in _addresses(klaviyo)


def test_the_old_address_of_someone_erased_leaves_no_reject(load: Load, settings: Message) -> None:
    """The purge asks for the identifiers of the deletion alone."""
    old = "old@nevent-demo.es"
    load([PROFILES, record("profiles", email=old, external_id="7")])
    load([EVENTS, record("events", id="1", email=old, metric="Purchased Ticket", time="yesterday")])
    load([DELETIONS, record("deletions", email=ANA, external_id="7")])
    assert old not in Path(settings["rejects_path"]).read_text()


def test_a_number_without_its_country_never_replaces_the_right_one(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """segment_members and fan_activity have no country: a French number becomes a Spanish one."""
    french = {"email": ANA, "phone_number": "612345678", "external_id": "7"}
    load([PROFILES, record("profiles", country="FR", **french)])
    load([MEMBERS, record("list_members", list_name=VIP, **french)])
    found = klaviyo.profile(ANA)
    assert found is not None
    assert found["attributes"]["phone_number"] == "+33612345678"


def test_a_withdrawal_of_texts_reaches_the_number_that_was_loaded(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """fan_withdrawals has no country: the objection goes to somebody else's Spanish number."""
    load([PROFILES, record("profiles", email=ANA, phone_number="612345678", country="FR")])
    klaviyo.subscribe(phone_number="+33612345678", at=ago(days=20))
    load([STATEMENTS, texts("612345678", "unsubscribed", ago(days=1), email=ANA)])
    assert _texted(klaviyo)["+33612345678"] == "UNSUBSCRIBED"


def test_a_bad_record_of_someone_erased_is_not_kept_among_the_rejects(
    load: Load, settings: Message
) -> None:
    """It breaks its schema, which is seen before anybody asks who it is about."""
    strict = schema("events", "id", "email", "external_id", "metric", "time", keys=("id",))
    strict["schema"]["properties"]["time"] = {"type": "string"}
    load([DELETIONS, record("deletions", email=ANA, external_id="7")])
    bad = record("events", id="1", email=ANA, external_id="7", metric="Purchased Ticket", time=5)
    load([strict, bad])
    path = Path(settings["rejects_path"])
    assert not path.exists() or ANA not in path.read_text()


def test_a_broken_address_does_not_stop_an_erasure_by_external_id(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """What else identifies them is enough; nobody may have to correct an erased record."""
    load([PROFILES, record("profiles", email=ANA, external_id="7")])
    load([DELETIONS, record("deletions", email="ana@@nevent", external_id="7")])
    assert _addresses(klaviyo) == set()


# Consent.


def test_two_people_of_one_address_do_not_lend_each_other_their_phones(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """A family's address: one number said yes, the other one no, and the rows are merged."""
    yes = texts("600112233", "subscribed", ago(days=3), email=ANA, external_id="7")
    no = texts("600445566", "unsubscribed", ago(days=5), email=ANA, external_id="8")
    load([STATEMENTS, yes, no])
    assert _texted(klaviyo).get("+34600445566") != "SUBSCRIBED"


def test_an_objection_is_not_lost_when_another_number_of_the_address_says_yes_later(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Merged into one row, only the later statement is left, although it is of another phone."""
    klaviyo.subscribe(phone_number="+34600112233", at=ago(days=20))
    no = texts("600112233", "unsubscribed", ago(days=5), email=ANA, external_id="7")
    yes = texts("600445566", "subscribed", ago(days=3), email=ANA, external_id="8")
    load([STATEMENTS, no, yes])
    assert _texted(klaviyo)["+34600112233"] == "UNSUBSCRIBED"


def test_an_opt_out_just_sent_holds_against_an_older_consent_to_a_list(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Klaviyo does not show the opt-out yet, and subscribing to the list lifts it."""
    klaviyo.subscribe(ANA, at=ago(days=30))
    klaviyo.knobs(effect_seconds=1)
    load(
        [
            STATEMENTS,
            says(ANA, "unsubscribed", ago(days=1)),
            says(ANA, "subscribed", ago(days=10), list_name=NEWS),
        ]
    )
    _settled(klaviyo)
    assert _email(klaviyo, ANA)["consent"] == "UNSUBSCRIBED"


def test_leaving_a_list_travels_although_joining_it_did_not_show_yet(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Not being in the list is nothing to remember: it is looked at again."""
    klaviyo.knobs(effect_seconds=1.5)
    load([STATEMENTS, says(ANA, "subscribed", list_name=NEWS)])
    for _ in range(3):
        load([STATEMENTS, says(ANA, "unsubscribed", ago(days=1), list_name=NEWS)])
        _settled(klaviyo)
    assert _email(klaviyo, ANA)["list_suppressions"]


def test_leaving_a_list_whose_answer_is_lost_is_not_leaving_everything_where_effects_take_time(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The look after the lost answer still sees members, who are then sent a second time."""
    load([STATEMENTS, says(ANA, "subscribed", list_name=NEWS)])
    klaviyo.knobs(effect_seconds=1)
    klaviyo.drop("POST /profile-subscription-bulk-delete-jobs", after=True)
    load([STATEMENTS, says(ANA, "unsubscribed", ago(days=1), list_name=NEWS)])
    _settled(klaviyo)
    assert _email(klaviyo, ANA)["consent"] == "SUBSCRIBED"


def _listing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behave as above 20,000 people."""
    defaults = {**(Knowledge.__init__.__kwdefaults__ or {}), "most": 0}
    monkeypatch.setattr(Knowledge.__init__, "__kwdefaults__", defaults)


def test_an_objection_travels_though_an_opt_out_of_long_ago_is_listed(
    load: Load, klaviyo: KlaviyoHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """She came back in Klaviyo since; the stale line reads as "opted out already"."""
    _listing(monkeypatch)
    klaviyo.subscribe(ANA, at=ago(days=40))
    klaviyo.unsubscribe(ANA, at=ago(days=30))
    load([STATEMENTS, says(EVA, "subscribed")])
    klaviyo.subscribe(ANA, at=ago(days=20))
    load([STATEMENTS, says(ANA, "unsubscribed", ago(days=1))])
    assert _email(klaviyo, ANA)["consent"] == "UNSUBSCRIBED"


def test_an_opt_out_sent_by_this_run_holds_in_listing_mode(
    load: Load, klaviyo: KlaviyoHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of opt-outs was read before, and is not read again."""
    _listing(monkeypatch)
    klaviyo.subscribe(ANA, at=ago(days=30))
    load(
        [
            STATEMENTS,
            says(ANA, "unsubscribed", ago(days=1)),
            says(ANA, "subscribed", ago(days=10), list_name=NEWS),
        ]
    )
    assert _email(klaviyo, ANA)["consent"] == "UNSUBSCRIBED"


def test_a_consent_dated_far_ahead_does_not_beat_an_opt_out(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """A month ahead is no clock that differs: it is a wrong date, so no dated consent."""
    klaviyo.subscribe(ANA, at=ago(days=30))
    klaviyo.unsubscribe(ANA, at=ago(hours=1))
    load([STATEMENTS, says(ANA, "subscribed", ago(days=-30))])
    assert _email(klaviyo, ANA)["consent"] == "UNSUBSCRIBED"


def test_a_suppression_by_hand_does_not_hide_the_later_opt_out() -> None:
    """UNSUBSCRIBED counts with its own time, whatever other suppressions there are."""
    marketing = {
        "consent": "UNSUBSCRIBED",
        "last_updated": ago(days=2),
        "suppression": [{"reason": "USER_SUPPRESSED", "timestamp": ago(days=30)}],
    }
    known = known_of("email", {"email": {"marketing": marketing}})
    yes = Stated(subscribed=True, at=NOW - timedelta(days=10))
    assert decide(yes, known, list_id=None).action == "withhold"


def test_a_broken_address_does_not_stop_an_objection_to_texts(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The number that it is about is right."""
    klaviyo.subscribe(phone_number="+34600112233", at=ago(days=20))
    load([STATEMENTS, texts("600112233", "unsubscribed", ago(days=1), email="no address")])
    assert _texted(klaviyo)["+34600112233"] == "UNSUBSCRIBED"


# First load and dry run.


def test_the_first_load_of_another_account_is_one_too(
    load: Load, klaviyo: KlaviyoHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sandbox first, production next, with the one store_path that meltano.yml gives both."""
    load([OTHER, record("profiles__other", email=EVA)])
    klaviyo.reset()
    monkeypatch.setattr(app, "KLAVIYO_ACCOUNT_ID", "Other1")
    klaviyo.add_flow("Gracias", trigger={"type": "metric", "id": klaviyo.metric("Bought")})
    with pytest.raises(FlowsWouldStartError):
        load([EVENTS, record("events", id="1", email=ANA, metric="Bought", time=ago(hours=1))])


@pytest.mark.parametrize("named", ["by the record", "by the setting"])
def test_a_flow_on_a_list_that_consents_join_is_named(
    load: Load, klaviyo: KlaviyoHandle, tmp_path: Path, named: str
) -> None:
    """A young consent is an ordinary subscribe, which starts the list's flow."""
    other = {"store_path": str(tmp_path / "other.sqlite"), "accept_flows": True}
    load([OTHER], list_name=NEWS, **other)
    (news,) = klaviyo.lists()
    klaviyo.add_flow("Bienvenida", trigger={"type": "list", "id": news["id"]})
    of_record = {"list_name": NEWS} if named == "by the record" else {}
    setting = {"list_name": NEWS} if named == "by the setting" else {}
    with pytest.raises(FlowsWouldStartError):
        load([STATEMENTS, says(ANA, "subscribed", ago(hours=1), **of_record)], **setting)


def test_a_dry_run_takes_a_list_that_is_not_there_yet_for_a_list(
    load: Load, klaviyo: KlaviyoHandle, settings: Message
) -> None:
    """The plan unsubscribes Ana from everything; the run leaves her alone."""
    klaviyo.subscribe(ANA, at=ago(days=30))
    messages = [STATEMENTS, says(ANA, "unsubscribed", ago(days=1), list_name=NEWS)]
    plan = _plan(settings, messages)
    run = load(messages)
    assert run.summary["streams"]["subscriptions"] == {"read": 1, "unchanged": 1}
    assert plan["consents"] == {}


def test_a_dry_run_keeps_lists_that_are_not_there_yet_apart(load: Load, settings: Message) -> None:
    """Two new lists are one "None", so one of two joins is merged away."""
    messages = [
        MEMBERS,
        *[record("list_members", email=ANA, list_name=name) for name in (NEWS, VIP)],
    ]
    plan = _plan(settings, messages)
    run = load(messages)
    assert plan["list_members"] == run.summary["streams"]["list_members"]["written"]


def test_a_dry_run_counts_a_changed_address_as_no_new_person(
    load: Load, klaviyo: KlaviyoHandle, settings: Message
) -> None:
    """The run renames the profile: nobody new to pay for."""
    load([PROFILES, record("profiles", email="old@nevent-demo.es", external_id="7")])
    messages = [PROFILES, record("profiles", email=ANA, external_id="7")]
    plan = _plan(settings, messages)
    before = len(klaviyo.profiles())
    load(messages)
    assert plan["billable_profiles_added"] == len(klaviyo.profiles()) - before


@pytest.mark.parametrize(
    "messages",
    [
        [STATEMENTS, says(ANA, "subscribed")],
        [MEMBERS, record("list_members", email=ANA, list_name=VIP)],
    ],
)
def test_a_dry_run_counts_people_whom_consents_and_lists_make(
    load: Load, klaviyo: KlaviyoHandle, settings: Message, messages: list[Message]
) -> None:
    """Subscribing a stranger, or putting one on a list, makes a profile."""
    plan = _plan(settings, messages)
    load(messages)
    assert plan["billable_profiles_added"] == len(klaviyo.profiles())


def test_a_dry_run_names_the_flow_on_lists_though_the_list_is_not_there_yet(
    load: Load, klaviyo: KlaviyoHandle, settings: Message
) -> None:
    """The run creates the list first, and then refuses."""
    metric = klaviyo.metric("Subscribed to List", service="klaviyo")
    klaviyo.add_flow("Bienvenida", trigger={"type": "metric", "id": metric})
    messages = [PROFILES, record("profiles", email=ANA)]
    plan = _plan(settings, messages, list_name="Nevent - All Contacts")
    with pytest.raises(FlowsWouldStartError):
        load(messages, list_name="Nevent - All Contacts")
    assert [each["name"] for each in plan["flows_started"]] == ["Bienvenida"]


# Mirrored lists, loss, replay.


def test_a_mirrored_list_takes_in_who_shares_a_phone_with_a_member(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Eva's profile has the number, so Ana counts as being there."""
    eva = record("list_members", email=EVA, phone_number="600112233", list_name=VIP, mirror=True)
    ana = record("list_members", email=ANA, phone_number="600112233", list_name=VIP, mirror=True)
    load([MEMBERS, eva, OTHER])
    load([MEMBERS, eva, ana, OTHER])
    assert _on(klaviyo) == {ANA, EVA}


def test_a_mirrored_list_lets_go_of_who_shares_a_phone_with_a_member(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Only Ana is in the segment now; her number is on Eva's profile."""
    eva = record("list_members", email=EVA, phone_number="600112233", list_name=VIP, mirror=True)
    ana = record("list_members", email=ANA, phone_number="600112233", list_name=VIP, mirror=True)
    load([MEMBERS, eva, OTHER])
    load([MEMBERS, ana, OTHER])
    assert EVA not in _on(klaviyo)


def test_a_mirrored_list_keeps_a_member_whose_record_was_rejected(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Her address is broken in Nevent now; she did not leave the segment."""
    load([PROFILES, record("profiles", email=ANA, external_id="7")])
    mine: dict[str, Any] = {"external_id": "7", "list_name": VIP, "mirror": True}
    eva = record("list_members", email=EVA, list_name=VIP, mirror=True)
    load([MEMBERS, eva, record("list_members", email=ANA, **mine), OTHER])
    load([MEMBERS, eva, record("list_members", email="ana@@nevent", **mine), OTHER])
    assert _on(klaviyo) == {ANA, EVA}


def test_a_record_that_names_an_unknown_list_is_rejected_alone(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """It ends the run, and every run after it."""
    wrong = record("list_members", email=EVA, list_id="NOLIST")
    run = load([MEMBERS, wrong, record("list_members", email=ANA, list_name=VIP), state("late")])
    assert len(run.rejects) == 1
    assert _on(klaviyo) == {ANA}
    assert run.states == ["late"]


def test_replaying_a_reject_does_not_undo_what_was_written_since(
    load: Load, klaviyo: KlaviyoHandle, settings: Message
) -> None:
    """The refused payload is older than the record that came after it."""
    klaviyo.fail_rows(emails=[ANA])
    load([PROFILES, record("profiles", email=ANA, first_name="Anna")])
    load([PROFILES, record("profiles", email=ANA, first_name="Ana María")])
    target = TargetKlaviyo(config=settings)
    target.replay()
    target.close()
    found = klaviyo.profile(ANA)
    assert found is not None
    assert found["attributes"]["first_name"] == "Ana María"


def test_an_opt_out_during_the_run_is_seen_although_the_run_subscribed_before(
    klaviyo: KlaviyoHandle, settings: Message
) -> None:
    """What the run sent itself replaces what is read, instead of being added to it."""
    target = TargetKlaviyo(config=settings)
    session = KlaviyoSession("pk_sandbox_full", api_url=klaviyo.url)
    knowledge = Knowledge(session, People(session), OptOuts(session, target.store), now=session.now)
    said = Statement({"email": Stated(subscribed=True, at=NOW - timedelta(days=10))}, email=ANA)
    wish = Wish(cast("Any", None), said, "email", list_id=None, now=NOW)
    wish.decide(NOBODY, member=False)
    knowledge.sent([wish], historical=True)
    klaviyo.subscribe(ANA, at=ago(minutes=2))
    klaviyo.unsubscribe(ANA, at=ago(minutes=1))
    found = knowledge.of("email", [ANA])[ANA]
    assert decide(said.channels["email"], found.known, list_id="OTHER1").action == "withhold"
    session.close()
    target.close()


def test_leaving_a_list_before_the_click_is_not_leaving_everything(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Double opt-in: what the run sent made her no member yet, so she is unsubscribed globally."""
    klaviyo.subscribe(ANA, at=ago(days=30))
    load(
        [
            STATEMENTS,
            says(ANA, "subscribed", ago(hours=2), list_name=NEWS),
            says(ANA, "unsubscribed", ago(hours=1), list_name=NEWS, phone_number="600112233"),
        ]
    )
    assert _email(klaviyo, ANA)["consent"] == "SUBSCRIBED"


def test_an_objection_is_not_lost_to_a_consent_dated_ahead(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Merged, only the wrong date is left, which is then withheld: nobody sends the "no"."""
    klaviyo.subscribe(ANA, at=ago(days=30))
    load(
        [
            STATEMENTS,
            says(ANA, "unsubscribed", ago(days=1)),
            says(ANA, "subscribed", ago(days=-30)),
        ]
    )
    assert _email(klaviyo, ANA)["consent"] == "UNSUBSCRIBED"


def test_a_reject_of_somebody_else_is_kept_whatever_numbers_it_holds(load: Load) -> None:
    """A quantity of 7 is not the erased fan 7."""
    load([DELETIONS, record("deletions", email=ANA, external_id="7")])
    bought = {"metric": "Purchased Ticket", "time": "yesterday", "quantity": 7}
    columns = ("id", "email", "metric", "time", "external_id", "quantity")
    tickets = schema("events", *columns, keys=("id",))
    run = load([tickets, record("events", id="1", email=EVA, external_id="8", **bought)])
    assert len(run.rejects) == 1


def test_a_changed_address_that_klaviyo_refuses_costs_its_record_alone(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Carrying an opt-out to it comes first now, and ends this run and every later one."""
    old = "old@nevent-demo.es"
    load([PROFILES, record("profiles", email=old, external_id="7")])
    klaviyo.unsubscribe(old, at=ago(days=3))
    klaviyo.refuse("POST /profile-subscription-bulk-delete-jobs", status=400, times=None)
    moved = record("profiles", email=ANA, external_id="7")
    load([PROFILES, moved, record("profiles", email=EVA, external_id="8")])
    assert EVA in _addresses(klaviyo)


def test_someone_erased_does_not_come_back_by_phone_alone(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The number was hers alone: her own profile had it when it was deleted."""
    ana = {"email": ANA, "phone_number": "600112233", "external_id": "7"}
    load([PROFILES, record("profiles", **ana)])
    load([DELETIONS, record("deletions", **ana)])
    load([PROFILES, record("profiles", email=None, phone_number="600112233")])
    assert klaviyo.profiles() == []


def test_a_family_that_shares_a_phone_is_not_erased_with_one_of_them(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The number was on the profile of the one who is gone; the other one goes on."""
    shared = {"phone_number": "600112233"}
    ana = record("profiles", email=ANA, external_id="7", **shared)
    eva = record("profiles", email=EVA, external_id="8", **shared)
    load([PROFILES, ana, eva])
    load([DELETIONS, record("deletions", email=ANA, external_id="7", **shared)])
    run = load([PROFILES, eva])
    assert _addresses(klaviyo) == {EVA}
    assert run.summary["streams"]["profiles"] == {"read": 1, "written": 1}
