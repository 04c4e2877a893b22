"""Nevent's side: whom it knows, and what they bought."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from nevent_client.errors import NotServedError, UnknownError
from nevent_client.paging import chunked
from nevent_client.rows import dig, shaper, written

from nevent_klaviyo.conversions.arithmetic import Order
from nevent_klaviyo.instants import instant
from nevent_klaviyo.money import NOTHING, amount
from nevent_klaviyo.order_states import COMPLETED, LOST
from nevent_klaviyo.sides import make_sure_of_nevent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from nevent_klaviyo.conversions.arithmetic import Receipt
    from nevent_klaviyo.conversions.receipts import Receipts, Recipient
    from nevent_klaviyo.sides import Sides

Row = dict[str, Any]

_REFUNDED = "REFUNDED"
_PAGE = 1000


class _IgnoredError(Exception):
    """Nevent does not honour a list of ids: it answers with others' rows."""


class Buyers:
    """Asks Nevent about people in hundreds; one by one where it does not serve that."""

    def __init__(self, sides: Sides) -> None:
        self._session, self._pager = sides.nevent, sides.pager
        self._cents = sides.settings.nevent_amounts_in_cents
        self._in_hundreds = dict.fromkeys(("users", "purchases"), True)

    def identify(self, receipts: Receipts, *, lookups: int) -> int:
        """Settle which recipients are which fans; who is nobody's loses the id that was no fan's.

        A request for each hundred of those with an id, then one for each of the others, by e-mail,
        as many as `lookups`. Returns how many were left unasked.
        """
        for some in receipts.linked(to_fan=True):
            chunks = list(chunked(some, self._size("users")))
            for chunk, known in zip(chunks, self._pager.each(self._known, chunks), strict=True):
                receipts.link((each.number, None) for each in chunk if each.fan not in known)
        left = receipts.nameless()
        for some in receipts.linked(to_fan=False, most=lookups):
            fans = self._pager.each(self._by_email, some)
            receipts.link((each.number, fan) for each, fan in zip(some, fans, strict=True))
            left -= len(some)
        return left

    def orders(
        self, fans: Iterable[tuple[str, list[Receipt]]], since: datetime
    ) -> Iterator[tuple[list[Receipt], list[Order]]]:
        """What each fan received, with the orders completed by them since then."""

        def read(
            some: tuple[tuple[str, list[Receipt]], ...],
        ) -> list[tuple[list[Receipt], list[Order]]]:
            orders = self._orders([fan for fan, _ in some], since)
            return [(received, orders.get(fan, [])) for fan, received in some]

        for found in self._pager.each(read, chunked(fans, self._size("purchases"))):
            yield from found

    def _size(self, operation: str) -> int:
        return self._session.operation(operation).max_ids

    def _known(self, some: Sequence[Recipient]) -> set[str]:
        """Those of these ids that are fans'."""
        ids = sorted({each.fan for each in some if each.fan})
        rows = self._by_ids("users", ids, "id", {})
        if rows is not None:
            return {str(row["id"]) for row in rows}
        return {each for each in ids if self._fan("user", {"id": each}) is not None}

    def _by_email(self, person: Recipient) -> str | None:
        return self._fan("user_by_email", {"email": str(person.email)})

    def _fan(self, operation: str, path: dict[str, str]) -> str | None:
        try:
            return str(self._session.call(operation, path=path)["id"])
        except UnknownError:
            return None

    def _orders(self, fans: list[str], since: datetime) -> dict[str, list[Order]]:
        fields = self._session.operation("purchases").fields
        shape, of = shaper(fields), fields["fan_id"]
        together = self._by_ids("purchases", fans, of, {"since": written(since)})
        found: dict[str, list[Order]] = {}
        if together is None:
            pairs = [(fan, row) for fan in fans for row in self._of_one(fan)]
        else:
            pairs = [(str(dig(row, of)), row) for row in together]
        for fan, row in pairs:
            order = completed(shape(row), row.get("tickets") or (), cents=self._cents)
            if order is not None:
                found.setdefault(fan, []).append(order)
        return found

    def _of_one(self, fan: str) -> list[Row]:
        try:
            return self._pager.whole("user_purchases", path={"id": fan})
        except UnknownError:  # erased meanwhile
            return []

    def _by_ids(
        self, operation: str, ids: list[str], key: str, query: dict[str, Any]
    ) -> list[Row] | None:
        """Rows of these people; None where Nevent does not serve them together."""
        if not self._in_hundreds[operation]:
            return None
        try:
            return list(self._paged(operation, ids, key, query))
        except (NotServedError, _IgnoredError):
            make_sure_of_nevent(self._session)
            self._in_hundreds[operation] = False
            return None

    def _paged(
        self, operation: str, ids: list[str], key: str, query: dict[str, Any]
    ) -> Iterator[Row]:
        asked, wanted = {"ids": ",".join(ids), "size": _PAGE, **query}, set(ids)
        for number in count():
            page = self._pager.page(operation, number, None, asked)
            if any(str(dig(row, key)) not in wanted for row in page.rows):
                raise _IgnoredError
            yield from page.rows
            if page.last:
                return


def completed(order: Row, tickets: Sequence[Row], *, cents: bool) -> Order | None:
    """The order of a flat record of Nevent's and its tickets; None if it was never paid.

    What was paid back is what Nevent says; where it does not say, all of a refunded order, or else
    the prices of its refunded tickets.
    """
    at = instant(order["purchased_at"])
    if order["status"] not in COMPLETED or at is None:
        return None
    paid = amount(order["total_price"], cents=cents)
    refunded = amount(order["refunded_amount"], cents=cents)
    if order["status"] == _REFUNDED and not refunded:
        refunded = paid
    elif order["refunded_amount"] is None:
        prices = (each.get("price") for each in tickets if each.get("status") == _REFUNDED)
        refunded = sum((amount(each, cents=cents) for each in prices), NOTHING)
    return Order(
        int(at.timestamp()),
        sum(each.get("status") not in LOST for each in tickets),
        paid,
        refunded,
        str(order["currency"] or "").upper(),
    )
