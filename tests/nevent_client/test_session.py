"""One token, one retry loop, messages that say who must act."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from nevent_client.errors import (
    AddressError,
    DeniedError,
    NotServedError,
    RefusedError,
    UnavailableError,
    scrubbed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_client.session import Session
    from nevent_sandbox.nevent_handle import NeventHandle


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_refusal_is_waited_out(
    connect: Callable[..., Session], nevent: NeventHandle, status: int
) -> None:
    """And nothing is lost."""
    nevent.refuse("GET /auth/me", status=status, times=2)
    assert connect().call("me")["tenantId"]
    assert len(nevent.requests("GET /auth/me")) == 3


def test_the_wait_that_the_body_asks_for_is_kept(
    connect: Callable[..., Session], nevent: NeventHandle
) -> None:
    """Nevent tells it as retryAfter, in seconds."""
    nevent.refuse("GET /auth/me", status=429, times=1, retry_after=1)
    started = datetime.now(UTC)
    connect().call("me")
    assert datetime.now(UTC) - started >= timedelta(seconds=1)


@pytest.mark.parametrize("after", [False, True])
def test_a_cut_connection_is_tried_again(
    connect: Callable[..., Session], nevent: NeventHandle, *, after: bool
) -> None:
    """Before or after the server did its part."""
    nevent.drop("GET /auth/me", after=after)
    assert connect().call("me")["tenantId"]


def test_a_storm_ends_in_one_error(connect: Callable[..., Session], nevent: NeventHandle) -> None:
    """After so many tries, with what to do next."""
    nevent.refuse("GET /auth/me", status=503, times=None)
    with pytest.raises(UnavailableError, match="run again later"):
        connect(attempts=3).call("me")
    assert len(nevent.requests("GET /auth/me")) == 3


def test_a_wait_longer_than_a_run_waits_ends_it(
    connect: Callable[..., Session], nevent: NeventHandle
) -> None:
    """As when a day's quota is spent: at once, with when to come back."""
    nevent.refuse("GET /auth/me", status=429, times=1, retry_after=3600)
    with pytest.raises(UnavailableError, match="3,600 seconds"):
        connect().call("me")


def test_an_expired_token_is_refreshed_once(
    connect: Callable[..., Session], nevent: NeventHandle
) -> None:
    """And the request repeated."""
    session = connect()
    session.call("me")
    nevent.expire_token()
    assert session.call("me")["tenantId"]
    assert len(nevent.requests("POST /auth/refresh")) == 1


def test_a_token_that_stays_expired_is_denied(
    connect: Callable[..., Session], nevent: NeventHandle
) -> None:
    """A person must act."""
    nevent.expire_token()
    with pytest.raises(DeniedError, match="auth_token"):
        connect(refresh_token=None).call("me")


def test_a_wrong_token_is_in_no_message(connect: Callable[..., Session]) -> None:
    """Nor anywhere in the error."""
    with pytest.raises(DeniedError) as caught:
        connect(auth_token="wrong-token-of-mine", refresh_token=None).call("me")
    assert "wrong-token-of-mine" not in str(caught.value)


def test_what_nevent_does_not_serve_is_told_apart(connect: Callable[..., Session]) -> None:
    """So that a fallback can step in."""
    session = connect(operations={"me": {"path": "/nowhere"}})
    with pytest.raises(NotServedError, match="GET /nowhere"):
        session.call("me")


def test_a_query_that_does_not_suit_is_refused(connect: Callable[..., Session]) -> None:
    """With Nevent's own words."""
    with pytest.raises(RefusedError, match="400"):
        connect().call("analytics", body={"collection": "nothing"})


def test_a_web_page_is_a_wrong_address(
    connect: Callable[..., Session], nevent: NeventHandle
) -> None:
    """The page of a CDN says nothing about tokens."""
    nevent.challenge("GET /auth/me")
    with pytest.raises(DeniedError, match="403"):
        connect().call("me")


@pytest.mark.parametrize("url", ["http://api.nevent.es", "ftp://api.nevent.es", "api.nevent.es"])
def test_the_token_goes_over_https_only(connect: Callable[..., Session], url: str) -> None:
    """Except to this machine."""
    with pytest.raises(AddressError, match="https"):
        connect(api_url=url)


def test_an_unknown_operation_is_named(connect: Callable[..., Session]) -> None:
    """With those that exist."""
    with pytest.raises(ValueError, match="there are: me, refresh"):
        connect(operations={"purchase": {"path": "/v2"}})


def test_the_clock_is_the_servers(connect: Callable[..., Session], nevent: NeventHandle) -> None:
    """A clock that is wrong here moves no bookmark."""
    nevent.advance(days=40, changes=0)
    session = connect()
    session.call("me")
    assert session.now() - datetime.now(UTC) > timedelta(days=39)


def test_messages_lose_what_is_personal() -> None:
    """E-mails, phones and tokens."""
    told = scrubbed("ana@nevent-demo.es or +34 612 345 678 or " + "x" * 60)
    assert told == "[…] or […] or […]"
