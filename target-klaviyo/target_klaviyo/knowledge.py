"""What Klaviyo knows of people's consent, read before anything about it is sent."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client.limits import GET_LISTS

from target_klaviyo.valve import STRANGER, Known, OptOut, after, known_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from klaviyo_client import KlaviyoSession

    from target_klaviyo.consents import Channel
    from target_klaviyo.optouts import OptOuts
    from target_klaviyo.people import People
    from target_klaviyo.plan import Plan
    from target_klaviyo.wishes import Wish

LOOKED_UP = 2_000  # people of a run; above, the opt-outs of the account are listed instead
NO_ACCOUNT = "unnamed"


class Found(NamedTuple):
    """One person as read: consent of the channel, and the phone beside the e-mail."""

    known: Known
    phone_number: str | None = None


NOBODY = Found(STRANGER)


class Sent(NamedTuple):
    """What Klaviyo knows of a person once what this run sent shows; `lifted`: known before it."""

    known: Known
    lifted: tuple[OptOut, ...]

    def beside(self, read: Known) -> Known:
        """With the opt-outs that have come since."""
        known = {*self.known.opt_outs, *self.lifted}
        later = [each for each in read.opt_outs if each not in known]
        return self.known._replace(opt_outs=(*self.known.opt_outs, *later))


class Knowledge:
    """Reads consent in bulk. Any thread may ask.

    E-mail of up to 2,000 people a run is looked up person by person; above that the account's
    opt-outs are listed. Klaviyo has no filter for opt-outs of SMS, so those are always looked up.

    What this run has sent is known too, though Klaviyo may not show it yet. In a dry run (with a
    `plan`) that is what would have been sent.
    """

    def __init__(
        self,
        session: KlaviyoSession,
        people: People,
        opt_outs: OptOuts,
        *,
        now: Callable[[], datetime],
        plan: Plan | None = None,
        most: int = LOOKED_UP,
    ) -> None:
        self._plan = plan
        self._session = session
        self._people = people
        self._opt_outs = opt_outs
        self._now = now
        self._most = most
        self._lock = threading.Lock()
        self._looked_up = 0
        self._listed = False
        self._sent: dict[tuple[Channel, str], Sent] = {}
        self._joined: dict[tuple[Channel, str, str], bool] = {}  # channel, list, who

    @property
    def account(self) -> str:
        """The account that all this is about, as any answer of Klaviyo's tells it."""
        if self._session.account is None:
            self._session.get(GET_LISTS)
        return self._session.account or NO_ACCOUNT

    def of(self, channel: Channel, identifiers: Collection[str]) -> dict[str, Found]:
        """Those of these people whom Klaviyo knows."""
        found = self._read(channel, identifiers)
        for each in identifiers:
            phone = self._plan.phone_of(each) if self._plan and not self._listed else None
            sent = self._sent.get((channel, each))
            if phone or sent:
                read = found.get(each, NOBODY)
                known = sent.beside(read.known) if sent else read.known
                found[each] = Found(known, read.phone_number or phone)
        return found

    def sent(self, wishes: Iterable[Wish], *, historical: bool) -> None:
        """These statements were sent, or would be in a dry run.

        An ordinary subscribe may wait for a confirmation, and its person is on no list till then.
        """
        now = self._now()
        listed = []
        for wish in wishes:
            action, channel = wish.decision.action, wish.channel
            if self._listed and self._plan is None:
                if channel == "email" and action == "unsubscribe":
                    listed.append((wish.identifier, wish.list_id))
                continue  # the dictionaries would grow with the audience
            before = wish.found.known
            known = after(before, action, list_id=wish.list_id, at=now)
            self._sent[channel, wish.identifier] = Sent(known, before.opt_outs)
            if wish.list_id and (historical or action == "unsubscribe"):
                place = (channel, wish.list_id, wish.identifier)
                self._joined[place] = action == "subscribe"
        if listed:
            self._opt_outs.add(self.account, listed, at=now)

    def _read(self, channel: Channel, identifiers: Collection[str]) -> dict[str, Found]:
        if channel == "sms":
            return self._look_up(channel, "phone_number", identifiers)
        if self._few(len(identifiers)):
            return self._look_up(channel, "email", identifiers)
        with self._lock:
            if not self._listed:
                self._opt_outs.refresh(self.account, now=self._now())
                self._listed = True
        return {
            address: Found(known)
            for address, known in self._opt_outs.of(self.account, identifiers).items()
        }

    def phones(self, addresses: Collection[str]) -> dict[str, str]:
        """The phone number beside each of these addresses, where Klaviyo has one."""
        found = self._people.find("email", addresses, fields="email,phone_number")
        return {
            each["attributes"]["email"].lower(): each["attributes"]["phone_number"]
            for each in found
            if each["attributes"].get("phone_number")
        }

    def members(self, channel: Channel, list_id: str, identifiers: Collection[str]) -> set[str]:
        """Those of these people who are on the list."""
        column = "email" if channel == "email" else "phone_number"
        found = self._people.of_list(list_id, column, identifiers)
        for each in identifiers:
            joined = self._joined.get((channel, list_id, each))
            if joined is not None:
                (found.add if joined else found.discard)(each)
        return found

    def _few(self, number: int) -> bool:
        with self._lock:
            self._looked_up += number
            return self._looked_up <= self._most

    def _look_up(
        self, channel: Channel, column: str, identifiers: Collection[str]
    ) -> dict[str, Found]:
        found: dict[str, Found] = {}
        for profile in self._people.find(column, identifiers, consent=True):
            attributes: dict[str, Any] = profile["attributes"]
            known = known_of(channel, attributes.get("subscriptions") or {})
            key = str(attributes[column]).lower()
            found[key] = Found(known, attributes.get("phone_number"))
        return found
