"""Who was erased in Nevent, as its feed tells: never made again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_client.errors import NotServedError, RefusedError
from nevent_client.paging import Pager
from nevent_client.rows import shaper
from singer_outcomes.identifiers import email_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_nevent.calls import Calls
    from target_nevent.memory import Memory

NO_FEED = "this Nevent tells nobody who was erased: only this store knows"


def newly_erased(calls: Calls, memory: Memory) -> tuple[list[str], str | None]:
    """Identifiers of those erased since the last look, and up to when the feed was read.

    Raises:
        NotServedError: this Nevent has no feed.
    """
    people: list[str] = []
    until = memory.erased_until()
    for row in _rows(calls, until):
        address = email_address(str(row["email"] or ""))
        people += [f"id:{row['id']}", *([address] if address else ())]
        until = max(until or "", row["deleted_at"] or "") or None
    return people, until


def _rows(calls: Calls, since: str | None) -> Iterator[dict[str, Any]]:
    operation = calls.operation("deletions")
    shape = shaper(operation.fields)
    pager = Pager(calls.session, page_size=operation.max_size)
    try:
        for row in pager.rows("deletions", query={"since": since}):
            yield shape(row)
    except RefusedError as error:
        raise NotServedError(str(error)) from None
