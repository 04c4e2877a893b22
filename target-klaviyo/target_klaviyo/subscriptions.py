"""Consent on its way to Klaviyo: looked up, decided, sent, remembered and put on record."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from target_klaviyo import consents
from target_klaviyo.knowledge import NOBODY
from target_klaviyo.records import LEAVING
from target_klaviyo.refusals import told
from target_klaviyo.replaying import payload_of
from target_klaviyo.shipments import SUBSCRIPTIONS, UNSUBSCRIPTIONS, Envelope
from target_klaviyo.valve import Decision
from target_klaviyo.wishes import SENT, Ask, Terms, Wish, grouped

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from klaviyo_client import Problem
    from singer_outcomes.fates import Fates
    from singer_outcomes.queues import Row

    from target_klaviyo.consents import Channel
    from target_klaviyo.delivery import Delivery
    from target_klaviyo.knowledge import Knowledge
    from target_klaviyo.records import Records

Place = tuple[str, str, str]  # channel, list, identifier
SHOWS_WITHIN, LOOK_EVERY = 60.0, 1.0  # seconds
REPEATED = Decision("unchanged", "dealt with by an earlier run")
STILL_WITHHELD = Decision("withhold", "withheld by an earlier run, nothing new since")


class Subscriptions:
    """Subscribes and unsubscribes, up to a thousand people a round.

    Args:
        default_list: gives the configured list; a subscribe that names none goes with it.
        history: an older consent goes as historical import with its time; None: each of them.
        custom_source: how Klaviyo shows where a consent came from.
        pause: waits some seconds, at most until the run is stopped.
        planned: told each statement that would be sent, in a dry run.
    """

    def __init__(  # noqa: PLR0913  # what it stands on, and four settings
        self,
        delivery: Delivery,
        fates: Fates,
        knowledge: Knowledge,
        records: Records,
        *,
        now: Callable[[], datetime],
        default_list: Callable[[], str | None],
        history: timedelta | None,
        custom_source: str,
        planned: Callable[[Wish], None] | None,
        pause: Callable[[float], None],
    ) -> None:
        self._delivery = delivery
        self._fates = fates
        self._knowledge = knowledge
        self._records = records
        self._now = now
        self._default_list = default_list
        self._history = history
        self._custom_source = custom_source
        self._planned = planned
        self._pause = pause

    def deliver(self, rows: list[Row]) -> None:
        """Deal with each statement of these rows, then settle the rows."""
        wishes = self._wishes(rows)
        fresh = self._fresh(wishes)
        self._decide(fresh)
        account = self._knowledge.account
        self._records.decided(account, [w for w in fresh if w.decision.action not in SENT])
        refused: dict[int, Problem] = {}
        asks = grouped([w for w in fresh if w.decision.action in SENT], self._terms)
        for terms, some in asks.items():
            self._send(account, terms, some, refused)
        self._settle(rows, wishes, refused)

    def _wishes(self, rows: list[Row]) -> list[Wish]:
        now, default = self._now(), self._default_list()
        wishes = []
        for row in rows:
            said = consents.decode(row.body)
            for channel, stated in said.channels.items():
                list_id = said.list_id or (default if stated.subscribed else None)
                wishes.append(Wish(row, said, channel, list_id=list_id, now=now))
        self._right_countries([each for each in wishes if each.channel == "sms"])
        return wishes

    def _right_countries(self, wishes: list[Wish]) -> None:
        """A number whose country was guessed is the profile's own, if the digits are the same."""
        guessed = [wish for wish in wishes if wish.said.digits and wish.said.of]
        phones = self._knowledge.phones([str(wish.said.of) for wish in guessed])
        for wish in guessed:
            own = phones.get(str(wish.said.of))
            if own and own.endswith(str(wish.said.digits)):
                wish.identifier = own

    def _fresh(self, wishes: list[Wish]) -> list[Wish]:
        """Those not dealt with before; the others are decided."""
        identifiers = [wish.identifier for wish in wishes]
        known = self._records.recall(self._knowledge.account, identifiers)
        fresh, unsure = [], []
        for wish in wishes:
            before = known.get((wish.identifier, wish.channel, wish.list_id or ""))
            stated = wish.said.channels[wish.channel]
            if before is None or (before.subscribed, before.at) != (stated.subscribed, stated.at):
                fresh.append(wish)
            elif before.action == LEAVING:  # an earlier run was killed over it
                unsure.append(wish)
            else:
                wish.decision = STILL_WITHHELD if before.action == "withhold" else REPEATED
        if unsure:
            left = self._members_left(unsure)
            fresh += [wish for wish in unsure if _place(wish) in left]
            for wish in unsure:
                wish.decision, wish.unsure = REPEATED, True
        return fresh

    def _decide(self, wishes: list[Wish]) -> None:
        by_channel: defaultdict[Channel, list[Wish]] = defaultdict(list)
        for wish in wishes:
            by_channel[wish.channel].append(wish)
        members = self._members([wish for wish in wishes if wish.names_list])
        for channel, some in by_channel.items():
            found = self._knowledge.of(channel, [wish.identifier for wish in some])
            for wish in some:
                known = found.get(wish.identifier, NOBODY)
                wish.decide(known, member=_place(wish) in members)

    def _members_left(self, wishes: list[Wish]) -> set[Place]:
        """Those of these who are still on their list when what was asked has had time to show."""
        members = self._members(wishes)
        deadline = time.monotonic() + SHOWS_WITHIN
        while members and time.monotonic() < deadline:
            self._pause(LOOK_EVERY)
            members = self._members([wish for wish in wishes if _place(wish) in members])
        return members

    def _members(self, wishes: list[Wish]) -> set[Place]:
        """Those of these who are on the list that they are about."""
        by_list: defaultdict[tuple[Channel, str], list[str]] = defaultdict(list)
        for wish in wishes:
            by_list[wish.channel, wish.list_id or ""].append(wish.identifier)
        return {
            (channel, list_id, each)
            for (channel, list_id), identifiers in by_list.items()
            for each in self._knowledge.members(channel, list_id, identifiers)
        }

    def _terms(self, wish: Wish) -> Terms:
        action = wish.decision.action
        if action == "unsubscribe":
            return Terms(action, wish.list_id, historical=False, custom_source="")
        old = self._history is None or self._now() - wish.stated.at >= self._history
        source = wish.said.custom_source or self._custom_source
        return Terms(action, wish.list_id, historical=old, custom_source=source)

    def _send(
        self, account: str, terms: Terms, asks: list[Ask], refused: dict[int, Problem]
    ) -> None:
        def accepted(part: list[Ask], _: Any) -> None:
            wishes = [wish for ask in part for wish in ask.wishes]
            self._records.decided(account, wishes)
            self._knowledge.sent(wishes, historical=terms.historical)
            if self._planned is not None:
                for wish in wishes:
                    self._planned(wish)

        def refuse(ask: Ask, problem: Problem) -> None:
            refused[id(ask.wishes[0].row)] = problem

        def look_again(part: list[Ask]) -> list[Ask]:
            """Who left the list by the request that got no answer has left it, sooner or later."""
            left = self._members_left([ask.wishes[0] for ask in part])
            accepted([ask for ask in part if _place(ask.wishes[0]) not in left], None)
            return [ask for ask in part if _place(ask.wishes[0]) in left]

        leaves = terms.action == "unsubscribe" and terms.list_id is not None
        if leaves:
            # Of two runs at once only one may send it; the other one waits for it to show.
            wishes = [wish for ask in asks for wish in ask.wishes]
            mine = {id(wish) for wish in self._records.claim(account, wishes)}
            others = [ask for ask in asks if id(ask.wishes[0]) not in mine]
            asks = [ask for ask in asks if id(ask.wishes[0]) in mine]
            if others:
                asks += look_again(others)
        elif terms.action == "unsubscribe":
            opt_outs = [wish for ask in asks for wish in ask.wishes]
            self._records.leaving(opt_outs, at=self._now())
        self._delivery.send(
            Envelope(
                SUBSCRIPTIONS if terms.action == "subscribe" else UNSUBSCRIPTIONS,
                terms.list_id,
                terms.attributes,
            ),
            asks,
            accepted=accepted,
            refused=refuse,
            # Sent twice, it would unsubscribe those who have left by now from everything.
            uncertain=look_again if leaves else None,
        )

    def _settle(self, rows: list[Row], wishes: list[Wish], refused: dict[int, Problem]) -> None:
        """One fate a row: of its channels the one that says most."""
        decisions: defaultdict[int, list[Decision]] = defaultdict(list)
        for wish in wishes:
            decisions[id(wish.row)].append(wish.decision)
        alike: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows:
            mine = decisions[id(row)]
            withheld = next((each.reason for each in mine if each.action == "withhold"), None)
            if problem := refused.get(id(row)):
                payload = payload_of(row)
                self._fates.refuse(row, told(problem), pointer=problem.pointer, payload=payload)
            elif any(each.action in SENT for each in mine):
                alike["accepted"].append(row)
            elif withheld is not None:
                self._fates.withhold([row], withheld)
            else:
                alike["unchanged"].append(row)
        for fate, some in alike.items():
            self._fates.settle(some, fate)


def _place(wish: Wish) -> Place:
    return (wish.channel, wish.list_id or "", wish.identifier)
