"""Lists found by id and by name, and created once whatever happens on the way."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from klaviyo_client import KlaviyoSession, UncertainError
from klaviyo_client.limits import CREATE_LIST
from target_klaviyo.lists import CREATE_TRIES, Lists, UnknownListError, find_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nevent_sandbox.handles import KlaviyoHandle

CREATE = "POST /api/lists"
READ = "GET /api/lists"


@pytest.fixture
def session(klaviyo: KlaviyoHandle) -> Iterator[KlaviyoSession]:
    """A session on the sandbox's account."""
    opened = KlaviyoSession("pk_sandbox_full", api_url=klaviyo.url)
    yield opened
    opened.close()


def _created(session: KlaviyoSession, name: str) -> str:
    body = json.dumps({"data": {"type": "list", "attributes": {"name": name}}}).encode()
    made = session.post(CREATE_LIST, body)
    return str(made["data"]["id"]) if made else ""


def _names(klaviyo: KlaviyoHandle) -> list[str]:
    return [each["name"] for each in klaviyo.lists()]


def test_a_missing_list_is_created_once(session: KlaviyoSession, klaviyo: KlaviyoHandle) -> None:
    """For the run that creates it, and for the next one."""
    lists = Lists(session)
    first = lists.by_name("Nevent - VIP")
    assert first == lists.by_name("Nevent - VIP") == Lists(session).by_name("Nevent - VIP")
    assert lists.by_id(str(first)) == first
    assert _names(klaviyo) == ["Nevent - VIP"]


def test_a_missing_list_may_stay_missing(session: KlaviyoSession, klaviyo: KlaviyoHandle) -> None:
    """Who only looks creates nothing, and may change their mind."""
    lists = Lists(session)
    assert lists.by_name("Nevent - VIP", create=False) is None
    assert _names(klaviyo) == []
    assert lists.by_name("Nevent - VIP") is not None


def test_the_oldest_list_of_a_name_is_taken(
    session: KlaviyoSession, klaviyo: KlaviyoHandle
) -> None:
    """Klaviyo allows several; names differ by case."""
    _created(session, "nevent - vip")
    oldest, _ = _created(session, "Nevent - VIP"), _created(session, "Nevent - VIP")
    assert Lists(session).by_name("Nevent - VIP") == oldest
    assert len(klaviyo.lists()) == 3


def test_lists_are_read_once_a_run(session: KlaviyoSession, klaviyo: KlaviyoHandle) -> None:
    """Whoever asks, in whatever thread, and whichever way."""
    wanted = {f"List {number}": _created(session, f"List {number}") for number in range(12)}
    lists = Lists(session)
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lists.by_name, wanted))
        assert list(threads.map(lists.by_id, wanted.values())) == found == list(wanted.values())
    assert len(klaviyo.requests(READ)) == 2  # ten a page


def test_an_unknown_id_names_the_lists_there_are(session: KlaviyoSession) -> None:
    """Whoever configured it can choose one of them."""
    known = _created(session, "Nevent - VIP")
    with pytest.raises(UnknownListError, match=rf"none of the account's 1 lists.*{known} \(Nevent"):
        Lists(session).by_id("Nope42")


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_lost_answer_makes_no_second_list(
    session: KlaviyoSession, klaviyo: KlaviyoHandle, cut: str
) -> None:
    """Created or not, the account has it once in the end."""
    klaviyo.drop(CREATE, after=cut == "after")
    found = Lists(session).by_name("Nevent - VIP")
    assert [(each["id"], each["name"]) for each in klaviyo.lists()] == [(found, "Nevent - VIP")]
    assert len(klaviyo.requests(CREATE)) == {"before": 2, "after": 1}[cut]


def test_answers_that_are_always_lost_end_the_search(
    session: KlaviyoSession, klaviyo: KlaviyoHandle
) -> None:
    """A few tries, then it is for the next run."""
    klaviyo.drop(CREATE, times=None)
    with pytest.raises(UncertainError):
        Lists(session).by_name("Nevent - VIP")
    assert len(klaviyo.requests(CREATE)) == CREATE_TRIES
    assert _names(klaviyo) == []


def test_a_list_that_another_run_has_made_meanwhile_is_taken(
    session: KlaviyoSession, klaviyo: KlaviyoHandle
) -> None:
    """What was read at the beginning is old when a name is needed."""
    lists = Lists(session)
    assert lists.by_name("Nevent - VIP", create=False) is None
    made = _created(session, "Nevent - VIP")
    assert lists.by_name("Nevent - VIP") == made
    assert len(klaviyo.lists()) == 1


def test_whoever_creates_a_name_at_once_comes_to_one_list(klaviyo: KlaviyoHandle) -> None:
    """Processes that all see no such list all create one, and all use the oldest."""
    runs = 4
    together = Barrier(runs)

    def find(_: int) -> str | None:
        session = KlaviyoSession("pk_sandbox_full", api_url=klaviyo.url)
        lists = Lists(session)
        assert lists.by_name("Nevent - VIP", create=False) is None
        together.wait(timeout=30)
        try:
            return lists.by_name("Nevent - VIP")
        finally:
            session.close()

    klaviyo.delay(CREATE, 0.5, times=runs)
    with ThreadPoolExecutor(runs) as threads:
        found = set(threads.map(find, range(runs)))
    assert len(klaviyo.lists()) > 1
    assert found == {klaviyo.lists()[0]["id"]}


@pytest.mark.parametrize("name", ['La "Gran" Fiesta, 2026', "a\\b", "it's (VIP) [1]", "Peña ñ 🎸"])
def test_any_name_is_found_again_after_a_lost_answer(
    session: KlaviyoSession, klaviyo: KlaviyoHandle, name: str
) -> None:
    """What means something in a filter does not in a name."""
    klaviyo.drop(CREATE, after=True)
    assert Lists(session).by_name(name) == klaviyo.lists()[0]["id"]
    assert _names(klaviyo) == [name]


def test_without_a_configured_list_nothing_is_asked(
    session: KlaviyoSession, klaviyo: KlaviyoHandle
) -> None:
    """Profiles then join none."""
    assert find_list(session, list_id=None, name=None) is None
    assert klaviyo.requests() == []


def test_a_configured_id_wins_over_a_name(session: KlaviyoSession, klaviyo: KlaviyoHandle) -> None:
    """And the name is not created."""
    known = _created(session, "Nevent - VIP")
    assert find_list(session, list_id=known, name="Nevent - All Contacts") == known
    assert _names(klaviyo) == ["Nevent - VIP"]
