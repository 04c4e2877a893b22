"""Consent on its way into Klaviyo: what is sent for whom, and what is left alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from klaviyo_client import DeniedError, KlaviyoSession
from singer_messages import Message, Run, record, schema, state
from singer_outcomes.queues import Origin, Row
from singer_outcomes.store import Store
from target_klaviyo import subscriptions
from target_klaviyo.consents import Stated, Statement
from target_klaviyo.knowledge import NOBODY, Knowledge
from target_klaviyo.optouts import OptOuts
from target_klaviyo.people import People
from target_klaviyo.wishes import Wish

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle

    Load = Callable[..., Run]

SUBSCRIBE = "POST /profile-subscription-bulk-create-jobs"
UNSUBSCRIBE = "POST /profile-subscription-bulk-delete-jobs"
NOW = datetime.now(tz=UTC).replace(microsecond=0)
ANA, EVA = "ana@nevent-demo.es", "eva@nevent-demo.es"
PROFILES = schema("profiles", "email", "phone_number", "first_name")
STATEMENTS = schema(
    "subscriptions",
    *("email", "phone_number", "external_id", "list_id", "list_name", "custom_source"),
    *("email_consent", "email_consented_at", "sms_consent", "sms_consented_at"),
    *("consent_source", "consent_text_version"),
)


def ago(**age: float) -> str:
    """A moment in the past."""
    return (NOW - timedelta(**age)).isoformat()


def says(email: str | None, consent: str, at: str | None = None, **more: Any) -> Message:
    """What a person says of e-mail, ten days ago unless told."""
    told = {"email_consent": consent, "email_consented_at": at or ago(days=10)}
    return record("subscriptions", email=email, **{**told, **more})


def _email(klaviyo: KlaviyoHandle, email: str) -> Message:
    found = klaviyo.consent(email)
    assert found is not None
    marketing: Message = found["email"]["marketing"]
    return marketing


def _ledger(settings: Message) -> list[Message]:
    path = Path(settings["consent_ledger_path"])
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_an_old_consent_is_subscribed_with_its_own_time_and_mails_nobody(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Historical import: no confirmation, no "added to list" flow."""
    run = load([STATEMENTS, says(ANA, "subscribed", custom_source="Taquilla"), state("late")])
    marketing = _email(klaviyo, ANA)
    assert marketing["consent"] == "SUBSCRIBED"
    assert marketing["consent_timestamp"][:19] == ago(days=10)[:19]
    assert marketing["custom_method_detail"] == "Taquilla"
    (request,) = klaviyo.requests(SUBSCRIBE, bodies=True)
    assert request["body"]["data"]["attributes"]["historical_import"] is True
    assert run.summary["streams"]["subscriptions"]["accepted"] == 1
    assert run.states == ["late"]


def test_a_young_consent_is_an_ordinary_subscribe_that_double_opt_in_confirms(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The list asks for a confirmation, and the same consent does not ask for it again."""
    for _ in range(2):
        load([STATEMENTS, says(ANA, "subscribed", ago(hours=1))], list_name="Nevent - News")
    (request,) = klaviyo.requests(SUBSCRIBE, bodies=True)
    assert "historical_import" not in request["body"]["data"]["attributes"]
    assert _email(klaviyo, ANA)["consent"] == "NEVER_SUBSCRIBED"
    klaviyo.confirm(ANA)
    assert _email(klaviyo, ANA)["consent"] == "SUBSCRIBED"


@pytest.mark.parametrize(("age", "sent"), [(11, True), (10, False), (9, False)])
def test_who_opted_out_in_klaviyo_is_subscribed_only_by_a_newer_consent(
    load: Load, klaviyo: KlaviyoHandle, age: int, *, sent: bool
) -> None:
    """The consent is ten days old; within the same second the opt-out wins."""
    load([PROFILES, record("profiles", email=ANA)])
    klaviyo.unsubscribe(ANA, at=ago(days=age))
    run = load([STATEMENTS, says(ANA, "subscribed")])
    assert (_email(klaviyo, ANA)["consent"] == "SUBSCRIBED") is sent
    assert run.summary["streams"]["subscriptions"].get("withheld", 0) == (not sent)


def test_an_opt_out_in_the_source_travels_once_and_a_return_in_klaviyo_stands(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The fan's row comes again with another change; the objection in it is the old one."""
    klaviyo.subscribe(ANA, at=ago(days=20))
    load([STATEMENTS, says(ANA, "unsubscribed")])
    assert _email(klaviyo, ANA)["consent"] == "UNSUBSCRIBED"
    klaviyo.subscribe(ANA, at=ago(days=1))
    run = load([STATEMENTS, says(ANA, "unsubscribed")])
    assert _email(klaviyo, ANA)["consent"] == "SUBSCRIBED"
    assert run.summary["streams"]["subscriptions"]["unchanged"] == 1
    assert len(klaviyo.requests(UNSUBSCRIBE)) == 1


def test_an_unchanged_consent_is_not_sent_again_even_without_memory(
    load: Load, klaviyo: KlaviyoHandle, tmp_path: Path
) -> None:
    """A container without a disk of its own looks people up instead."""
    for number in range(3):
        where = {"store_path": str(tmp_path / f"{min(number, 1)}.sqlite")}
        run = load([STATEMENTS, says(ANA, "subscribed")], first_load=False, **where)
    assert len(klaviyo.requests(SUBSCRIBE)) == 1
    assert run.summary["streams"]["subscriptions"] == {"read": 1, "unchanged": 1}


def test_what_is_undated_or_says_nothing_changes_nothing(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Neither consent nor objection."""
    silent = record("subscriptions", email=EVA, email_consent=None)
    undated = record("subscriptions", email=ANA, email_consent=True, email_consented_at=None)
    run = load([STATEMENTS, undated, silent])
    assert klaviyo.profiles() == []
    assert run.summary["streams"]["subscriptions"]["withheld"] == 2


def test_a_channel_without_its_identifier_is_never_sent(load: Load, klaviyo: KlaviyoHandle) -> None:
    """SMS needs a phone; the e-mail beside it goes."""
    text: dict[str, Any] = {"sms_consent": True, "sms_consented_at": ago(days=3)}
    load([STATEMENTS, says(ANA, "subscribed", **text), record("subscriptions", email=EVA, **text)])
    assert [each["email"] for each in klaviyo.consents()] == [ANA]
    (request,) = klaviyo.requests(SUBSCRIBE, bodies=True)
    (item,) = request["body"]["data"]["attributes"]["profiles"]["data"]
    assert list(item["attributes"]["subscriptions"]) == ["email"]


def test_sms_follows_its_own_consent_and_its_own_opt_out(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Two channels, two times; both of one profile are one item."""
    ana = record("profiles", email=ANA, phone_number="600112233")
    load([PROFILES, ana])
    both = says(
        ANA,
        "subscribed",
        phone_number="600 11 22 33",
        sms_consent="subscribed",
        sms_consented_at=ago(days=5),
    )
    load([STATEMENTS, both])
    assert [each["items"] for each in klaviyo.requests(SUBSCRIBE)] == [1]
    no_text = {"sms_consent": "unsubscribed", "sms_consented_at": ago(days=4)}
    load([STATEMENTS, record("subscriptions", email=ANA, phone_number="600112233", **no_text)])
    found = klaviyo.consent(ANA)
    assert found is not None
    assert found["sms"]["marketing"]["consent"] == "UNSUBSCRIBED"
    assert found["email"]["marketing"]["consent"] == "SUBSCRIBED"


def test_leaving_one_list_never_unsubscribes_from_everything(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Klaviyo does that to whoever is not in the list: only members are sent."""
    load([STATEMENTS, says(ANA, "subscribed", list_name="Nevent - Boletín")])
    klaviyo.subscribe(EVA, at=ago(days=20))
    leave = [
        says(each, "unsubscribed", ago(days=1), list_name="Nevent - Boletín") for each in (ANA, EVA)
    ]
    run = load([STATEMENTS, *leave])
    assert _email(klaviyo, EVA)["consent"] == "SUBSCRIBED"
    assert _email(klaviyo, ANA)["consent"] == "SUBSCRIBED"
    assert len(_email(klaviyo, ANA)["list_suppressions"]) == 1
    streams = run.summary["streams"]["subscriptions"]
    assert (streams["accepted"], streams["unchanged"]) == (1, 1)


def test_leaving_a_list_by_a_request_that_got_no_answer_is_leaving_it_once(
    load: Load, klaviyo: KlaviyoHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent again, Klaviyo would take it for leaving everything, as they are not in the list."""
    monkeypatch.setattr(subscriptions, "SHOWS_WITHIN", 0.0)  # nothing shows late here
    people = [f"fan{number}@nevent-demo.es" for number in range(150)]
    named = {"list_name": "Nevent - Boletín"}
    load([STATEMENTS, *[says(each, "subscribed", **named) for each in people]])
    for after in (True, False):
        klaviyo.drop(UNSUBSCRIBE, after=after)
    run = load([STATEMENTS, *[says(each, "unsubscribed", ago(days=1), **named) for each in people]])
    assert run.summary["streams"]["subscriptions"]["accepted"] == 150
    assert {_email(klaviyo, each)["consent"] for each in people} == {"SUBSCRIBED"}
    assert all(_email(klaviyo, each)["list_suppressions"] for each in people)


def test_two_people_with_one_address_speak_of_their_own_phones(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The yes of one is not sent for the number of the other."""
    numbers = {"+34600112233": "subscribed", "+34600445566": "unsubscribed"}
    said = [
        record(
            "subscriptions",
            email=ANA,
            phone_number=number,
            sms_consent=consent,
            sms_consented_at=ago(days=10 - place),
        )
        for place, (number, consent) in enumerate(numbers.items())
    ]
    load([STATEMENTS, *said])
    told = {each["phone_number"]: each["subscriptions"] for each in klaviyo.consents()}
    found = {number: told[number]["sms"]["marketing"]["consent"] for number in numbers}
    assert found == {number: consent.upper() for number, consent in numbers.items()}


def test_an_opt_out_just_sent_is_known_before_klaviyo_shows_it(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """It outweighs an older consent to a newsletter that the same run brings."""
    klaviyo.knobs(effect_seconds=30)
    newsletter = says(ANA, "subscribed", ago(days=5), list_name="Nevent - Boletín")
    run = load([STATEMENTS, says(ANA, "unsubscribed"), newsletter])
    assert run.summary["streams"]["subscriptions"]["withheld_reasons"] == {
        "opted out in Klaviyo since (UNSUBSCRIBE)": 1
    }
    assert klaviyo.requests(SUBSCRIBE) == []


def test_opt_outs_just_sent_are_known_in_a_load_too_large_to_look_people_up(
    klaviyo: KlaviyoHandle, tmp_path: Path
) -> None:
    """The list of opt-outs was read before; what the run sends comes on top."""
    session = KlaviyoSession("pk_sandbox_full", api_url=klaviyo.url)
    store = Store(tmp_path / "store.sqlite")
    knowledge = Knowledge(
        session, People(session), OptOuts(session, store), now=session.now, most=0
    )
    assert knowledge.of("email", [ANA, EVA]) == {}
    wish = Wish(
        Row(ANA, (ANA,), b"", Origin(None, "", None)),  # type: ignore[arg-type]  # nobody counts
        Statement({"email": Stated(subscribed=False, at=NOW)}, email=ANA),
        "email",
        list_id=None,
        now=NOW,
    )
    wish.decide(NOBODY, member=False)
    knowledge.sent([wish], historical=True)
    (told,) = knowledge.of("email", [ANA, EVA]).values()
    assert [each.reason for each in told.known.opt_outs] == ["UNSUBSCRIBE"]
    store.close()
    session.close()


@pytest.mark.parametrize("deed", ["complain", "bounce"])
def test_complaints_and_bounces_are_opt_outs_too(
    load: Load, klaviyo: KlaviyoHandle, deed: str
) -> None:
    """Subscribing would lift a complaint; a bounce cannot be mailed at all."""
    klaviyo.subscribe(ANA, at=ago(days=20))
    getattr(klaviyo, deed)(ANA, at=ago(days=2))
    run = load([STATEMENTS, says(ANA, "subscribed")])
    assert klaviyo.requests(SUBSCRIBE) == []
    assert run.summary["streams"]["subscriptions"]["withheld"] == 1


def test_every_decision_is_on_record_with_a_hashed_person(
    load: Load, klaviyo: KlaviyoHandle, settings: Message
) -> None:
    """Proof for whoever asks: what, when, from where, why; no address in it."""
    klaviyo.subscribe(EVA, at=ago(days=30))
    klaviyo.unsubscribe(EVA, at=ago(days=2))
    proof = {"consent_source": "web", "consent_text_version": "v3"}
    told = [says(ANA, "subscribed", **proof), says(EVA, "subscribed")]
    for _ in range(2):
        load([STATEMENTS, *told])
    load([STATEMENTS, says(ANA, "unsubscribed", ago(days=1))])
    ledger = _ledger(settings)
    assert [each["decision"] for each in ledger] == ["withhold", "subscribe", "unsubscribe"]
    first = next(each for each in ledger if each["decision"] == "subscribe")
    assert (first["source"], first["text_version"], first["channel"]) == ("web", "v3", "email")
    assert first["consented_at"][:19] == ago(days=10)[:19]
    path = Path(settings["consent_ledger_path"])
    assert "@" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


def test_a_statement_that_cannot_be_read_is_rejected(load: Load) -> None:
    """A word or a time that means nothing."""
    wrong = [says(ANA, "maybe"), says(EVA, "subscribed", "yesterday")]
    run = load([STATEMENTS, *wrong])
    assert [each["column"] for each in run.rejects] == ["email_consent", "email_consented_at"]


def test_a_missing_scope_is_named_and_nothing_is_lost(load: Load) -> None:
    """No state passes what was not sent."""
    with pytest.raises(DeniedError, match="subscriptions:write"):
        load(
            [STATEMENTS, says(ANA, "subscribed"), state("late")],
            api_key="pk_sandbox_no_subscriptions",
        )


def test_opt_outs_listed_once_say_what_looking_people_up_says(
    klaviyo: KlaviyoHandle, tmp_path: Path
) -> None:
    """Above 2,000 people the account's opt-outs are listed, then only those that are new."""
    session = KlaviyoSession("pk_sandbox_full", api_url=klaviyo.url)
    store = Store(tmp_path / "store.sqlite")
    some = [f"fan{number}@nevent-demo.es" for number in range(150)]
    for email in (ANA, EVA, *some):
        klaviyo.subscribe(email, at=ago(days=30))
    for email in (ANA, *some):
        klaviyo.unsubscribe(email, at=ago(days=2))

    def asking(most: int) -> Knowledge:
        opt_outs = OptOuts(session, store)
        return Knowledge(session, People(session), opt_outs, now=session.now, most=most)

    people = [ANA, EVA, "nobody@nevent-demo.es", *some]
    looked_up, listed = asking(1_000).of("email", people), asking(0).of("email", people)
    assert looked_up[ANA].known.opt_outs == listed[ANA].known.opt_outs != ()
    assert {k for k, v in looked_up.items() if v.known.opt_outs} == set(listed)
    klaviyo.unsubscribe(EVA, at=ago(minutes=1))
    klaviyo.clear_requests()
    assert EVA in asking(0).of("email", [EVA])
    assert len(klaviyo.requests("GET /profiles")) == 2  # one page of each kind of opt-out
    store.close()
    session.close()
