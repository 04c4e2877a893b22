"""The names of the segments that fans are in, from one run to the next."""

from __future__ import annotations

import logging
import zlib
from base64 import b64decode, b64encode
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tap_nevent.segments import Names, Segments

MOST = 250_000  # memberships kept in the state
_HASH = 5  # bytes
logger = logging.getLogger(__name__)


class Memberships:
    """Who is in which segments: as read in this run, or else as kept in the state.

    Kept are the names of consenting members, and hashes of the others: which segments those are in
    is not known until all are read again. Where there are more than the state holds, that is so of
    everybody. Whoever is told meanwhile without names is told again then (`movers`).

    Args:
        segments: those followed.
        state: of the stream of fans; `keep` changes its "segments" and "unnamed".
    """

    def __init__(self, segments: Segments, state: dict[str, Any]) -> None:
        self._segments = segments
        self._state = state
        self._kept: dict[str, Any] | None = state.get("segments", {})
        self._unnamed = _lines(state.get("unnamed", ""))
        self._whole = segments.whole
        self.too_many = self._kept is None and not (
            self._whole and not are_too_many(segments.names)
        )
        self._movers: set[str] = set()
        self._changed = bool(segments.read) or self._whole or self._unfollowed()
        if self._whole:
            self._movers, self._unnamed = self._unnamed, set()
        if self._kept and self._changed:
            moved = joined_or_left(self._before, self._now)
            self._movers |= {fan for fan in moved if hashed(fan) not in self._silent}

    @property
    def are_new(self) -> bool:
        """Whether nothing is known of an earlier run, so that consents have to be asked for."""
        return not self._kept and not self.too_many

    def begin(self, consenting: set[str]) -> None:
        """These members consent: nothing else has to be known to go on after a run cut short."""
        self._consenting = consenting
        self._keep_members()

    def of(self, fan: str) -> list[str] | None:
        """Names of the segments of a consenting fan; None if not known."""
        if not self._whole and (self.too_many or hashed(fan) in self._silent):
            return None
        found = self._now.get(fan)
        if found:
            self._consenting.add(fan)
        return list(found or ())

    def told(self, fan: str, *, named: bool) -> None:
        """This fan was told, with names or without."""
        if named:
            self._movers.discard(fan)
        else:
            self._unnamed.add(fan)

    def silence(self, fan: str) -> None:
        """This fan does not consent."""
        self._movers.discard(fan)
        self._unnamed.discard(fan)
        if not self.too_many and fan in self._consenting:
            self._consenting.discard(fan)
            self._changed = True

    def movers(self) -> list[str]:
        """Fans to be told although nothing else of them changed."""
        return sorted(self._movers)

    def save(self) -> None:
        """Put into the state who was told without names; the run may be cut short."""
        if not self._whole and (self._unnamed or "unnamed" in self._state):
            self._state["unnamed"] = _text(self._unnamed)

    def keep(self) -> None:
        """Put into the state what the next run has to know."""
        if len(self._unnamed) > MOST:
            logger.warning(
                "More than %s fans changed since all segments were read: not all of them get the "
                "names of theirs. Set segments_every to less.",
                f"{MOST:,}",
            )
            self._unnamed.clear()
        self.save()
        if self._whole:
            self._state.pop("unnamed", None)
        self._keep_members()

    def _keep_members(self) -> None:
        if self._whole and self.too_many:
            self._state["segments"] = packed(self._segments.names)
        elif self._changed and not self.too_many:
            known = {fan: each for fan, each in self._now.items() if fan in self._consenting}
            silent = {hashed(fan) for fan in self._now.keys() - known.keys()}
            self._state["segments"] = packed(
                known, silent if self._whole else silent | self._silent
            )
        self._state["readings"] = self._segments.told

    def _unfollowed(self) -> bool:
        """Whether the state names a segment that is not followed any more."""
        kept = self._kept["combinations"] if self._kept else ()
        return not {name for each in kept for name in each} <= self._followed

    @cached_property
    def _followed(self) -> set[str]:
        return {str(each["name"]) for each in self._segments.chosen}

    @cached_property
    def _before(self) -> dict[str, Names]:
        return unpacked(self._kept) if self._kept else {}

    @cached_property
    def _now(self) -> dict[str, Names]:
        """As far as is known; of all members where all segments were read."""
        if self._whole:
            return self._segments.names
        if not self._changed:
            return self._before
        still = self._followed - {str(each["name"]) for each in self._segments.read}
        others = {
            each: tuple(name for name in each if name in still)
            for each in set(self._before.values())
        }
        found = {fan: others[each] for fan, each in self._before.items() if others[each]}
        for fan, each in self._segments.names.items():
            found[fan] = tuple(sorted((*found.get(fan, ()), *each)))
        return found

    @cached_property
    def _silent(self) -> set[bytes]:
        return unpacked_silent(self._kept) if self._kept else set()

    @cached_property
    def _consenting(self) -> set[str]:
        return set(self._before)


def are_too_many(names: Mapping[str, Names]) -> bool:
    """Whether the state cannot hold them."""
    return sum(map(len, names.values())) > MOST


def packed(names: Mapping[str, Names], silent: Collection[bytes] = ()) -> dict[str, Any] | None:
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
    return {
        "combinations": [list(each) for each in combinations],
        "members": _text(f"{fan}:{numbers[each]}" for fan, each in names.items()),
        "others": b64encode(b"".join(sorted(silent))).decode(),
    }


def unpacked(kept: Mapping[str, Any]) -> dict[str, Names]:
    """Memberships out of the state."""
    combinations = [tuple(each) for each in kept["combinations"]]
    pairs = (line.rsplit(":", 1) for line in _lines(kept["members"]))
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


def _text(lines: Iterable[str]) -> str:
    return b64encode(zlib.compress("\n".join(sorted(lines)).encode(), 9)).decode()


def _lines(text: str) -> set[str]:
    lines = zlib.decompress(b64decode(text)).decode() if text else ""
    return {line for line in lines.split("\n") if line}
