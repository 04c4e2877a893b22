"""Lists that are whole, whatever the envelope and however they move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from nevent_client.analytics import groups
from nevent_client.paging import Pager
from nevent_client.rows import moment, page

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_client.session import Session
    from nevent_sandbox.nevent_handle import NeventHandle

ROWS = [{"id": "1"}, {"id": "2"}]


@pytest.mark.parametrize(
    ("body", "last"),
    [
        ({"content": ROWS, "last": False, "totalPages": 3, "number": 0}, False),
        ({"content": ROWS, "last": True, "totalPages": 1, "number": 0}, True),
        ({"content": ROWS, "page": 0, "size": 2, "totalPages": 2}, False),
        ({"items": ROWS, "total": 2, "page": 0, "pageSize": 20, "totalPages": 1}, True),
        ({"segments": ROWS, "total": 2}, True),
        ({"fans": ROWS, "current_page": 0, "total_pages": 2, "has_more": True}, False),
        (ROWS, True),
    ],
)
def test_every_envelope_is_read(body: Any, *, last: bool) -> None:
    """Rows, and whether there are more."""
    read = page(body, 0)
    assert (read.rows, read.last) == (ROWS, last)


def test_an_empty_page_is_the_last() -> None:
    """Whatever the envelope says of itself."""
    assert page({"content": [], "last": False, "totalPages": 9}, 3).last


@pytest.mark.parametrize("size", [7, 50, 1000])
def test_a_walk_gives_every_row_once_in_order(
    connect: Callable[..., Session], nevent: NeventHandle, size: int
) -> None:
    """Over windows and anchors."""
    pager = Pager(connect(), page_size=size)
    rows = [row for batch in pager.changed("users", None) for row in batch.rows]
    assert sorted(row["id"] for row in rows) == sorted(user["id"] for user in nevent.users())
    assert [row["updatedAt"] for row in rows] == sorted(row["updatedAt"] for row in rows)


def test_rows_that_move_while_being_read_hide_none(
    connect: Callable[..., Session], nevent: NeventHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed row goes to the end and pulls the others over the page boundary."""
    users = [user["id"] for user in nevent.users()]
    session = connect()
    pager = Pager(session, page_size=2, concurrency=1)
    call = session.call
    answered = 0

    def call_and_change(*given: Any, **asked: Any) -> Any:
        nonlocal answered
        answer = call(*given, **asked)
        answered += 1
        if answered in {3, 4, 20}:  # in the middle of a window
            nevent.edit(user=users[answered - 3], set={"city": "Cuenca"})
        return answer

    monkeypatch.setattr(session, "call", call_and_change)
    found = {row["id"] for batch in pager.changed("users", None) for row in batch.rows}
    assert found == set(users)


def test_a_list_without_a_filter_by_time_ends(
    connect: Callable[..., Session], nevent: NeventHandle
) -> None:
    """Where the server ignores `since`, every row comes all the same, in no promised order."""
    session = connect(operations={"users": {"params": {"since": "unheard_of"}}})
    batches = list(Pager(session, page_size=50).changed("users", None))
    found = {row["id"] for batch in batches for row in batch.rows}
    assert found == {user["id"] for user in nevent.users()}


@pytest.mark.parametrize("moment_of_erasure", [1, 3])
def test_an_erasure_while_a_list_is_read_hides_nobody(
    connect: Callable[..., Session],
    nevent: NeventHandle,
    monkeypatch: pytest.MonkeyPatch,
    moment_of_erasure: int,
) -> None:
    """It pulls the others over the page boundary."""
    users = [user["id"] for user in nevent.users()]
    session = connect()
    _erase_at(monkeypatch, session, nevent, users[:3], moment_of_erasure)
    pager = Pager(session, page_size=20, concurrency=1)
    found = {row["id"] for batch in pager.changed("users", None) for row in batch.rows}
    assert found >= set(users[3:])


def test_an_erasure_hides_nobody_in_the_order_of_ids(
    connect: Callable[..., Session], nevent: NeventHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The walk steps back by as many as are gone, and gives none twice."""
    users = sorted(user["id"] for user in nevent.users())
    session = connect()
    _erase_at(monkeypatch, session, nevent, users[:3], 2)
    pager = Pager(session, page_size=20, concurrency=1)
    walked = pager.unskipped("users", query={"sort": "id,asc"})
    found = [row["id"] for _, each in walked for row in each.rows]
    assert set(found) >= set(users[3:])
    assert len(found) == len(set(found))


def _erase_at(
    monkeypatch: pytest.MonkeyPatch,
    session: Session,
    nevent: NeventHandle,
    victims: list[str],
    number: int,
) -> None:
    """Erase them when that many answers have come."""
    call = session.call
    answered = 0

    def call_and_erase(*given: Any, **asked: Any) -> Any:
        nonlocal answered
        answer = call(*given, **asked)
        answered += 1
        if answered == number:
            for each in victims:
                nevent.edit(user=each, erase=True)
        return answer

    monkeypatch.setattr(session, "call", call_and_erase)


def test_more_rows_of_one_instant_than_a_window_are_all_read(
    connect: Callable[..., Session], nevent: NeventHandle
) -> None:
    """As after a bulk import."""
    ids = [user["id"] for user in nevent.users()]
    at = nevent.now()
    for each in ids[:40]:
        nevent.edit(user=each, set={"city": "Cuenca"}, at=at)
    pager = Pager(connect(), page_size=3)
    rows = [row["id"] for batch in pager.changed("users", at) for row in batch.rows]
    assert sorted(rows) == sorted(ids[:40])


def test_groups_walk_past_the_limit(
    connect: Callable[..., Session], monkeypatch: pytest.MonkeyPatch, nevent: NeventHandle
) -> None:
    """Though analytics know no offset."""
    session = connect()
    by = ["user_id", "event_id", "ticket_type", "vip"]
    whole = list(groups(session, "tickets", by=by))
    monkeypatch.setattr("nevent_client.analytics.LIMIT", 3)
    nevent.clear_requests()
    walked = list(groups(session, "tickets", by=by))
    assert len(nevent.requests()) > len(whole) / 4
    assert sorted(map(str, walked)) == sorted(map(str, whole))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2026-05-01T18:30:00.000Z", "2026-05-01T18:30:00.000Z"),
        ("2026-05-01T20:30:00+02:00", "2026-05-01T18:30:00.000Z"),
        ("2026-05-01", "2026-05-01T00:00:00.000Z"),
        (1777660200000, "2026-05-01T18:30:00.000Z"),
        ("2026-05-01 18:30:00.000Z", "2026-05-01T18:30:00.000Z"),
        ("2026-W18-5T18:30:00.000Z", "2026-05-01T18:30:00.000Z"),
        ("0000-00-00T00:00:00.000Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        (10**18, None),
        ("soon", None),
        (None, None),
    ],
)
def test_times_have_one_form(value: Any, read: str | None) -> None:
    """So that they compare as text."""
    assert moment(value) == read
