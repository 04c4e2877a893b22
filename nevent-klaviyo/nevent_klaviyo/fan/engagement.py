"""What a person did with the messages they were sent, told from their events. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client.flow_status import Received
from klaviyo_client.own_metrics import CUSTOM

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from klaviyo_client.own_metrics import Metric

_YES = frozenset({True, "true", "True", "1"})


class Happening(NamedTuple):
    """One event of the person; `properties` are Klaviyo's."""

    id: str
    at: datetime
    metric: Metric
    properties: dict[str, Any]

    @property
    def message_id(self) -> str | None:
        """The message it is about."""
        return _text(self.properties.get("$message"))

    @property
    def flow_id(self) -> str | None:
        """The flow that sent the message; None of a campaign's."""
        return _text(self.properties.get("$flow"))

    @property
    def by_machine(self) -> bool:
        """Whether a mail program opened the mail, and perhaps nobody read it."""
        return self.properties.get("machine_open") in _YES


@dataclass
class Letter:
    """One message to the person and what they did with it; opens by a machine are apart."""

    message_id: str
    flow_id: str | None
    name: str | None = None  # as the events call it
    subject: str | None = None
    channel: str | None = None
    received: list[datetime] = field(default_factory=list)
    opened: list[datetime] = field(default_factory=list)
    opened_by_machine: list[datetime] = field(default_factory=list)
    clicked: list[datetime] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)  # bounced, spam, unsubscribed …

    def take(self, happening: Happening) -> None:
        """Add one event about this message."""
        told, kind = happening.properties, happening.metric.type
        self.name = self.name or _text(told.get("Campaign Name"))
        self.subject = self.subject or _text(told.get("Subject"))
        self.channel = self.channel or happening.metric.channel
        if kind == "received":
            self.received.append(happening.at)
        elif kind == "opened":
            (self.opened_by_machine if happening.by_machine else self.opened).append(happening.at)
        elif kind == "clicked":
            self.clicked.append(happening.at)
            if (url := _text(told.get("URL"))) and url not in self.urls:
                self.urls.append(url)
        elif kind not in self.others:
            self.others.append(kind)


class Engagement:
    """All of a person's events, added up; only the last `keep` of them are kept whole."""

    def __init__(self, happenings: Iterable[Happening], *, keep: int) -> None:
        """Take the events, the newest first."""
        self.total = 0
        self.last: list[Happening] = []
        self.counts: dict[str, int] = {}
        self._letters: dict[tuple[str | None, str], Letter] = {}
        for each in happenings:
            self.total += 1
            self.counts[each.metric.name] = self.counts.get(each.metric.name, 0) + 1
            if len(self.last) < keep:
                self.last.append(each)
            message = each.message_id
            if message and each.metric.type != CUSTOM:
                key = (each.flow_id, message)
                letter = self._letters.setdefault(key, Letter(message, each.flow_id))
                letter.take(each)

    @property
    def campaigns(self) -> list[Letter]:
        """Messages of campaigns, the latest first."""
        return [each for each in self._letters.values() if each.flow_id is None]

    @property
    def flows(self) -> dict[str, list[Letter]]:
        """Messages of flows by flow, the latest first."""
        found: dict[str, list[Letter]] = {}
        for each in self._letters.values():
            if each.flow_id is not None:
                found.setdefault(each.flow_id, []).append(each)
        return found

    def total_of(self, kind: str) -> int:
        """How many opens, machine opens or clicks there were, over all messages."""
        return sum(len(getattr(each, kind)) for each in self._letters.values())


def received(letters: Iterable[Letter]) -> list[Received]:
    """Every arrival of these messages."""
    return [Received(at, each.message_id) for each in letters for at in each.received]


def _text(value: Any) -> str | None:
    return str(value) if value else None
