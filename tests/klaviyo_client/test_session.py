"""What a session sends, and what it does where no answer comes."""

from __future__ import annotations

import gc
import json
import socket
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from klaviyo_client import RejectedError, UnavailableError, UncertainError
from klaviyo_client.limits import (
    ADD_MEMBERS,
    CREATE_LIST,
    GET_ACCOUNT,
    GET_LIST_MEMBERS,
    GET_LISTS,
    GET_METRICS,
    GET_PROFILES,
    PATCH_PROFILE,
    REMOVE_MEMBERS,
    Operation,
)
from nevent_sandbox.credentials import KLAVIYO_ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from klaviyo_client import KlaviyoSession
    from nevent_sandbox.handles import KlaviyoHandle

    Connect = Callable[..., KlaviyoSession]

CREATE_PROFILE = Operation("POST", "/api/profiles", 75, 750, ("profiles:write",))
LISTS = "POST /api/lists"
LIST = json.dumps({"data": {"type": "list", "attributes": {"name": "Nevent"}}}).encode()


def _person(session: KlaviyoSession, name: str) -> str:
    attributes = {"email": f"{name}@nevent-demo.es"}
    made = session.post(CREATE_PROFILE, _body("profile", attributes=attributes))
    return str(made["data"]["id"]) if made else ""


def _body(kind: str, **more: Any) -> bytes:
    return json.dumps({"data": {"type": kind, **more}}).encode()


def _members(*profiles: str) -> bytes:
    return json.dumps({"data": [{"type": "profile", "id": each} for each in profiles]}).encode()


def _list(session: KlaviyoSession) -> str:
    made = session.post(CREATE_LIST, LIST)
    return str(made["data"]["id"]) if made else ""


def test_a_resource_is_changed_by_its_id(session: KlaviyoSession, klaviyo: KlaviyoHandle) -> None:
    """The id goes into the path, the body is a document, and so is the answer."""
    ana = _person(session, "ana")
    changed = session.patch(
        PATCH_PROFILE, _body("profile", id=ana, attributes={"first_name": "Ana"}), path_id=ana
    )
    assert changed is not None
    assert changed["data"]["id"] == ana
    kept = klaviyo.profile("ana@nevent-demo.es")
    assert kept is not None
    assert kept["attributes"]["first_name"] == "Ana"


def test_members_come_and_go_by_the_body(session: KlaviyoSession, klaviyo: KlaviyoHandle) -> None:
    """A post and a delete at a path with an id; their empty answers are None."""
    where = _list(session)
    ana, bea = _person(session, "ana"), _person(session, "bea")
    assert session.post(ADD_MEMBERS, _members(ana, bea), path_id=where) is None
    assert session.delete(REMOVE_MEMBERS, _members(bea), path_id=where) is None
    page = session.get(GET_LIST_MEMBERS, path_id=where)
    assert [each["id"] for each in page["data"]] == [ana]
    assert klaviyo.requests("DELETE /lists/{id}/relationships/profiles")[0]["items"] == 1


def test_a_removal_whose_answer_is_lost_is_sent_again(
    session: KlaviyoSession, klaviyo: KlaviyoHandle
) -> None:
    """It may be applied twice; the person is off the list either way."""
    where, ana = _list(session), _person(session, "ana")
    session.post(ADD_MEMBERS, _members(ana), path_id=where)
    klaviyo.drop("DELETE /lists/{id}/relationships/profiles", after=True)
    session.delete(REMOVE_MEMBERS, _members(ana), path_id=where)
    assert session.retries == 1
    assert klaviyo.lists()[0]["profile_count"] == 0


@pytest.mark.parametrize("end", ["#", "?x=1", "/../"])
def test_an_id_never_leads_to_another_path(
    session: KlaviyoSession, klaviyo: KlaviyoHandle, end: str
) -> None:
    """Whatever a record holds as an id is looked for as that id."""
    where = _list(session)
    with pytest.raises(RejectedError) as refusal:
        session.get(GET_LIST_MEMBERS, path_id=where + end)
    assert refusal.value.status == 404
    assert klaviyo.requests()[-1]["path"] == f"/api/lists/{where}{end}/profiles"


def test_a_conflict_names_the_profile_that_has_the_identifier(session: KlaviyoSession) -> None:
    """The caller goes on with that one."""
    ana = _person(session, "ana")
    with pytest.raises(RejectedError) as conflict:
        _person(session, "ana")
    assert conflict.value.status == 409
    assert [each.duplicate_id for each in conflict.value.problems] == [ana]


def test_the_account_is_known_from_the_first_answer_on(session: KlaviyoSession) -> None:
    """Its public id comes with every answer, a refusal too."""
    assert session.account is None
    with pytest.raises(RejectedError):
        session.get(GET_PROFILES, sort="nonsense")
    assert session.account == KLAVIYO_ACCOUNT_ID


def test_an_answer_that_names_no_account_leaves_it_as_it_is(
    connect: Connect, klaviyo: KlaviyoHandle
) -> None:
    """A CDN's page is nobody's answer."""
    session = connect(max_tries=1)
    for known in (None, KLAVIYO_ACCOUNT_ID):
        klaviyo.challenge("GET /lists")
        with pytest.raises(UnavailableError):
            session.get(GET_LISTS)
        assert session.account == known
        session.get(GET_LISTS)


def test_bodies_are_let_go_as_soon_as_they_are_read(
    session: KlaviyoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those sent too: five megabytes each, and garbage is collected rarely."""
    made: list[weakref.ref[Any]] = []

    def noted(self: httpx.Response, *args: Any, **more: Any) -> None:
        made.append(weakref.ref(self))
        as_it_is(self, *args, **more)

    as_it_is = httpx.Response.__init__
    monkeypatch.setattr(httpx.Response, "__init__", noted)
    gc.disable()
    try:
        session.get(GET_LISTS)
        assert [each() for each in made] == [None]
    finally:
        gc.enable()


@pytest.mark.parametrize("fault", ["refused", "busy", "busy for long", "cut"])
def test_what_was_sent_is_let_go_when_it_was_refused(
    connect: Connect, klaviyo: KlaviyoHandle, fault: str
) -> None:
    """Five megabytes a time, which were kept until Python looked for circles: nearly never."""
    session = connect(max_tries=2)
    body = bytes(bytearray(b'{"data": null}'))
    if fault == "cut":
        klaviyo.drop(LISTS)
    elif fault != "refused":
        klaviyo.refuse(LISTS, status=503, times=2 if fault == "busy for long" else 1)
    before = sys.getrefcount(body)
    gc.collect()
    gc.disable()
    try:
        with pytest.raises((RejectedError, UnavailableError)):
            session.post(CREATE_LIST, body)
        assert sys.getrefcount(body) == before
    finally:
        gc.enable()


def test_a_thread_knows_what_it_waited_itself(session: KlaviyoSession) -> None:
    """A caller tells its own waits from those of the others."""
    others: list[float] = []

    def paced() -> None:
        for _ in range(2):
            session.get(GET_ACCOUNT)  # one a second
        others.append(session.waited_here())

    thread = threading.Thread(target=paced)
    thread.start()
    thread.join()
    session.get(GET_LISTS)
    assert session.waited_here() == 0
    assert others == [session.waited]
    assert 0.5 < session.waited < 5


@pytest.mark.parametrize(("cut", "lists"), [("before", 0), ("after", 1)])
def test_a_creation_whose_answer_is_lost_is_not_sent_again(
    session: KlaviyoSession, klaviyo: KlaviyoHandle, cut: str, lists: int
) -> None:
    """Whether it was applied only a look can tell; a second list would be there for good."""
    klaviyo.drop(LISTS, after=cut == "after")
    with pytest.raises(UncertainError, match="may have applied it or not"):
        session.create(CREATE_LIST, LIST)
    assert len(klaviyo.requests(LISTS)) == 1
    assert len(klaviyo.lists()) == lists


def test_a_creation_that_takes_too_long_is_not_sent_again(
    connect: Connect, klaviyo: KlaviyoHandle
) -> None:
    """Klaviyo is still at it, and does it in the end."""
    session = connect(timeout=0.1)
    klaviyo.delay(LISTS, 0.3)
    with pytest.raises(UncertainError, match="ReadTimeout"):
        session.create(CREATE_LIST, LIST)
    assert session.requests == 1
    deadline = time.monotonic() + 60
    while not klaviyo.requests(LISTS):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    assert len(klaviyo.lists()) == 1


@pytest.mark.parametrize("status", [504, 524])
def test_a_creation_that_a_gateway_gave_up_is_not_sent_again(
    session: KlaviyoSession, klaviyo: KlaviyoHandle, status: int
) -> None:
    """The gateway does not know either."""
    klaviyo.refuse(LISTS, status=status)
    with pytest.raises(UncertainError, match=str(status)):
        session.create(CREATE_LIST, LIST)
    assert session.retries == 0


@pytest.mark.parametrize("fault", [429, 503, "challenge"])
def test_a_creation_that_is_refused_is_sent_again(
    session: KlaviyoSession, klaviyo: KlaviyoHandle, fault: int | str
) -> None:
    """Nothing was applied, that much is told."""
    if isinstance(fault, int):
        klaviyo.refuse(LISTS, status=fault)
    else:
        klaviyo.challenge(LISTS)
    assert session.create(CREATE_LIST, LIST) is not None
    assert len(klaviyo.lists()) == 1
    assert session.retries == 1


def test_a_creation_that_never_left_is_sent_again(connect: Connect) -> None:
    """Where nothing listens, nothing is applied."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        session = connect(api_url=nowhere, max_tries=2)
        with pytest.raises(UnavailableError, match="Given up after 2 tries"):
            session.create(CREATE_LIST, LIST)


def test_the_lists_of_a_day_are_used_up_with_a_clear_word(
    session: KlaviyoSession, klaviyo: KlaviyoHandle
) -> None:
    """No run waits for hours; the message says how many there are and for whom."""
    klaviyo.refuse(LISTS, status=429, retry_after=40_000)
    with pytest.raises(UnavailableError, match="daily quota of 150 for the whole account"):
        session.create(CREATE_LIST, LIST)
    assert session.waited == 0


def test_an_answer_of_another_shape_is_named(session: KlaviyoSession) -> None:
    """By the operation and what is wrong with it; it is nobody's record."""

    def decode(body: bytes) -> None:
        assert body
        raise ValueError("expected an array")

    with pytest.raises(UnavailableError, match="expected an array"):
        session.read(GET_METRICS, decode)
