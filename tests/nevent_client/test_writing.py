"""Writing to Nevent: refusals that callers can tell apart, nothing done twice, nobody named."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from nevent_client.contract import OPERATIONS
from nevent_client.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    NotServedError,
    RefusedError,
    UnavailableError,
    UncertainError,
    UnknownError,
)
from nevent_client.rows import body
from nevent_client.session import Session
from nevent_sandbox import Sandbox
from nevent_sandbox.credentials import NEVENT_TENANT_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.nevent_handle import NeventHandle

ANA = "ana@nevent-demo.es"
FORM = "POST /public/newsletter/{id}/subscribe"
RECORD = {"email": ANA, "consented": True, "consented_at": "2025-03-04T05:06:07Z"}


def sign_up(session: Session, nevent: NeventHandle, **record: Any) -> Any:
    """Sign a person up by the contract's row, as a loader does."""
    form = session.operation("subscribe")
    return session.call(
        "subscribe",
        path={"id": nevent.newsletters()[0]["id"]},
        params={form.params["tenant"]: NEVENT_TENANT_ID},
        body=body(form.fields, {**RECORD, **record}),
    )


def test_a_record_becomes_a_body_by_the_contracts_row() -> None:
    """Columns at their paths, absent ones absent, nulls as nulls; others never leave."""
    sent = body(OPERATIONS["subscribe"].fields, {**RECORD, "source": None, "tax_id": "x"})
    consent = {"marketing": True, "timestamp": "2025-03-04T05:06:07Z"}
    assert sent == {"email": ANA, "consent": consent, "source": None}


def test_a_sign_up_arrives_and_a_second_one_is_a_conflict(
    connect: Callable[..., Session], nevent: NeventHandle
) -> None:
    """Which a caller may count as done."""
    session = connect()
    assert sign_up(session, nevent)["data"]["subscriptionId"]
    with pytest.raises(ConflictError, match="Already subscribed") as caught:
        sign_up(session, nevent)
    assert caught.value.status == 409
    person = session.call("user_by_email", path={"email": ANA})
    assert session.call("user", path={"id": person["id"]}) == person


def test_the_forms_key_goes_as_a_header(
    connect: Callable[..., Session], nevent: NeventHandle
) -> None:
    """Named by the contract's row, as the form itself tells it."""
    session = connect()
    path, form = {"id": nevent.newsletters()[0]["id"]}, session.operation("subscribe")
    tenant = {form.params["tenant"]: NEVENT_TENANT_ID}
    sent: dict[str, Any] = {"path": path, "params": tenant, "body": body(form.fields, RECORD)}
    with pytest.raises(DeniedError):
        session.call("subscribe", headers={form.headers["key"]: "wrong"}, **sent)
    key = session.call("newsletter_form", path=path, params=tenant)["token"]
    assert session.call("subscribe", headers={form.headers["key"]: key}, **sent)["success"]


@pytest.mark.parametrize("name", ["user", "update_user", "preferences", "interactions"])
def test_an_unknown_person_is_no_missing_operation(
    connect: Callable[..., Session], nevent: NeventHandle, name: str
) -> None:
    """Somebody erased, somebody who never was, an id that is none."""
    session = connect()
    fan = nevent.users()[0]["id"]
    nevent.erase(fan)
    for person in (fan, "64f0c0ffee0000000000dead", "../users", " ", ".."):
        with pytest.raises(UnknownError, match=r"no such person|nothing with such"):
            session.call(name, path={"id": person}, body={})


def test_an_operation_that_is_not_served_is_no_unknown_person() -> None:
    """A batch names nobody in its path."""
    with Sandbox(fans=3, nevent_contract="published") as sandbox:
        url = sandbox.nevent.url
        session = Session(api_url=url, data_api_url=url, auth_token="nevent-sandbox-token")
        with pytest.raises(NotServedError):
            session.call("interaction_batch", body={"items": []})
        session.close()


def test_what_does_not_suit_and_what_is_not_taken_differ(
    connect: Callable[..., Session], nevent: NeventHandle
) -> None:
    """400: the contract is wrong for all; 422: this record is."""
    session = connect()
    with pytest.raises(InvalidError) as caught:
        sign_up(session, nevent, email="ana@@nevent-demo.es")
    assert caught.value.status == 422
    with pytest.raises(RefusedError) as refused:
        session.call("create_user", body={"email": ANA, "vip": True})
    assert (type(refused.value), refused.value.status) == (RefusedError, 400)


@pytest.mark.parametrize("after", [False, True])
def test_what_is_idempotent_is_repeated(
    connect: Callable[..., Session], nevent: NeventHandle, *, after: bool
) -> None:
    """A sign-up whose answer got lost is a conflict then, and there once."""
    session = connect()
    nevent.drop(FORM, after=after)
    if after:
        with pytest.raises(ConflictError):
            sign_up(session, nevent)
    else:
        sign_up(session, nevent)
    assert len(nevent.requests(FORM)) == 2
    assert nevent.subscription(ANA)


@pytest.mark.parametrize("after", [False, True])
def test_a_person_is_never_made_twice(
    connect: Callable[..., Session], nevent: NeventHandle, *, after: bool
) -> None:
    """Whether it was done is unknown: asked once, and said so."""
    nevent.drop("POST /users", after=after)
    with pytest.raises(UncertainError, match="look there") as caught:
        connect().call("create_user", body={"email": ANA})
    assert isinstance(caught.value, UnavailableError)
    assert len(nevent.requests("POST /users")) == 1
    assert (nevent.user(ANA) is not None) is after


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_to_make_a_person_is_waited_out(
    connect: Callable[..., Session], nevent: NeventHandle, status: int
) -> None:
    """Nothing was done."""
    nevent.refuse("POST /users", status=status, times=2)
    assert connect().call("create_user", body={"email": ANA})["email"] == ANA


def test_a_spent_limit_says_how_long_it_lasts(
    connect: Callable[..., Session], nevent: NeventHandle
) -> None:
    """Longer than a run waits: at once, with seconds to plan by."""
    nevent.knobs(subscribes_per_hour=1)
    session = connect()
    sign_up(session, nevent)
    with pytest.raises(UnavailableError) as caught:
        sign_up(session, nevent, email="eva@nevent-demo.es")
    assert caught.value.status == 429
    assert 3590 <= (caught.value.wait or 0) <= 3601


def test_nobody_is_named_in_errors_or_logs(
    connect: Callable[..., Session],
    nevent: NeventHandle,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An e-mail in a path is in no message, no traceback, no line of whatever level."""
    session = connect(attempts=2)
    nevent.drop("GET /users/email/{email}", times=2)
    told = ""
    with caplog.at_level(logging.DEBUG):
        for _ in range(2):  # no connection, then nobody of this e-mail
            try:
                session.call("user_by_email", path={"email": ANA})
            except (UnavailableError, UnknownError) as exc:
                told += "".join(traceback.format_exception(exc))
    assert "GET /users/email/{email}" in told
    assert "no such person" in told
    assert not any(part in told + caplog.text for part in (ANA, "ana%40", "ana@"))
