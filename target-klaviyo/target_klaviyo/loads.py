"""What a load is going to fill, and whether that touches what a flow or segment looks at."""

from __future__ import annotations

import re
from typing import NamedTuple

_CUSTOM = re.compile(r"properties\[(['\"])(?P<name>.+?)\1\]")
_STANDARD = re.compile(r"(?:location\[['\"]|location\.|\$)?(?P<name>\w+)(?:['\"]\])?")
OF_EVERYBODY = frozenset({"id", "created", "updated"})  # any write makes or moves them
_OF_EVENTS = frozenset({"first_event_date", "last_event_date"})
# Klaviyo's own metrics of consent and lists; "Text Messaging" was "SMS" until July 2026.
_NATIVE = re.compile(
    r"(?:subscribed to|unsubscribed from|consented to receive) "
    r"(?P<what>list|email|sms|text messag|whatsapp)",
    re.IGNORECASE,
)
_CHANNELS = {"text messag": "sms"}
NOTHING: frozenset[str] = frozenset()


class Load(NamedTuple):
    """What a load is going to fill."""

    list_ids: frozenset[str] = NOTHING  # lists that people are added to
    properties: frozenset[str] = NOTHING  # custom properties
    attributes: frozenset[str] = NOTHING  # standard ones: first_name, city (or location.city), …
    metrics: frozenset[str] = NOTHING  # names of metrics whose events go without backfill
    history: frozenset[str] = NOTHING  # of those whose events go with it: they start no flow
    consents: frozenset[str] = NOTHING  # channels whose consent is written: email, sms

    @property
    def happens(self) -> bool:
        """Whether events come to be: sent ones, or Klaviyo's own about consent and lists."""
        return bool(self.metrics or self.history or self.consents or self.list_ids)

    def fills(self, path: str) -> str | None:
        """What of a property it fills that is named as definitions do: `properties['x']`, `email`.

        "the property x", "the attribute email"; None: nothing.
        """
        if custom := _CUSTOM.match(path):
            name = custom["name"]
            return f"the property {name}" if name in self.properties else None
        name = bare(path)
        events = name in _OF_EVENTS and (self.metrics or self.history)
        if events or name in OF_EVERYBODY or name in {bare(each) for each in self.attributes}:
            return f"the attribute {name}"
        return f"the property {name}" if name in self.properties else None

    def makes_native(self, metric: str) -> bool:
        """Whether Klaviyo itself may write events of this metric when consents or lists change."""
        found = _NATIVE.match(metric)
        if found is None:
            return False
        what = found["what"].lower()
        if what == "list":
            return bool(self.consents or self.list_ids)
        return _CHANNELS.get(what, what) in self.consents


def bare(path: str) -> str:
    """A standard attribute's name alone: `city` of `location['city']` and of `location.city`."""
    found = _STANDARD.fullmatch(path)
    return found["name"] if found else path
