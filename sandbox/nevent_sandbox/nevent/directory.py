"""Finds people and subscriptions by e-mail without walking through all of them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from nevent_sandbox.nevent.identifiers import Identifiers
from nevent_sandbox.nevent.newsletters import Subscription, Subscriptions
from nevent_sandbox.nevent.people import number_in_email
from nevent_sandbox.nevent.registers import Register
from nevent_sandbox.nevent.rows import Fan

Found = dict[str, dict[str, None]]  # ids by e-mail, in order, each once


def plain(email: str | None) -> str:
    """An address as it is compared."""
    return (email or "").strip().lower()


class FansByEmail:
    """Fans of the base are computed from the number in their address; the others are noted."""

    def __init__(self, fans: Register[Fan], identifiers: Identifiers, size: int) -> None:
        self._fans = fans
        self._identifiers = identifiers
        self._size = size
        self._noted: Found = defaultdict(dict)

    def note(self, fan: Fan) -> None:
        """A fan has this address now."""
        if fan["email"]:
            self._noted[plain(fan["email"])][fan["id"]] = None

    def find(self, email: str) -> Fan | None:
        """The first fan with an e-mail, in any case."""
        wanted = plain(email)
        found = {*self._noted.get(wanted, ()), *self._computed(wanted)}
        for identifier in sorted(found):
            fan = self._fans.get(identifier)
            if fan is not None and plain(fan["email"]) == wanted:
                return fan
        return None

    def _computed(self, email: str) -> Iterator[str]:
        number = number_in_email(email)
        for candidate in () if number is None else (number, number + 1):
            if candidate < self._size:
                yield self._identifiers.make("user", candidate)


class SubscriptionsByPerson:
    """Subscriptions to one newsletter, by fan and by e-mail."""

    def __init__(
        self, register: Register[Subscription], base: Subscriptions, identifiers: Identifiers
    ) -> None:
        self._register = register
        self._base = base
        self._identifiers = identifiers
        self._by_fan: Found = defaultdict(dict)
        self._by_email: Found = defaultdict(dict)

    def note(self, row: Subscription) -> None:
        """A subscription is this fan's, and of this address, now."""
        if row["userId"]:
            self._by_fan[row["userId"]][row["id"]] = None
        self._by_email[plain(row["email"])][row["id"]] = None

    def of_fan(self, user_id: str, number: int | None) -> list[Subscription]:
        """A fan's subscriptions in order of last change; `number` is his if he is of the base."""
        found = [*self._by_fan.get(user_id, ())]
        if number is not None:
            found += self._base.of_fan(number)
        return _ordered(row for row in self._rows(found) if row["userId"] == user_id)

    def of_email(self, email: str) -> list[Subscription]:
        """Subscriptions of an address, of fans who had it before and of strangers too."""
        wanted = plain(email)
        found = [*self._by_email.get(wanted, ())]
        number = number_in_email(wanted.replace(".antiguo@", "@"))
        if number is not None and number < self._base.people:
            found += self._base.of_fan(number)
        if number is not None and number < self._base.size:
            found.append(self._base.identifier(number))
        return _ordered(row for row in self._rows(found) if plain(row["email"]) == wanted)

    def _rows(self, identifiers: Sequence[str]) -> Iterator[Subscription]:
        for identifier in dict.fromkeys(identifiers):
            row = self._register.get(identifier)
            if row is not None:
                yield row


def _ordered(rows: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["updatedAt"], row["id"]))
