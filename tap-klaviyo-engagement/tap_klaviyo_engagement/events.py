"""Pages of Klaviyo's events, decoded no further than they are needed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from klaviyo_client.limits import MAX_EVENTS_PAGE
from klaviyo_client.own_metrics import CUSTOM, Metric

if TYPE_CHECKING:
    from collections.abc import Callable

FOREVER = 1 << 40
"""Later than any event, in seconds since 1970; 0 is earlier than any."""


class _Sparse(msgspec.Struct, gc=False):
    """What is not named is not decoded."""


class OwnProperties(
    msgspec.Struct,
    gc=False,
    frozen=True,  # to be looked up by
    rename={
        "message": "$message",
        "flow": "$flow",
        "name": "Campaign Name",
        "subject": "Subject",
        "url": "URL",
        "bounce_type": "Bounce Type",
        "variation": "$variation",
    },
):
    """Properties of events that Klaviyo writes itself; of any type, for nobody documents them."""

    message: Any = None
    flow: Any = None
    name: Any = None
    subject: Any = None
    url: Any = None
    bounce_type: Any = None
    variation: Any = None
    machine_open: Any = None


class Reference(_Sparse):
    """A resource by its id."""

    id: str


class Related(_Sparse):
    """One resource that belongs to another."""

    data: Reference | None = None


class SeveralRelated(_Sparse):
    """Resources that belong to another."""

    data: list[Reference] | None = None


class Relationships(_Sparse):
    """Of an event."""

    profile: Related = msgspec.field(default_factory=Related)
    attributions: SeveralRelated = msgspec.field(default_factory=SeveralRelated)


class OwnAttributes(_Sparse):
    """Of an event that Klaviyo writes itself; `timestamp` in seconds since 1970.

    Properties may be null, and relationships missing (OpenAPI, revision 2026-07-15).
    """

    timestamp: int
    event_properties: OwnProperties | None = None


class CustomAttributes(_Sparse):
    """Of any other event."""

    timestamp: int
    event_properties: dict[str, Any] | None = None


class Event(_Sparse):
    """An event that Klaviyo writes itself."""

    id: str
    attributes: OwnAttributes
    relationships: Relationships = msgspec.field(default_factory=Relationships)


class CustomEvent(_Sparse):
    """Any other event."""

    id: str
    attributes: CustomAttributes
    relationships: Relationships = msgspec.field(default_factory=Relationships)


class IncludedAttributes(_Sparse):
    """Of a profile."""

    email: str | None = None
    phone_number: str | None = None
    external_id: str | None = None


class Attributed(_Sparse, rename={"message": "campaign-message", "flow_message": "flow-message"}):
    """What an attribution points at."""

    campaign: Related = msgspec.field(default_factory=Related)
    message: Related = msgspec.field(default_factory=Related)
    flow: Related = msgspec.field(default_factory=Related)
    flow_message: Related = msgspec.field(default_factory=Related)
    variation: Related = msgspec.field(default_factory=Related, name="flow-message-variation")


class Included(_Sparse):
    """A profile, or an attribution: the one with relationships that name a message."""

    id: str
    attributes: IncludedAttributes = msgspec.field(default_factory=IncludedAttributes)
    relationships: Attributed = msgspec.field(default_factory=Attributed)


class Links(_Sparse):
    """Where the next page is."""

    next: str | None = None


class Page(_Sparse):
    """Events of one answer, oldest first."""

    data: list[Event]
    included: list[Included] = msgspec.field(default_factory=list)
    links: Links = msgspec.field(default_factory=Links)


class CustomPage(_Sparse):
    """The same of any other metric."""

    data: list[CustomEvent]
    included: list[Included] = msgspec.field(default_factory=list)
    links: Links = msgspec.field(default_factory=Links)


NOTHING, NOBODY = OwnProperties(), IncludedAttributes()
"""Where an event tells no properties, or no person."""


class Happening(msgspec.Struct):
    """One event with the resources it belongs to; `mark` changes when it must be given again."""

    at: int
    mark: str
    event: Event | CustomEvent
    profile: Included | None
    attribution: Attributed | None = None


_decode_own = msgspec.json.Decoder(Page).decode
_decode_custom = msgspec.json.Decoder(CustomPage).decode


def decoder(metric: Metric) -> Callable[[bytes], Page | CustomPage]:
    """What makes a page of an answer to `asked`."""
    fast: Callable[[bytes], Page | CustomPage]
    shape: type[Page | CustomPage]
    fast, shape = (_decode_custom, CustomPage) if metric.type == CUSTOM else (_decode_own, Page)

    def decode(content: bytes) -> Page | CustomPage:
        try:
            return fast(content)
        except msgspec.DecodeError:  # half an emoji, where a text was cut, is too much for it
            return msgspec.convert(json.loads(content), shape)

    return decode


def asked(metric: Metric, start: int, end: int) -> dict[str, Any]:
    """The query for the first page of a metric's events in [start, end), seconds since 1970."""
    conditions = [f'equals(metric_id,"{metric.id}")']
    if start > 0:
        conditions.append(f"greater-or-equal(datetime,{told(start)})")
    if end < FOREVER:
        conditions.append(f"less-than(datetime,{told(end)})")
    custom = metric.type == CUSTOM
    return {
        "filter": f"and({','.join(conditions)})" if len(conditions) > 1 else conditions[0],
        "sort": "datetime",
        "page[size]": MAX_EVENTS_PAGE,
        "include": "profile,attributions" if custom else "profile",
        "fields[event]": "timestamp,event_properties",
        "fields[profile]": "email,phone_number,external_id",
    }


def happenings(page: Page | CustomPage) -> list[Happening]:
    """The events of a page, each with its person and its last attribution."""
    included = {each.id: each for each in page.included}
    found = []
    for event in page.data:
        of = event.relationships
        person = included.get(of.profile.data.id) if of.profile.data else None
        happening = Happening(event.attributes.timestamp, event.id, event, person)
        if of.attributions.data:
            attribution = included.get(of.attributions.data[-1].id)
            if attribution is not None:
                told_by = attribution.relationships
                message = told_by.message.data or told_by.flow_message.data
                happening.attribution = told_by
                happening.mark = f"{event.id} {message.id if message else ''}"
        found.append(happening)
    return found


def told(seconds: int) -> str:
    """A time as filters take it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def written(seconds: int) -> str:
    """A time as records have it: `2026-01-31T12:00:00+00:00`."""
    minute, second = divmod(seconds, 60)
    return f"{_minute(minute)}{second:02d}+00:00"


@lru_cache(maxsize=1 << 16)
def _minute(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:")
