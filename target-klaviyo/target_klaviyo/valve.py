"""Consent as a one-way valve: what may be sent, given what both sides know. Pure decisions.

An opt-out on either side wins and travels. A consent is passed on only where it is dated and newer
than every opt-out that Klaviyo knows; within the same second the opt-out wins. Sources: OpenAPI
2026-07-15, "Bulk Subscribe Profiles" (subscribing lifts UNSUBSCRIBE, SPAM_REPORT and
USER_SUPPRESSED) and "Bulk Unsubscribe Profiles" (who is not in the list is unsubscribed globally).
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # a NamedTuple's field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from target_klaviyo.moments import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_klaviyo.consents import Channel, Stated

Action = Literal["subscribe", "unsubscribe", "withhold", "unchanged"]
UNDELIVERABLE = frozenset({"HARD_BOUNCE", "INVALID_EMAIL"})  # subscribing does not lift these
NOT_SAID = UNDELIVERABLE | {"USER_SUPPRESSED"}  # of the address or the account, not the person
UNSUBSCRIBE = "UNSUBSCRIBE"  # why there is an opt-out that was sent
NOT_IN_LIST = "not in this list"
SUBSCRIBED, UNSUBSCRIBED, NEVER = "SUBSCRIBED", "UNSUBSCRIBED", "NEVER_SUBSCRIBED"


class OptOut(NamedTuple):
    """One "no" known to Klaviyo: why, since when (None: not told), of which list (None: of all)."""

    reason: str
    at: datetime | None
    list_id: str | None = None


class Known(NamedTuple):
    """What Klaviyo knows of one person and channel.

    `member`: of the list in question. `fresh`: read in this run, so that no opt-out may have been
    taken back since.
    """

    consent: str = NEVER
    opt_outs: tuple[OptOut, ...] = ()
    member: bool = False
    fresh: bool = True


STRANGER = Known()


class Decision(NamedTuple):
    """What to do, and why."""

    action: Action
    reason: str


def decide(stated: Stated, known: Known, *, list_id: str | None) -> Decision:
    """Whether a statement is sent, withheld, or changes nothing.

    Args:
        stated: by the record.
        known: by Klaviyo; `member` matters where there is a list.
        list_id: the list that it is about; None: all marketing of the channel.
    """
    if not stated.subscribed:
        return _objection(known, list_id)
    opt_outs = [each for each in known.opt_outs if each.list_id in {None, list_id}]
    for each in opt_outs:
        if each.reason in UNDELIVERABLE:
            return Decision("withhold", f"undeliverable in Klaviyo ({each.reason})")
    newer = [each for each in opt_outs if each.at is None or each.at >= stated.at]
    if newer:
        return Decision("withhold", f"opted out in Klaviyo since ({newer[0].reason})")
    if opt_outs:
        return Decision("subscribe", f"consent newer than the opt-out ({opt_outs[0].reason})")
    if known.consent == SUBSCRIBED and (list_id is None or known.member):
        return Decision("unchanged", "subscribed already")
    return Decision("subscribe", "dated consent, no opt-out known")


def _objection(known: Known, list_id: str | None) -> Decision:
    if list_id is not None and not known.member:
        # Klaviyo would unsubscribe this person from everything.
        return Decision("unchanged", NOT_IN_LIST)
    told_no = (each.reason for each in known.opt_outs if each.list_id == list_id)
    if known.fresh and any(reason not in NOT_SAID for reason in told_no):
        return Decision("unchanged", "opted out in Klaviyo already")
    return Decision("unsubscribe", "opted out in the source")


def after(known: Known, action: Action, *, list_id: str | None, at: datetime) -> Known:
    """What Klaviyo knows once this was sent: subscribing lifts what a person can lift."""
    if action == "subscribe":
        kept = tuple(
            each
            for each in known.opt_outs
            if each.reason in UNDELIVERABLE or each.list_id not in {None, list_id}
        )
        return Known(SUBSCRIBED, kept)
    consent = UNSUBSCRIBED if list_id is None else known.consent
    return Known(consent, (*known.opt_outs, OptOut(UNSUBSCRIBE, at, list_id)))


def known_of(channel: Channel, subscriptions: Mapping[str, Any], *, member: bool = False) -> Known:
    """What a profile's `subscriptions` say of one channel."""
    marketing = (subscriptions.get(channel) or {}).get("marketing") or {}
    consent = str(marketing.get("consent") or NEVER)
    opt_outs = [
        OptOut(str(each.get("reason")), told(each.get("timestamp")), each.get("list_id"))
        for name in ("suppression", "list_suppressions")
        for each in marketing.get(name) or ()
    ]
    said = any(each.list_id is None and each.reason not in NOT_SAID for each in opt_outs)
    if consent == UNSUBSCRIBED and not said:
        since = told(marketing.get("last_updated")) or told(marketing.get("consent_timestamp"))
        opt_outs.append(OptOut(consent, since))
    return Known(consent, tuple(opt_outs), member)
