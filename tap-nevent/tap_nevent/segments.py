"""Who is in which segment, now and at the last run.

Membership is computed by Nevent when asked, and no fan's `updatedAt` tells of it.
"""

from __future__ import annotations

import logging
import sys
import zlib
from base64 import b64decode, b64encode
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from nevent_client.rows import Row, page

from tap_nevent.consent import setting_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nevent_client.paging import Pager

MOST = 250_000  # memberships kept in the state
_HASH = 5  # bytes
Names = tuple[str, ...]
Places = tuple[int, ...]
Contact = tuple[str | None, str | None]  # e-mail, phone
logger = logging.getLogger(__name__)


class Segments:
    """The chosen segments (all active ones by default) and their members.

    There may be as many members as fans: of each no more is kept than is needed.
    """

    def __init__(
        self, pager: Pager, chosen: Sequence[str] | None, *, identified: bool = False
    ) -> None:
        self._pager = pager
        self._wanted = chosen
        self._identified = identified
        self._contacts: dict[str, Contact] = {}

    @cached_property
    def chosen(self) -> list[Row]:
        """Segments to execute.

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
    def of(self) -> dict[str, Places]:
        """Where in `chosen` the segments of each member are; each is executed once a run."""
        found: dict[str, Places] = {}
        shared: dict[Places, Places] = {}  # a few combinations, many fans
        for place, segment in enumerate(self.chosen):
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
        """Names of the segments each member is in, in alphabetical order."""
        named = {
            places: tuple(sorted(str(self.chosen[place]["name"]) for place in places))
            for places in set(self.of.values())
        }
        return {fan: named[places] for fan, places in self.of.items()}

    def _executed(self, segment: Row) -> Iterator[Row]:
        size = self._pager.session.operation("segment_fans").max_size

        def fetched(number: int) -> Any:
            body = {"definition": segment["definition"], "page": number, "page_size": size}
            return page(self._pager.session.call("segment_fans", body=body), number)

        first = fetched(0)
        yield from first.rows
        if not first.last:
            for each in self._pager.each(fetched, range(1, first.pages or 1)):
                yield from each.rows


def are_too_many(names: Mapping[str, Names]) -> bool:
    """Whether the state cannot hold them."""
    return sum(map(len, names.values())) > MOST


def packed(names: Mapping[str, Names], silent: Iterable[str] = ()) -> dict[str, Any] | None:
    """Memberships for the state, of the `silent` hashes only; None where there are too many."""
    if are_too_many(names):
        logger.warning(
            "More than %s segment memberships: nevent_segments follows only other changes of a "
            "fan. Choose fewer segments (setting `segments`) to have it follow at once.",
            f"{MOST:,}",
        )
        return None
    combinations = sorted(set(names.values()))
    numbers = {each: number for number, each in enumerate(combinations)}
    lines = sorted(f"{fan}:{numbers[each]}" for fan, each in names.items())
    members = b64encode(zlib.compress("\n".join(lines).encode(), 9)).decode()
    others = b64encode(b"".join(sorted(map(hashed, silent)))).decode()
    return {
        "combinations": [list(each) for each in combinations],
        "members": members,
        "others": others,
    }


def unpacked(kept: Mapping[str, Any]) -> dict[str, Names]:
    """Memberships out of the state."""
    combinations = [tuple(each) for each in kept["combinations"]]
    text = zlib.decompress(b64decode(kept["members"])).decode()
    pairs = (line.rsplit(":", 1) for line in text.split("\n") if line)
    return {fan: combinations[int(number)] for fan, number in pairs}


def unpacked_silent(kept: Mapping[str, Any]) -> set[bytes]:
    """Hashes of the members who did not consent, out of the state."""
    text = b64decode(kept.get("others", ""))
    return {text[i : i + _HASH] for i in range(0, len(text), _HASH)}


def hashed(fan: str) -> bytes:
    """A short hash of a fan's id: the ids of who did not consent are in no state."""
    return blake2b(fan.encode(), digest_size=_HASH).digest()


def joined_or_left(before: Mapping[str, Names], now: Mapping[str, Names]) -> set[str]:
    """Fans whose segments are others than before."""
    return {fan for fan in before.keys() | now.keys() if before.get(fan) != now.get(fan)}
