"""What subscribing, unsubscribing and suppressing make of people, inside one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from nevent_sandbox.klaviyo.identities import AMONG
from nevent_sandbox.klaviyo.lists import join, known_list
from nevent_sandbox.klaviyo.natives import JOINED, LEFT, SUBSCRIBED, UNSUBSCRIBED, Natives

if TYPE_CHECKING:
    import sqlite3

EMAIL = "email.marketing"
SMS, TRANSACTIONAL = "sms.marketing", "sms.transactional"
CHANNELS = (EMAIL, SMS, TRANSACTIONAL)
GIVEN, WITHDRAWN, NEVER = "SUBSCRIBED", "UNSUBSCRIBED", "NEVER_SUBSCRIBED"
UNSUBSCRIBE, COMPLAINT, BOUNCE = "UNSUBSCRIBE", "SPAM_COMPLAINT", "HARD_BOUNCE"
BY_HAND = "USER_SUPPRESSED"
LIFTED = (UNSUBSCRIBE, COMPLAINT, BY_HAND)  # by subscribing
_CONSENT = "INSERT OR REPLACE INTO consents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SUPPRESSION = "INSERT OR IGNORE INTO suppressions VALUES (?, ?, ?)"


class Act(NamedTuple):
    """Where consent or its withdrawal comes from. Times are seconds."""

    now: float  # when it is recorded
    method: str
    detail: str = ""
    custom: str | None = None
    double_optin: bool = False
    historical: bool = False


class Register:
    """Consent, suppressions and memberships of people, and the events that tell of changes.

    Args:
        visible: from when reads see the events.
    """

    def __init__(self, db: sqlite3.Connection, act: Act, *, visible: float) -> None:
        self._db = db
        self._act = act
        self._natives = Natives(db, now=act.now, visible=visible)
        self._lists: dict[str, tuple[int, str]] = {}
        self._loaded: set[int] = set()
        self._held: dict[tuple[int, str], str] = {}  # consent of those loaded
        self._suppressed: set[tuple[int, str]] = set()  # suppressions of those loaded
        self._given: dict[tuple[int, str], tuple[Any, ...]] = {}  # consents to write
        self._kept_away: list[tuple[int, str, int]] = []  # suppressions to write
        self._joining: dict[int, list[int]] = {}  # members to write, by list
        self._lists_of: dict[str, tuple[set[int], set[int]]] = {}

    def load(self, profiles: list[int]) -> None:
        """Read what is known of many at once; what they do is then written by `save`."""
        asked = [msgspec.json.encode(profiles).decode()]
        sql = f"SELECT profile, channel, consent FROM consents WHERE profile IN {AMONG}"  # noqa: S608  # our own names
        self._held = {(each, channel): held for each, channel, held in self._db.execute(sql, asked)}
        sql = f"SELECT profile, reason FROM suppressions WHERE profile IN {AMONG}"  # noqa: S608  # the same
        self._suppressed = set(self._db.execute(sql, asked))
        self._loaded = set(profiles)

    def save(self) -> None:
        """Write the events, and what those who were loaded did; the rest is written already."""
        self._db.executemany(_CONSENT, self._given.values())
        self._db.executemany(_SUPPRESSION, self._kept_away)
        for number, profiles in self._joining.items():
            join(self._db, [number], profiles, self._act.now)
        self._joining.clear()
        self._given.clear()
        self._kept_away.clear()
        self._natives.save()

    def subscribe(self, profile: int, channel: str, at: float) -> None:
        """Consent for one channel, given at a moment: lifts what a consent lifts."""
        lifted = 0
        if channel == EMAIL:
            lifted = self.lift(profile, *LIFTED)
        if self._consent(profile, channel, GIVEN, at) or lifted:
            self._tell(profile, SUBSCRIBED.get(channel), at)

    def unsubscribe(self, profile: int, channel: str, at: float) -> None:
        """Withdraw one channel's consent everywhere. A second time changes nothing."""
        if self.consent(profile, channel) != WITHDRAWN:
            self._consent(profile, channel, WITHDRAWN, at)
            self._tell(profile, UNSUBSCRIBED.get(channel), at)
        if channel == EMAIL:
            self.suppress(profile, UNSUBSCRIBE, at)

    def join(self, profile: int, list_id: str, at: float) -> None:
        """Put someone who subscribed on a list; what kept its mail from them is lifted."""
        number, name = self._list(list_id)
        members, kept_away = self._on(list_id)
        if profile in kept_away or profile not in self._loaded:
            sql = "DELETE FROM list_suppressions WHERE profile = ? AND list = ?"
            self._db.execute(sql, (profile, list_id))
        if not self.is_member(profile, list_id):
            if profile in self._loaded:
                members.add(profile)
                self._joining.setdefault(number, []).append(profile)
            else:
                join(self._db, [number], [profile], self._act.now)
            self._natives.add(profile, JOINED, at, {"List": name}, backfill=self._act.historical)

    def leave(self, profile: int, list_id: str, at: float) -> None:
        """Unsubscribe a member from one list: off it, and suppressed for it."""
        number, name = self._list(list_id)
        self._on(list_id)[0].discard(profile)
        self._db.execute("DELETE FROM members WHERE list = ? AND profile = ?", (number, profile))
        self._db.execute(
            "INSERT OR REPLACE INTO list_suppressions VALUES (?, ?, ?, ?)",
            (profile, list_id, UNSUBSCRIBE, int(at)),
        )
        self._touch(profile)
        self._natives.add(profile, LEFT, at, {"List": name}, backfill=False)

    def is_member(self, profile: int, list_id: str) -> bool:
        """Whether someone is on a list."""
        if profile in self._loaded:
            return profile in self._on(list_id)[0]
        sql = "SELECT 1 FROM members WHERE list = ? AND profile = ?"
        return self._db.execute(sql, (self._list(list_id)[0], profile)).fetchone() is not None

    def consent(self, profile: int, channel: str) -> str:
        """What is known of one channel."""
        if profile in self._loaded:
            return self._held.get((profile, channel), NEVER)
        sql = "SELECT consent FROM consents WHERE profile = ? AND channel = ?"
        row = self._db.execute(sql, (profile, channel)).fetchone()
        return NEVER if row is None else str(row[0])

    def suppress(self, profile: int, reason: str, at: float) -> bool:
        """Keep mail from someone, whatever they consented to; whether that is new."""
        row = (profile, reason, int(at))
        if profile in self._loaded:
            new = (profile, reason) not in self._suppressed
            if new:
                self._suppressed.add((profile, reason))
                self._kept_away.append(row)
        else:
            new = self._db.execute(_SUPPRESSION, row).rowcount > 0
        if new:
            self._touch(profile)
        return new

    def lift(self, profile: int, *reasons: str) -> int:
        """Take suppressions for these reasons away; how many there were."""
        if profile in self._loaded:
            gone = {(profile, reason) for reason in reasons} & self._suppressed
            if not gone:
                return 0
            self._suppressed -= gone
            self._kept_away = [each for each in self._kept_away if each[:2] not in gone]
        marks = ", ".join("?" * len(reasons))
        sql = f"DELETE FROM suppressions WHERE profile = ? AND reason IN ({marks})"  # noqa: S608  # marks
        lifted = self._db.execute(sql, (profile, *reasons)).rowcount
        if profile in self._loaded:
            lifted = len(gone)  # some may not have been written yet
        if lifted:
            self._touch(profile)
        return lifted

    def _on(self, list_id: str) -> tuple[set[int], set[int]]:
        """Of those loaded: who is on a list, and from whom its mail is kept."""
        known = self._lists_of.get(list_id)
        if known is None:
            asked = msgspec.json.encode(sorted(self._loaded)).decode()
            found = []
            for table, of in (
                ("members", self._list(list_id)[0]),
                ("list_suppressions", list_id),
            ):
                sql = f"SELECT profile FROM {table} WHERE list = ? AND profile IN {AMONG}"  # noqa: S608  # our own names
                found.append({each for (each,) in self._db.execute(sql, (of, asked))})
            known = self._lists_of[list_id] = (found[0], found[1])
        return known

    def happened(self, profile: int, metric: str, at: float, **properties: str) -> None:
        """An event that changes no consent."""
        self._natives.add(profile, metric, at, properties, backfill=False)

    def _consent(self, profile: int, channel: str, consent: str, at: float) -> bool:
        """Whether it differs from what was known."""
        before, act = self.consent(profile, channel), self._act
        row = (
            profile,
            channel,
            consent,
            int(at),
            int(act.now),
            act.method,
            act.detail,
            act.custom,
            act.double_optin if consent == GIVEN else None,
        )
        if profile in self._loaded:
            self._held[profile, channel] = consent
            self._given[profile, channel] = row
        else:
            self._db.execute(_CONSENT, row)
        return before != consent

    def _touch(self, profile: int) -> None:
        """Date what is known of someone's e-mail."""
        if (profile, EMAIL) in self._given:
            return  # dated by its own writing
        self._db.execute(
            "INSERT INTO consents (profile, channel, consent, updated) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET updated = excluded.updated",
            (profile, EMAIL, NEVER, int(self._act.now)),
        )

    def _tell(self, profile: int, metric: str | None, at: float) -> None:
        if metric is not None:
            act = self._act
            properties = {"method": act.method, "custom_method_detail": act.custom}
            self._natives.add(profile, metric, at, properties, backfill=act.historical)

    def _list(self, list_id: str) -> tuple[int, str]:
        if list_id not in self._lists:
            number = known_list(self._db, list_id)
            sql = "SELECT name FROM lists WHERE n = ?"
            self._lists[list_id] = (number, self._db.execute(sql, (number,)).fetchone()[0])
        return self._lists[list_id]
