"""Pages that are asked for at once, of a list that moves under them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from nevent_client.paging import Pager

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from nevent_client.session import Session
    from nevent_sandbox.nevent_handle import NeventHandle

_PATIENCE = 10  # seconds, for what comes at once


def test_a_list_that_moves_between_two_pages_is_not_taken_for_an_unsorted_one(
    connect: Callable[..., Session], nevent: NeventHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some rows change after the third page is served and before the second: these overlap.

    Were the sort thought ignored, every row of the tenant would be read, again and again.
    """
    users = sorted(nevent.users(), key=lambda user: user["updatedAt"])
    session = connect()
    served = threading.Event()
    call = session.call

    def call_out_of_order(name: str, **asked: Any) -> Any:
        number = asked["params"]["page"]
        if number == 1 and not served.is_set():
            served.wait(_PATIENCE)
            for user in users[:3]:
                nevent.edit(user=user["id"], set={"city": "Cuenca"})
        answer = call(name, **asked)
        if number == 2:
            served.set()
        return answer

    monkeypatch.setattr(session, "call", call_out_of_order)
    batches = list(Pager(session, page_size=20, concurrency=4).changed("users", None))
    assert all(batch.settled for batch in batches)
    found = {row["id"] for batch in batches for row in batch.rows}
    assert found >= {user["id"] for user in users[3:]}


def test_a_last_page_of_one_instant_is_looked_after_like_those_before_it(
    connect: Callable[..., Session], nevent: NeventHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row of the window before changes while it is on its way, and pulls another under it."""
    size, pages = 3, 25  # one more than a window has
    users = [user["id"] for user in nevent.users()][: size * pages]
    at = "2026-11-20T00:00:00.000Z"  # in a bulk import, later than all others
    for user in users:
        nevent.edit(user=user, set={"city": "Cuenca"}, at=at)
    session = connect()
    looked = threading.Event()
    call = session.call

    def call_and_change(name: str, **asked: Any) -> Any:
        params = asked["params"]
        if params["page"] == pages - 1 and not looked.is_set():
            looked.wait(_PATIENCE)
            nevent.edit(user=users[0], set={"city": "Toledo"})
        answer = call(name, **asked)
        if params["size"] == 1:
            looked.set()
        return answer

    monkeypatch.setattr(session, "call", call_and_change)
    found = {
        row["id"]
        for batch in Pager(session, page_size=size).changed("users", at)
        for row in batch.rows
    }
    assert found == set(users)
