"""Fans as Nevent has them, found by what records know of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import phonenumbers
from nevent_client.errors import RefusedError, UnknownError
from nevent_client.paging import chunked
from nevent_client.rows import page, shaper
from singer_outcomes.identifiers import phone_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from target_nevent.calls import Calls

Columns = dict[str, Any]


class Named(NamedTuple):
    """Whom a record is about: Nevent's own id, an address, an E.164 number."""

    external_id: str | None = None
    email: str | None = None
    phone_number: str | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """Each identifier as tombstones and queues know it."""
        own = f"id:{self.external_id}" if self.external_id else None
        return tuple(each for each in (own, self.email, self.phone_number) if each)


class Fan(NamedTuple):
    """One fan: `columns` by the contract's names, `custom` values by definition id.

    `sharing` is what Nevent knows of consent to third parties; None: nothing.
    """

    id: str
    columns: Columns
    custom: Columns
    sharing: Any

    def changed(self, **columns: Any) -> Fan:
        """The same fan with other values."""
        return self._replace(columns={**self.columns, **columns})


class Fans:
    """Looks fans up: by id a hundred a request, where this Nevent can; else one by one.

    A dry run remembers what it would have changed, so that later rows meet the fan as in a run.

    Args:
        region: country of phone numbers that name none.
    """

    def __init__(self, calls: Calls, *, region: str) -> None:
        self._calls = calls
        self._region = region
        self._bulk = True
        self._planned: dict[str, Fan] = {}

    def find(self, wanted: Sequence[Named]) -> list[Fan | None]:
        """Each of these, as Nevent has them now; None where Nevent knows nobody by this."""
        by_id = self._by_ids({each.external_id for each in wanted if each.external_id})
        return [
            self._foreseen(each)
            or by_id.get(each.external_id or "")
            or self.by_email(each.email)
            or self._by_phone(each.phone_number)
            for each in wanted
        ]

    def fresh(self, fan: Fan) -> Fan | None:
        """The fan as he is at this moment, before all of him is written back."""
        return self._foreseen(Named(fan.id)) or self._by_id(fan.id)

    def stranger(self, email: str, at: str | None) -> Fan:
        """Who signs up with this address for the first time; known to this run alone."""
        columns: Columns = dict.fromkeys(self._calls.operation("user").fields)
        columns |= {"email": email, "email_enabled": True, "email_changed_at": at}
        return Fan(f"new:{email}", columns, {}, None)

    def foresee(self, fan: Fan, named: Named) -> None:
        """A dry run would have left this fan so."""
        for each in (*named.people, f"id:{fan.id}"):
            self._planned[each] = fan

    def _foreseen(self, named: Named) -> Fan | None:
        if not self._planned:
            return None
        return next((self._planned[each] for each in named.people if each in self._planned), None)

    def _by_ids(self, ids: set[str]) -> dict[str, Fan]:
        found: dict[str, Fan] = {}
        operation = self._calls.operation("users")
        for chunk in chunked(sorted(ids), operation.max_ids):
            fans = self._in_bulk(chunk) if self._bulk and len(chunk) > 1 else None
            if fans is None:
                fans = [fan for each in chunk if (fan := self._by_id(each))]
            found |= {fan.id: fan for fan in fans}
        return found

    def _in_bulk(self, ids: tuple[str, ...]) -> list[Fan] | None:
        """These fans by one request; None where this Nevent does not understand it."""
        params = self._calls.operation("users").params
        asked = {params["ids"]: ",".join(ids), params["size"]: len(ids)}
        try:
            rows = page(self._calls.read("users", params=asked), 0).rows
        except RefusedError:
            self._bulk = False
            return None
        fans = [self.fan(row) for row in rows]
        if not {fan.id for fan in fans} <= set(ids):  # it gave anybody
            self._bulk = False
            return None
        return fans

    def _by_id(self, fan_id: str) -> Fan | None:
        try:
            return self.fan(self._calls.read("user", path={"id": fan_id}))
        except UnknownError:
            return None

    def by_email(self, email: str | None) -> Fan | None:
        """The fan with this address (in lower case) as he is at this moment."""
        if not email:
            return None
        try:
            fan = self.fan(self._calls.read("user_by_email", path={"email": email}))
        except UnknownError:
            return None
        same = str(fan.columns["email"] or "").strip().lower() == email
        return fan if same else None

    def _by_phone(self, number: str | None) -> Fan | None:
        """The one fan with this number, however it was typed; None where there are several."""
        if not number:
            return None
        found: dict[str, Fan] = {}
        for spelling in _spellings(number):
            rows = page(self._calls.read("users", params={"phone": spelling}), 0).rows
            for fan in map(self.fan, rows):
                typed = str(fan.columns["phone_number"] or "")
                if phone_number(typed, self._region) == number:
                    found[fan.id] = fan
        return next(iter(found.values())) if len(found) == 1 else None

    def fan(self, row: Columns) -> Fan:
        """A row of Nevent's as a fan."""
        columns = self._shape(row)
        custom = {
            each["propertyDefinitionId"]: each.get("value")
            for each in row.get("customFieldValues") or ()
        }
        return Fan(str(columns["id"]), columns, custom, row.get("thirdPartySharing"))

    @cached_property
    def _shape(self) -> Callable[[Columns], Columns]:
        return shaper(self._calls.operation("user").fields)


def _spellings(number: str) -> Iterable[str]:
    """How people write a number: E.164, in digits, and as is usual in its country."""
    parsed = phonenumbers.parse(number)
    national = phonenumbers.PhoneNumberFormat.NATIONAL
    return dict.fromkeys(
        (
            number,
            phonenumbers.national_significant_number(parsed),
            phonenumbers.format_number(parsed, national),
        )
    )
