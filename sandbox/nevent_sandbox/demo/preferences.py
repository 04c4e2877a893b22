"""What fans said in Nevent of e-mail and SMS, with its dates, and what follows from it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_sandbox.demo.audience import Audience, address, number

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, Any]
Place = tuple[str, str]  # channel, and the address or number

EMAIL, SMS = "email", "sms"
CHANNELS = {EMAIL: "e-mail", SMS: "SMS"}
SUBSCRIBED, UNSUBSCRIBED, NEVER = "SUBSCRIBED", "UNSUBSCRIBED", "NEVER_SUBSCRIBED"
CONFIRMED = "CONFIRMED"


class Word(NamedTuple):
    """A yes or a no, when it was said, and to which newsletter ("": to the channel)."""

    at: str
    yes: bool
    newsletter: str = ""


class Preferences:
    """Dated words of the fans whom Klaviyo can know, by channel and address or number.

    `undated` counts preferences without a date, `unusable` dated ones without an address or number
    that can be. `entangled` holds numbers of which Klaviyo may have the word of another fan: both
    have one address, so one profile, and the profile has the number of either.
    """

    def __init__(self, audience: Audience) -> None:
        self.words: defaultdict[Place, list[Word]] = defaultdict(list)
        self.undated: Counter[str] = Counter()
        self.unusable: Counter[str] = Counter()
        self._audience = audience
        numbers: set[str] = set().union(*audience.shared_addresses().values())
        self.entangled: set[Place] = {(SMS, each) for each in numbers}
        reachable = set(audience.reachable())
        for fan in audience.fans.keys() - reachable:
            # Whose address is broken is not loaded, but a no to text messages travels.
            if place := number(audience.fans[fan]):
                self.words[SMS, place] += [w for w in self.of(fan, SMS) if not w.yes]
        for fan in reachable:
            for channel, place in places(audience.fans[fan]).items():
                told = list(self.of(fan, channel))
                if not told:
                    self.undated[channel] += 1
                elif place is None:
                    self.unusable[channel] += 1
                else:
                    self.words[channel, place] += told

    def of(self, fan: str, channel: str) -> Iterator[Word]:
        """A fan's own dated words; a newsletter that was left says nothing of the channel."""
        preferences = self._audience.fans[fan]["communicationPreferences"]
        if at := preferences[f"{channel}ChangedAt"]:
            yield Word(at, bool(preferences[f"{channel}Enabled"]))
        for row in self._audience.subscriptions.get(fan, ()) if channel == EMAIL else ():
            at = (row["consent"] or {}).get("timestamp") or row["subscribedAt"]
            if row["status"] == CONFIRMED and at:
                yield Word(at, yes=True, newsletter=self._audience.newsletters[row["newsletterId"]])

    def allowed(self, place: Place) -> set[str]:
        """What Klaviyo may hold; one thing, unless two fans with one address contradict each other.

        A no to the whole channel outweighs a yes to a newsletter.
        """
        words = self.words.get(place)
        if not words:
            return {NEVER}
        if all(word.yes for word in words):
            return {SUBSCRIBED}
        contradicted = any(word.yes and not word.newsletter for word in words)
        return {UNSUBSCRIBED, SUBSCRIBED} if contradicted and max(words).yes else {UNSUBSCRIBED}


def places(row: Row) -> dict[str, str | None]:
    """Channel → where it reaches a fan."""
    return {EMAIL: address(row), SMS: number(row)}
