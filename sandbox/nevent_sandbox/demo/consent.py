"""What Klaviyo holds of everybody's consent, beside what was said in Nevent."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_sandbox.demo.fan import Pair
from nevent_sandbox.demo.preferences import (
    CHANNELS,
    EMAIL,
    NEVER,
    SMS,
    SUBSCRIBED,
    UNSUBSCRIBED,
    Place,
    Preferences,
    places,
)
from nevent_sandbox.demo.promises import Promise

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = dict[str, Any]

_UNUSABLE = {EMAIL: "no e-mail address", SMS: "no phone number that can be"}
COLUMNS = {EMAIL: "email", SMS: "phone_number"}


class Held(NamedTuple):
    """Consent of one channel in Klaviyo."""

    consent: str
    at: str | None
    opted_out: str | None  # since when, for whatever reason
    reachable: bool


NOTHING = Held(NEVER, None, None, reachable=False)


class Consents:
    """By channel and address or number; and the places where a double opt-in waits for a click."""

    def __init__(self, told: Iterable[Row]) -> None:
        self.held: dict[Place, Held] = {}
        self.pending: set[Place] = set()
        for person in told:
            for channel, column in COLUMNS.items():
                if person[column]:
                    marketing = person["subscriptions"][channel]["marketing"]
                    self.held[channel, person[column]] = _held(channel, marketing)
            for each in person["to_confirm"]:
                channel = str(each["channel"]).partition(".")[0]
                self.pending.add((channel, person[COLUMNS[channel]]))

    def of(self, place: Place) -> Held:
        """One channel of one address or number."""
        return self.held.get(place, NOTHING)

    def may_mail(self, email: str) -> bool:
        """Whether Klaviyo would mail this profile; it does who was never asked, too."""
        held = self.held.get((EMAIL, email))
        return held is None or held.reachable

    def counts(self) -> dict[str, Counter[str]]:
        """Channel → how many are subscribed and unsubscribed."""
        found: dict[str, Counter[str]] = {channel: Counter() for channel in CHANNELS}
        for (channel, _), held in self.held.items():
            found[channel][held.consent] += 1
        return found


def withheld(
    preferences: Preferences, ledger: Iterable[Row], everybody: str | None
) -> dict[str, Counter[str]]:
    """Channel → why something that was said went no further, and how often.

    Args:
        preferences: of all who should be there.
        ledger: the loader's record of consents.
        everybody: the list that stands for the whole channel; others are of newsletters.
    """
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for channel in CHANNELS:
        found[channel]["undated, so neither yes nor no"] = preferences.undated[channel]
        found[channel][_UNUSABLE[channel]] = preferences.unusable[channel]
    for entry in ledger:
        if entry["decision"] == "withhold":
            what = "" if entry["list_id"] in {None, everybody} else "newsletter: "
            found[entry["channel"]][f"{what}{entry['reason']}"] += 1
    return {channel: +reasons for channel, reasons in found.items()}


def agrees(preferences: Preferences, consents: Consents, *, old: str) -> list[Promise]:
    """Both sides say the same of everybody, nobody is taken for subscribed, nobody was mailed.

    Args:
        preferences: of all who should be there.
        consents: of all who are there.
        old: consents before this moment are history, which asks nobody for a confirmation.
    """
    kept = []
    for channel, name in CHANNELS.items():
        wrong = 0
        counts = consents.counts()[channel]
        for place in {*preferences.words, *consents.held}:
            if place[0] == channel:
                consent = SUBSCRIBED if place in consents.pending else consents.of(place).consent
                wrong += consent not in preferences.allowed(place)
        text = (
            f"{name}: {counts[SUBSCRIBED]} subscribed and {counts[UNSUBSCRIBED]} unsubscribed, as "
            "Nevent's dated preferences say"
        )
        kept.append(Promise(f"{text} (not so for {wrong})" if wrong else text, not wrong))
    given = {place for place, held in consents.held.items() if held.consent == SUBSCRIBED}
    made_up = [p for p in given if not any(w.yes for w in preferences.words.get(p, ()))]
    text = "nobody is subscribed without a dated consent in Nevent"
    kept.append(Promise(f"{text} ({len(made_up)} are)" if made_up else text, not made_up))
    return [*kept, _nobody_was_mailed(preferences, consents, old)]


def _nobody_was_mailed(preferences: Preferences, consents: Consents, old: str) -> Promise:
    asked = [
        place
        for place in consents.pending
        if not any(word.yes and word.at >= old for word in preferences.words.get(place, ()))
    ]
    young = len(consents.pending) - len(asked)
    text = "nobody was asked to confirm a consent given long ago"
    text += f" ({len(asked)} were)" if asked else ""
    text += f"; {young} young ones wait for their double opt-in" if young else ""
    return Promise(text, not asked)


def of_fan(fan: str, row: Row, preferences: Preferences, consents: Consents) -> list[Pair]:
    """A fan's consent on both sides, channel by channel."""
    pairs = []
    for channel, place in places(row).items():
        words = [
            f"{word.newsletter + ': ' if word.newsletter else ''}{'yes' if word.yes else 'no'}, "
            f"{word.at[:10]}"
            for word in preferences.of(fan, channel)
        ]
        held = consents.of((channel, place or ""))
        there = held.consent.lower().replace("_", " ")
        there += f", {(held.opted_out or held.at or '')[:10]}".removesuffix(", ")
        same = held.consent in preferences.allowed((channel, place or ""))
        pairs.append(
            Pair(f"{CHANNELS[channel]} consent", "; ".join(words) or "undated", there, same)
        )
    return pairs


def _held(channel: str, marketing: Row) -> Held:
    since = [each["timestamp"] for each in marketing.get("suppression") or ()]
    if marketing["consent"] == UNSUBSCRIBED:
        since.append(marketing["last_updated"])
    return Held(
        marketing["consent"],
        marketing["consent_timestamp"],
        max(filter(None, since), default=None),
        bool(marketing[f"can_receive_{channel}_marketing"]),
    )
