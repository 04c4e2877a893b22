"""Who is in which segment: computed by Nevent when asked, and no fan's `updatedAt` tells of it."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nevent_client.rows import Page, Row, page

from tap_nevent import readings
from tap_nevent.consent import setting_error
from tap_nevent.readings import Look, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from nevent_client.paging import Pager

Names = tuple[str, ...]
Places = tuple[int, ...]
Contact = tuple[str | None, str | None]  # e-mail, phone


class Segments:
    """The chosen segments (all active ones by default) and the members of those read in this run.

    There may be as many members as fans: of each no more is kept than is needed.

    Args:
        pager: what asks Nevent.
        chosen: names; None or none: all active ones.
        every: how long a reading holds, unless something else shows.
        now: Nevent's time (UTC).
        rule: what else decides whose data leave; another one makes all readings void.
        identified: keep e-mail and phone of each member.
    """

    def __init__(
        self,
        pager: Pager,
        chosen: Sequence[str] | None,
        *,
        every: timedelta,
        now: Callable[[], str],
        rule: str = "",
        identified: bool = False,
    ) -> None:
        self._pager = pager
        self._wanted = chosen
        self._every = every
        self._now = now
        self._rule = rule
        self._identified = identified
        self._contacts: dict[str, Contact] = {}
        self._first: dict[str, Page] = {}  # first pages that were looked at, by id
        self._shown: dict[str, str] = {}  # what they showed, of the segments that were read
        self._began = ""
        self.known: Mapping[str, Reading] = {}  # the last readings, by id; set before asking

    @cached_property
    def chosen(self) -> list[Row]:
        """Segments that are followed.

        Raises:
            ConfigValidationError: a name that no segment bears.
        """
        found = list(self._pager.rows("segments"))
        if not self._wanted:
            return [each for each in found if each.get("status") == "ACTIVE"]
        by_name = {each["name"]: each for each in found}
        if unknown := [name for name in self._wanted if name not in by_name]:
            raise setting_error(
                f"segments: Nevent has no segment named {', '.join(map(repr, unknown))}; "
                f"there are: {', '.join(sorted(by_name))}."
            )
        return [by_name[name] for name in self._wanted]

    @cached_property
    def read(self) -> list[Row]:
        """Those of them whose members are read in this run; namesakes are read together."""
        self._began = self._now()
        known = {
            each["id"]: last
            for each in self.chosen
            if (last := self.known.get(each["id"]))
            and last["defined"] == readings.defined(each, self._rule)
        }
        if readings.are_due(known.values(), now=self._began, every=self._every):
            return self.chosen
        first = self._pager.each(lambda segment: self._page(segment, 0), self.chosen)
        looks = [
            Look(row, shown, known.get(row["id"]))
            for row, shown in zip(self.chosen, first, strict=True)
        ]
        self._first = {each.row["id"]: each.page for each in looks}
        names = {each.row["name"] for each in looks if each.last is None}
        names |= {row["name"] for row in readings.others_now(looks)}
        return [each for each in self.chosen if each["name"] in names]

    @property
    def whole(self) -> bool:
        """Whether all of them are."""
        return len(self.read) == len(self.chosen)

    @cached_property
    def of(self) -> dict[str, Places]:
        """Where in `read` the segments of each member are; each is executed once a run."""
        found: dict[str, Places] = {}
        shared: dict[Places, Places] = {}  # a few combinations, many fans
        for place, segment in enumerate(self.read):
            for fan in self._executed(segment):
                key = sys.intern(fan["fan_id"])  # one text, wherever this fan is kept
                before = found.get(key, ())
                places = before if place in before else (*before, place)  # a list may move
                found[key] = shared.setdefault(places, places)
                if self._identified:
                    self._contacts[key] = (fan.get("email"), fan.get("phone"))
        return found

    @property
    def persons(self) -> Iterator[Row]:
        """The members of all of them, each once; with e-mail and phone if `identified`."""
        for fan in self.of:
            contact = self._contacts.get(fan)
            yield {"id": fan, "email": contact[0], "phone": contact[1]} if contact else {"id": fan}

    @cached_property
    def names(self) -> dict[str, Names]:
        """Names of the segments each member is in, of those read, in alphabetical order."""
        named = {
            places: tuple(sorted(str(self.read[place]["name"]) for place in places))
            for places in set(self.of.values())
        }
        return {fan: named[places] for fan, places in self.of.items()}

    @property
    def told(self) -> dict[str, Reading]:
        """The readings to keep: those of this run, and the earlier ones that still hold."""
        _ = self.of
        read = {
            each["id"]: Reading(
                at=self._began,
                seen=self._shown[each["id"]],
                defined=readings.defined(each, self._rule),
            )
            for each in self.read
        }
        held = {each["id"] for each in self.chosen}
        return {key: last for key, last in self.known.items() if key in held} | read

    def _executed(self, segment: Row) -> Iterator[Row]:
        first = self._first.pop(segment["id"], None) or self._page(segment, 0)
        self._shown[segment["id"]] = readings.seen(first)
        yield from first.rows
        if not first.last:
            rest = range(1, first.pages or 1)
            for each in self._pager.each(lambda number: self._page(segment, number), rest):
                yield from each.rows

    def _page(self, segment: Row, number: int) -> Page:
        size = self._pager.session.operation("segment_fans").max_size
        body: Any = {"definition": segment["definition"], "page": number, "page_size": size}
        return page(self._pager.session.call("segment_fans", body=body), number)
