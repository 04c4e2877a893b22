"""The rows of `campaign_conversions`: from both sides, put together."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client import ForbiddenError, QuotaError
from klaviyo_client.campaigns import campaigns
from klaviyo_client.limits import GET_ACCOUNT
from klaviyo_client.own_metrics import Metrics
from klaviyo_client.own_metrics import read as read_metrics

from nevent_klaviyo.conversions import receipts as reading
from nevent_klaviyo.conversions.arithmetic import DAY, Tally, count
from nevent_klaviyo.conversions.orders import Buyers
from nevent_klaviyo.conversions.receipts import Receipts
from nevent_klaviyo.conversions.report import DAYS, Conversions, conversions
from nevent_klaviyo.errors import UnknownCampaignError
from nevent_klaviyo.instants import instant
from nevent_klaviyo.money import told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from klaviyo_client.campaigns import Campaign

    from nevent_klaviyo.sides import Sides

Row = dict[str, Any]

_SENT = frozenset({"sent", "sending"})
_EARLY = timedelta(days=1)  # sent by each person's own clock, mail comes before the campaign's time
_SLOW = timedelta(days=7)  # how long a campaign may take to reach everybody
_NOBODYS = -1  # a message of no campaign that is there


class Wanted(NamedTuple):
    """Which campaigns to tell of, and how.

    `campaigns` are names or ids; none of them means all. `since` is when they were sent; None means
    a year ago, or any time where campaigns are named. `lookups`: how many recipients without a
    fan's id may be asked for by e-mail.
    """

    campaigns: Sequence[str] = ()
    since: datetime | None = None
    window_days: int = 5
    lookups: int = 1000


@dataclass
class Result:
    """The rows, and what a reader must know of them: codes of `texts` with their values."""

    rows: list[Row]
    notes: list[tuple[str, Row]] = field(default_factory=list)


class Sent(NamedTuple):
    """A campaign and when it was sent."""

    campaign: Campaign
    at: datetime


def campaign_conversions(sides: Sides, wanted: Wanted) -> Result:
    """One row for each campaign that was sent, the latest first.

    Raises:
        UnknownCampaignError: a campaign is named that was never sent.
        KlaviyoError, NeventError: a side refuses or does not answer.
    """
    sent = _sent(sides)
    chosen = _chosen(sent, wanted, sides.klaviyo.now())
    result = Result([], [("last_touch", {"days": wanted.window_days})])
    if not chosen:
        return result
    metrics = read_metrics(sides.klaviyo)
    theirs = _theirs(sides, metrics, sent, chosen, result)
    comparable = _comparable(sides, result) if theirs else True
    tallies = {place: Tally() for place in chosen}
    with closing(Receipts()) as receipts:
        _receive(sides, metrics, sent, chosen, receipts, wanted)
        buyers = Buyers(sides)
        unasked = buyers.identify(receipts, lookups=wanted.lookups)
        since = min(sent[place].at for place in chosen) - _EARLY
        for received, orders in buyers.orders(receipts.of_fans(), since):
            count(
                tallies,
                received,
                orders,
                window=wanted.window_days * DAY,
                currency=sides.settings.currency,
            )
        reached, unknown = receipts.recipients(), receipts.recipients(unlinked=True)
    if unasked:
        result.notes.append(("unasked", {"number": unasked, "lookups": wanted.lookups}))
    if others := sum(each.other_currencies for each in tallies.values()):
        currency = sides.settings.currency
        result.notes.append(("other_currencies", {"number": others, "currency": currency}))
    for place in reversed(chosen):
        people = (reached.get(place, 0), unknown.get(place, 0))
        row = _row(sent[place], people, theirs.get(place), tallies[place])
        if not comparable:
            row["revenue_difference"] = None
        row |= {"currency": sides.settings.currency, "window_days": wanted.window_days}
        result.rows.append(row)
    return result


def _sent(sides: Sides) -> list[Sent]:
    """All campaigns in the order of their sending; those never sent are left out."""
    found = (Sent(each, at) for each in campaigns(sides.klaviyo) if (at := _sent_at(each)))
    return sorted(found, key=lambda each: (each.at, each.campaign.id))


def _sent_at(campaign: Campaign) -> datetime | None:
    return instant(campaign.send_time) if campaign.status.casefold() in _SENT else None


def _chosen(sent: list[Sent], wanted: Wanted, now: datetime) -> list[int]:
    """Places of the campaigns to tell of."""
    since = wanted.since
    if since is None and not wanted.campaigns:
        since = now - timedelta(days=DAYS)
    found: set[int] = set(range(len(sent)))
    if wanted.campaigns:
        found = set()
        for name in wanted.campaigns:
            plain = name.strip().casefold()
            same = {
                place
                for place, (each, _) in enumerate(sent)
                if each.id == name.strip() or each.name.strip().casefold() == plain
            }
            if not same:
                raise UnknownCampaignError(name)
            found |= same
    return sorted(place for place in found if since is None or sent[place].at >= since)


def _receive(
    sides: Sides,
    metrics: Metrics,
    sent: list[Sent],
    chosen: list[int],
    receipts: Receipts,
    wanted: Wanted,
) -> None:
    """Put down who received what while a purchase could count for a chosen campaign."""
    places = {
        identifier: place
        for place, (campaign, _) in enumerate(sent)
        for identifier in (campaign.id, *(each.id for each in campaign.messages))
    }
    times = [sent[place].at for place in chosen]
    until = max(times) + _SLOW + timedelta(days=wanted.window_days)
    end = until if until < sides.klaviyo.now() else None
    for metric in metrics.of({"received"}):
        pages = reading.events(
            sides.klaviyo,
            metric.id,
            min(times) - _EARLY,
            end,
            lambda message: places.get(message, _NOBODYS),
        )
        for page in pages:
            receipts.add(page)


def _theirs(
    sides: Sides, metrics: Metrics, sent: list[Sent], chosen: list[int], result: Result
) -> Mapping[int, Conversions]:
    """What Klaviyo counts; nothing, and a note, where it cannot be asked."""
    name = sides.settings.conversion_metric
    found = metrics.named(name) + [each for each in metrics.all if each.id == name]
    if not found:
        result.notes.append(("no_metric", {"metric": name}))
        return {}
    if len(found) > 1:
        result.notes.append(("several_metrics", {"metric": name, "id": found[0].id}))
    try:
        told_of = conversions(sides.klaviyo, found[0].id)
    except (ForbiddenError, QuotaError) as error:
        result.notes.append(("no_report", {"detail": str(error)}))
        return {}
    year = sides.klaviyo.now() - timedelta(days=DAYS - 1)  # Klaviyo's begins at a midnight
    older = [place for place in chosen if sent[place].at < year]
    if older:
        result.notes.append(("older_than_a_year", {"number": len(older)}))
    return {
        place: told_of.get(sent[place].campaign.id, Conversions())
        for place in chosen
        if place not in older
    }


def _comparable(sides: Sides, result: Result) -> bool:
    """Whether Klaviyo's values are in our currency, as far as the key may see the account."""
    try:
        (account,) = sides.klaviyo.get(GET_ACCOUNT)["data"]
    except ForbiddenError:
        return True
    theirs, ours = account["attributes"].get("preferred_currency"), sides.settings.currency
    if theirs in {None, ours}:
        return True
    result.notes.append(("currencies_differ", {"klaviyo": theirs, "currency": ours}))
    return False


def _row(sent: Sent, people: tuple[int, int], theirs: Conversions | None, ours: Tally) -> Row:
    return {
        "campaign_id": sent.campaign.id,
        "campaign_name": sent.campaign.name,
        "channel": sent.campaign.channel,
        "sent_at": sent.at.isoformat(),
        "recipients": people[0],
        "recipients_unknown": people[1],
        "klaviyo_conversions": theirs.number if theirs else None,
        "klaviyo_conversion_value": told(theirs.value) if theirs else None,
        "nevent_orders": ours.orders,
        "nevent_tickets": ours.tickets,
        "nevent_revenue": told(ours.revenue),
        "nevent_refunded": told(ours.refunded),
        "tickets_difference": ours.tickets - theirs.number if theirs else None,
        "revenue_difference": told(ours.revenue - theirs.value) if theirs else None,
        "orders_in_other_currencies": ours.other_currencies,
    }
