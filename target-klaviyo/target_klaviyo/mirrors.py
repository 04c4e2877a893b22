"""Lists that hold exactly the people named in a run: others leave."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from target_klaviyo.people import People

logger = logging.getLogger("target-klaviyo")


class _Mirror:
    """One list: its members by identifier as they were, and the profiles named in this run."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.members: dict[str, str] | None = None  # identifier -> profile id
        self.named: set[str] = set()  # profile ids
        self.anybody = False  # somebody was named


class Mirrors:
    """Set difference between a list in Klaviyo and the people named for it. Any thread may ask.

    People leave only when the input shows that those streams were read to their ends, and named
    somebody: a tap that failed in the middle has not named everybody.
    """

    def __init__(self, people: People) -> None:
        self._people = people
        self._lock = threading.Lock()
        self._lists: dict[str, _Mirror] = {}
        self._sources: set[str] = set()  # streams that name people or lists
        self._latest = ""  # the stream whose SCHEMA came last
        self.any = False  # whether a record has come that names a mirrored list

    def declare(self, list_id: str) -> None:
        """This list is a mirror, though maybe of nobody."""
        self._mirror(list_id)

    def named(self, list_id: str, people: Iterable[str]) -> bool:
        """Note that this person belongs on the list; whether they are on it already."""
        mirror = self._mirror(list_id)
        with mirror.lock:
            members = self._members(mirror, list_id)
            mirror.anybody = True
            found = {members[each] for each in people if each in members}
            mirror.named |= found
            return bool(found)

    def schema(self, source: str, *, feeds: bool) -> None:
        """A stream's SCHEMA came: what was read before is read to its end."""
        self._latest = source
        if feeds:
            self._sources.add(source)

    def leavers(self) -> Iterator[tuple[str, list[str]]]:
        """For each list the ids of members whom nobody named, once all is read."""
        if not self._lists:
            return
        if self._latest in self._sources:
            logger.warning(
                "Nobody is taken off mirrored lists: no other stream follows '%s', so nothing "
                "shows that it was read to its end.",
                self._latest,
            )
            return
        if not any(mirror.anybody for mirror in self._lists.values()):
            logger.warning(
                "Nobody is taken off mirrored lists: not one person was named for any of them. A "
                "source that could not be read looks the same."
            )
            return
        for list_id, mirror in self._lists.items():
            members = self._members(mirror, list_id)
            left = sorted(set(members.values()) - mirror.named)
            if left:
                yield list_id, left

    def _mirror(self, list_id: str) -> _Mirror:
        with self._lock:
            return self._lists.setdefault(list_id, _Mirror())

    def _members(self, mirror: _Mirror, list_id: str) -> dict[str, str]:
        """Read once, before anybody is added."""
        if mirror.members is None:
            mirror.members = {}
            for profile in self._people.members(list_id):
                attributes = profile["attributes"]
                for column, prefix in (("email", ""), ("phone_number", ""), ("external_id", "id:")):
                    if value := attributes.get(column):
                        key = value.lower() if column == "email" else prefix + value
                        mirror.members[key] = profile["id"]
        return mirror.members
