"""What other systems told of fans: mails received, opened, clicked, the standing in a flow."""

from array import array
from collections import defaultdict
from collections.abc import Sequence
from enum import Enum
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from nevent_sandbox.nevent.identifiers import Identifiers
from nevent_sandbox.nevent.instants import iso, moment


class Kind(Enum):
    """The types there are."""

    RECEIVED = "RECEIVED"
    OPENED = "OPENED"
    CLICKED = "CLICKED"
    BOUNCED = "BOUNCED"
    DROPPED = "DROPPED"
    SPAM = "SPAM"
    UNSUBSCRIBED = "UNSUBSCRIBED"
    FLOW_STATUS = "FLOW_STATUS"


class Channel(Enum):
    """By which it went."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"


class Told(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """One interaction as it is sent; known again by `source` and `externalId`."""

    userId: str  # noqa: N815 - the API's name
    channel: Channel
    type: Kind
    occurredAt: str  # noqa: N815 - the API's name
    source: str
    externalId: str  # noqa: N815 - the API's name
    campaignName: str | None = None  # noqa: N815 - the API's name
    externalCampaignId: str | None = None  # noqa: N815 - the API's name
    flowId: str | None = None  # noqa: N815 - the API's name
    flowName: str | None = None  # noqa: N815 - the API's name
    flowStatus: str | None = None  # noqa: N815 - the API's name
    messageName: str | None = None  # noqa: N815 - the API's name
    subject: str | None = None
    url: str | None = None


class _Kept(Struct, gc=False):
    told: Told
    created: int
    updated: int


_REPEATED = ("userId", "source", "campaignName", "externalCampaignId", "flowId", "flowName")
_REPEATED_TOO = ("flowStatus", "messageName", "subject", "url")


class Interactions:
    """All of them, in order of arrival; texts that repeat are kept once."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self._rows: list[_Kept | None] = []
        self._numbers: dict[str, dict[str, int]] = defaultdict(dict)  # by source and id
        self._of_fan: dict[str, array[int]] = defaultdict(lambda: array("I"))
        self._texts: dict[str, str] = {}
        self._gone = 0

    def __len__(self) -> int:
        return len(self._rows) - self._gone

    def known(self, told: Told) -> Told | None:
        """What was told under the same source and id."""
        number = self._numbers[told.source].get(told.externalId)
        kept = None if number is None else self._rows[number]
        return None if kept is None else kept.told

    def add(self, told: Told, at: int) -> str:
        """Take one in: CREATED, DUPLICATE, or UPDATED where a flow's status changed."""
        told.occurredAt = iso(moment(told.occurredAt))
        for name in (*_REPEATED, *_REPEATED_TOO):
            text = getattr(told, name)
            if text is not None:
                setattr(told, name, self._texts.setdefault(text, text))
        known = self._numbers[told.source]
        number = known.get(told.externalId)
        if number is None:
            known[told.externalId] = len(self._rows)
            self._of_fan[told.userId].append(len(self._rows))
            self._rows.append(_Kept(told, at, at))
            return "CREATED"
        kept = self._rows[number]
        if kept is None or told.type is not Kind.FLOW_STATUS or kept.told == told:
            return "DUPLICATE"
        self._rows[number] = replace(kept, told=told, updated=at)
        return "UPDATED"

    def of_fan(self, user_id: str) -> list[dict[str, Any]]:
        """A fan's, in the shape of the API, in order of when they happened."""
        rows = [self.row(number) for number in self.numbers(user_id)]
        return sorted(rows, key=lambda row: (row["occurredAt"], row["id"]))

    def numbers(self, user_id: str | None = None) -> Sequence[int]:
        """Where a fan's are, or all, in order of arrival."""
        if user_id is not None:
            return self._of_fan.get(user_id, ())
        return [number for number, kept in enumerate(self._rows) if kept]

    def forget(self, user_id: str) -> None:
        """A fan is erased, and with him what was told of him."""
        for number in self._of_fan.pop(user_id, ()):
            kept = self._rows[number]
            if kept is not None:
                del self._numbers[kept.told.source][kept.told.externalId]
                self._rows[number] = None
                self._gone += 1

    def row(self, number: int) -> dict[str, Any]:
        """One, in the shape of the API.

        Raises:
            LookupError: its fan was erased.
        """
        kept = self._rows[number]
        if kept is None:
            raise LookupError(number)
        return {
            "id": self._identifiers.make("interaction", number),
            **asdict(kept.told),
            "createdAt": iso(kept.created),
            "updatedAt": iso(kept.updated),
        }
