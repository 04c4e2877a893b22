"""Fans as Nevent has them, found by what records know of them."""

from __future__ import annotations

from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_client.errors import RefusedError, UnknownError
from nevent_client.paging import Pager, chunked
from nevent_client.rows import shaper
from singer_outcomes.identifiers import email_address, phone_number

from target_nevent.looking_up import looked_up, spellings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from target_nevent.calls import Calls

Columns = dict[str, Any]
STRANGER = "new:"  # begins the id of somebody whom a dry run would have signed up
UNSURE = ""  # no id
REMEMBERED = 200_000  # identifiers whose fan is remembered within a run


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


def named_in(record: Columns) -> Named:
    """Whom the body of a row is about."""
    return Named(record.get("external_id"), record.get("email"), record.get("phone_number"))


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
        self._ids: dict[str, str | None] = {}  # by identifier; None: nobody

    def find(self, wanted: Sequence[Named], *, strictly: bool = False) -> list[Fan | None]:
        """Each of these, as Nevent has them now; None where Nevent knows nobody by this.

        Args:
            wanted: whom.
            strictly: who has an id is found by it alone; whoever has their address now may be
                somebody else than the one that the id was of.
        """
        by_id = self.by_id({each.external_id for each in wanted if each.external_id})
        return [
            self._foreseen(each)
            or by_id.get(each.external_id or "")
            or (None if strictly and each.external_id else self._otherwise(each))
            for each in wanted
        ]

    def _otherwise(self, named: Named) -> Fan | None:
        return self.by_email(named.email) or self._by_phone(named.phone_number)

    def ids(self, wanted: Sequence[Named], *, sure: bool) -> list[str | None]:
        """Nevent's ids of these, remembered for the run; None where Nevent knows nobody by this.

        Args:
            wanted: whom.
            sure: whether an id that a record brings is looked up as well.
        """
        if len(self._ids) > REMEMBERED:
            self._ids = {}
        found: dict[Named, str | None] = {}
        for each in wanted:
            if each.external_id and not sure:
                found[each] = each.external_id
            elif (remembered := self._remembered(each)) != UNSURE:
                found[each] = remembered
        asked = [each for each in dict.fromkeys(wanted) if each not in found]
        for each, fan in zip(asked, self.find(asked), strict=True):
            found[each] = fan.id if fan else None
            self._ids.update(dict.fromkeys(each.people, found[each]))
        return [found[each] for each in wanted]

    def known(self, fan_id: str) -> bool:
        """Whether Nevent has a fan with this id; remembered for the run."""
        return self.ids([Named(fan_id)], sure=True) != [None]

    def appeared(self, fan: Fan, named: Named) -> None:
        """Somebody whom Nevent did not know a moment ago is this fan now."""
        self._ids.update(dict.fromkeys((*named.people, f"id:{fan.id}"), fan.id))

    def _remembered(self, named: Named) -> str | None:
        """The fan's id, None where everything was tried in vain, UNSURE where not all was."""
        found = {self._ids.get(person, UNSURE) for person in named.people}
        known = found - {None, UNSURE}
        return known.pop() if known else UNSURE if UNSURE in found else None

    def fresh(self, fan: Fan) -> Fan | None:
        """The fan as he is at this moment, before all of him is written back."""
        if foreseen := self._foreseen(Named(fan.id)):
            return foreseen
        try:
            return self.fan(self._calls.read("user", path={"id": fan.id}))
        except UnknownError:
            return None

    def stranger(self, email: str, at: str | None) -> Fan:
        """Who signs up with this address for the first time; known to this run alone."""
        columns: Columns = dict.fromkeys(self._calls.operation("user").fields)
        columns |= {"email": email, "email_enabled": True, "email_changed_at": at}
        return Fan(f"{STRANGER}{email}", columns, {}, None)

    def foresee(self, fan: Fan, named: Named) -> None:
        """A dry run would have left this fan so."""
        for each in (*named.people, f"id:{fan.id}"):
            self._planned[each] = fan
        self.appeared(fan, named)

    def _foreseen(self, named: Named) -> Fan | None:
        if not self._planned:
            return None
        return next((self._planned[each] for each in named.people if each in self._planned), None)

    def by_id(self, ids: Collection[str]) -> dict[str, Fan]:
        """Those of these ids that Nevent has, as they are now."""
        found: dict[str, Fan] = {}
        operation = self._calls.operation("users")
        for chunk in chunked(sorted(ids), operation.max_ids):
            fans = self._in_bulk(chunk) if self._bulk and len(chunk) > 1 else None
            if fans is None:
                fans = [fan for each in chunk if (fan := self._by_id(each))]
            found |= {fan.id: fan for fan in fans}
        return found

    def _in_bulk(self, ids: tuple[str, ...]) -> list[Fan] | None:
        """These fans together; None where this Nevent does not understand that."""
        fans: list[Fan] = []
        asked = {"ids": ",".join(ids), "size": len(ids)}
        for number in count():
            try:
                self._calls.requests += 1
                got = self._pager.page("users", number, query=asked)
            except RefusedError:
                self._bulk = False
                return None
            fans += [self.fan(row) for row in got.rows]
            if not {fan.id for fan in fans} <= set(ids):  # it gives anybody
                self._bulk = False
                return None
            if got.last:
                break
        return fans

    def _by_id(self, fan_id: str) -> Fan | None:
        row = looked_up(self._calls, "user", id=fan_id)
        return self.fan(row) if row else None

    def by_email(self, email: str | None) -> Fan | None:
        """The fan with this address (in lower case) as he is at this moment."""
        if not email:
            return None
        row = looked_up(self._calls, "user_by_email", email=email)
        if row is None:
            return None
        fan = self.fan(row)
        return fan if email_address(str(fan.columns["email"])) == email else None

    def _by_phone(self, number: str | None) -> Fan | None:
        """The one fan with this number; None where there are several."""
        found = self.with_phone(number) if number else []
        return found[0] if len(found) == 1 else None

    def with_phone(self, number: str) -> list[Fan]:
        """All fans with this number (E.164), however it was typed."""
        found: dict[str, Fan] = {}
        for spelling in spellings(number):
            for fan in self._filtered(phone=spelling):
                typed = str(fan.columns["phone_number"] or "")
                if phone_number(typed, self._region) == number:
                    found[fan.id] = fan
        return list(found.values())

    def with_email(self, email: str) -> list[Fan]:
        """All fans with this address (in lower case)."""
        found = self._filtered(email=email)
        return [fan for fan in found if email_address(str(fan.columns["email"])) == email]

    def _filtered(self, **asked: str) -> Iterator[Fan]:
        """Fans whose column holds this text, and perhaps more than that."""
        for row in self._pager.rows("users", query=asked):
            yield self.fan(row)

    @cached_property
    def _pager(self) -> Pager:
        return Pager(self._calls.session)

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
