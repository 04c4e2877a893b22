"""Fans who came from elsewhere, by a newsletter's form, are read like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from nevent_client.session import Session
from nevent_sandbox.credentials import NEVENT_TENANT_ID, NEVENT_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nevent_extraction import Output
    from nevent_sandbox.nevent_handle import NeventHandle

ANA = "ana@nevent-demo.es"
GIVEN = "2025-03-04T05:06:07.000Z"
STREAMS = ("fans", "newsletter_subscriptions", "fan_withdrawals", "fan_deletions")


@pytest.fixture
def session(nevent: NeventHandle) -> Iterator[Session]:
    """Writes to Nevent as a loader does."""
    opened = Session(api_url=nevent.url, data_api_url=nevent.url, auth_token=NEVENT_TOKEN)
    yield opened
    opened.close()


@pytest.fixture
def ana(nevent: NeventHandle, session: Session) -> str:
    """The id of somebody who has just come from Klaviyo."""
    session.call(
        "subscribe",
        path={"id": nevent.newsletters()[0]["id"]},
        params={"tenantId": NEVENT_TENANT_ID},
        body={
            "email": ANA,
            "consent": {"marketing": True, "timestamp": GIVEN},
            "source": "Klaviyo",
        },
    )
    return str(session.call("user_by_email", path={"email": ANA})["id"])


def grant(session: Session, fan: str) -> None:
    """Note in Nevent that somebody's consent to third parties was given in Klaviyo."""
    given = {"granted": True, "consentedAt": GIVEN, "source": "Klaviyo"}
    session.call("update_user", path={"id": fan}, body={"thirdPartySharing": given})


def test_without_consent_to_third_parties_an_arrival_stays(
    ana: str, extract: Callable[..., Output]
) -> None:
    """Nothing about him leaves, his subscription neither."""
    assert ANA not in extract(None, *STREAMS).text
    assert ana not in extract(None, *STREAMS).text


def test_with_it_he_comes_with_his_subscription(
    ana: str, nevent: NeventHandle, session: Session, extract: Callable[..., Output]
) -> None:
    """Although the bookmarks have passed it; consent and source say Klaviyo; and only once."""
    before = extract(None, *STREAMS)
    nevent.advance(days=3, changes=0)
    grant(session, ana)
    after = extract(before.state, *STREAMS)
    (fan,) = after.of("fans", ana)
    assert (fan["email"], fan["email_enabled"], fan["email_changed_at"]) == (ANA, True, GIVEN)
    consent = (fan["consent_granted"], fan["consent_at"], fan["consent_source"])
    assert consent == (True, GIVEN, "Klaviyo")
    (subscription,) = after.of("newsletter_subscriptions", ana)
    assert (subscription["source"], subscription["consent_at"]) == ("Klaviyo", GIVEN)
    nevent.advance(days=3, changes=0)
    assert ana not in "".join(map(str, extract(after.state, *STREAMS).records.values()))


def test_an_arrival_who_is_erased_is_told_of(
    ana: str, nevent: NeventHandle, session: Session, extract: Callable[..., Output]
) -> None:
    """As a deletion, and no longer as a fan."""
    grant(session, ana)
    before = extract(None, *STREAMS)
    nevent.erase(ana)
    after = extract(before.state, *STREAMS)
    assert [row["email"] for row in after.of("fan_deletions", ana)] == [ANA]
    assert not after.of("fans", ana)
