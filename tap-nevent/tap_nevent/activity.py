"""What a fan's purchases, attendance and likes add up to: pure, no I/O, no clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_nevent.custom_fields import value as custom_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nevent_client.rows import Row

    from tap_nevent.concerts import Artist, Concert

_LIKE = 3  # a like tells as much as having seen an artist so many times
_MOST = 5  # names in a list


@dataclass(slots=True)
class Facts:
    """What is known of one fan; concerts by id, artists as Nevent shows them."""

    attended: list[str] = field(default_factory=list)
    tickets: list[tuple[str, str, bool]] = field(default_factory=list)  # concert, type, VIP
    spent: list[tuple[str, int]] = field(default_factory=list)  # currency, cents less refunds
    liked: list[Artist] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decide what a fan's activity says."""

    currency: str
    rates: Mapping[str, float]
    vip: Mapping[str, Any] | None
    vip_definition: str | None = None  # the custom field that vip names


@dataclass(frozen=True)
class Programme:
    """The organiser's concerts, who plays at those in question, and what time it is (UTC)."""

    concerts: Mapping[str, Concert]
    lineups: Mapping[str, tuple[Artist, ...]]
    now: str

    @cached_property
    def on_sale(self) -> list[tuple[Concert, tuple[Artist, ...]]]:
        """Concerts that tickets can be bought for, the next one first, and who plays there."""
        found = [each for each in self.concerts.values() if each.is_on_sale(self.now)]
        found.sort(key=lambda each: (each.starts, each.id))
        return [(each, self.lineups.get(each.id, ())) for each in found]

    @cached_property
    def offered(self) -> dict[str, frozenset[str]]:
        """Genres of those who play there, by name."""
        lineups = (
            self.lineups.get(each.id, ())
            for each in self.concerts.values()
            if each.is_on_sale(self.now)
        )
        return {each.name: frozenset(each.genres) for lineup in lineups for each in lineup}


def activity(fan: Row, facts: Facts, programme: Programme, rules: Rules) -> Row:
    """The derived columns of the stream fan_activity."""
    known = [programme.concerts[each] for each in facts.attended if each in programme.concerts]
    seen = sorted(known, key=lambda each: (each.starts, each.id))
    artists = _artists(facts, programme)
    genres = _genres(facts, seen, programme)
    following = _next(facts, programme)
    offered = _on_sale(facts, programme, artists)
    return {
        "total_events_attended": len(set(facts.attended)),
        "total_spent": spent(facts, rules),
        "first_event_date": seen[0].date if seen else None,
        "last_event_date": seen[-1].date if seen else None,
        "last_event_attended": seen[-1].name if seen else None,
        "next_event": following.name if following else None,
        "next_event_date": following.date if following else None,
        "next_event_on_sale": offered.name if offered else None,
        "next_event_on_sale_date": offered.date if offered else None,
        "favorite_genres": _best(genres),
        "favorite_artist": next(iter(_best(artists)), None),
        "recommended_artists": _recommended(programme, artists, genres),
        "vip_status": vip(fan, facts, rules),
    }


def spent(facts: Facts, rules: Rules) -> float:
    """Money spent in the currency of the rules; other currencies count only with a rate."""
    rates = {**rules.rates, rules.currency: 1.0}
    return round(sum(rates.get(code, 0.0) * cents for code, cents in facts.spent) / 100, 2)


def vip(fan: Row, facts: Facts, rules: Rules) -> bool:
    """Whether a ticket, a tag or a custom field makes this fan a VIP."""
    tags = {str(each).casefold() for each in fan.get("tags") or []}
    if not rules.vip:
        named = any(is_vip or "vip" in kind.casefold() for _, kind, is_vip in facts.tickets)
        return named or "vip" in tags
    if tags & {str(each).casefold() for each in rules.vip.get("tags") or ()}:
        return True
    kinds = {str(each).casefold() for each in rules.vip.get("ticket_types") or ()}
    if any(kind.casefold() in kinds for _, kind, _ in facts.tickets):
        return True
    return any(
        custom_value("BOOLEAN", each.get("value"))
        for each in fan.get("customFieldValues") or ()
        if each.get("propertyDefinitionId") == rules.vip_definition
    )


def _artists(facts: Facts, programme: Programme) -> Counter[str]:
    scores: Counter[str] = Counter()
    for artist in facts.liked:
        scores[artist.name] += _LIKE
    for concert in facts.attended:
        for artist in programme.lineups.get(concert, ()):
            scores[artist.name] += 1
    return scores


def _genres(facts: Facts, seen: Iterable[Concert], programme: Programme) -> Counter[str]:
    scores: Counter[str] = Counter()
    for artist in facts.liked:
        for genre in artist.genres:
            scores[genre] += _LIKE
    for concert in seen:
        heard = {g for artist in programme.lineups.get(concert.id, ()) for g in artist.genres}
        for genre in heard | set(concert.genres):
            scores[genre] += 1
    return scores


def _next(facts: Facts, programme: Programme) -> Concert | None:
    held = {concert for concert, _, _ in facts.tickets}
    ahead = [
        programme.concerts[each]
        for each in held
        if each in programme.concerts and programme.concerts[each].is_ahead(programme.now)
    ]
    return min(ahead, key=lambda each: (each.starts, each.id), default=None)


def _on_sale(facts: Facts, programme: Programme, artists: Counter[str]) -> Concert | None:
    """The next one where a favourite plays, or else the next one; none that the fan goes to."""
    held = {concert for concert, _, _ in facts.tickets}
    offered = [pair for pair in programme.on_sale if pair[0].id not in held]
    for concert, lineup in offered:
        if any(artist.name in artists for artist in lineup):
            return concert
    return offered[0][0] if offered else None


def _recommended(programme: Programme, artists: Counter[str], genres: Counter[str]) -> list[str]:
    scores = {
        name: sum(genres[genre] for genre in of)
        for name, of in programme.offered.items()
        if name not in artists
    }
    return _best(scores)


def _best(scores: Mapping[str, int]) -> list[str]:
    """Names with the highest scores, above zero; equals in alphabetical order."""
    ordered = sorted(((-score, name) for name, score in scores.items() if score > 0))
    return [name for _, name in ordered[:_MOST]]
