"""The consent matrix: what is sent, given what both sides say and which of them is newer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from target_klaviyo.consents import Stated
from target_klaviyo.valve import Known, OptOut, decide, known_of

THEN = datetime(2026, 5, 1, 12, tzinfo=UTC)
EARLIER, LATER = THEN - timedelta(days=1), THEN + timedelta(days=1)
YES, NO = Stated(subscribed=True, at=THEN), Stated(subscribed=False, at=THEN)
LIST, OTHER = "LIST01", "OTHER1"


@pytest.mark.parametrize(
    ("stated", "known", "list_id", "action"),
    [
        # Nevent says yes.
        (YES, Known(), None, "subscribe"),
        (YES, Known("SUBSCRIBED"), None, "unchanged"),
        (YES, Known("SUBSCRIBED", member=False), LIST, "subscribe"),
        (YES, Known("SUBSCRIBED", member=True), LIST, "unchanged"),
        (YES, Known("UNSUBSCRIBED", (OptOut("UNSUBSCRIBE", EARLIER),)), None, "subscribe"),
        (YES, Known("UNSUBSCRIBED", (OptOut("UNSUBSCRIBE", LATER),)), None, "withhold"),
        (YES, Known("UNSUBSCRIBED", (OptOut("UNSUBSCRIBE", THEN),)), None, "withhold"),
        (YES, Known("UNSUBSCRIBED", (OptOut("UNSUBSCRIBE", None),)), None, "withhold"),
        (YES, Known("SUBSCRIBED", (OptOut("SPAM_COMPLAINT", LATER),)), None, "withhold"),
        (YES, Known("SUBSCRIBED", (OptOut("USER_SUPPRESSED", LATER),)), None, "withhold"),
        (YES, Known("SUBSCRIBED", (OptOut("USER_SUPPRESSED", EARLIER),)), None, "subscribe"),
        (YES, Known("SUBSCRIBED", (OptOut("HARD_BOUNCE", EARLIER),)), None, "withhold"),
        (YES, Known("SUBSCRIBED", (OptOut("INVALID_EMAIL", EARLIER),)), None, "withhold"),
        (YES, Known("SUBSCRIBED", (OptOut("A_NEW_REASON", LATER),)), None, "withhold"),
        (YES, Known("SUBSCRIBED", (OptOut("UNSUBSCRIBE", LATER, LIST),)), LIST, "withhold"),
        (YES, Known("SUBSCRIBED", (OptOut("UNSUBSCRIBE", LATER, OTHER),)), LIST, "subscribe"),
        (YES, Known("SUBSCRIBED", (OptOut("UNSUBSCRIBE", LATER, OTHER),)), None, "unchanged"),
        # Nevent says no: it travels, whatever is newer; once is enough.
        (NO, Known(), None, "unsubscribe"),
        (NO, Known("SUBSCRIBED"), None, "unsubscribe"),
        (NO, Known("UNSUBSCRIBED", (OptOut("UNSUBSCRIBE", LATER),)), None, "unchanged"),
        (NO, Known("SUBSCRIBED", (OptOut("USER_SUPPRESSED", LATER),)), None, "unsubscribe"),
        (NO, Known("SUBSCRIBED", (OptOut("HARD_BOUNCE", LATER),)), None, "unsubscribe"),
        (NO, Known("SUBSCRIBED", (OptOut("UNSUBSCRIBE", LATER, OTHER),)), None, "unsubscribe"),
        # Of one list: only its members, as Klaviyo would unsubscribe others from everything.
        (NO, Known("SUBSCRIBED", member=True), LIST, "unsubscribe"),
        (NO, Known("SUBSCRIBED", member=False), LIST, "unchanged"),
        (NO, Known(member=False), LIST, "unchanged"),
        (
            NO,
            Known("SUBSCRIBED", (OptOut("UNSUBSCRIBE", EARLIER, LIST),), member=True),
            LIST,
            "unchanged",
        ),
    ],
)
def test_an_opt_out_wins_and_a_consent_must_be_newer(
    stated: Stated, known: Known, list_id: str | None, action: str
) -> None:
    """States on both sides, which is newer, of everything or of one list."""
    assert decide(stated, known, list_id=list_id).action == action


def test_never_subscribed_is_no_opt_out() -> None:
    """Klaviyo's normal state of somebody who was never asked."""
    known = known_of("email", {"email": {"marketing": {"consent": "NEVER_SUBSCRIBED"}}})
    assert decide(YES, known, list_id=None).action == "subscribe"


def test_an_unsubscribed_channel_without_a_suppression_is_an_opt_out_of_its_time() -> None:
    """SMS has no suppressions: the consent itself and its time tell."""
    sms = {"consent": "UNSUBSCRIBED", "consent_timestamp": LATER.isoformat(), "last_updated": None}
    assert known_of("sms", {"sms": {"marketing": sms}}).opt_outs == (OptOut("UNSUBSCRIBED", LATER),)
