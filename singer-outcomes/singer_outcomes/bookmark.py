"""How far a stream of a tap has read, and which rows it met near that point."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_KEPT = 25_000  # 450 kB of state; more than an hour's changes of 10,000 fans make
_HASH = 11  # characters of a key's hash; the minute of its change, in hexadecimal, follows
_ENTRY = _HASH + 7


class Bookmark:
    """Never falls, never passes the server's now.

    The stream reads again what changed up to `lookback` before it, for rows come late; what it met
    there is known by hashes of key and time in the state, and is not given twice. Beyond 25,000 of
    them rows repeat, harmlessly. Times are compared as text, in the one form of `moment`.
    """

    def __init__(
        self,
        state: dict[str, Any],
        *,
        lookback: timedelta,
        now: Callable[[], datetime],
        start: str | None = None,
    ) -> None:
        self._state = state
        self._lookback = lookback
        self._now = now
        self._start = self.moment(start)
        self.value: str | None = self.moment(state.get("replication_key_value"))
        self._held: str | None = None
        self._holding = False
        packed = state.get("met", "")
        entries = (packed[i : i + _ENTRY] for i in range(0, len(packed), _ENTRY))
        self._met = {each[:_HASH]: int(each[_HASH:], 16) for each in entries}
        self._new: dict[tuple[Any, ...], str] = {}  # met in this run: few are ever hashed
        self._past = ""  # a time that the server's clock has passed

    @staticmethod
    def moment(value: Any) -> str | None:
        """A time as `2026-01-31T12:00:00+00:00`; None if it is none."""
        return moment(value)

    @staticmethod
    def written(time: datetime) -> str:
        """This time in the form of `moment`."""
        return written(time)

    @property
    def since(self) -> str | None:
        """From when on to read; None for everything."""
        if self.value is None:
            return self._start
        floor = self.written(datetime.fromisoformat(self.value) - self._lookback)
        return max(floor, self._start or floor)

    def met(self, *key: Any) -> bool:
        """Whether this row, as it is, was given before."""
        return key in self._new or (bool(self._met) and _hashed(key) in self._met)

    def meet(self, at: str, *key: Any) -> None:
        """Remember a row given, and its time."""
        self._new[key] = at
        if len(self._new) > 2 * _KEPT:
            self._prune()

    def meet_all(self, met: Mapping[tuple[Any, ...], str]) -> None:
        """Remember rows given, each with its time."""
        self._new.update(met)
        if len(self._new) > 2 * _KEPT:
            self._prune()

    def reach(self, at: str) -> None:
        """Move forward to this time, or as far as the server's clock allows."""
        if self._holding:
            self._held = max(at, self._held or at)
        elif self.value is None or at > self.value:
            if at > self._past:  # else there is no need to ask again what time it is
                self._past = self.written(self._now())
            self.value = max(min(at, self._past), self.value or "")
            self._state["replication_key_value"] = self.value

    def hold(self, *, holding: bool) -> None:
        """Stand still while rows come in no order; on release, move as far as they reached."""
        self._holding = holding
        if not holding and self._held:
            at, self._held = self._held, None
            self.reach(at)

    def save(self) -> None:
        """Write what was met into the state."""
        self._prune()
        met = self._met | {_hashed(key): _minute(at) for key, at in self._new.items()}
        if len(met) > _KEPT:
            met = dict(sorted(met.items(), key=itemgetter(1))[-_KEPT:])
        if met:
            self._state["met"] = "".join(
                f"{key}{minute:07x}" for key, minute in sorted(met.items())
            )
        else:
            self._state.pop("met", None)

    def _prune(self) -> None:
        """Forget what lies before the look-back, and of the rest all but the latest."""
        if self.value is not None:
            floor = self.written(datetime.fromisoformat(self.value) - self._lookback)
            minute = _minute(floor)
            self._new = {key: at for key, at in self._new.items() if at >= floor}
            self._met = {key: at for key, at in self._met.items() if at >= minute}
        if len(self._new) > _KEPT:
            self._new = dict(sorted(self._new.items(), key=itemgetter(1))[-_KEPT:])


def moment(value: Any) -> str | None:
    """A time as `2026-01-31T12:00:00+00:00`, in UTC; None if it is none."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value)
        return written(read if read.tzinfo else read.replace(tzinfo=UTC))
    except (ValueError, OverflowError):  # or before the year 1, once it is UTC
        return None


def written(time: datetime) -> str:
    """This time in UTC, to the second."""
    return time.astimezone(UTC).isoformat(timespec="seconds")


def _hashed(key: tuple[Any, ...]) -> str:
    text = "\x1f".join(map(str, key))  # a row may tell no time, and an id be a number
    digest = blake2b(text.encode(), digest_size=8).digest()
    return urlsafe_b64encode(digest)[:_HASH].decode()


def _minute(at: str) -> int:
    read = datetime.fromisoformat(at)
    return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() // 60)
