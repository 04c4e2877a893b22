"""Consent of people who share an address, that comes late or is wrongly dated: easily missed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from klaviyo_client import KlaviyoSession
from klaviyo_people import (
    ANA,
    EVA,
    NEWS,
    NOW,
    PROFILES,
    STATEMENTS,
    ago,
    marketing,
    says,
    settled,
    texted,
    texts,
)
from singer_messages import Message, Run, record
from target_klaviyo.consents import Stated, Statement
from target_klaviyo.knowledge import NOBODY, Knowledge
from target_klaviyo.optouts import OptOuts
from target_klaviyo.people import People
from target_klaviyo.target import TargetKlaviyo
from target_klaviyo.valve import decide, known_of
from target_klaviyo.wishes import Wish

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from nevent_sandbox.handles import KlaviyoHandle

    Load = Callable[..., Run]


def _listing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behave as above 2,000 people."""
    defaults = {**(Knowledge.__init__.__kwdefaults__ or {}), "most": 0}
    monkeypatch.setattr(Knowledge.__init__, "__kwdefaults__", defaults)


def test_a_withdrawal_of_texts_reaches_the_number_that_was_loaded(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """fan_withdrawals has no country: the objection goes to somebody else's Spanish number."""
    load([PROFILES, record("profiles", email=ANA, phone_number="612345678", country="FR")])
    klaviyo.subscribe(phone_number="+33612345678", at=ago(days=20))
    load([STATEMENTS, texts("612345678", "unsubscribed", ago(days=1), email=ANA)])
    assert texted(klaviyo)["+33612345678"] == "UNSUBSCRIBED"


def test_two_people_of_one_address_do_not_lend_each_other_their_phones(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """A family's address: one number said yes, the other one no, and the rows are merged."""
    yes = texts("600112233", "subscribed", ago(days=3), email=ANA, external_id="7")
    no = texts("600445566", "unsubscribed", ago(days=5), email=ANA, external_id="8")
    load([STATEMENTS, yes, no])
    assert texted(klaviyo).get("+34600445566") != "SUBSCRIBED"


def test_an_objection_is_not_lost_when_another_number_of_the_address_says_yes_later(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Merged into one row, only the later statement is left, although it is of another phone."""
    klaviyo.subscribe(phone_number="+34600112233", at=ago(days=20))
    no = texts("600112233", "unsubscribed", ago(days=5), email=ANA, external_id="7")
    yes = texts("600445566", "subscribed", ago(days=3), email=ANA, external_id="8")
    load([STATEMENTS, no, yes])
    assert texted(klaviyo)["+34600112233"] == "UNSUBSCRIBED"


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
    settled(klaviyo)
    assert marketing(klaviyo, ANA)["consent"] == "UNSUBSCRIBED"


def test_leaving_a_list_travels_although_joining_it_did_not_show_yet(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Not being in the list is nothing to remember: it is looked at again."""
    klaviyo.knobs(effect_seconds=1.5)
    load([STATEMENTS, says(ANA, "subscribed", list_name=NEWS)])
    for _ in range(3):
        load([STATEMENTS, says(ANA, "unsubscribed", ago(days=1), list_name=NEWS)])
        settled(klaviyo)
    assert marketing(klaviyo, ANA)["list_suppressions"]


def test_leaving_a_list_whose_answer_is_lost_is_not_leaving_everything_where_effects_take_time(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The look after the lost answer still sees members, who are then sent a second time."""
    load([STATEMENTS, says(ANA, "subscribed", list_name=NEWS)])
    klaviyo.knobs(effect_seconds=1)
    klaviyo.drop("POST /profile-subscription-bulk-delete-jobs", after=True)
    load([STATEMENTS, says(ANA, "unsubscribed", ago(days=1), list_name=NEWS)])
    settled(klaviyo)
    assert marketing(klaviyo, ANA)["consent"] == "SUBSCRIBED"


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
    assert marketing(klaviyo, ANA)["consent"] == "UNSUBSCRIBED"


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
    assert marketing(klaviyo, ANA)["consent"] == "UNSUBSCRIBED"


def test_a_consent_dated_far_ahead_does_not_beat_an_opt_out(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """A month ahead is no clock that differs: it is a wrong date, so no dated consent."""
    klaviyo.subscribe(ANA, at=ago(days=30))
    klaviyo.unsubscribe(ANA, at=ago(hours=1))
    load([STATEMENTS, says(ANA, "subscribed", ago(days=-30))])
    assert marketing(klaviyo, ANA)["consent"] == "UNSUBSCRIBED"


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
    assert texted(klaviyo)["+34600112233"] == "UNSUBSCRIBED"


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
    assert marketing(klaviyo, ANA)["consent"] == "SUBSCRIBED"


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
    assert marketing(klaviyo, ANA)["consent"] == "UNSUBSCRIBED"
