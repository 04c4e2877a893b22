"""What was decided about people: remembered for the next run, and put on record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from singer_outcomes.echoes import Echoes

from target_klaviyo.consent_ledger import ConsentLedger, Entry
from target_klaviyo.memory import Dealt, Memory
from target_klaviyo.valve import NOT_IN_LIST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from singer_outcomes.store import Store

    from target_klaviyo.wishes import Wish

LEAVING = "leaving"  # what is remembered of a request whose answer is not known
PASSING = frozenset({NOT_IN_LIST})  # may be otherwise by the next run
Place = tuple[str, str, str]  # identifier, channel, list


class Records:
    """Consent ledger and memory of one target; a dry run leaves both as they are.

    Args:
        run: the run's id.
        planned: whether this is a dry run.
    """

    def __init__(self, store: Store, ledger: ConsentLedger, *, run: str, planned: bool) -> None:
        self._store = store
        self._memory = Memory(store)
        self._echoes = Echoes(store)
        self._ledger = ledger
        self._run = run
        self._planned = planned

    def loaded(self, account: str) -> bool:
        """Whether an earlier run loaded something into this account."""
        return self._store.exists and self._memory.loaded(account)

    def load(self, account: str) -> None:
        """This run has loaded something into this account."""
        if not self._planned:
            self._memory.load(account)

    def recall(self, account: str, identifiers: Collection[str]) -> dict[Place, Dealt]:
        """What was done about these people's latest statements."""
        if not self._store.exists:
            return {}
        by_hash = {self._store.person(each): each for each in identifiers}
        dealt = self._memory.recall(account, by_hash)
        return {
            (by_hash[person], channel, list_id): each
            for (person, channel, list_id), each in dealt.items()
        }

    def decided(self, account: str, wishes: Iterable[Wish]) -> None:
        """These statements were sent, withheld, or changed nothing."""
        if self._planned:
            return
        dealt, entries = [], []
        for wish in wishes:
            person, said = self._store.person(wish.identifier), wish.said
            action, reason = wish.decision
            stated = said.channels[wish.channel]
            if reason not in PASSING:
                place = (person, wish.channel, wish.list_id or "")
                dealt.append(Dealt(*place, stated.subscribed, stated.at, action))
            if action != "unchanged":
                entries.append(
                    Entry(
                        run=self._run,
                        at=_now(),
                        person=person,
                        channel=wish.channel,
                        list_id=wish.list_id,
                        source=said.source or said.custom_source,
                        text_version=said.text_version,
                        consented_at=stated.at.isoformat(),
                        decision=action,
                        reason=reason,
                    )
                )
        self._ledger.write(entries)  # first: what is remembered is never looked at again
        self._memory.keep(account, dealt)

    def leaving(self, wishes: Iterable[Wish], *, at: datetime) -> None:
        """These opt-outs are about to be sent: they come back by the way back, and are known."""
        if not self._planned:
            self._echoes.sent([(wish.identifier, wish.channel) for wish in wishes], at=at)

    def claim(self, account: str, wishes: Iterable[Wish]) -> list[Wish]:
        """Those that no other run is about to send; remembered as unsure until `decided`."""
        wishes = list(wishes)
        if self._planned:
            return wishes
        places = {}
        for wish in wishes:
            stated = wish.said.channels[wish.channel]
            place = (self._store.person(wish.identifier), wish.channel, wish.list_id or "")
            places[id(wish)] = Dealt(*place, stated.subscribed, stated.at, LEAVING)
        claimed = set(self._memory.claim(account, places.values()))
        return [wish for wish in wishes if wish.unsure or places[id(wish)] in claimed]

    def acted(self, decision: str, people: Iterable[tuple[str, ...]], *, reason: str) -> None:
        """These people, each with all identifiers, were suppressed, unsuppressed or deleted."""
        if self._planned:
            return
        hashed = [[self._store.person(each) for each in person] for person in people]
        self._ledger.write(
            Entry(
                run=self._run,
                at=_now(),
                person=each,
                channel="all" if decision == "delete" else "email",
                list_id=None,
                source=None,
                text_version=None,
                consented_at=None,
                decision=decision,
                reason=reason,
            )
            for person in hashed
            for each in person[:1]
        )
        self._memory.forget(each for person in hashed for each in person)


def _now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="seconds")
